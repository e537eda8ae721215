/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Texts of Debian's keymgr, as they are and with each of their parts changed. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "keyset/bundle.h"
#include "policy-engine/ceremony/skr.h"
#include "tests/unit/check-main.h"

#define ZONE "example.com."
static const knot_dname_t zone[] = "\7example\3com";

/* Three bundles: one ZSK, both, the other one. */
static char *sample(void)
{
	char path[512];
	const char *srcdir = getenv("srcdir");
	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus-skr/keymgr",
	         srcdir != NULL ? srcdir : ".");
	FILE *file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s", path);
	char *text = calloc(1, 65536);
	ck_assert_uint_gt(fread(text, 1, 65535, file), 1000);
	fclose(file);
	return text;
}

/* The text with a part replaced, the first one behind a mark. */
static char *replaced(const char *text, const char *mark, const char *from, const char *to)
{
	const char *at = strstr(text, mark);
	ck_assert_msg(at != NULL, "%s", mark);
	at = strstr(at, from);
	ck_assert_msg(at != NULL, "%s", from);
	char *out = NULL;
	ck_assert_int_ge(asprintf(&out, "%.*s%s%s", (int)(at - text), text, to,
	                          at + strlen(from)), 0);
	return out;
}

static void count_types(const char *text, unsigned *keys, unsigned *rest, unsigned *sigs)
{
	bundle_record_t record;
	*keys = *rest = *sigs = 0;
	while (bundle_next(&text, &record) == 1) {
		*(record.type == 48 ? keys : record.type == 46 ? sigs : rest) += 1;
	}
}

START_TEST(test_keymgr)
{
	static const unsigned keys[] = { 2, 3, 2 };
	char err[256] = "", *text = sample();
	skr_t skr;
	ck_assert_msg(skr_read(text, ZONE, &skr, err, sizeof(err)) == 0, "%s", err);
	ck_assert_uint_eq(skr.count, 3);
	ck_assert_int_eq(skr.bundles[0].at, 1798445521);
	ck_assert_int_eq(skr.bundles[0].until, 1798618321);
	ck_assert_int_eq(skr.bundles[2].at, 1798625521);
	ck_assert_int_eq(skr.bundles[2].until, 1798625521);
	ck_assert_uint_eq(skr.bundles[0].line, 1);
	for (size_t i = 0; i < 3; i++) {
		const skr_bundle_t *bundle = &skr.bundles[i];
		bundle_facts_t facts;
		unsigned dnskeys, rest, sigs;
		count_types(bundle->text, &dnskeys, &rest, &sigs);
		ck_assert_uint_eq(dnskeys, keys[i]);
		ck_assert_uint_eq(rest, 2);
		ck_assert_uint_eq(sigs, 3);
		ck_assert_msg(bundle_verify(bundle->text, zone, &facts, err, sizeof(err)) == 0,
		              "%s", err);
		ck_assert_uint_eq(facts.ttl, 3600);
		ck_assert_int_eq(facts.inception, bundle->at - 5400);
		ck_assert_int_eq(facts.expiration, bundle->at + 14 * 86400);
	}
	skr_deinit(&skr);
	free(text);
}
END_TEST

/* BIND's dnssec-ksr writes times as dates, and the last bundle of a span of ZSKs at the time of the next. */
START_TEST(test_bind)
{
	char err[256] = "", *text = sample();
	char *dated = replaced(text, "", "1.0 1798445521", "1.0 20261228081201");
	char *both = replaced(dated, "", "1.0 1798618321", "1.0 20261230101201");
	char *same = replaced(both, "", "1.0 1798625521", "1.0 20261230101201");
	skr_t skr;
	ck_assert_msg(skr_read(same, ZONE, &skr, err, sizeof(err)) == 0, "%s", err);
	ck_assert_uint_eq(skr.count, 2);
	ck_assert_int_eq(skr.bundles[0].at, 1798445521);
	ck_assert_int_eq(skr.bundles[0].until, 1798625521);
	ck_assert_int_eq(skr.bundles[1].at, 1798625521);
	ck_assert_uint_eq(bundle_count(skr.bundles[1].text, 48), 2);
	skr_deinit(&skr);
	free(same);
	free(both);
	free(dated);
	free(text);
}
END_TEST

/* The first changed part, behind a mark, and what is said of it. */
static const struct {
	const char *mark, *from, *to, *message;
} malformed[] = {
	{ "", "1.0 1798445521", "2.0 1798445521", "line 1: the form" },
	{ "", "1.0 1798445521", "1.0 0", "line 1: the bundle has no time" },
	{ "", "1.0 1798445521", "1.0 -5", "line 1: the bundle has no time" },
	{ "", "1.0 1798445521", "1.0 1798445521000", "line 1: the bundle has no time" },
	{ "", "1.0 1798445521", "1.0 99999999999999999999", "line 1: the bundle has no time" },
	{ "", "1.0 1798445521", "1.0 1798445521x", "line 1: the bundle has no time" },
	{ "", "1.0 1798445521", "x", "line 1: the form" },
	{ "", "1.0 1798445521", "1.0 1798618322", "not later than the one of line 1" },
	{ "", "1.0 1798445521", "1.0 20261328081201", "line 1: the bundle has no time" },
	{ "", "1.0 1798445521", "1.0 20270229081201", "line 1: the bundle has no time" },
	{ "", "1.0 1798445521", "1.0 20261228086001", "line 1: the bundle has no time" },
	{ "", "1.0 1798445521", "1.0 19691231235959", "line 1: the bundle has no time" },
	{ "", "1.0 1798445521", "1.0 20261230081202", "not later than the one of line 1" },
	{ "", ";; Signed", "; ; Signed", "line 6: a record that is in no bundle" },
	{ "", "DNSKEY", "A", "line 2: " },
	{ "", "DNSKEY 256", "TXT ( \"a\" ) ; ", "another type" },
	{ "", "example.com.", "example.org.", "a record of another zone" },
	{ "", "example.com.", "$INCLUDE /etc/passwd\nexample.com.", "line 2: $INCLUDE" },
	{ "", "LMjU", "LMj*", "line 3: " },
	{ "", " generated", " 1898618321 ", "cut off" },
	{ "", "1.0 generated", "generated", "the form" },
	{ "", ";; SignedKeyResponse 1.0 generated", ";;", "cut off" },
	{ "", "1.0 1798618321", "1.0 1798618321\n;; SignedKeyResponse 1.0 1798618322",
	  "the bundle of line 39 has no records" },
	{ "generated", "\n", "\n;; SignedKeyResponse 1.0 1998618321\n", "behind the end" },
	{ "generated", "\n", "\nexample.com. 1 CDS 1 13 2 aa\n", "in no bundle" },
};

START_TEST(test_malformed)
{
	char err[256] = "", *text = sample();
	char *other = replaced(text, malformed[_i].mark, malformed[_i].from, malformed[_i].to);
	skr_t skr;
	ck_assert_int_eq(skr_read(other, ZONE, &skr, err, sizeof(err)), -1);
	ck_assert_msg(strstr(err, malformed[_i].message) != NULL, "%s", err);
	free(other);
	free(text);
}
END_TEST

START_TEST(test_nothing)
{
	char err[256] = "";
	skr_t skr;
	ck_assert_int_eq(skr_read("", ZONE, &skr, err, sizeof(err)), -1);
	ck_assert_msg(strstr(err, "there is no bundle") != NULL, "%s", err);
	ck_assert_int_eq(skr_read(";; SignedKeyResponse 1.0\n", ZONE, &skr, err, sizeof(err)), -1);
	ck_assert_int_eq(skr_read("", "..", &skr, err, sizeof(err)), -1);
}
END_TEST

/* \return Seconds that it takes to read many bundles behind, or before, much of a comment. */
static double seconds(bool behind)
{
	enum { COMMENT = 16 << 20, BUNDLES = 2000, LINE = 80 };
	char err[256] = "", *text = malloc(COMMENT + (BUNDLES + 1) * LINE);
	char *out = text;
	for (int part = 0; part < 2; part++) {
		const bool comment = (part == 0) == behind;
		for (int i = 0; i < BUNDLES && !comment; i++) {
			out += sprintf(out, ";; SignedKeyResponse 1.0 %d\n" ZONE " 1 CDS 1 13 2 aa\n", i + 1);
		}
		for (int i = 0; i < COMMENT / LINE && comment; i++) {
			out += sprintf(out, ";%*s\n", LINE - 2, "");
		}
	}
	strcpy(out, ";; SignedKeyResponse 1.0\n");
	skr_t skr;
	const clock_t begin = clock();
	ck_assert_msg(skr_read(text, ZONE, &skr, err, sizeof(err)) == 0, "%s", err);
	const double taken = (double)(clock() - begin) / CLOCKS_PER_SEC;
	ck_assert_uint_eq(skr.count, BUNDLES);
	skr_deinit(&skr);
	free(text);
	return taken;
}

/* What is behind a title is not read with it. */
START_TEST(test_long)
{
	const double behind = seconds(true), before = seconds(false);
	ck_assert_msg(before < 2 * behind + 0.05, "%.2f s, %.2f s", behind, before);
}
END_TEST

/* The text is read, but the first bundle is none that may be believed. */
static const struct {
	const char *from, *to, *message;
} wrong[] = {
	{ "LMjU", "LMjV", "no key of the bundle has made, over DNSKEY" },
	{ "tYfA", "tYfB", "DNSKEY" },
	{ "RRSIG DNSKEY 13 2 3600", "RRSIG DNSKEY 13 2 3601", "another TTL, over DNSKEY" },
	{ "RRSIG DNSKEY 13 2 3600", "RRSIG DNSKEY 13 1 3600", "another zone" },
	{ "RRSIG DNSKEY 13 2 3600", "RRSIG A 13 2 3600", "none of the bundle's" },
	{ "RRSIG DNSKEY 13 2 3600", "RRSIG DNSKEY 8 2 3600", "no key of the bundle" },
	{ "3600 DNSKEY", "3601 DNSKEY", "different TTLs" },
	{ "DNSKEY 257", "DNSKEY 256", "no KSK of the DNSKEY RRset is that of a CDS" },
	{ "DNSKEY 257", "DNSKEY 385", "revoked" },
	{ "DNSKEY 256", "DNSKEY 0", "none of a zone" },
	{ "E44C", "E44D", "no KSK of the DNSKEY RRset is that of a CDS" },
	{ "CDS 27005", "CDS 27006", "no KSK of the DNSKEY RRset is that of a CDS" },
	{ "0 CDS 27005 13 2", "0 CDS 27005 13 99", "no KSK" },
	{ "CDNSKEY 257", "CDNSKEY 256", "no KSK of the DNSKEY RRset is that of a CDNSKEY" },
};

static void swap(char *text, const char *from, const char *to)
{
	char *other = replaced(text, "", from, to);
	strcpy(text, other);
	free(other);
}

START_TEST(test_wrong)
{
	char err[256] = "", *text = sample();
	skr_t skr;
	bundle_facts_t facts = { .ttl = 77 };
	if (strcmp(wrong[_i].from, "tYfA") == 0) { /* The signature's first octets. */
		char *sig = strstr(strstr(text, "RRSIG DNSKEY"), "example.com.\n") + 17;
		sig[0] = sig[0] == 'A' ? 'B' : 'A';
	} else {
		swap(text, wrong[_i].from, wrong[_i].to);
	}
	ck_assert_msg(skr_read(text, ZONE, &skr, err, sizeof(err)) == 0, "%s", err);
	ck_assert_int_eq(bundle_verify(skr.bundles[0].text, zone, &facts, err, sizeof(err)), -1);
	ck_assert_msg(strstr(err, wrong[_i].message) != NULL, "%s", err);
	ck_assert_uint_eq(facts.ttl, 77);
	ck_assert_int_eq(bundle_verify(skr.bundles[1].text, zone, &facts, err, sizeof(err)), 0);
	skr_deinit(&skr);
	free(text);
}
END_TEST

/* Without any of its records the bundle is no good, but for CDS and CDNSKEY with their signatures. */
START_TEST(test_less)
{
	char err[256] = "", *text = sample();
	skr_t skr;
	bundle_facts_t facts;
	ck_assert_int_eq(skr_read(text, ZONE, &skr, err, sizeof(err)), 0);
	unsigned records = 0;
	for (unsigned left_out = 0; left_out == 0 || left_out < records; left_out++) {
		const char *at = skr.bundles[0].text;
		char *less = NULL;
		bundle_record_t record;
		for (records = 0; bundle_next(&at, &record) == 1; records++) {
			ck_assert(records == left_out || bundle_add(&less, &record) == 0);
		}
		ck_assert_int_eq(bundle_verify(less, zone, &facts, err, sizeof(err)), -1);
		free(less);
	}
	ck_assert_uint_eq(records, 7);

	const char *at = skr.bundles[0].text;
	char *bare = NULL;
	bundle_record_t record;
	while (bundle_next(&at, &record) == 1) {
		if (record.type == 48 || bundle_covered(&record) == 48) {
			ck_assert_int_eq(bundle_add(&bare, &record), 0);
		}
	}
	ck_assert_msg(bundle_verify(bare, zone, &facts, err, sizeof(err)) == 0, "%s", err);
	ck_assert_int_eq(bundle_verify(bare, (const knot_dname_t *)"\7example\3org", &facts, err,
	                               sizeof(err)), -1);
	ck_assert_int_eq(bundle_verify("", zone, &facts, err, sizeof(err)), -1);
	free(bare);
	skr_deinit(&skr);
	free(text);
}
END_TEST

static const char *const bad_texts[] = {
	"DNSKEY", "DNSKEY 1", "DNSKEY 1 ", "DNSKEY 1 a", "DNSKEY 1 aa,", "DNSKEY 1 aa, ",
	"DNSKEY -1 aa", "A 1 aa", "DNSKEY 1 AA", "DNSKEY 4294967295 aa", " DNSKEY 1 aa",
};

START_TEST(test_bad_text)
{
	const char *at = bad_texts[_i];
	bundle_record_t record;
	ck_assert_int_eq(bundle_next(&at, &record), -1);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

int main(void)
{
	Suite *suite = suite_create("skr");
	TCase *tcase = tcase_create("skr");
	tcase_add_test(tcase, test_keymgr);
	tcase_add_test(tcase, test_bind);
	tcase_add_loop_test(tcase, test_malformed, 0, COUNT(malformed));
	tcase_add_test(tcase, test_nothing);
	tcase_add_test(tcase, test_long);
	tcase_add_loop_test(tcase, test_wrong, 0, COUNT(wrong));
	tcase_add_test(tcase, test_less);
	tcase_add_loop_test(tcase, test_bad_text, 0, COUNT(bad_texts));
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
