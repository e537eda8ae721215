/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/parent/ds-answer.h"

#include <stdio.h>
#include <string.h>

#include <libknot/libknot.h>

#include "policy-engine/core/mutant.h"

static const char no_zone[] =
	"says that the zone does not exist, which proves nothing about its DS";

/* \return What is wrong; NULL if nothing is. */
static const char *take_ds(const knot_rrset_t *rrset, ds_answer_t *answer)
{
	const knot_rdata_t *rdata = rrset->rrs.rdata;
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		if (answer->count == DS_ANSWER_MAX) {
			return "sends too many DS records";
		}
		size_t len = rdata->len < DNSKEY_DS_RDATA_MAX ? rdata->len : DNSKEY_DS_RDATA_MAX;
		memcpy(answer->ds[answer->count].rdata, rdata->data, len);
		answer->ds[answer->count++].len = len;
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
	uint32_t ttl = reply_ttl(rrset->ttl);
	answer->ttl = ttl > answer->ttl ? ttl : answer->ttl;
	return NULL;
}

/* \return What is wrong with the answer; NULL if nothing is. */
static const char *judge(const knot_pkt_t *pkt)
{
	const uint8_t rcode = knot_wire_get_rcode(pkt->wire);
	if (rcode != KNOT_RCODE_NOERROR && rcode != KNOT_RCODE_NXDOMAIN) {
		return reply_error(pkt);
	}
	if (!knot_wire_get_aa(pkt->wire)) {
		return "is not authoritative for the parent";
	}
	return rcode == KNOT_RCODE_NXDOMAIN && CORE_RULE(MUTANT_ABOVE)
	               ? no_zone
	               : NULL;
}

static const char *find_ds(const knot_pkt_t *pkt, const knot_dname_t *zone, ds_answer_t *answer)
{
	const knot_pktsection_t *section = knot_pkt_section(pkt, KNOT_ANSWER);
	const char *problem = NULL;
	for (uint16_t i = 0; i < section->count && problem == NULL; i++) {
		const knot_rrset_t *rrset = knot_pkt_rr(section, i);
		if (rrset->type == KNOT_RRTYPE_DS && rrset->rclass == KNOT_CLASS_IN &&
		    knot_dname_is_case_equal(rrset->owner, zone)) {
			problem = take_ds(rrset, answer);
		}
	}
	return problem;
}

/* Whether a name is above the zone. */
static bool is_above(const knot_dname_t *name, const knot_dname_t *zone)
{
	while (*zone != 0) {
		zone += 1 + *zone;
		if (knot_dname_is_case_equal(name, zone)) {
			return true;
		}
	}
	return false;
}

/* Reads who says that there is no DS. */
static const char *find_absence(const knot_pkt_t *pkt, const knot_dname_t *zone,
                                ds_answer_t *answer)
{
	const knot_pktsection_t *section = knot_pkt_section(pkt, KNOT_AUTHORITY);
	for (uint16_t i = 0; i < section->count; i++) {
		const knot_rrset_t *rrset = knot_pkt_rr(section, i);
		if (rrset->type != KNOT_RRTYPE_SOA || rrset->rclass != KNOT_CLASS_IN) {
			continue;
		}
		if (!is_above(rrset->owner, zone)) {
			return "has the zone itself and not the parent; <ParentCheck> has to name servers "
			       "of the parent";
		}
		uint32_t ttl = reply_ttl(rrset->ttl);
		uint32_t minimum = reply_ttl(knot_soa_minimum(rrset->rrs.rdata));
		answer->absence = ttl < minimum ? ttl : minimum;
		return NULL;
	}
	return "sends neither DS nor the SOA of the parent";
}

static const char *read_answer(const knot_pkt_t *pkt, const knot_dname_t *zone, ds_answer_t *answer)
{
	const char *problem = judge(pkt);
	problem = problem == NULL ? find_ds(pkt, zone, answer) : problem;
	return problem == NULL && answer->count == 0 && CORE_RULE(MUTANT_ABOVE)
	               ? find_absence(pkt, zone, answer)
	               : problem;
}

int ds_answer_parse(const reply_t *reply, ds_answer_t *answer, char *why, size_t why_size)
{
	ds_answer_t read = { .count = 0 };
	const char *problem = NULL;
	knot_pkt_t *pkt = reply_parse(reply, KNOT_RRTYPE_DS, &problem);
	if (pkt != NULL) {
		problem = read_answer(pkt, reply->zone, &read);
	}
	if (problem != NULL) {
		snprintf(why, why_size, "%s", problem);
	} else {
		*answer = read;
	}
	knot_pkt_free(pkt);
	return problem == NULL ? 0 : problem == no_zone ? 1 : -1;
}
