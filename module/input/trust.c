/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/input/trust.h"

#include <stdio.h>
#include <string.h>

#include <libknot/libknot.h>

#include "keyset/keyset.h"
#include "module/rr/cds.h"

const uint16_t trust_types[] = { KNOT_RRTYPE_DNSKEY, KNOT_RRTYPE_CDS, KNOT_RRTYPE_CDNSKEY, 0 };

/* Flags of a DNSKEY (RFC 4034, section 2.1.1): Zone Key and Secure Entry Point. */
#define FLAGS_ZSK 256
#define FLAGS_KSK 257
#define DNSKEY_PROTOCOL 3
#define DNSKEY_HEAD 4

/*! What the key set says. */
typedef struct {
	trust_t kind;
	uint64_t algorithms[4];  /*!< With which the zone is signed; bits by number. */
	knot_rdataset_t dnskeys; /*!< The policy's own. */
} chain_t;

static bool has_algorithm(const chain_t *chain, uint8_t algorithm)
{
	return chain->algorithms[algorithm / 64] & (UINT64_C(1) << algorithm % 64);
}

static int add_own(chain_t *chain, const keyset_key_t *key)
{
	uint16_t buffer[(sizeof(knot_rdata_t) + UINT16_MAX) / 2 + 1];
	knot_rdata_t *rdata = (knot_rdata_t *)buffer;
	if (key->public_key_len > UINT16_MAX - DNSKEY_HEAD) {
		return KNOT_EOK; /* No DNSKEY can have it; the keyring says so. */
	}
	rdata->len = DNSKEY_HEAD + key->public_key_len;
	knot_wire_write_u16(rdata->data, key->role == KEYSET_ZSK ? FLAGS_ZSK : FLAGS_KSK);
	rdata->data[2] = DNSKEY_PROTOCOL;
	rdata->data[3] = key->algorithm;
	memcpy(rdata->data + DNSKEY_HEAD, key->public_key, key->public_key_len);
	if (key->sign_zone) {
		chain->algorithms[key->algorithm / 64] |= UINT64_C(1) << key->algorithm % 64;
	}
	return knot_rdataset_add(&chain->dnskeys, rdata, NULL);
}

/*! Reads what the key set says of keys; its text may be NULL. */
static int read_chain(const char *text, chain_t *chain)
{
	char err[256];
	keyset_t set;
	int ret = KNOT_EOK;
	memset(chain, 0, sizeof(*chain));
	/* The engine sends another in the place of one that cannot be read. */
	if (text == NULL || keyset_read(text, &set, err, sizeof(err)) != 0) {
		return KNOT_EOK;
	}
	chain->kind = set.passthrough ? TRUST_PASSES :
	              set.foreign_keys ? TRUST_FOREIGN : TRUST_OWN;
	for (size_t i = 0; ret == KNOT_EOK && i < set.key_count; i++) {
		ret = set.keys[i].publish ? add_own(chain, &set.keys[i]) : KNOT_EOK;
	}
	keyset_deinit(&set);
	return ret;
}

static int load_chain(store_txn_t *txn, const knot_dname_t *apex, chain_t *chain)
{
	const void *stored = NULL;
	size_t len = 0;
	int ret = store_get(txn, STORE_KEYSET, apex, &stored, &len);
	return ret == KNOT_EOK || ret == KNOT_ENOENT ? read_chain(stored, chain) : ret;
}

/*! Gathers the DNSKEYs that the zone is published with: none of an algorithm that does not sign. */
static int published(const chain_t *chain, const node_t *apex, knot_rdataset_t *out)
{
	const node_rrset_t *foreign = node_rrset(apex, KNOT_RRTYPE_DNSKEY);
	const knot_rdata_t *rdata = foreign != NULL ? foreign->rrs.rdata : NULL;
	int ret = knot_rdataset_copy(out, &chain->dnskeys, NULL);
	for (uint16_t i = 0; ret == KNOT_EOK && foreign != NULL && i < foreign->rrs.count; i++) {
		if (has_algorithm(chain, cds_algorithm(KNOT_RRTYPE_DNSKEY, rdata))) {
			ret = knot_rdataset_add(out, rdata, NULL);
		}
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
	return ret;
}

/*** The judgement. ***/

typedef struct {
	const knot_dname_t *apex;
	const chain_t *chain;
	const node_t *before;
	knot_rdataset_t old_keys, keys;  /*!< DNSKEYs of the zone before, and after. */
	trust_fault_t *fault;
} judge_t;

static int refuse(const judge_t *judge, uint16_t type, const char *text)
{
	judge->fault->type = type;
	snprintf(judge->fault->text, sizeof(judge->fault->text), "%s", text);
	return KNOT_EDENIED;
}

/*! Judges a record that was not there before. */
static int judge_new(const judge_t *judge, uint16_t type, const knot_rdata_t *rdata)
{
	switch (judge->chain->kind) {
	case TRUST_UNKNOWN:
		return refuse(judge, type, "whether keys of other operators may come in is not "
		              "known, the policy engine has not sent any keys yet");
	case TRUST_OWN:
		return refuse(judge, type, "the policy makes these itself; those of other "
		              "operators come in if it has <ForeignKeys/> in kasp.xml");
	default:
		return type != KNOT_RRTYPE_DNSKEY && cds_is_delete(type, rdata)
		       ? refuse(judge, type, "this asks the parent to remove the DS (RFC 8078), "
		                "which is the policy engine's to do") : KNOT_EOK;
	}
}

/*! Judges whether a record is of a key that the zone has, unless it was of none before. */
static int judge_key(const judge_t *judge, uint16_t type, const knot_rdata_t *rdata, bool is_new)
{
	char text[sizeof(judge->fault->text)];
	if (judge->chain->kind == TRUST_UNKNOWN || type == KNOT_RRTYPE_DNSKEY ||
	    cds_fits(judge->apex, type, rdata, &judge->keys) ||
	    (!is_new && !cds_fits(judge->apex, type, rdata, &judge->old_keys))) {
		return KNOT_EOK;
	}
	snprintf(text, sizeof(text), "key tag %u, algorithm %u: the zone has no DNSKEY that this "
	         "is of; with such a DS at the parent it would be bogus", cds_keytag(type, rdata),
	         cds_algorithm(type, rdata));
	return refuse(judge, type, text);
}

static int judge_type(const judge_t *judge, uint16_t type, const node_t *after)
{
	const node_rrset_t *old = node_rrset(judge->before, type), *now = node_rrset(after, type);
	const knot_rdata_t *rdata = now != NULL ? now->rrs.rdata : NULL;
	int ret = KNOT_EOK;
	for (uint16_t i = 0; ret == KNOT_EOK && now != NULL && i < now->rrs.count; i++) {
		const bool is_new = old == NULL || !knot_rdataset_member(&old->rrs, rdata);
		ret = is_new ? judge_new(judge, type, rdata) : KNOT_EOK;
		if (ret == KNOT_EOK) {
			ret = judge_key(judge, type, rdata, is_new);
		}
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
	return ret;
}

static int judge_all(judge_t *judge, const node_t *after)
{
	int ret = published(judge->chain, judge->before, &judge->old_keys);
	if (ret == KNOT_EOK) {
		ret = published(judge->chain, after, &judge->keys);
	}
	for (size_t i = 0; ret == KNOT_EOK && trust_types[i] != 0; i++) {
		ret = judge_type(judge, trust_types[i], after);
	}
	knot_rdataset_clear(&judge->old_keys, NULL);
	knot_rdataset_clear(&judge->keys, NULL);
	return ret;
}

/*! Tells whether two apexes differ in what decides on the chain of trust. */
static bool differ(const node_t *before, const node_t *after)
{
	bool differ = false;
	for (size_t i = 0; !differ && trust_types[i] != 0; i++) {
		const node_rrset_t *a = node_rrset(before, trust_types[i]);
		const node_rrset_t *b = node_rrset(after, trust_types[i]);
		differ = (a == NULL) != (b == NULL) ||
		         (a != NULL && !knot_rdataset_eq(&a->rrs, &b->rrs));
	}
	return differ;
}

int trust_check(store_txn_t *txn, const knot_dname_t *apex, const node_t *before,
                const node_t *after, trust_fault_t *fault)
{
	chain_t chain;
	if (!differ(before, after)) {
		return KNOT_EOK;
	}
	int ret = load_chain(txn, apex, &chain);
	if (ret == KNOT_EOK && chain.kind != TRUST_PASSES) {
		judge_t judge = {
			.apex = apex, .chain = &chain, .before = before, .fault = fault,
		};
		ret = judge_all(&judge, after);
	}
	knot_rdataset_clear(&chain.dnskeys, NULL);
	return ret;
}

int trust_read(store_txn_t *txn, const knot_dname_t *apex, trust_t *trust)
{
	chain_t chain;
	int ret = load_chain(txn, apex, &chain);
	if (ret == KNOT_EOK) {
		*trust = chain.kind;
	}
	knot_rdataset_clear(&chain.dnskeys, NULL);
	return ret;
}
