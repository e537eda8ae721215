/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* The rule chain, by a table of situations. */

#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libdnssec/key.h>
#include <libknot/libknot.h>

#include "keyset/ds.h"
#include "module/keys/trust.h"
#include "tests/unit/check-main.h"

#define ZONE ((const knot_dname_t *)"\x04test")
#define MADE INT64_C(1795000000) /* When what is served was made... */
#define OFFSET 3600              /* ...with signatures from so many seconds before. */
#define KEY_LEN 32

/*
 * Keys are a letter and a digit, which is the key: K a KSK, Z a ZSK, C a CSK, B one that signs both
 * and has no SEP flag. A small letter is a key that is published and signs nothing, x a ZSK that
 * signs and is not published.
 *
 * A DS is its key, with "/TYPE" unless its digest is SHA-256, and "!" if the digest is of another.
 */
typedef struct {
	const char *set;        /*!< The key set; NULL: passthrough. */
	const char *input;      /*!< DNSKEYs in the unsigned zone. */
	const char *served;     /*!< What knotd serves. */
	const char *ds;         /*!< NULL: not known. */
	int64_t ds_seen;        /*!< Seconds after what is served was made. */
	bool continuous;
	const char *held;       /*!< What the text has to say; NULL: it passes. */
} row_t;

#define NOT_SIGNING "; none of the former would sign the zone: resolvers"
#define DS_OF_1 "the parent has a DS of 9264; key set 7 has keys "
#define UNSIGNED "by key set 7 the zone is unsigned; no"

static const row_t rows[] = {
	/* The engine's own steps. */
	{ "K1 Z2", "", "K1 Z2", NULL, 1, true, NULL },
	{ "K1 K3 Z2", "", "K1 Z2", "K1", 1, true, NULL },
	{ "K1 K3 Z2", "", "K1 K3 Z2", "K3", 1, true, NULL },
	{ "K3 Z2", "", "K1 K3 Z2", "K3", -9, true, NULL },
	{ "K1 z4 Z2", "", "K1 Z2", "K1", 1, true, NULL },
	{ "K1 Z4 z2", "", "K1 Z2 z4", "K1", 1, true, NULL },
	{ "K1 Z2 x4", "", "K1 Z2", NULL, 1, true, NULL },
	{ "K3 Z2", "", "K1 Z2", "", 1, true, NULL },
	{ "C5", "", "C5", "C5", 1, true, NULL },
	{ "K3 Z2", "", "K1 K3 Z2", NULL, 1, true, NULL },
	{ "K1 Z2", "", "K1 Z2 Z4", NULL, 1, true, NULL },
	{ "K1 Z2", "", "", NULL, 1, true, NULL },
	{ "K1 Z2", "", "", "K1", 1, true, NULL },
	/* Its mistakes: the database was lost, or is older. */
	{ "K3 Z4", "", "K1 Z2", NULL, 1, true,
	  "knotd serves keys 9264 (KSK), 13375; key set 7 has keys 17488 (KSK), 21599" NOT_SIGNING },
	{ "K3 Z4", "", "K1 Z2", "", 1, true, NULL },
	{ "K3 Z2", "", "K1 Z2", "K1", 1, true, DS_OF_1 "17488 (KSK), 13375; no DS" },
	{ "K3 Z2", "", "K1 Z2", "K1", -9, true, DS_OF_1 },
	{ "K1 Z2", "", "K1 Z2", "K3", 1, true,
	  "has a DS of 17488; key set 7 has keys 9264 (KSK), 13375; no" },
	{ "k1 K3 Z2", "", "K1 Z2", "K1", 1, true, DS_OF_1 },
	{ "K1 Z2", "", "K1 Z2", "K1!", 1, true, DS_OF_1 },
	/* Digests: RFC 4509, section 3; one that we cannot compute. */
	{ "K1 Z2", "", "K1 Z2", "K1/1", 1, true, NULL },
	{ "K1 Z2", "", "K1 Z2", "K1/4", 1, true, NULL },
	{ "K1 Z2", "", "K1 Z2", "K3 K1/1", 1, true, "has a DS of 17488, 9264; key" },
	{ "K1 Z2", "", "K1 Z2", "K3/1 K1/1", 1, true, NULL },
	{ "K1 Z2", "", "K1 Z2", "K3 K1", 1, true, NULL },
	{ "K1 Z2", "", "K1 Z2", "K1/3!", 1, true, NULL },
	{ "K3 Z2", "", "K1 Z2", "K1/3!", 1, true, DS_OF_1 },
	/* Unsigned, or signed elsewhere. */
	{ NULL, "", "K1 Z2", "K1", 1, true, UNSIGNED },
	{ NULL, "", "K1 Z2", NULL, 1, true, NULL },
	{ NULL, "", "K1 Z2", NULL, 1, false, "by key set 7 the zone is unsigned" NOT_SIGNING },
	{ NULL, "", "K1 Z2", "", -1, false, "by key set 7 the zone is unsigned" NOT_SIGNING },
	{ "K3 Z4", "", "K1 Z2", NULL, 1, true, NOT_SIGNING },
	{ NULL, "", "K1 Z2", "", 1, true, NULL },
	{ NULL, "", "K1 Z2", "", 1, false, NULL },
	{ NULL, "", "", "K1", 1, false, UNSIGNED },
	{ NULL, "", "", NULL, 1, false, NULL },
	{ NULL, "K1 Z2", "K1 Z2", "K1", 1, true, NULL },
	{ NULL, "K1 Z2", "K1 Z2", NULL, 1, false, NULL },
	{ NULL, "K3 Z4", "K1 Z2", NULL, 1, false, NOT_SIGNING },
	{ NULL, "K3 Z2", "K1 Z2", "K1", 1, true, DS_OF_1 },
	{ "K3 Z4", "", "K1 Z2", "K1", 1, false, DS_OF_1 },
	{ "K3 Z4", "K1 Z2", "K1 Z2", "K1", 1, true, DS_OF_1 },
	{ "K3 Z4", "K1 Z2", "K1 Z2", NULL, 1, false, NOT_SIGNING },
	/* Nothing is served, or nothing signed. */
	{ "K3 Z4", "", "", NULL, 1, false, NULL },
	{ "K3 Z4", "", "", "", 1, false, NULL },
	{ "K3 Z4", "", "", "K3", 1, false, NULL },
	{ "K3 Z4", "", "", "K1", 1, false, DS_OF_1 },
	/* Store or database are lost: new keys, or those of before. */
	{ "K3 Z4", "", "K1 Z2", NULL, 1, false, NOT_SIGNING },
	{ "K3 Z4", "", "K1 Z2", "", 1, false, NULL },
	{ "K3 Z4", "", "K1 Z2", "", -1, false, NOT_SIGNING },
	{ "K1 Z2", "", "K1 Z2", NULL, 1, false, NULL },
	{ "K1 Z2", "", "K1 Z2", "K1", 1, false, NULL },
	{ "K1 Z2", "", "K1 Z2", "K3", 1, false,
	  "has a DS of 17488; key set 7 has keys 9264 (KSK), 13375; no" },
	/* An older copy, before a KSK was rolled; before a ZSK was. */
	{ "K1 Z2", "", "K3 Z2", NULL, 1, false,
	  "; 17488, which may have the DS, would not sign the keys: resolvers" },
	{ "K1 Z2", "", "K3 Z2", "K1", -1, false,
	  "17488, which may have the DS, would not sign the keys" },
	{ "K1 Z2", "", "K1 K3 Z2", "K1", -1, false,
	  "17488, which may have the DS, would not sign the keys" },
	{ "K1 Z2", "", "K1 K3 Z2", "K1", 1, false, NULL },
	{ "K1 Z2", "", "K1 k3 Z2", "K1", -1, false, NULL },
	{ "K1 Z2", "", "K1 z2 Z4", "K1", 1, false,
	  "; signatures of 21599 are served, and it would not be published" },
	{ "K1 Z2 z4", "", "K1 z2 Z4", "K1", 1, false, NULL },
	{ "K1 Z2", "Z4", "K1 z2 Z4", "K1", 1, false, NULL },
	{ "K1 Z2 x4", "", "K1 z2 Z4", "K1", 1, false, "signatures of 21599" },
	/* A signer that signs the keys with its ZSK, too; keys without a signature. */
	{ "K1 Z2", "", "K1 C2 Z4", NULL, 1, false, "signatures of" },
	{ "K1 Z2", "", "K1 B2", NULL, 1, false, NULL },
	{ "B1 Z2", "", "B1 B2", NULL, 1, false, "13375, which may have the DS, would not sign" },
	{ "K1 Z2", "", "k1 Z2", NULL, 1, false, NULL },
	{ "K1 Z2", "", "k3 Z2", NULL, 1, false, "none of the former would sign the keys" },
};

static uint8_t publics[10][KEY_LEN];

static void make_publics(void)
{
	for (int i = 0; i < 10; i++) {
		memset(publics[i], 1 + i, KEY_LEN);
	}
}

/*! \return RDATA of a DNSKEY. */
static knot_rdata_t *rdata_of(char letter, int number)
{
	const uint8_t head[4] = { 1, strchr("KkCc", letter) != NULL, 3, 15 };
	knot_rdata_t *rdata = calloc(1, knot_rdata_size(sizeof(head) + KEY_LEN));
	ck_assert_ptr_nonnull(rdata);
	rdata->len = sizeof(head) + KEY_LEN;
	memcpy(rdata->data, head, sizeof(head));
	memcpy(rdata->data + sizeof(head), publics[number], KEY_LEN);
	return rdata;
}

static uint16_t keytag_of(char letter, int number)
{
	apex_t apex = { 0 };
	knot_rdataset_t rrs = { 0 };
	knot_rdata_t *rdata = rdata_of(letter, number);
	ck_assert_int_eq(knot_rdataset_add(&rrs, rdata, NULL), KNOT_EOK);
	ck_assert_int_eq(apex_add_dnskeys(&apex, &rrs), KNOT_EOK);
	const uint16_t keytag = apex.keys[0].keytag;
	apex_deinit(&apex);
	knot_rdataset_clear(&rrs, NULL);
	free(rdata);
	return keytag;
}

static keyset_key_t key_of(char letter, int number)
{
	const char kind = toupper(letter);
	return (keyset_key_t) {
		.role = kind == 'K' ? KEYSET_KSK : kind == 'C' ? KEYSET_CSK : KEYSET_ZSK,
		.algorithm = 15, .public_key = publics[number], .public_key_len = KEY_LEN,
		.keytag = keytag_of(letter, number), .publish = letter != 'x',
		.sign_dnskey = strchr("KCB", letter) != NULL,
		.sign_zone = strchr("ZCBx", letter) != NULL,
	};
}

static void make_set(keyset_t *set, const char *text)
{
	static keyset_key_t keys[8];
	set->passthrough = text == NULL;
	set->revision = 7;
	set->inception_offset = OFFSET;
	set->keys = keys;
	for (; text != NULL && text[0] != '\0'; text += 2 + (text[2] == ' ')) {
		keys[set->key_count++] = key_of(text[0], text[1] - '0');
	}
}

static void sign(apex_t *apex, const char *type, uint16_t keytag)
{
	char rdata[128];
	snprintf(rdata, sizeof(rdata), "%s 15 1 300 %lld %lld %u test. AAAA", type,
	         (long long)MADE + 86400, (long long)MADE - OFFSET, keytag);
	ck_assert_int_eq(apex_add(apex, "RRSIG", "300", rdata), KNOT_EOK);
}

static void make_apex(apex_t *apex, const char *text)
{
	for (; text[0] != '\0'; text += 2 + (text[2] == ' ')) {
		knot_rdataset_t rrs = { 0 };
		knot_rdata_t *rdata = rdata_of(text[0], text[1] - '0');
		ck_assert_int_eq(knot_rdataset_add(&rrs, rdata, NULL), KNOT_EOK);
		ck_assert_int_eq(apex_add_dnskeys(apex, &rrs), KNOT_EOK);
		knot_rdataset_clear(&rrs, NULL);
		free(rdata);
		const uint16_t keytag = apex->keys[apex->key_count - 1].keytag;
		if (strchr("KCB", text[0]) != NULL) {
			sign(apex, "DNSKEY", keytag);
		}
		if (strchr("ZCB", text[0]) != NULL) {
			sign(apex, "SOA", keytag);
		}
	}
	apex->dnskey_ttl = 7200;
}

/*! Writes the DS of a key as ds.h has it. */
static size_t write_ds(char *out, const char *text)
{
	const dnssec_binary_t public = { .data = publics[text[1] - '0'], .size = KEY_LEN };
	const uint8_t type = text[2] == '/' ? text[3] - '0' : 2;
	dnssec_key_t *key = NULL;
	dnssec_binary_t rdata = { 0 };
	ck_assert_int_eq(dnssec_key_new(&key), 0);
	ck_assert_int_eq(dnssec_key_set_dname(key, ZONE), 0);
	ck_assert_int_eq(dnssec_key_set_flags(key, 257), 0);
	ck_assert_int_eq(dnssec_key_set_algorithm(key, 15), 0);
	ck_assert_int_eq(dnssec_key_set_pubkey(key, &public), 0);
	ck_assert_int_eq(dnssec_key_create_ds(key, type == 3 ? 2 : type, &rdata), 0);
	ds_t ds = { .keytag = dnssec_key_get_keytag(key), .algorithm = 15, .digest_type = type,
		    .digest_len = rdata.size - 4 };
	memcpy(ds.digest, rdata.data + 4, ds.digest_len);
	ds.digest[0] ^= strcspn(text, "!") < strcspn(text, " ");
	ds_write(&ds, out);
	dnssec_binary_free(&rdata);
	dnssec_key_free(key);
	return strlen(out);
}

static char *make_ds(const char *text)
{
	char *out = calloc(8, DS_TEXT_MAX);
	size_t len = 0;
	while (text != NULL && text[0] != '\0') {
		len += write_ds(out + len, text);
		text += strcspn(text, " ");
		text += strspn(text, " ");
		if (text[0] != '\0') {
			memcpy(out + len, ", ", 2);
			len += 2;
		}
	}
	return out;
}

START_TEST(test_rows)
{
	const row_t *row = &rows[_i];
	keyset_t set = { .revision = 7 };
	apex_t input = { 0 }, served = { 0 };
	char why[1000] = "";
	make_publics();
	make_set(&set, row->set);
	make_apex(&input, row->input);
	make_apex(&served, row->served);
	set.ds = make_ds(row->ds);
	set.ds_seen = row->ds != NULL ? MADE + row->ds_seen : 0;
	const trust_t trust = {
		.zone = ZONE, .set = &set, .input = &input, .continuous = row->continuous,
		.served = &served, .before = row->continuous ? 6 : 0,
	};
	const bool passes = trust_passes(&trust, why, sizeof(why));
	ck_assert_msg(passes == (row->held == NULL), "row %d: %s", _i, why);
	if (row->held != NULL) {
		ck_assert_msg(strstr(why, row->held) != NULL, "row %d: %s", _i, why);
		ck_assert_msg(strstr(why, "; say ods recover test.") != NULL, "%s", why);
		ck_assert_msg((strstr(why, "signed on with key set 6") != NULL) == row->continuous,
		              "%s", why);
	}
	free(set.ds);
	apex_deinit(&input);
	apex_deinit(&served);
}
END_TEST

/*! A text that has no room is cut, and many keys are not all listed. */
/* Without a look at the parent, what the engine knows of the keys that are served decides: it has waited
 * until no cache has a DS. */
START_TEST(test_insecure)
{
	keyset_t set = { .ds = (char *)"" };
	apex_t input = { 0 }, served = { 0 };
	char why[1000];
	make_publics();
	make_set(&set, "K3 Z4 K1 Z2");
	for (size_t i = 2; i < 4; i++) { /* On their way out. */
		set.keys[i].publish = set.keys[i].sign_dnskey = set.keys[i].sign_zone = false;
	}
	make_apex(&served, "K1 Z2");
	trust_t trust = {
		.zone = ZONE, .set = &set, .input = &input, .continuous = true, .served = &served,
	};
	set.keys[2].state[KEYSET_DS] = KEYSET_UNRETENTIVE;
	ck_assert(!trust_passes(&trust, why, sizeof(why)));
	for (size_t i = 0; i < set.key_count; i++) {
		set.keys[i].state[KEYSET_DS] = KEYSET_HIDDEN;
	}
	ck_assert_msg(trust_passes(&trust, why, sizeof(why)), "%s", why);
	trust.continuous = false;
	ck_assert(!trust_passes(&trust, why, sizeof(why)));
	trust.continuous = true;
	set.keys[0].state[KEYSET_DS] = KEYSET_RUMOURED;
	ck_assert(!trust_passes(&trust, why, sizeof(why)));
	/* One that has lost its database has new keys only. */
	set.keys[0].state[KEYSET_DS] = KEYSET_HIDDEN;
	set.key_count = 2;
	ck_assert(!trust_passes(&trust, why, sizeof(why)));
	apex_deinit(&served);
}
END_TEST

START_TEST(test_text)
{
	keyset_t set = { .ds = (char *)"" };
	apex_t input = { 0 }, served = { 0 };
	char why[1000], small[40];
	make_publics();
	make_set(&set, "K3 Z4");
	make_apex(&served, "K1 z0 z2 z5 z6 z7 z8 Z9");
	const trust_t trust = { .zone = ZONE, .set = &set, .input = &input, .served = &served };
	ck_assert(!trust_passes(&trust, why, sizeof(why)));
	ck_assert_msg(strstr(why, ", ...; key set 7 has") != NULL, "%s", why);
	ck_assert_msg(strstr(why, "for up to 7200 s") != NULL, "%s", why);
	ck_assert_msg(strstr(why, "its first signature expires at 2026-11-19T") != NULL, "%s", why);
	ck_assert(!trust_passes(&trust, small, sizeof(small)));
	ck_assert_int_eq(strncmp(small, why, sizeof(small) - 1), 0);
	ck_assert_uint_eq(strlen(small), sizeof(small) - 1);
	apex_deinit(&served);
}
END_TEST

static bool differs(const char *a, const char *b)
{
	keyset_key_t keys[8];
	keyset_t one = { 0 }, two = { 0 };
	make_publics();
	make_set(&one, a);
	memcpy(keys, one.keys, sizeof(keys));
	one.keys = keys;
	make_set(&two, b);
	const bool differ = trust_differs(&one, &two);
	ck_assert(differ == trust_differs(&two, &one));
	ck_assert(differ == (trust_name(&one) != trust_name(&two)));
	return differ;
}

START_TEST(test_differs)
{
	ck_assert(!differs("K1 Z2", "K1 Z2"));
	ck_assert(!differs("K1 Z2", "Z2 K1"));
	ck_assert(differs("K1 Z2", "K1 z2"));
	ck_assert(differs("K1 Z2", "K1 x2"));
	ck_assert(differs("K1 Z2", "K1"));
	ck_assert(differs("K1 Z2", "K1 Z3"));
	ck_assert(differs("K1 Z2", "k1 Z2"));
	ck_assert(differs("K1 Z2", NULL));
	ck_assert(!differs(NULL, NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trust");
	TCase *tcase = tcase_create("rule");
	tcase_add_loop_test(tcase, test_rows, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tcase, test_insecure);
	tcase_add_test(tcase, test_text);
	tcase_add_test(tcase, test_differs);
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
