/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* An apex as knotd writes it, and what cannot be read. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/rr/apex.h"
#include "tests/unit/check-main.h"

/* RFC 8080, section 6.1. */
#define KEY "257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4="
#define KEY_BLANKS "257 3 15 l02Woi0iS8Aa25FQ kUd9RMzZHJpBoRQw\tAQEX1SxZJA4="
#define KEYTAG 3613

static void add(apex_t *apex, const char *type, const char *ttl, const char *rdata)
{
	ck_assert_msg(apex_add(apex, type, ttl, rdata) == KNOT_EOK, "%s %s", type, rdata);
}

START_TEST(test_apex)
{
	apex_t apex = { 0 };
	add(&apex, "NS", "300", "ns1.example.");
	ck_assert(!apex.has_soa);
	add(&apex, "SOA", "3600", "ns1.example. host.example. 4294967295 1 2 3 4");
	ck_assert(apex.has_soa);
	ck_assert_uint_eq(apex.serial, UINT32_MAX);
	ck_assert_uint_eq(apex.soa_ttl, 3600);
	add(&apex, "DNSKEY", "7200", KEY_BLANKS);
	add(&apex, "DNSKEY", "7200", "256 3 13 AAAA");
	ck_assert_uint_eq(apex.dnskey_ttl, 7200);
	ck_assert_uint_eq(apex.key_count, 2);
	ck_assert_uint_eq(apex.keys[0].keytag, KEYTAG);
	ck_assert_uint_eq(apex.keys[0].flags, 257);
	ck_assert_uint_eq(apex.keys[0].algorithm, 15);
	ck_assert_uint_eq(apex.keys[0].public_key_len, 32);
	char *text = apex_key_text(&apex.keys[0]);
	ck_assert_str_eq(text, KEY);
	free(text);

	add(&apex, "RRSIG", "300", "NS 15 1 300 20000101000000 20300101000000 1 example. AAAA");
	ck_assert_uint_eq(apex.signer_count, 0);
	ck_assert_int_eq(apex.expiration, 0);
	add(&apex, "RRSIG", "300", "SOA 15 1 300 20261213083107 20261129011543 3613 example. AAAA");
	add(&apex, "RRSIG", "300", "SOA 8 1 300 1797150667 1795914942 65535 example. AA AA");
	ck_assert_int_eq(apex.inception, 1795914943);
	add(&apex, "RRSIG", "300", "DNSKEY 8 1 300 20261213083000 20300101000000 7 example. AAAA");
	ck_assert_uint_eq(apex.signer_count, 3);
	ck_assert_uint_eq(apex.signers[1].keytag, 65535);
	ck_assert_uint_eq(apex.signers[1].algorithm, 8);
	ck_assert_uint_eq(apex.signers[1].covered, KNOT_RRTYPE_SOA);
	ck_assert_uint_eq(apex.signers[2].covered, KNOT_RRTYPE_DNSKEY);
	ck_assert_str_eq(apex.signers[1].signature, "AAAA");
	ck_assert_int_eq(apex.inception, 1795914943);
	ck_assert_int_eq(apex.expiration, 1797150600);
	apex_deinit(&apex);
	ck_assert_uint_eq(apex.key_count, 0);
}
END_TEST

START_TEST(test_rdata)
{
	apex_t apex = { 0 }, again = { 0 };
	knot_rdataset_t rrs = { 0 };
	static const uint8_t rdata[] = { 1, 1, 3, 13, 9, 9, 9 };
	add(&apex, "DNSKEY", "0", "257 3 13 CQkJ");
	ck_assert_int_eq(knot_rdataset_add(&rrs, &(knot_rdata_t) { 0 }, NULL), KNOT_EOK);
	ck_assert_int_eq(apex_add_dnskeys(&again, &rrs), KNOT_EMALF);
	knot_rdataset_clear(&rrs, NULL);
	knot_rdata_t *key = malloc(knot_rdata_size(sizeof(rdata)));
	ck_assert_ptr_nonnull(key);
	knot_rdata_init(key, sizeof(rdata), rdata);
	ck_assert_int_eq(knot_rdataset_add(&rrs, key, NULL), KNOT_EOK);
	free(key);
	ck_assert_int_eq(apex_add_dnskeys(&again, &rrs), KNOT_EOK);
	ck_assert_uint_eq(again.key_count, 1);
	ck_assert_uint_eq(again.keys[0].keytag, apex.keys[0].keytag);
	ck_assert_uint_eq(again.keys[0].public_key_len, 3);
	ck_assert_int_eq(memcmp(again.keys[0].public_key, "\x09\x09\x09", 3), 0);
	knot_rdataset_clear(&rrs, NULL);
	apex_deinit(&apex);
	apex_deinit(&again);
}
END_TEST

static const char *const faults[][2] = {
	{ "SOA", "ns1.example. host.example." },
	{ "SOA", "" },
	{ "DNSKEY", "257 3" },
	{ "DNSKEY", "257 3 13 " },
	{ "DNSKEY", "257 3 13 *" },
	{ "DNSKEY", "" },
	{ "RRSIG", "SOA 13 1 300 20261213083107 20261129011543" },
	{ "RRSIG", "SOA 13 1 300 2026121308310x 20261129011543 1 example. AAAA" },
	{ "RRSIG", "SOA 13 1 300 20261213083107 x 1 example. AAAA" },
	{ "RRSIG", "SOA 13 1 300 20261213083107 99999999999 1 example. AAAA" },
	{ "RRSIG", "NOTYPE 13 1 300 20261213083107 20261129011543 1 example. AAAA" },
	{ "RRSIG", "" },
};

START_TEST(test_faults)
{
	apex_t apex = { 0 };
	ck_assert_int_eq(apex_add(&apex, faults[_i][0], "300", faults[_i][1]), KNOT_EMALF);
	apex_deinit(&apex);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("apex");
	TCase *tcase = tcase_create("records");
	tcase_add_test(tcase, test_apex);
	tcase_add_test(tcase, test_rdata);
	tcase_add_loop_test(tcase, test_faults, 0, sizeof(faults) / sizeof(faults[0]));
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
