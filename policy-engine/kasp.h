/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Reading kasp.xml: every element of OpenDNSSEC's grammar, children in any order.
 */
#pragma once

#include "hsm-adapter/conf.h"
#include "hsm-adapter/error.h"
#include "policy-engine/policy.h"

/*!
 * Reads a file of policies and checks them.
 *
 * A policy whose keys would be followed by new ones before they are known everywhere is read, but
 * has its defect set: as in OpenDNSSEC no key is made for its zones. Anything else that is wrong
 * refuses the whole file.
 *
 * \param path      The file.
 * \param tokens    Repositories that may be named; NULL = do not check.
 * \param policies  Filled on success only; policies_deinit() frees its contents.
 * \param warn      Gets what is ignored, what is inadvisable and each defect; may be NULL.
 * \param err       Says file, line, element and remedy on failure.
 * \retval HSM_EOK, HSM_ECONF, HSM_ENOMEM
 */
int kasp_read(const char *path, const hsm_conf_t *tokens, policies_t *policies,
              hsm_conf_warn_f warn, void *ctx, hsm_error_t *err);
