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
 * A policy by which keys would be replaced before all caches know them is read, but gets a defect:
 * as in OpenDNSSEC, no key is made for its zones. For anything else that is wrong the whole file is
 * refused. The first 20 errors are reported one by one, then how many more there are.
 *
 * \param path      The file.
 * \param tokens    Repositories that may be named; NULL = do not check.
 * \param policies  Filled on success only; policies_deinit() frees its contents.
 * \param report    Gets each error, defect and advice, also why the file could not be read; may be
 *                  NULL.
 * \param err       Gets the first error, and how many there are besides; may be NULL.
 * \retval HSM_EOK, HSM_ECONF, HSM_ENOMEM
 */
int kasp_read(const char *path, const hsm_conf_t *tokens, policies_t *policies,
              kasp_report_f report, void *ctx, hsm_error_t *err);

/*!
 * Reads a file as kasp_read() does, but leaves out each policy that is wrong. Its errors are reported,
 * and the others are read.
 */
int kasp_read_sound(const char *path, const hsm_conf_t *tokens, policies_t *policies,
                    kasp_report_f report, void *ctx, hsm_error_t *err);
