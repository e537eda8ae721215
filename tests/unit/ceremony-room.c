/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "tests/unit/ceremony-room.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/x509.h>
#include <libdnssec/error.h>
#include <libdnssec/sign.h>
#include <libknot/libknot.h>

#include "keyset/bundle.h"

static const knot_dname_t zone[] = "\1a\4test";

dnssec_key_t *room_key(bool ksk)
{
	gnutls_x509_privkey_t made;
	gnutls_datum_t pem;
	dnssec_key_t *key = NULL;
	ck_assert_int_eq(gnutls_x509_privkey_init(&made), 0);
	ck_assert_int_eq(gnutls_x509_privkey_generate(made, GNUTLS_PK_ECDSA,
	                                              GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
	                                              0), 0);
	ck_assert_int_eq(gnutls_x509_privkey_export2_pkcs8(made, GNUTLS_X509_FMT_PEM, NULL,
	                                                   GNUTLS_PKCS_PLAIN, &pem), 0);
	const dnssec_binary_t text = { .data = pem.data, .size = pem.size };
	ck_assert_int_eq(dnssec_key_new(&key), DNSSEC_EOK);
	ck_assert_int_eq(dnssec_key_set_dname(key, zone), DNSSEC_EOK);
	ck_assert_int_eq(dnssec_key_set_flags(key, ksk ? 257 : 256), DNSSEC_EOK);
	ck_assert_int_eq(dnssec_key_set_algorithm(key, 13), DNSSEC_EOK);
	ck_assert_int_eq(dnssec_key_load_pkcs8(key, &text), DNSSEC_EOK);
	gnutls_free(pem.data);
	gnutls_x509_privkey_deinit(made);
	return key;
}

static void add(char **text, uint16_t type, uint32_t ttl, const uint8_t *data, size_t len)
{
	bundle_record_t record = { .type = type, .ttl = ttl, .len = (uint16_t)len };
	ck_assert_uint_le(len, sizeof(record.rdata));
	memcpy(record.rdata, data, len);
	ck_assert_int_eq(bundle_add(text, &record), 0);
}

static void add_data(dnssec_sign_ctx_t *ctx, const void *data, size_t len)
{
	const dnssec_binary_t part = { .data = (uint8_t *)data, .size = len };
	ck_assert_int_eq(dnssec_sign_add(ctx, &part), DNSSEC_EOK);
}

/* Adds the signature of a key over the records of a type that the text has (RFC 4034, section 3.1.8.1). */
static void sign(char **text, uint16_t type, dnssec_key_t *key, const room_bundle_t *what)
{
	const uint32_t ttl = what->ttl != 0 ? what->ttl : ROOM_TTL;
	uint8_t rrsig[18 + sizeof(zone) + 64] = { type >> 8, type & 0xff, 13, 2 };
	knot_wire_write_u32(rrsig + 4, ttl);
	knot_wire_write_u32(rrsig + 8, (uint32_t)what->until);
	knot_wire_write_u32(rrsig + 12, (uint32_t)what->from);
	knot_wire_write_u16(rrsig + 16, dnssec_key_get_keytag(key));
	memcpy(rrsig + 18, zone, sizeof(zone));
	knot_rdataset_t rrs = { 0 };
	const char *at = *text;
	bundle_record_t record;
	while (bundle_next(&at, &record) == 1) {
		uint16_t buffer[BUNDLE_RDATA_MAX / 2 + 2];
		knot_rdata_init((knot_rdata_t *)buffer, record.len, record.rdata);
		ck_assert(record.type != type ||
		          knot_rdataset_add(&rrs, (knot_rdata_t *)buffer, NULL) == KNOT_EOK);
	}
	dnssec_sign_ctx_t *ctx = NULL;
	ck_assert_int_eq(dnssec_sign_new(&ctx, key), DNSSEC_EOK);
	add_data(ctx, rrsig, 18 + sizeof(zone));
	const knot_rdata_t *rdata = rrs.rdata;
	for (uint16_t i = 0; i < rrs.count; i++) {
		uint8_t head[10] = { type >> 8, type & 0xff, 0, 1 };
		knot_wire_write_u32(head + 4, ttl);
		knot_wire_write_u16(head + 8, rdata->len);
		add_data(ctx, zone, sizeof(zone));
		add_data(ctx, head, sizeof(head));
		add_data(ctx, rdata->data, rdata->len);
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
	dnssec_binary_t signature = { 0 };
	ck_assert_int_eq(dnssec_sign_write(ctx, DNSSEC_SIGN_NORMAL, &signature), DNSSEC_EOK);
	ck_assert_uint_eq(signature.size, 64);
	memcpy(rrsig + 18 + sizeof(zone), signature.data, 64);
	add(text, KNOT_RRTYPE_RRSIG, ttl, rrsig, sizeof(rrsig));
	dnssec_binary_free(&signature);
	dnssec_sign_free(ctx);
	knot_rdataset_clear(&rrs, NULL);
}

char *room_sign(const room_bundle_t *what)
{
	static const uint16_t types[] = { KNOT_RRTYPE_DNSKEY, KNOT_RRTYPE_CDS, KNOT_RRTYPE_CDNSKEY };
	const uint32_t ttl = what->ttl != 0 ? what->ttl : ROOM_TTL;
	char *text = NULL;
	dnssec_binary_t rdata;
	for (size_t i = 0; what->keys[i] != NULL; i++) {
		ck_assert_int_eq(dnssec_key_get_rdata(what->keys[i], &rdata), DNSSEC_EOK);
		add(&text, KNOT_RRTYPE_DNSKEY, ttl, rdata.data, rdata.size);
	}
	if (what->cds != NULL) {
		dnssec_binary_t ds = { 0 };
		ck_assert_int_eq(dnssec_key_create_ds(what->cds, DNSSEC_KEY_DIGEST_SHA256, &ds),
		                 DNSSEC_EOK);
		add(&text, KNOT_RRTYPE_CDS, ttl, ds.data, ds.size);
		dnssec_binary_free(&ds);
		ck_assert_int_eq(dnssec_key_get_rdata(what->cds, &rdata), DNSSEC_EOK);
		add(&text, KNOT_RRTYPE_CDNSKEY, ttl, rdata.data, rdata.size);
	}
	for (size_t t = 0; t < (what->cds != NULL ? 3 : 1); t++) {
		for (size_t i = 0; i < 3 && what->by[i] != NULL; i++) {
			sign(&text, types[t], what->by[i], what);
		}
	}
	return text;
}
