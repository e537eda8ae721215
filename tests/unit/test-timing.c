/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/core/core.h"
#include "policy-engine/duration.h"

/* -- durations ----------------------------------------------------------- */

static const struct {
	const char *text;
	int64_t seconds; /* -1 = refused. */
} durations[] = {
	{ "PT0S", 0 }, { "P0D", 0 }, { "PT1S", 1 }, { "PT90M", 5400 }, { "PT3600S", 3600 },
	{ "P1D", 86400 }, { "P1W", 604800 }, { "P1M", 31 * 86400 }, { "PT1M", 60 },
	{ "P1Y", 365 * 86400 }, { "P1Y2M3DT4H5M6S", 365 * 86400 + 65 * 86400 + 14706 },
	{ "P2W3D", 17 * 86400 }, { "PT2147483647S", 2147483647 }, { "PT002S", 2 },
	{ "PT2147483648S", -1 }, { "P68Y", 68LL * 365 * 86400 }, { "P69Y", -1 },
	{ "PT99999999999999999999999S", -1 }, { "P999999999999Y", -1 },
	{ "", -1 }, { "P", -1 }, { "PT", -1 }, { "P1DT", -1 }, { "1D", -1 }, { "P1", -1 },
	{ "PD", -1 }, { "-P1D", -1 }, { "P-1D", -1 }, { "PT1.5S", -1 }, { "P1S", -1 },
	{ "PT1D", -1 }, { "P1D1Y", -1 }, { "P1D2D", -1 }, { "PT1M1H", -1 }, { "P1D ", -1 },
	{ "p1d", -1 }, { "P1DTT1H", -1 }, { "PT1HT", -1 }, { "2 hours", -1 }, { "P1T", -1 },
};

START_TEST(test_duration)
{
	uint32_t seconds = 77;
	const char *why = NULL;
	int ret = duration_parse(durations[_i].text, &seconds, &why);
	if (durations[_i].seconds >= 0) {
		ck_assert_int_eq(ret, 0);
		ck_assert_int_eq(seconds, durations[_i].seconds);
		ck_assert_ptr_null(why);
	} else {
		ck_assert_int_eq(ret, -1);
		ck_assert_uint_eq(seconds, 77);
		ck_assert_ptr_nonnull(why);
	}
}
END_TEST

START_TEST(test_duration_text)
{
	char buf[DURATION_TEXT_MAX];
	ck_assert_str_eq(duration_text(0, buf), "0s");
	ck_assert_str_eq(duration_text(-5, buf), "0s");
	ck_assert_str_eq(duration_text(59, buf), "59s");
	ck_assert_str_eq(duration_text(61, buf), "1m 1s");
	ck_assert_str_eq(duration_text(3600, buf), "1h");
	ck_assert_str_eq(duration_text(90061, buf), "1d 1h");
	ck_assert_str_eq(duration_text(INT64_MAX, buf), "106751991167300d 15h");
}
END_TEST

/* -- key timing ---------------------------------------------------------- */

#define T0 1000000

/* DNSKEY: 300 (negative 600 the first time) + 40 + 20 = 660; RRSIG: 1000 + 40;
 * DS: 900 (negative 1800 the first time) + 70 + 50. */
static const policy_t policy = {
	.name = (char *)"p", .keys_ttl = 300, .publish_safety = 20, .retire_safety = 30,
	.zone_propagation = 40, .soa_ttl = 700, .soa_minimum = 600, .max_zone_ttl = 1000,
	.parent_ds_ttl = 900, .parent_propagation = 70, .parent_registration = 50,
	.parent_soa_ttl = 3600, .parent_soa_minimum = 1800, .key_count = 2,
};
#define DNSKEY_FIRST 660
#define DNSKEY_LATER 360
#define DNSKEY_GONE 370
#define RRSIG_DELAY 1040
#define DS_FIRST 1920
#define DS_LATER 1020
#define DS_GONE 1020

typedef struct {
	core_zone_t zone;
	core_key_t keys[6];
	facts_t facts;
	unsigned changes;
} world_t;

static void count(void *ctx, const core_key_t *key, keyset_record_t record, keyset_state_t from)
{
	(void)record;
	(void)from;
	ck_assert_ptr_nonnull(key);
	((world_t *)ctx)->changes++;
}

static void world_init(world_t *w)
{
	*w = (world_t){ 0 };
	w->zone.keys = w->keys;
	w->facts.max_ttl = 100;
}

static core_key_t *add(world_t *w, keyset_role_t role, uint8_t algorithm, int64_t now)
{
	core_key_t *key = &w->keys[w->zone.count++];
	core_key_init(key, role, algorithm, (uint16_t)(100 + w->zone.count),
	              role == KEYSET_KSK ? POLICY_ROLL_DOUBLE_SIGNATURE
	                                 : POLICY_ROLL_PRE_PUBLICATION, now);
	return key;
}

static int64_t run(world_t *w, int64_t now)
{
	return core_run(&w->zone, &policy, &w->facts, now, count, w);
}

static void publish(world_t *w, int64_t when)
{
	w->facts.revision = w->zone.revision;
	w->facts.revision_since = when;
	ck_assert(core_observe(&w->zone, &w->facts));
}

/* Four letters: DS, DNSKEY, RRSIG over DNSKEY, RRSIG. */
static void expect(const core_key_t *key, const char *states)
{
	char got[KEYSET_RECORDS + 1] = "";
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		got[r] = "-hrou"[key->record[r].state];
	}
	ck_assert_str_eq(got, states);
}

START_TEST(test_new_zone)
{
	world_t w;
	world_init(&w);
	core_key_t *ksk = add(&w, KEYSET_KSK, 13, T0);
	core_key_t *zsk = add(&w, KEYSET_ZSK, 13, T0);

	/* All that a validator needs goes in together. */
	ck_assert_int_eq(run(&w, T0), CORE_NEVER);
	expect(ksk, "hrr-");
	expect(zsk, "-r-r");
	ck_assert_uint_eq(w.zone.revision, 1);
	ck_assert_uint_eq(w.changes, 4);

	/* However long the signer takes, no clock runs. */
	ck_assert_int_eq(run(&w, T0 + 1000000), CORE_NEVER);
	expect(ksk, "hrr-");
	ck_assert_int_eq(ksk->step[KEYSET_DNSKEY].wait, CORE_WAIT_PUBLISH);
	ck_assert_int_eq(ksk->step[KEYSET_DS].wait, CORE_WAIT_ORDER);
	ck_assert_uint_eq(w.zone.revision, 1);

	int64_t t = T0 + 1000000;
	publish(&w, t);
	ck_assert(!core_observe(&w.zone, &w.facts));
	ck_assert_int_eq(run(&w, t), t + DNSKEY_FIRST);
	ck_assert_int_eq(run(&w, t + DNSKEY_FIRST - 1), t + DNSKEY_FIRST);
	expect(ksk, "hrr-");
	ck_assert_int_eq(run(&w, t + DNSKEY_FIRST), t + RRSIG_DELAY);
	expect(ksk, "hoo-");
	expect(zsk, "-o-r");
	/* A DS would lead to a zone that some caches hold without signatures. */
	ck_assert_int_eq(ksk->step[KEYSET_DS].wait, CORE_WAIT_SIGNED);
	ck_assert(!core_ds_waits(ksk));
	ck_assert_int_eq(run(&w, t + RRSIG_DELAY - 1), t + RRSIG_DELAY);

	ck_assert_int_eq(run(&w, t + RRSIG_DELAY), CORE_NEVER);
	expect(ksk, "roo-");
	expect(zsk, "-o-o");
	ck_assert(core_ds_waits(ksk));
	ck_assert_int_eq(ksk->step[KEYSET_DS].wait, CORE_WAIT_PARENT);
	ck_assert_int_eq(core_next_record(ksk), KEYSET_DS);

	/* A year without an answer changes nothing. */
	t += 31536000;
	ck_assert_int_eq(run(&w, t), CORE_NEVER);
	ck_assert(core_ds_confirm(ksk, true, t));
	ck_assert(!core_ds_waits(ksk));
	ck_assert_int_eq(run(&w, t), t + DS_FIRST);
	ck_assert_int_eq(run(&w, t + DS_FIRST), CORE_NEVER);
	expect(ksk, "ooo-");
	ck_assert_int_eq(core_next_record(ksk), -1);
	ck_assert_int_eq(core_next_record(zsk), -1);
}
END_TEST

START_TEST(test_new_zone_csk)
{
	world_t w;
	world_init(&w);
	core_key_t *csk = add(&w, KEYSET_CSK, 15, T0);
	run(&w, T0);
	expect(csk, "hrrr");
	publish(&w, T0 + 5);
	run(&w, T0 + 5 + RRSIG_DELAY);
	expect(csk, "rooo");
	ck_assert(core_ds_confirm(csk, true, T0 + 2000));
	run(&w, T0 + 2000 + DS_FIRST);
	expect(csk, "oooo");
}
END_TEST

START_TEST(test_largest_ttl_counts)
{
	world_t w;
	world_init(&w);
	core_key_t *csk = add(&w, KEYSET_CSK, 15, T0);
	w.facts.max_ttl = 86400;
	run(&w, T0);
	publish(&w, T0);
	run(&w, T0 + RRSIG_DELAY);
	expect(csk, "hoor");
	/* What a cache took with the old TTL stays there, whatever the zone says now. */
	w.facts.max_ttl = 10;
	ck_assert_int_eq(run(&w, T0 + RRSIG_DELAY), T0 + 86400 + 40);
	run(&w, T0 + 86400 + 40);
	expect(csk, "rooo");
}
END_TEST

START_TEST(test_half_a_set)
{
	static const keyset_role_t roles[] = { KEYSET_KSK, KEYSET_ZSK };
	world_t w;
	world_init(&w);
	core_key_t *key = add(&w, roles[_i], 13, T0);
	core_key_t *other = add(&w, roles[!_i], 8, T0);
	ck_assert_int_eq(run(&w, T0), CORE_NEVER);
	expect(key, _i == 0 ? "hhh-" : "-h-h");
	expect(other, _i != 0 ? "hhh-" : "-h-h");
	ck_assert_int_eq(key->step[KEYSET_DNSKEY].wait, CORE_WAIT_PARTNER);
	ck_assert_uint_eq(w.zone.revision, 0);
}
END_TEST

/* A zone with KSK and ZSK that has been secure for long. */
static int64_t settled(world_t *w)
{
	world_init(w);
	add(w, KEYSET_KSK, 13, T0);
	add(w, KEYSET_ZSK, 13, T0);
	run(w, T0);
	publish(w, T0);
	run(w, T0 + 10000);
	ck_assert(core_ds_confirm(&w->keys[0], true, T0 + 10000));
	run(w, T0 + 20000);
	expect(&w->keys[0], "ooo-");
	expect(&w->keys[1], "-o-o");
	return T0 + 1000000;
}

START_TEST(test_needed_keys_stay)
{
	/* Each alone, and both. */
	world_t w;
	int64_t now = settled(&w);
	uint64_t revision = w.zone.revision;
	w.keys[0].goal_in = _i == 1;
	w.keys[1].goal_in = _i == 0;
	for (int year = 0; year < 5; year++) {
		now += 31536000;
		ck_assert_int_eq(run(&w, now), CORE_NEVER);
		expect(&w.keys[0], "ooo-");
		expect(&w.keys[1], "-o-o");
	}
	ck_assert_uint_eq(w.zone.revision, revision);
	if (_i != 1) {
		ck_assert_int_eq(w.keys[0].step[KEYSET_DS].wait, CORE_WAIT_SECURE);
		ck_assert_int_eq(w.keys[0].step[KEYSET_RRSIG_DNSKEY].wait, CORE_WAIT_CHAIN);
		ck_assert_int_eq(w.keys[0].step[KEYSET_DNSKEY].wait, CORE_WAIT_ORDER);
	}
	if (_i != 0) {
		ck_assert_int_eq(w.keys[1].step[KEYSET_RRSIG].wait, CORE_WAIT_SIGNED);
	}
}
END_TEST

START_TEST(test_second_zsk)
{
	world_t w;
	int64_t now = settled(&w);
	core_key_t *fresh = add(&w, KEYSET_ZSK, 13, now);
	w.keys[1].goal_in = false;
	run(&w, now);
	expect(fresh, "-r-h"); /* It does not sign before its DNSKEY can be known. */
	publish(&w, now + 100);
	ck_assert_int_eq(run(&w, now + 100), now + 100 + DNSKEY_LATER);
	run(&w, now + 99 + DNSKEY_LATER);
	expect(fresh, "-r-h");
	run(&w, now + 100 + DNSKEY_LATER);
	expect(fresh, "-o-r");
	expect(&w.keys[1], "-o-o"); /* Caches may hold data that only it has signed. */
	now += 1000;
	publish(&w, now);
	run(&w, now + RRSIG_DELAY - 1);
	expect(&w.keys[1], "-o-o");
	now += RRSIG_DELAY;
	run(&w, now);
	expect(fresh, "-o-o");
	expect(&w.keys[1], "-u-u");

	/* The signer says when the last signature left, and the clock runs from then. */
	facts_key_t seen = { .algorithm = 13, .keytag = w.keys[1].keytag, .signatures = 3 };
	w.facts.keys = &seen;
	w.facts.key_count = 1;
	publish(&w, now);
	run(&w, now + 100 * RRSIG_DELAY);
	ck_assert_int_eq(w.keys[1].record[KEYSET_RRSIG].state, KEYSET_UNRETENTIVE);
	seen.signatures = 0;
	seen.last_gone = now + 200 * RRSIG_DELAY;
	run(&w, seen.last_gone + RRSIG_DELAY - 1);
	ck_assert_int_eq(w.keys[1].record[KEYSET_RRSIG].state, KEYSET_UNRETENTIVE);
	run(&w, seen.last_gone + RRSIG_DELAY);
	expect(&w.keys[1], "-h-h");
}
END_TEST

START_TEST(test_second_ksk)
{
	world_t w;
	int64_t now = settled(&w);
	core_key_t *fresh = add(&w, KEYSET_KSK, 13, now);
	w.keys[0].goal_in = false;
	run(&w, now);
	expect(fresh, "hrr-");
	publish(&w, now);
	run(&w, now + DNSKEY_LATER);
	expect(fresh, "roo-");
	expect(&w.keys[0], "ooo-");
	now += DNSKEY_LATER;
	ck_assert(core_ds_confirm(fresh, true, now));
	now += DS_FIRST;
	run(&w, now);
	expect(fresh, "ooo-");
	/* With the new DS in every cache the old KSK is of no use to anybody. */
	expect(&w.keys[0], "uuu-");
	publish(&w, now);
	run(&w, now + DNSKEY_GONE - 1);
	expect(&w.keys[0], "uuu-");
	run(&w, now + DNSKEY_GONE);
	expect(&w.keys[0], "uhh-");
	ck_assert(core_ds_waits(&w.keys[0])); /* Nobody said that the parent took it away. */
	ck_assert(core_ds_confirm(&w.keys[0], false, now));
	run(&w, now + 1000000);
	expect(&w.keys[0], "hhh-");
}
END_TEST

/* The signatures of one algorithm are of no use to who trusts another. */
START_TEST(test_second_algorithm)
{
	world_t w;
	int64_t now = settled(&w);
	core_key_t *ksk = add(&w, KEYSET_KSK, 8, now);
	core_key_t *zsk = add(&w, KEYSET_ZSK, 8, now);
	run(&w, now);
	expect(ksk, "hrr-");
	expect(zsk, "-r-r");
	publish(&w, now);
	run(&w, now + DNSKEY_LATER);
	expect(ksk, "hoo-");
	expect(zsk, "-o-r");
	ck_assert_int_eq(ksk->step[KEYSET_DS].wait, CORE_WAIT_SIGNED);
	run(&w, now + RRSIG_DELAY);
	expect(ksk, "roo-");
	ck_assert(core_ds_confirm(ksk, true, now));
	now += DS_LATER;
	run(&w, now);
	expect(ksk, "ooo-");

	/* And out again: as long as a cache may have the DS, it has to lead somewhere. */
	ksk->goal_in = zsk->goal_in = false;
	run(&w, now);
	run(&w, now + 1000000);
	expect(ksk, "uoo-");
	expect(zsk, "-o-o");
	ck_assert(core_ds_confirm(ksk, false, now));
	run(&w, now + DS_GONE);
	expect(ksk, "huu-");
	expect(zsk, "-u-u");
	expect(&w.keys[0], "ooo-");
	expect(&w.keys[1], "-o-o");
}
END_TEST

/* A version made with an older key set says nothing about a change. */
START_TEST(test_older_version)
{
	world_t w;
	int64_t now = settled(&w);
	core_key_t *fresh = add(&w, KEYSET_ZSK, 13, now);
	run(&w, now);
	w.facts.revision_since = now + 10;
	ck_assert(!core_observe(&w.zone, &w.facts));
	run(&w, now + 1000000);
	expect(fresh, "-r-h");
	w.facts.revision = w.zone.revision + 5; /* A later one does. */
	ck_assert(core_observe(&w.zone, &w.facts));
	run(&w, now + 1000000);
	expect(fresh, "-o-r");
}
END_TEST

START_TEST(test_going_unsigned)
{
	world_t w;
	int64_t now = settled(&w);
	policy_t none = policy;
	none.key_count = 0;
	w.keys[0].goal_in = w.keys[1].goal_in = false;
	core_run(&w.zone, &none, &w.facts, now, NULL, NULL);
	expect(&w.keys[0], "uoo-"); /* The DS has to be forgotten first. */
	expect(&w.keys[1], "-o-o");
	ck_assert(core_ds_confirm(&w.keys[0], false, now));
	core_run(&w.zone, &none, &w.facts, now + DS_GONE - 1, NULL, NULL);
	expect(&w.keys[0], "uoo-");
	core_run(&w.zone, &none, &w.facts, now + DS_GONE, NULL, NULL);
	expect(&w.keys[0], "huu-");
	expect(&w.keys[1], "-u-u");
}
END_TEST

/* A step of one record, as it is in the database after a crash at any moment, is taken once. */
START_TEST(test_idempotent)
{
	world_t w;
	int64_t now = settled(&w);
	world_t copy = w;
	copy.zone.keys = copy.keys;
	run(&copy, now);
	run(&copy, now);
	ck_assert_uint_eq(copy.zone.revision, w.zone.revision);
	ck_assert_mem_eq(copy.keys[0].record, w.keys[0].record, sizeof(w.keys[0].record));
	ck_assert_mem_eq(copy.keys[1].record, w.keys[1].record, sizeof(w.keys[1].record));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("timing");
	TCase *tc = tcase_create("duration");
	tcase_add_loop_test(tc, test_duration, 0, sizeof(durations) / sizeof(durations[0]));
	tcase_add_test(tc, test_duration_text);
	suite_add_tcase(suite, tc);

	tc = tcase_create("core");
	tcase_add_test(tc, test_new_zone);
	tcase_add_test(tc, test_new_zone_csk);
	tcase_add_test(tc, test_largest_ttl_counts);
	tcase_add_loop_test(tc, test_half_a_set, 0, 2);
	tcase_add_loop_test(tc, test_needed_keys_stay, 0, 3);
	tcase_add_test(tc, test_second_zsk);
	tcase_add_test(tc, test_second_ksk);
	tcase_add_test(tc, test_second_algorithm);
	tcase_add_test(tc, test_older_version);
	tcase_add_test(tc, test_going_unsigned);
	tcase_add_test(tc, test_idempotent);
	suite_add_tcase(suite, tc);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
