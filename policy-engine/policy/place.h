/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A policy that is examined, and where its elements stand in kasp.xml.
 */
#pragma once

#include "hsm-adapter/conf.h"
#include "hsm-adapter/xml.h"
#include "policy-engine/policy/policy.h"
#include "policy-engine/policy/report.h"

/*! The policy under examination, and where its elements are. */
typedef struct {
	hsm_xml_t *xml;
	const xmlNode *node;
	policy_t *policy;
	const hsm_conf_t *tokens;
	kasp_report_f report;
	void *ctx;
} policy_check_t;

/*! \return The element of that path below a policy, for its line; the policy itself if it is not
 *          there. The names after the last one are NULL. */
const xmlNode *place_of(const policy_check_t *c, const char *first, const char *second,
                        const char *third);

/*! \return The element of a key: keys are in the order of the file. */
const xmlNode *place_of_key(const policy_check_t *c, size_t index);
