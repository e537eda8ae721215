/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The elements of a <Policy>: what each may hold, and where its value goes.
 */
#pragma once

#include "hsm-adapter/xml.h"
#include "policy-engine/policy/policy.h"

/*! The rules for what is in a <Policy>; their context is its policy_t. */
extern const hsm_xml_rule_t kasp_policy_rules[];

/*! Refuses a name that has control characters or is too long: key sets and logs are read by line.
 *  \retval HSM_EOK, HSM_ECONF */
int kasp_check_name(hsm_xml_t *xml, const xmlNode *node, const char *name);
