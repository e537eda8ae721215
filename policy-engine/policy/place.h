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

/*! The policy that is examined. All is borrowed. */
typedef struct {
	hsm_xml_t *xml;
	const xmlNode *node;      /*!< The <Policy>. */
	policy_t *policy;
	const hsm_conf_t *tokens; /*!< Repositories that may be named; NULL = do not check. */
	kasp_report_f report;     /*!< Gets defects; may be NULL. */
	void *ctx;                /*!< Of report. */
} policy_check_t;

/*!
 * Finds the element of that path below a policy, so that its line can be named.
 *
 * \param second, third  NULL if the path is shorter.
 * \return The element; the <Policy> if there is no such element.
 */
const xmlNode *place_of(const policy_check_t *c, const char *first, const char *second,
                        const char *third);

/*! \return The element of the policy's key with that index. */
const xmlNode *place_of_key(const policy_check_t *c, size_t index);
