/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/import/served.h"

#include <stdio.h>
#include <stdlib.h>

#include <libdnssec/keytag.h>
#include <libknot/libknot.h>

#include "policy-engine/parent/reply.h"
#include "policy-engine/parent/tcp-query.h"
#include "policy-engine/zone/dnskey.h"

#define LIMIT_S 5       /* Seconds for one question: it is a server nearby, which is up. */
#define SEP 1           /* Flag (RFC 4034, section 2.1.1). */
#define OPT_OUT 1       /* Flag (RFC 5155, section 3.1.2.1). */
#define NO_STOP (-1)    /* poll() takes no notice of it. */
#define DNSKEY_HEAD 4       /* Bytes before the key. */
#define NSEC3PARAM_HEAD 5   /* Bytes before the salt, of NSEC3, too. */

static uint32_t longer(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* -- what is in an answer ------------------------------------------------- */

static void see_soa(served_t *served, const knot_rrset_t *rrset)
{
	const knot_rdata_t *rdata = rrset->rrs.rdata;
	served->serial = knot_soa_serial(rdata);
	served->soa_ttl = reply_ttl(rrset->ttl);
	served->soa_minimum = reply_ttl(knot_soa_minimum(rdata));
}

static void see_dnskey(served_t *served, const knot_rrset_t *rrset)
{
	const knot_rdata_t *rdata = rrset->rrs.rdata;
	if (rdata->len <= DNSKEY_HEAD) {
		return;
	}
	const dnssec_binary_t wire = { .data = (uint8_t *)rdata->data, .size = rdata->len };
	served_key_t key = { .sep = (knot_dnskey_flags(rdata) & SEP) != 0, .algorithm = knot_dnskey_alg(rdata),
	                     .bits = dnskey_bits(knot_dnskey_alg(rdata), knot_dnskey_key(rdata),
	                                         knot_dnskey_key_len(rdata)) };
	served->dnskey_ttl = longer(served->dnskey_ttl, reply_ttl(rrset->ttl));
	if (served->key_count < SERVED_KEYS_MAX && dnssec_keytag(&wire, &key.keytag) == 0) {
		served->keys[served->key_count++] = key;
	}
}

static void see_rrsig(served_t *served, const knot_rrset_t *rrset)
{
	const knot_rdata_t *rdata = rrset->rrs.rdata;
	const uint32_t span = knot_rrsig_sig_expiration(rdata) - knot_rrsig_sig_inception(rdata);
	const uint16_t covered = knot_rrsig_type_covered(rdata);
	if (covered == KNOT_RRTYPE_SOA && span <= INT32_MAX) {
		served->validity = longer(served->validity, span);
	} else if (covered == KNOT_RRTYPE_DNSKEY && span <= INT32_MAX) {
		served->dnskey_validity = longer(served->dnskey_validity, span);
	}
}

static void see_nsec3param(served_t *served, const knot_rrset_t *rrset)
{
	const knot_rdata_t *rdata = rrset->rrs.rdata;
	if (rdata->len < NSEC3PARAM_HEAD) {
		return;
	}
	served->nsec3 = true;
	served->iterations = knot_nsec3param_iters(rdata);
	served->salt_length = knot_nsec3param_salt_len(rdata);
}

static void see_nsec3(served_t *served, const knot_rrset_t *rrset)
{
	if (rrset->rrs.rdata->len >= NSEC3PARAM_HEAD) {
		served->opt_out = served->opt_out || (knot_nsec3_flags(rrset->rrs.rdata) & OPT_OUT) != 0;
	}
}

/* Each record of a message is an RRset of its own. */
static void see(served_t *served, const knot_dname_t *zone, const knot_rrset_t *rrset)
{
	if (rrset->type == KNOT_RRTYPE_NSEC3) {
		see_nsec3(served, rrset);
	}
	if (!knot_dname_is_case_equal(rrset->owner, zone)) {
		return;
	}
	switch (rrset->type) {
	case KNOT_RRTYPE_SOA:
		see_soa(served, rrset);
		break;
	case KNOT_RRTYPE_DNSKEY:
		see_dnskey(served, rrset);
		break;
	case KNOT_RRTYPE_RRSIG:
		see_rrsig(served, rrset);
		break;
	case KNOT_RRTYPE_NSEC3PARAM:
		see_nsec3param(served, rrset);
		break;
	default:
		break;
	}
}

static void see_section(served_t *served, const knot_dname_t *zone, const knot_pkt_t *pkt, knot_section_t where)
{
	const knot_pktsection_t *section = knot_pkt_section(pkt, where);
	for (uint16_t i = 0; i < section->count; i++) {
		const knot_rrset_t *rrset = knot_pkt_rr(section, i);
		if (rrset->rrs.count > 0 && rrset->rclass == KNOT_CLASS_IN) {
			see(served, zone, rrset);
		}
	}
}

int served_take(const reply_t *answer, uint16_t type, served_t *served, char *why, size_t why_size)
{
	const char *problem = NULL;
	knot_pkt_t *pkt = reply_parse(answer, type, &problem);
	if (pkt != NULL && knot_wire_get_rcode(pkt->wire) != KNOT_RCODE_NOERROR) {
		problem = reply_error(pkt);
	} else if (pkt != NULL && !knot_wire_get_aa(pkt->wire)) {
		problem = "is not authoritative for the zone";
	}
	if (problem == NULL) {
		see_section(served, answer->zone, pkt, KNOT_ANSWER);
		see_section(served, answer->zone, pkt, KNOT_AUTHORITY);
	} else {
		snprintf(why, why_size, "%s", problem);
	}
	knot_pkt_free(pkt);
	return problem == NULL ? 0 : -1;
}

/* -- questions ------------------------------------------------------------ */

typedef struct {
	const struct sockaddr_storage *server;
	knot_dname_storage_t zone;
	served_t *served;
	char *why;
	size_t why_size;
} round_t;

/* \return As served_ask(). */
static int ask(round_t *round, uint16_t type)
{
	const tcp_question_t question = { .server = round->server, .name = round->zone, .type = type,
	                                  .dnssec = true, .limit_s = LIMIT_S, .stop_fd = NO_STOP };
	tcp_answer_t answer;
	if (tcp_query(&question, &answer, round->why, round->why_size) != TCP_QUERY_DONE) {
		return -1;
	}
	const reply_t said = { answer.wire, answer.len, round->zone, answer.id };
	const int ret = served_take(&said, type, round->served, round->why, round->why_size);
	free(answer.wire);
	return ret == 0 ? 0 : 1;
}

int served_ask(const struct sockaddr_storage *server, const char *zone, served_t *served, char *why,
               size_t why_size)
{
	/* NULL is at no apex: what denies it tells of opt-out. Its SOA may have another TTL than the one that is
	 * asked for, so that comes last. */
	static const uint16_t types[] = { KNOT_RRTYPE_DNSKEY, KNOT_RRTYPE_NSEC3PARAM, KNOT_RRTYPE_NULL,
	                                  KNOT_RRTYPE_SOA };
	round_t round = { .server = server, .served = served, .why = why, .why_size = why_size };
	*served = (served_t){ 0 };
	if (knot_dname_from_str(round.zone, zone, sizeof(round.zone)) == NULL) {
		snprintf(why, why_size, "is asked for what is no domain name");
		return 1;
	}
	int ret = 0;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]) && ret == 0; i++) {
		ret = ask(&round, types[i]);
	}
	if (ret == 0 && (served->validity == 0 || served->key_count == 0)) {
		snprintf(why, why_size, served->key_count == 0 ? "has no DNSKEY of the zone"
		                                               : "does not sign the zone's SOA");
		ret = 1;
	}
	return ret;
}

/* -- the keys ------------------------------------------------------------- */

const served_key_t *served_find(const served_t *served, const ods_key_t *key)
{
	const served_key_t *found = NULL;
	for (size_t i = 0; i < served->key_count; i++) {
		const served_key_t *own = &served->keys[i];
		found = own->keytag == key->keytag && own->algorithm == key->algorithm ? own : found;
	}
	return found;
}

static bool is_taken(const ods_zone_t *zone, const served_key_t *key)
{
	bool found = false;
	for (size_t i = 0; i < zone->key_count; i++) {
		found = found || (zone->keys[i].publish && zone->keys[i].keytag == key->keytag &&
		                  zone->keys[i].algorithm == key->algorithm);
	}
	return found;
}

int served_check_keys(const served_t *served, const ods_zone_t *zone, char *why, size_t why_size)
{
	for (size_t i = 0; i < served->key_count; i++) {
		if (!is_taken(zone, &served->keys[i])) {
			snprintf(why, why_size, "it serves DNSKEY %u of algorithm %u, which is not among the keys "
			         "to be taken over", served->keys[i].keytag, served->keys[i].algorithm);
			return -1;
		}
	}
	for (size_t i = 0; i < zone->key_count; i++) {
		const ods_key_t *key = &zone->keys[i];
		if (key->publish && served_find(served, key) == NULL) {
			snprintf(why, why_size, "it does not serve the DNSKEY of %s %u, which is to be taken over",
			         keyset_role_name(key->role), key->keytag);
			return -1;
		}
	}
	return 0;
}
