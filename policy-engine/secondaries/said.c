/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/secondaries/said.h"

#include <stdio.h>
#include <string.h>

#include <libdnssec/binary.h>
#include <libknot/libknot.h>

/* \return The message, to be freed by knot_pkt_free(); NULL and why if it does not answer. */
static knot_pkt_t *parse(const reply_t *reply, uint16_t type, char *why, size_t why_size)
{
	const char *problem = NULL;
	knot_pkt_t *pkt = reply_parse(reply, type, &problem);
	if (pkt != NULL && knot_wire_get_rcode(pkt->wire) != KNOT_RCODE_NOERROR) {
		problem = reply_error(pkt);
	}
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

static bool is_ours(const knot_rdata_t *rrsig, const query_served_t *ours)
{
	const dnssec_binary_t signature = { .data = (uint8_t *)knot_rrsig_signature(rrsig),
		                            .size = knot_rrsig_signature_len(rrsig) };
	dnssec_binary_t text = { 0 };
	bool found = false;
	if (dnssec_binary_to_base64(&signature, &text) != 0) {
		return false;
	}
	for (size_t i = 0; i < ours->signer_count && !found; i++) {
		const char *own = ours->signers[i].signature;
		found = strlen(own) == text.size && memcmp(own, text.data, text.size) == 0;
	}
	dnssec_binary_free(&text);
	return found;
}

/* \return Whether a signature of the SOA is one of ours: the serial may be another signer's, too. */
static bool has_ours(const knot_pkt_t *pkt, const knot_dname_t *owner, const query_served_t *ours)
{
	const knot_pktsection_t *section = knot_pkt_section(pkt, KNOT_ANSWER);
	for (uint16_t i = 0; i < section->count; i++) {
		const knot_rrset_t *rrset = knot_pkt_rr(section, i);
		if (is_of(rrset, KNOT_RRTYPE_RRSIG, owner) &&
		    knot_rrsig_type_covered(rrset->rrs.rdata) == KNOT_RRTYPE_SOA &&
		    is_ours(rrset->rrs.rdata, ours)) {
			return true;
		}
	}
	return false;
}

int said_soa(const reply_t *reply, const query_served_t *ours, said_soa_t *soa, char *why,
             size_t why_size)
{
	knot_pkt_t *pkt = parse(reply, KNOT_RRTYPE_SOA, why, why_size);
	if (pkt == NULL) {
		return -1;
	}
	const bool authoritative = knot_wire_get_aa(pkt->wire);
	const knot_rrset_t *rrset = authoritative ? find_soa(pkt, reply->zone) : NULL;
	if (rrset == NULL) {
		snprintf(why, why_size, "is not authoritative for the zone");
	} else {
		const knot_rdata_t *rdata = rrset->rrs.rdata;
		*soa = (said_soa_t){ knot_soa_serial(rdata), knot_soa_refresh(rdata),
		                     reply_ttl(rrset->ttl), has_ours(pkt, reply->zone, ours) };
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
			const uint32_t ttl = reply_ttl(rrset->ttl);
			ns->ttl = ttl > ns->ttl ? ttl : ns->ttl;
			ret = said_ns_add(ns, knot_ns_name(rrset->rrs.rdata));
		}
	}
	return ret;
}

int said_ns(const reply_t *reply, said_ns_t *ns, char *why, size_t why_size)
{
	knot_pkt_t *pkt = parse(reply, KNOT_RRTYPE_NS, why, why_size);
	if (pkt == NULL) {
		return -1;
	}
	int ret = add_section(pkt, KNOT_ANSWER, reply->zone, ns) == 0 &&
	                          add_section(pkt, KNOT_AUTHORITY, reply->zone, ns) == 0
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
