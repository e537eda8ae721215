/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Reading kasp.xml: every element of OpenDNSSEC's grammar, children in any order.
 */
#pragma once

#include "hsm-adapter/conf.h"
#include "hsm-adapter/error.h"
#include "policy-engine/policy/policy.h"
#include "policy-engine/policy/report.h"

/*!
 * Reads a file of policies and checks them.
 *
 * A policy whose keys would be followed by new ones before they are known everywhere is read, but
 * has its defect set: as in OpenDNSSEC no key is made for its zones. Anything else that is wrong
 * refuses the whole file; the first 20 errors are reported each, then how many more there are.
 *
 * \param path      The file.
 * \param tokens    Repositories that may be named; NULL = do not check.
 * \param policies  Filled on success only; policies_deinit() frees its contents.
 * \param report    Gets all there is to say, also why the file could not be read; may be NULL.
 * \param err       Says the first error, and how many there are besides.
 * \retval HSM_EOK, HSM_ECONF, HSM_ENOMEM
 */
int kasp_read(const char *path, const hsm_conf_t *tokens, policies_t *policies,
              kasp_report_f report, void *ctx, hsm_error_t *err);
