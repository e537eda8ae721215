/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Whether the values of a policy make sense together.
 */
#pragma once

#include "hsm-adapter/xml.h"
#include "policy-engine/policy/kasp.h"

/*!
 * Checks one policy, as far as its elements could be read; sets its defect if it has one. Errors
 * and advice go the way of xml.
 *
 * \param node    The <Policy>.
 * \param tokens  Repositories that may be named; NULL = do not check.
 * \param report  Gets each defect; may be NULL.
 * \retval HSM_EOK, HSM_ECONF, HSM_ENOMEM
 */
int kasp_check(hsm_xml_t *xml, const xmlNode *node, policy_t *policy, const hsm_conf_t *tokens,
               kasp_report_f report, void *ctx);
