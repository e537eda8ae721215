/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Whether the values of a policy make sense together.
 */
#pragma once

#include "hsm-adapter/conf.h"
#include "hsm-adapter/xml.h"
#include "policy-engine/policy.h"

/*!
 * Checks one policy; sets its defect if it has one.
 *
 * \param node    The <Policy>.
 * \param tokens  Repositories that may be named; NULL = do not check.
 * \retval HSM_EOK, HSM_ECONF, HSM_ENOMEM
 */
int kasp_check(hsm_xml_t *xml, const xmlNode *node, policy_t *policy, const hsm_conf_t *tokens);
