/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <libdnssec/error.h>
#include <libdnssec/key.h>
#include <libdnssec/sign.h>
#include <libknot/libknot.h>

#include "keyset/bundle.h"

#define DS_HEAD 4     /* RDATA of a CDS before the digest. */
#define FLAG_ZONE 0x0100

/* The RRsets, in the order in which a fault is told. */
enum { KEYS, CDS, CDNSKEY, SETS };
static const struct {
	uint16_t type;
	const char *name;
} sets[SETS] = {
	{ KNOT_RRTYPE_DNSKEY, "DNSKEY" }, { KNOT_RRTYPE_CDS, "CDS" },
	{ KNOT_RRTYPE_CDNSKEY, "CDNSKEY" },
};

typedef struct {
	const knot_dname_t *zone;
	knot_rdataset_t rrs[SETS]; /* In canonical order. */
	uint32_t ttl[SETS];
	bool is_signed[SETS];
	knot_rdataset_t sigs;
	bundle_facts_t facts;
	bool dated;                /* The facts have the times of a signature. */
	char *err;
	size_t err_size;
} verify_t;

static int fail(const verify_t *v, const char *what, const char *of)
{
	snprintf(v->err, v->err_size, "%s%s", what, of);
	return -1;
}

static int set_of(uint16_t type)
{
	for (int i = 0; i < SETS; i++) {
		if (sets[i].type == type) {
			return i;
		}
	}
	return -1;
}

static int gather(verify_t *v, const char *text)
{
	bundle_record_t record;
	unsigned count = 0;
	int ret;
	while ((ret = bundle_next(&text, &record)) == 1) {
		const int set = set_of(record.type);
		if (++count > BUNDLE_RECORDS_MAX) {
			return fail(v, "too many records", "");
		}
		if (set >= 0 && v->rrs[set].count > 0 && v->ttl[set] != record.ttl) {
			return fail(v, "records with different TTLs of type ", sets[set].name);
		}
		if (set >= 0) {
			v->ttl[set] = record.ttl;
		}
		if (bundle_put(set >= 0 ? &v->rrs[set] : &v->sigs, &record) != KNOT_EOK) {
			return fail(v, "out of memory", "");
		}
	}
	return ret == 0 ? 0 : fail(v, "malformed text", "");
}

/* -- keys ---------------------------------------------------------------- */

static uint16_t flags_of(const knot_rdata_t *key)
{
	return key->data[0] << 8 | key->data[1];
}

static bool is_sep(const knot_rdata_t *key)
{
	return (flags_of(key) & DNSKEY_SEP) != 0;
}

/* \return To be freed by dnssec_key_free(); NULL if it is no key that is known here. */
static dnssec_key_t *make_key(const verify_t *v, const knot_rdata_t *rdata)
{
	const dnssec_binary_t wire = { .data = (uint8_t *)rdata->data, .size = rdata->len };
	dnssec_key_t *key = NULL;
	if (dnssec_key_new(&key) != DNSSEC_EOK) {
		return NULL;
	}
	if (dnssec_key_set_dname(key, v->zone) != DNSSEC_EOK ||
	    dnssec_key_set_rdata(key, &wire) != DNSSEC_EOK) {
		dnssec_key_free(key);
		return NULL;
	}
	return key;
}

static int check_keys(const verify_t *v)
{
	const knot_rdata_t *rdata = v->rrs[KEYS].rdata;
	if (v->rrs[KEYS].count == 0) {
		return fail(v, "no DNSKEY", "");
	}
	for (uint16_t i = 0; i < v->rrs[KEYS].count; i++) {
		dnssec_key_t *key = rdata->len > DNSKEY_HEAD ? make_key(v, rdata) : NULL;
		if (key == NULL || (flags_of(rdata) & ~DNSKEY_SEP) != FLAG_ZONE) {
			dnssec_key_free(key);
			return fail(v, "a DNSKEY that is none of a zone, revoked, or of an unknown "
			            "algorithm", "");
		}
		dnssec_key_free(key);
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
	return 0;
}

static bool is_ds_of(const verify_t *v, const knot_rdata_t *cds, const knot_rdata_t *rdata)
{
	dnssec_key_t *key = make_key(v, rdata);
	dnssec_binary_t ds = { 0 };
	const bool is = key != NULL &&
	                dnssec_key_create_ds(key, (dnssec_key_digest_t)cds->data[3], &ds) ==
	                DNSSEC_EOK &&
	                ds.size == cds->len && memcmp(ds.data, cds->data, cds->len) == 0;
	dnssec_binary_free(&ds);
	dnssec_key_free(key);
	return is;
}

/* Whether a CDS, or CDNSKEY, is of a key with the flag SEP. The one that asks for no DS is not. */
static bool fits(const verify_t *v, int set, const knot_rdata_t *rdata)
{
	const knot_rdata_t *key = v->rrs[KEYS].rdata;
	for (uint16_t i = 0; i < v->rrs[KEYS].count; i++) {
		const bool same = set == CDNSKEY
		                  ? rdata->len == key->len && memcmp(rdata->data, key->data, key->len) == 0
		                  : rdata->len > DS_HEAD && is_ds_of(v, rdata, key);
		if (same && is_sep(key)) {
			return true;
		}
		key = knot_rdataset_next((knot_rdata_t *)key);
	}
	return false;
}

static int check_cds(const verify_t *v, int set)
{
	const knot_rdata_t *rdata = v->rrs[set].rdata;
	for (uint16_t i = 0; i < v->rrs[set].count; i++) {
		if (!fits(v, set, rdata)) {
			return fail(v, "no KSK of the DNSKEY RRset is that of a ", sets[set].name);
		}
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
	return 0;
}

/* -- signatures ---------------------------------------------------------- */

static int add_data(dnssec_sign_ctx_t *ctx, const void *data, size_t len)
{
	const dnssec_binary_t part = { .data = (uint8_t *)data, .size = len };
	return dnssec_sign_add(ctx, &part) == DNSSEC_EOK ? 0 : -1;
}

/* Adds what is signed (RFC 4034, section 3.1.8.1). None of these types has names in its RDATA. */
static int add_signed(dnssec_sign_ctx_t *ctx, const verify_t *v, int set, const knot_rdata_t *sig)
{
	const size_t zone_len = knot_dname_size(v->zone);
	const knot_rdata_t *rdata = v->rrs[set].rdata;
	int ret = add_data(ctx, sig->data, RRSIG_SIGNER + zone_len);
	for (uint16_t i = 0; i < v->rrs[set].count && ret == 0; i++) {
		uint8_t head[10];
		knot_wire_write_u16(head, sets[set].type);
		knot_wire_write_u16(head + 2, KNOT_CLASS_IN);
		knot_wire_write_u32(head + 4, v->ttl[set]);
		knot_wire_write_u16(head + 8, rdata->len);
		ret = add_data(ctx, v->zone, zone_len);
		ret = ret == 0 ? add_data(ctx, head, sizeof(head)) : ret;
		ret = ret == 0 ? add_data(ctx, rdata->data, rdata->len) : ret;
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
	return ret;
}

static bool is_signed_by(const verify_t *v, int set, const knot_rdata_t *sig,
                         const knot_rdata_t *rdata)
{
	const size_t at = RRSIG_SIGNER + knot_dname_size(v->zone);
	const dnssec_binary_t signature = { .data = (uint8_t *)sig->data + at,
		                            .size = sig->len - at };
	dnssec_key_t *key = make_key(v, rdata);
	dnssec_sign_ctx_t *ctx = NULL;
	const bool is = key != NULL && dnssec_key_get_algorithm(key) == sig->data[RRSIG_ALGORITHM] &&
	                dnssec_key_get_keytag(key) == knot_wire_read_u16(sig->data + RRSIG_KEYTAG) &&
	                dnssec_sign_new(&ctx, key) == DNSSEC_EOK &&
	                add_signed(ctx, v, set, sig) == 0 &&
	                dnssec_sign_verify(ctx, false, &signature) == DNSSEC_EOK;
	dnssec_sign_free(ctx);
	dnssec_key_free(key);
	return is;
}

static void date(verify_t *v, const knot_rdata_t *sig)
{
	const uint32_t expiration = knot_wire_read_u32(sig->data + RRSIG_EXPIRATION);
	const uint32_t inception = knot_wire_read_u32(sig->data + RRSIG_INCEPTION);
	bundle_facts_t *facts = &v->facts;
	/* Serial number arithmetic (RFC 4034, section 3.1.5). */
	if (!v->dated || (int32_t)(expiration - facts->expiration) < 0) {
		facts->expiration = expiration;
	}
	if (!v->dated || (int32_t)(inception - facts->inception) > 0) {
		facts->inception = inception;
	}
	v->dated = true;
}

static int check_signature(verify_t *v, const knot_rdata_t *sig)
{
	const size_t zone_len = knot_dname_size(v->zone);
	const int set = sig->len > RRSIG_SIGNER + zone_len ? set_of(knot_wire_read_u16(sig->data)) : -1;
	if (set < 0 || v->rrs[set].count == 0) {
		return fail(v, "an RRSIG over none of the bundle's RRsets", "");
	}
	if (sig->data[3] != knot_dname_labels(v->zone, NULL) ||
	    knot_wire_read_u32(sig->data + 4) != v->ttl[set] ||
	    memcmp(sig->data + RRSIG_SIGNER, v->zone, zone_len) != 0) {
		return fail(v, "an RRSIG of another zone, or another TTL, over ", sets[set].name);
	}
	const knot_rdata_t *key = v->rrs[KEYS].rdata;
	for (uint16_t i = 0; i < v->rrs[KEYS].count; i++) {
		if (is_signed_by(v, set, sig, key)) {
			v->is_signed[set] = true;
			date(v, sig);
			return is_sep(key) ? 0 : fail(v, "an RRSIG of a ZSK over ", sets[set].name);
		}
		key = knot_rdataset_next((knot_rdata_t *)key);
	}
	return fail(v, "an RRSIG that no key of the bundle has made, over ", sets[set].name);
}

static int check_signatures(verify_t *v)
{
	const knot_rdata_t *sig = v->sigs.rdata;
	for (uint16_t i = 0; i < v->sigs.count; i++) {
		if (check_signature(v, sig) != 0) {
			return -1;
		}
		sig = knot_rdataset_next((knot_rdata_t *)sig);
	}
	for (int set = 0; set < SETS; set++) {
		if (v->rrs[set].count > 0 && !v->is_signed[set]) {
			return fail(v, "no RRSIG of a KSK over ", sets[set].name);
		}
	}
	return 0;
}

int bundle_verify(const char *text, const knot_dname_t *zone, bundle_facts_t *facts, char *err,
                  size_t err_size)
{
	verify_t v = { .zone = zone, .err = err, .err_size = err_size };
	int ret = gather(&v, text);
	ret = ret == 0 ? check_keys(&v) : ret;
	ret = ret == 0 ? check_cds(&v, CDS) : ret;
	ret = ret == 0 ? check_cds(&v, CDNSKEY) : ret;
	ret = ret == 0 ? check_signatures(&v) : ret;
	if (ret == 0) {
		*facts = v.facts;
		facts->ttl = v.ttl[KEYS];
	}
	for (int set = 0; set < SETS; set++) {
		knot_rdataset_clear(&v.rrs[set], NULL);
	}
	knot_rdataset_clear(&v.sigs, NULL);
	return ret;
}
