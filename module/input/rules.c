/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/input/rules.h"

#include <stdarg.h>
#include <stdio.h>

#include <libknot/libknot.h>

#include "module/rr/rdata.h"
#include "module/rr/wellformed.h"

/* Octets of a record without owner and RDATA: type, class, TTL, length. */
#define RECORD_HEAD 10
/* Octets of a message's header, and of its question without the name. */
#define MESSAGE_HEAD (KNOT_WIRE_HEADER_SIZE + 4)
/* Octets of an OPT without options (RFC 6891, section 6.1.2). */
#define OPT_SIZE 11
/* Octets of an owner name that points to the question's. */
#define POINTER_SIZE 2
/* RRSIGs that an RRset has to leave room for: two, as while a key is replaced; and octets of an
 * RRSIG without names: its RDATA's head, and the signature of an RSA key of 4096 bits. The bound
 * does not depend on the keys of today, since a rollover must not make an RRset too large. */
#define SIGNATURES 2
#define SIGNATURE_SIZE (POINTER_SIZE + RECORD_HEAD + 18 + 512)

/* RRsets at a name, at most: more than anybody needs, and few enough for node_t to count them with
 * those that the signer adds. */
#define TYPES_MAX 4096

/* BIND's defaults from 9.18.28 and 9.20 on, max-records-per-type and max-types-per-name: it refuses
 * a transfer with more. To it, the RRSIGs over each type count as a type, and so does NSEC. */
#define BIND_RECORDS 100
#define BIND_TYPES 100

bool rules_is_meta(uint16_t type)
{
	return type == 0 || (type >= 128 && type <= 255) || knot_rrtype_is_metatype(type);
}

const char *rules_form_fault(uint16_t type, uint8_t *rdata, uint16_t len)
{
	if (rules_is_meta(type)) {
		return "no zone can have this type";
	}
	const char *fault = rdata_fault(type, rdata, len);
	return fault != NULL || rdata_canonical(type, rdata, len)
	       ? fault : "the RDATA is malformed";
}

const char *rules_place_fault(const knot_dname_t *apex, const knot_dname_t *owner, uint16_t type,
                              uint16_t len)
{
	const bool is_apex = knot_dname_is_equal(owner, apex);
	/* A record that no message can hold cannot be transferred. */
	if (MESSAGE_HEAD + knot_dname_size(apex) + knot_dname_size(owner) + RECORD_HEAD + len +
	            OPT_SIZE > UINT16_MAX) {
		return "too long for a DNS message";
	}
	if (type == KNOT_RRTYPE_SOA && !is_apex) {
		return "an SOA that is not at the zone's apex";
	}
	/* BIND wants it signed by a key that signs the zone's DNSKEYs, Knot by one of the others.
	 * CDS and CDNSKEY can be anywhere (RFC 9615). */
	if (type == KNOT_RRTYPE_DNSKEY && !is_apex) {
		return "a DNSKEY that is not at the zone's apex";
	}
	if (type == KNOT_RRTYPE_DS && is_apex) {
		return "a DS at the zone's apex; it belongs into the parent zone";
	}
	if (type == KNOT_RRTYPE_NS && knot_dname_is_wildcard(owner)) {
		return "a wildcard cannot be delegated (RFC 4592, section 4.2)";
	}
	return NULL;
}

/*** A name. ***/

/*! \return true */
__attribute__((format(printf, 4, 5)))
static bool set(rules_fault_t *fault, uint16_t type, uint16_t other, const char *fmt, ...)
{
	va_list args;
	*fault = (rules_fault_t) { .type = type, .other = other };
	va_start(args, fmt);
	vsnprintf(fault->text, sizeof(fault->text), fmt, args);
	va_end(args);
	return true;
}

static uint16_t count_of(const node_t *node, uint16_t type)
{
	const node_rrset_t *rrset = node_rrset(node, type);
	return rrset != NULL ? rrset->rrs.count : 0;
}

/*! \return The first type of the node that cannot be beside a CNAME, 0 if there is none. */
static uint16_t beside_cname(const node_t *node)
{
	for (uint16_t i = 0; i < node->count; i++) {
		const uint16_t type = node->rrsets[i].type;
		if (type != KNOT_RRTYPE_CNAME && node_by_signer(type) == 0) {
			return type;
		}
	}
	return 0;
}

/*! Looks whether there are several records of a type that has one only. */
static bool is_multiple(const node_t *node, rules_fault_t *fault)
{
	static const uint16_t types[] = {
		KNOT_RRTYPE_SOA, KNOT_RRTYPE_CNAME, KNOT_RRTYPE_DNAME
	};
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		char type[16];
		const uint16_t count = count_of(node, types[i]);
		if (count > 1 && knot_rrtype_to_string(types[i], type, sizeof(type)) > 0) {
			return set(fault, types[i], 0, "has %u %s records, only one is allowed",
			           count, type);
		}
	}
	return false;
}

static size_t rdata_octets(const knot_rdataset_t *rrs)
{
	const knot_rdata_t *rdata = rrs->rdata;
	size_t octets = 0;
	for (uint16_t i = 0; i < rrs->count; i++) {
		octets += rdata->len;
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
	return octets;
}

/*!
 * Looks whether an RRset is too large for an answer with its signatures, or for knotd before 3.4:
 * that validates an RRset only if all its records, each with its owner name, fit 64 KiB.
 */
static bool is_too_large(const knot_dname_t *apex, const knot_dname_t *owner,
                         const node_rrset_t *rrset, rules_fault_t *fault)
{
	const knot_rdataset_t *rrs = &rrset->rrs;
	if (rrset->type == KNOT_RRTYPE_RRSIG) {
		return false; /* An answer has those over one type. */
	}
	const size_t octets = rdata_octets(rrs), owner_len = knot_dname_size(owner);
	/* A wildcard's records have any name in an answer. */
	const size_t asked = knot_dname_is_wildcard(owner) ? KNOT_DNAME_MAXLEN : owner_len;
	const size_t answer = MESSAGE_HEAD + asked + OPT_SIZE + octets +
	                      rrs->count * (POINTER_SIZE + RECORD_HEAD) +
	                      SIGNATURES * (SIGNATURE_SIZE + knot_dname_size(apex));
	const size_t validated = rrs->count * (owner_len + RECORD_HEAD) + octets;
	char type[16];
	if ((answer <= UINT16_MAX && validated <= UINT16_MAX) ||
	    knot_rrtype_to_string(rrset->type, type, sizeof(type)) <= 0) {
		return false;
	}
	return set(fault, rrset->type, 0, "has %u %s records of %zu octets, which no DNS message "
	           "can hold with their signatures", rrs->count, type, octets);
}

bool rules_node_fault(const knot_dname_t *apex, const knot_dname_t *owner, const node_t *node,
                      rules_fault_t *fault)
{
	const bool is_apex = knot_dname_is_equal(owner, apex);
	const uint16_t ns = count_of(node, KNOT_RRTYPE_NS);
	if (is_apex && count_of(node, KNOT_RRTYPE_SOA) == 0) {
		return set(fault, KNOT_RRTYPE_SOA, 0, "has no SOA record");
	}
	if (is_apex && ns == 0) {
		return set(fault, KNOT_RRTYPE_SOA, 0, "has no NS records");
	}
	if (is_multiple(node, fault)) {
		return true;
	}
	const uint16_t other = beside_cname(node);
	if (count_of(node, KNOT_RRTYPE_CNAME) > 0 && other != 0) {
		return set(fault, KNOT_RRTYPE_CNAME, other, "has a CNAME beside other data");
	}
	if (count_of(node, KNOT_RRTYPE_DNAME) > 0 && ns > 0 && !is_apex) {
		return set(fault, KNOT_RRTYPE_DNAME, KNOT_RRTYPE_NS,
		           "has a DNAME beside NS records (RFC 6672, section 2.3)");
	}
	if (node->count > TYPES_MAX) {
		return set(fault, node->rrsets[0].type, 0, "has records of more than %d types",
		           TYPES_MAX);
	}
	for (uint16_t i = 0; i < node->count; i++) {
		if (is_too_large(apex, owner, &node->rrsets[i], fault)) {
			return true;
		}
	}
	return false;
}

bool rules_node_warning(const node_t *node, rules_fault_t *warning)
{
	for (uint16_t i = 0; i < node->count; i++) {
		char type[16];
		const node_rrset_t *rrset = &node->rrsets[i];
		if (rrset->rrs.count > BIND_RECORDS && rrset->type != KNOT_RRTYPE_RRSIG &&
		    knot_rrtype_to_string(rrset->type, type, sizeof(type)) > 0) {
			return set(warning, rrset->type, 0, "has %u %s records; a BIND secondary "
			           "takes %d, unless its max-records-per-type is higher",
			           rrset->rrs.count, type, BIND_RECORDS);
		}
	}
	const uint16_t types = node_count_data(node);
	return 2 * (types + 1) > BIND_TYPES &&
	       set(warning, node->rrsets[0].type, 0, "has %u types, %u signed; a BIND secondary "
	           "takes %d, unless its max-types-per-name is higher", types, 2 * (types + 1),
	           BIND_TYPES);
}
