/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/secondaries/said.h"

#include <stdbool.h>
#include <stdio.h>

#include <libknot/libknot.h>

#include "common/message.h"

/* A TTL of 2^31 or more is 0 (RFC 2181, section 8). */
static uint32_t valid_ttl(uint32_t ttl)
{
	return ttl <= INT32_MAX ? ttl : 0;
}

/* \return What is wrong with the message; NULL if nothing is. */
static const char *judge(const knot_pkt_t *pkt, const said_t *message, uint16_t type)
{
	if (knot_wire_get_id(pkt->wire) != message->id || !knot_wire_get_qr(pkt->wire) ||
	    knot_pkt_qtype(pkt) != type || knot_pkt_qclass(pkt) != KNOT_CLASS_IN ||
	    knot_pkt_qname(pkt) == NULL ||
	    !knot_dname_is_case_equal(knot_pkt_qname(pkt), message->zone)) {
		return "answers another question";
	}
	if (knot_wire_get_rcode(pkt->wire) != KNOT_RCODE_NOERROR) {
		const char *name = knot_pkt_ext_rcode_name(pkt);
		return name != NULL && name[0] != '\0' ? name : "an unknown error";
	}
	return NULL;
}

/* \return The message, to be freed by knot_pkt_free(); NULL and why if it does not answer. */
static knot_pkt_t *parse(const said_t *message, uint16_t type, char *why, size_t why_size)
{
	knot_pkt_t *pkt = message->len <= UINT16_MAX
	                          ? knot_pkt_new(message->wire, (uint16_t)message->len, NULL) : NULL;
	const char *problem = pkt == NULL                       ? "out of memory"
	                      : message_parse(pkt) != KNOT_EOK ? "sends what is no DNS message"
	                                                        : judge(pkt, message, type);
	if (problem != NULL) {
		snprintf(why, why_size, "%s", problem);
		knot_pkt_free(pkt);
		return NULL;
	}
	return pkt;
}

static bool is_of(const knot_rrset_t *rrset, uint16_t type, const knot_dname_t *owner)
{
	return rrset->type == type && rrset->rclass == KNOT_CLASS_IN && rrset->rrs.count > 0 &&
	       knot_dname_is_case_equal(rrset->owner, owner);
}

static const knot_rrset_t *find_soa(const knot_pkt_t *pkt, const knot_dname_t *owner)
{
	const knot_pktsection_t *section = knot_pkt_section(pkt, KNOT_ANSWER);
	for (uint16_t i = 0; i < section->count; i++) {
		const knot_rrset_t *rrset = knot_pkt_rr(section, i);
		if (is_of(rrset, KNOT_RRTYPE_SOA, owner)) {
			return rrset;
		}
	}
	return NULL;
}

int said_soa(const said_t *message, said_soa_t *soa, char *why, size_t why_size)
{
	knot_pkt_t *pkt = parse(message, KNOT_RRTYPE_SOA, why, why_size);
	if (pkt == NULL) {
		return -1;
	}
	const bool authoritative = knot_wire_get_aa(pkt->wire);
	const knot_rrset_t *rrset = authoritative ? find_soa(pkt, message->zone) : NULL;
	if (rrset == NULL) {
		snprintf(why, why_size, "is not authoritative for the zone");
	} else {
		const knot_rdata_t *rdata = rrset->rrs.rdata;
		*soa = (said_soa_t){ knot_soa_serial(rdata), knot_soa_refresh(rdata),
		                     valid_ttl(rrset->ttl) };
	}
	knot_pkt_free(pkt);
	return rrset != NULL ? 0 : -1;
}

int said_ns_add(said_ns_t *ns, const knot_dname_t *name)
{
	for (size_t i = 0; i < ns->count; i++) {
		if (knot_dname_is_case_equal(ns->names[i], name)) {
			return 0;
		}
	}
	knot_dname_t *copy = ns->count < SAID_NAMES_MAX ? knot_dname_copy(name, NULL) : NULL;
	if (copy == NULL) {
		return -1;
	}
	knot_dname_to_lower(copy);
	ns->names[ns->count++] = copy;
	return 0;
}

/* Adds the names in a section: each record of a message is an RRset of its own. */
static int add_section(const knot_pkt_t *pkt, knot_section_t where, const knot_dname_t *zone,
                       said_ns_t *ns)
{
	const knot_pktsection_t *section = knot_pkt_section(pkt, where);
	int ret = 0;
	for (uint16_t i = 0; i < section->count && ret == 0; i++) {
		const knot_rrset_t *rrset = knot_pkt_rr(section, i);
		if (is_of(rrset, KNOT_RRTYPE_NS, zone)) {
			const uint32_t ttl = valid_ttl(rrset->ttl);
			ns->ttl = ttl > ns->ttl ? ttl : ns->ttl;
			ret = said_ns_add(ns, knot_ns_name(rrset->rrs.rdata));
		}
	}
	return ret;
}

int said_ns(const said_t *message, said_ns_t *ns, char *why, size_t why_size)
{
	knot_pkt_t *pkt = parse(message, KNOT_RRTYPE_NS, why, why_size);
	if (pkt == NULL) {
		return -1;
	}
	int ret = add_section(pkt, KNOT_ANSWER, message->zone, ns) == 0 &&
	                          add_section(pkt, KNOT_AUTHORITY, message->zone, ns) == 0
	                  ? 0 : -1;
	if (ret != 0) {
		snprintf(why, why_size, "names more name servers than there is room for");
	} else if (ns->count == 0) {
		snprintf(why, why_size, "does not delegate the zone");
		ret = -1;
	}
	knot_pkt_free(pkt);
	return ret;
}

void said_ns_deinit(said_ns_t *ns)
{
	for (size_t i = 0; i < ns->count; i++) {
		knot_dname_free(ns->names[i], NULL);
	}
	*ns = (said_ns_t){ .count = 0 };
}
