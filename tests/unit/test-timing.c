/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/base/duration.h"
#include "policy-engine/core/core.h"
#include "policy-engine/signer/compose.h"
#include "tests/unit/check-main.h"

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
#define DS_LAST 1920 /* With the negative TTL, which counts as soon as no DS is there. */
#define DS_LATE 120 /* Of the parent's servers. */
#define FADE 5000 /* Seconds that signatures of a published key stay after it signs no more. */

typedef struct {
	core_zone_t zone;
	core_key_t keys[6];
	facts_t facts;
	facts_key_t seen[6];
	unsigned changes;
	char log[1000]; /* What pass_time() saw. */
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
	w->facts.keys = w->seen;
}

static core_key_t *add_roll(world_t *w, keyset_role_t role, uint8_t algorithm, policy_roll_t roll,
                            int64_t now)
{
	core_key_t *key = &w->keys[w->zone.count++];
	core_key_init(key, role, algorithm, (uint16_t)(100 + w->zone.count), roll, now);
	return key;
}

static core_key_t *add(world_t *w, keyset_role_t role, uint8_t algorithm, int64_t now)
{
	return add_roll(w, role, algorithm,
	                role == KEYSET_KSK ? POLICY_ROLL_DOUBLE_SIGNATURE
	                                   : POLICY_ROLL_PRE_PUBLICATION, now);
}

static int64_t run(world_t *w, int64_t now)
{
	return core_run(&w->zone, &policy, &w->facts, now, count, w);
}

static void published(world_t *w, int64_t when)
{
	w->facts.revision = w->zone.revision;
	w->facts.revision_since = when;
	ck_assert(core_observe(&w->zone, &w->facts));
}

/* Four letters: DS, DNSKEY, RRSIG over DNSKEY, RRSIG. */
static const char *letters(const core_key_t *key, char buf[KEYSET_RECORDS + 1])
{
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		buf[r] = "-hrou"[key->record[r].state];
	}
	buf[KEYSET_RECORDS] = '\0';
	return buf;
}

static void expect(const core_key_t *key, const char *states)
{
	char got[KEYSET_RECORDS + 1];
	ck_assert_str_eq(letters(key, got), states);
}

START_TEST(test_new_zone)
{
	world_t w;
	world_init(&w);
	core_key_t *ksk = add(&w, KEYSET_KSK, 13, T0);
	core_key_t *zsk = add(&w, KEYSET_ZSK, 13, T0);

	/* All that a validator needs is published together. */
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
	published(&w, t);
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

	run(&w, t + RRSIG_DELAY);
	expect(ksk, "roo-");
	expect(zsk, "-o-o");
	ck_assert(core_ds_waits(ksk));
	ck_assert_int_eq(ksk->step[KEYSET_DS].wait, CORE_WAIT_PARENT);
	ck_assert_int_eq(core_next_record(ksk), KEYSET_DS);

	/* A year without an answer changes nothing. */
	t += 31536000;
	run(&w, t);
	expect(ksk, "roo-");
	ck_assert(!core_ds_confirm(ksk, false, t));
	ck_assert(core_ds_confirm(ksk, true, t));
	ck_assert(!core_ds_confirm(ksk, true, t));
	ck_assert(!core_ds_waits(ksk));
	run(&w, t + DS_FIRST - 1);
	expect(ksk, "roo-");
	run(&w, t + DS_FIRST);
	expect(ksk, "ooo-");
	ck_assert_int_eq(core_next_record(ksk), -1);
	ck_assert_int_eq(core_next_record(zsk), -1);
}
END_TEST

START_TEST(test_new_zone_csk)
{
	world_t w;
	world_init(&w);
	core_key_t *csk = add_roll(&w, KEYSET_CSK, 15, (policy_roll_t)_i, T0);
	run(&w, T0);
	/* There is no other key yet, so nothing has to come late. */
	expect(csk, "hrrr");
	published(&w, T0 + 5);
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
	published(&w, T0);
	run(&w, T0 + RRSIG_DELAY);
	expect(csk, "hoor");
	/* What a cache took with the old TTL stays there, whatever the zone says now. */
	w.facts.max_ttl = 10;
	run(&w, T0 + RRSIG_DELAY);
	run(&w, T0 + 86400 + 39);
	expect(csk, "hoor");
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

/* The signer reports what is published, and the parent does its work, both at once. */
static void follow(world_t *w, int64_t now)
{
	w->facts.key_count = 0;
	for (size_t i = 0; i < w->zone.count; i++) {
		core_key_t *key = &w->keys[i];
		const core_record_t *rrsig = &key->record[KEYSET_RRSIG];
		facts_key_t seen = { .algorithm = key->algorithm, .keytag = key->keytag };
		core_ds_confirm(key, key->record[KEYSET_DS].state == KEYSET_RUMOURED, now);
		bool fades = rrsig->state == KEYSET_UNRETENTIVE &&
		             core_in_zone(key, KEYSET_DNSKEY) && now < rrsig->since + FADE;
		if (core_in_zone(key, KEYSET_RRSIG) || fades) {
			seen.signatures = 3;
		} else if (rrsig->state == KEYSET_UNRETENTIVE) {
			seen.last_gone = core_in_zone(key, KEYSET_DNSKEY) ? rrsig->since + FADE
			                                                  : rrsig->since;
		}
		if (seen.signatures > 0 || seen.last_gone > 0) {
			w->seen[w->facts.key_count++] = seen;
		}
	}
	if (w->facts.revision != w->zone.revision) {
		w->facts.revision = w->zone.revision;
		w->facts.revision_since = now;
	}
	core_observe(&w->zone, &w->facts);
}

/* Has span seconds go by from a moment on, while signer and parent are quick. Writes into the log
 * what two keys went through, in letters. */
static void pass_time(world_t *w, const core_key_t *a, const core_key_t *b, int64_t from,
                      int64_t span)
{
	char last[20] = "", now_at[20], first[5], second[5];
	w->log[0] = '\0';
	for (int64_t now = from; now < from + span; now += 10) {
		follow(w, now);
		run(w, now);
		snprintf(now_at, sizeof(now_at), "%s/%s", letters(a, first), letters(b, second));
		if (strcmp(last, now_at) != 0) {
			size_t used = strlen(w->log);
			snprintf(w->log + used, sizeof(w->log) - used, "%s%s", used > 0 ? " " : "",
			         now_at);
			strcpy(last, now_at);
		}
	}
}

/* A zone with KSK and ZSK that has been secure for long. */
static int64_t settled(world_t *w)
{
	world_init(w);
	add(w, KEYSET_KSK, 13, T0);
	add(w, KEYSET_ZSK, 13, T0);
	pass_time(w, &w->keys[0], &w->keys[1], T0, 20000);
	ck_assert_str_eq(w->log, "hrr-/-r-r hoo-/-o-r roo-/-o-o ooo-/-o-o");
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
		ck_assert_int_eq(w.keys[0].step[KEYSET_DNSKEY].wait, CORE_WAIT_CHAIN);
		ck_assert_int_eq(w.keys[0].step[KEYSET_RRSIG_DNSKEY].wait, CORE_WAIT_ORDER);
	}
	if (_i != 0) {
		ck_assert_int_eq(w.keys[1].step[KEYSET_DNSKEY].wait, CORE_WAIT_SIGNED);
		ck_assert_int_eq(w.keys[1].step[KEYSET_RRSIG].wait, CORE_WAIT_ORDER);
	}
}
END_TEST

/* The parent lost the DS. It counts again when it was seen, and caches had their time. */
START_TEST(test_lost_ds)
{
	world_t w;
	int64_t now = settled(&w);
	ck_assert(!core_ds_lose(&w.zone, 1, now)); /* A ZSK has none. */
	ck_assert(core_ds_counts(&w.keys[0]));
	ck_assert(core_ds_lose(&w.zone, 0, now));
	ck_assert(!core_ds_counts(&w.keys[0]) && core_ds_waits(&w.keys[0]));
	ck_assert(!core_ds_lose(&w.zone, 0, now));
	ck_assert_int_eq(run(&w, now + 31536000), CORE_NEVER);
	expect(&w.keys[0], "roo-");
	now += 31536000;
	ck_assert(core_ds_confirm(&w.keys[0], true, now));
	ck_assert_int_eq(run(&w, now), now + DS_FIRST);
	run(&w, now + DS_FIRST - 1);
	expect(&w.keys[0], "roo-");
	run(&w, now + DS_FIRST);
	expect(&w.keys[0], "ooo-");

	/* The DS of a key that is to go has gone by that: only caches may have it. */
	now += 31536000;
	w.keys[0].goal_in = false;
	ck_assert(core_ds_lose(&w.zone, 0, now));
	ck_assert(!core_ds_waits(&w.keys[0]));
	run(&w, now + DS_LAST - 1);
	ck_assert_int_eq(w.keys[0].record[KEYSET_DS].state, KEYSET_UNRETENTIVE);
	run(&w, now + DS_LAST);
	ck_assert_int_eq(w.keys[0].record[KEYSET_DS].state, KEYSET_HIDDEN);
}
END_TEST

/* A DS that is to come, and to go in the same second: these are two tasks. */
START_TEST(test_same_second)
{
	world_t w;
	const int64_t now = settled(&w);
	core_key_t *key = &w.keys[0];
	key->record[KEYSET_DS] = (core_record_t){ .state = KEYSET_RUMOURED, .since = now };
	key->goal_in = false;
	run(&w, now);
	ck_assert_int_eq(key->record[KEYSET_DS].state, KEYSET_UNRETENTIVE);
	ck_assert_int_eq(key->record[KEYSET_DS].since, now + 1);
}
END_TEST

/* A step waits for a look at the parent only if it relies on what is there. */
START_TEST(test_unsure)
{
	world_t w;
	int64_t now = settled(&w);
	w.zone.unsure = true;
	add_roll(&w, KEYSET_KSK, 13, POLICY_ROLL_DOUBLE_SIGNATURE, now);
	w.keys[0].goal_in = false;
	w.facts.revision = UINT64_MAX;
	w.facts.revision_since = now;
	run(&w, now);
	core_observe(&w.zone, &w.facts);
	run(&w, now + DNSKEY_LATER);
	expect(&w.keys[2], "roo-"); /* All caches have the DNSKEY that it leads to. */
	now += DNSKEY_LATER;
	core_ds_confirm(&w.keys[2], true, now);
	run(&w, now + DS_LATER);
	expect(&w.keys[2], "ooo-");
	expect(&w.keys[0], "ooo-");
	ck_assert_int_eq(w.keys[0].step[KEYSET_DS].wait, CORE_WAIT_LOOK);
	ck_assert(core_needs_look(&w.zone));
	ck_assert_int_eq(run(&w, now + 31536000), CORE_NEVER);
	w.zone.unsure = false;
	run(&w, now + 31536000);
	ck_assert(!core_needs_look(&w.zone));
	ck_assert_int_eq(w.keys[0].record[KEYSET_DS].state, KEYSET_UNRETENTIVE);
}
END_TEST

/* The states that old and new key go through. */
static const struct {
	keyset_role_t role;
	policy_roll_t roll;
	const char *steps;
} rolls[] = {
	{ KEYSET_KSK, POLICY_ROLL_DOUBLE_SIGNATURE,
	  "ooo-/hrr- ooo-/roo- uoo-/roo- uuu-/ooo- huu-/ooo- hhh-/ooo-" },
	{ KEYSET_KSK, POLICY_ROLL_DOUBLE_DS,
	  "ooo-/rhh- ouu-/orr- uuu-/ooo- uhh-/ooo- hhh-/ooo-" },
	{ KEYSET_KSK, POLICY_ROLL_DOUBLE_RRSET,
	  "ooo-/rrr- uoo-/roo- uuu-/ooo- huu-/ooo- hhh-/ooo-" },
	{ KEYSET_ZSK, POLICY_ROLL_PRE_PUBLICATION,
	  "-o-o/-r-h -o-u/-o-r -u-h/-o-o -h-h/-o-o" },
	{ KEYSET_ZSK, POLICY_ROLL_DOUBLE_SIGNATURE,
	  "-o-o/-r-r -o-o/-o-r -u-u/-o-o -h-u/-o-o -h-h/-o-o" },
	{ KEYSET_ZSK, POLICY_ROLL_DOUBLE_RRSET,
	  "-o-o/-h-r -u-o/-r-o -u-u/-o-o -h-u/-o-o -h-h/-o-o" },
	{ KEYSET_CSK, POLICY_ROLL_PRE_PUBLICATION,
	  "oooo/hrrh ooou/roor uoou/roor uoou/ooor hoou/ooor huuh/oooo hhhh/oooo" },
	{ KEYSET_CSK, POLICY_ROLL_DOUBLE_SIGNATURE,
	  "oooo/hrrr oooo/roor uooo/roor uooo/rooo uuuu/oooo huuu/oooo hhhu/oooo hhhh/oooo" },
	{ KEYSET_CSK, POLICY_ROLL_SINGLE_SIGNATURE,
	  "oooo/rrrh uoou/roor uoou/ooor hoou/ooor huuh/oooo hhhh/oooo" },
	{ KEYSET_CSK, POLICY_ROLL_DOUBLE_DS,
	  "oooo/rhhr oooo/ohhr ouuo/orro uuuu/oooo uhhu/oooo hhhu/oooo hhhh/oooo" },
	{ KEYSET_CSK, POLICY_ROLL_DOUBLE_RRSET,
	  "oooo/rrrr uooo/roor uooo/ooor uuuu/oooo huuu/oooo hhhu/oooo hhhh/oooo" },
};

START_TEST(test_rolls)
{
	world_t w;
	int64_t now = T0 + 1000000;
	core_key_t *old;
	if (rolls[_i].role == KEYSET_CSK) {
		world_init(&w);
		old = add(&w, KEYSET_CSK, 13, T0);
		pass_time(&w, old, old, T0, 20000);
	} else {
		settled(&w);
		old = &w.keys[rolls[_i].role == KEYSET_ZSK];
	}
	core_key_t *fresh = add_roll(&w, rolls[_i].role, 13, rolls[_i].roll, now);
	old->goal_in = false;
	pass_time(&w, old, fresh, now, 20000);
	ck_assert_str_eq(w.log, rolls[_i].steps);
}
END_TEST


/* A rollover begins in the middle of another one, at each of its steps. */
START_TEST(test_rolls_again)
{
	world_t w;
	int64_t now = T0 + 1000000;
	bool csk = rolls[_i].role == KEYSET_CSK;
	for (int64_t after = 0; after < 10000; after += 250) {
		world_init(&w);
		core_key_t *old = add(&w, csk ? KEYSET_CSK : KEYSET_KSK, 13, T0);
		core_key_t *zsk = csk ? NULL : add(&w, KEYSET_ZSK, 13, T0);
		pass_time(&w, old, old, T0, 20000);
		core_key_t *first = rolls[_i].role == KEYSET_ZSK ? zsk : old;
		core_key_t *second = add_roll(&w, rolls[_i].role, 13, rolls[_i].roll, now);
		first->goal_in = false;
		pass_time(&w, first, second, now, after);
		core_key_t *third = add_roll(&w, rolls[_i].role, 13, rolls[_i].roll, now + after);
		second->goal_in = false;
		pass_time(&w, first, third, now + after, 30000);
		ck_assert(core_is_hidden(first) && core_is_hidden(second));
		ck_assert(core_is_settled(third));
	}
}
END_TEST

/* The conservative way of RFC 6781, section 4.1.4: signatures, DNSKEY, DS, and back. */
START_TEST(test_algorithm)
{
	world_t w;
	int64_t now = settled(&w);
	core_key_t *ksk = add(&w, KEYSET_KSK, 8, now);
	core_key_t *zsk = add_roll(&w, KEYSET_ZSK, 8, (policy_roll_t)_i, now);
	w.keys[0].goal_in = w.keys[1].goal_in = false;
	world_t copy = w;
	copy.zone.keys = copy.keys;
	copy.facts.keys = copy.seen;
	pass_time(&w, ksk, zsk, now, 20000);
	ck_assert_str_eq(w.log, "hhh-/-h-r hrr-/-r-o roo-/-o-o ooo-/-o-o");
	pass_time(&copy, &copy.keys[0], &copy.keys[1], now, 20000);
	ck_assert_str_eq(copy.log, "ooo-/-o-o uoo-/-o-o huu-/-u-o hhh-/-h-u hhh-/-h-h");
}
END_TEST

/* A DS that nobody takes away at the parent, or not for long. */
START_TEST(test_old_ds_stays)
{
	world_t w;
	int64_t now = settled(&w);
	core_key_t *fresh = add(&w, KEYSET_KSK, 13, now);
	w.keys[0].goal_in = false;
	run(&w, now);
	published(&w, now);
	run(&w, now + DNSKEY_LATER);
	expect(fresh, "roo-");
	/* The old DS does not go before the new one is there for certain. */
	expect(&w.keys[0], "ooo-");
	ck_assert_int_eq(w.keys[0].step[KEYSET_DS].wait, CORE_WAIT_SECURE);
	now += DNSKEY_LATER;
	ck_assert(core_ds_confirm(fresh, true, now));
	run(&w, now);
	expect(&w.keys[0], "uoo-");
	now += DS_LATER;
	run(&w, now);
	expect(fresh, "ooo-");
	/* With the new DS in every cache the old KSK is of no use to anybody. */
	expect(&w.keys[0], "uuu-");
	published(&w, now);
	run(&w, now + 1000000);
	expect(&w.keys[0], "uhh-");
	ck_assert(core_ds_waits(&w.keys[0])); /* For as long as it is there. */
	ck_assert(core_ds_confirm(&w.keys[0], false, now));
	run(&w, now + 1000000);
	expect(&w.keys[0], "hhh-");
}
END_TEST

/* The clock of signatures runs from when the last one left, not from when the first one did. */
START_TEST(test_last_signature)
{
	world_t w;
	int64_t now = settled(&w);
	core_key_t *fresh = add(&w, KEYSET_ZSK, 13, now), *old = &w.keys[1];
	old->goal_in = false;
	run(&w, now);
	published(&w, now);
	run(&w, now + DNSKEY_LATER);
	expect(fresh, "-o-r");
	expect(old, "-o-u");
	now += DNSKEY_LATER;
	published(&w, now);
	w.seen[0] = (facts_key_t){ .algorithm = 13, .keytag = old->keytag, .signatures = 3 };
	w.facts.key_count = 1;
	run(&w, now + 100 * RRSIG_DELAY);
	expect(old, "-o-u");
	expect(fresh, "-o-r");
	ck_assert_int_eq(fresh->step[KEYSET_RRSIG].wait, CORE_WAIT_REPLACED);
	w.seen[0].signatures = 0; /* Not published yet. */
	run(&w, now + 100 * RRSIG_DELAY);
	expect(old, "-o-u");
	w.seen[0].last_gone = now + 200 * RRSIG_DELAY;
	run(&w, w.seen[0].last_gone + RRSIG_DELAY - 1);
	expect(old, "-o-u");
	run(&w, w.seen[0].last_gone + RRSIG_DELAY);
	expect(old, "-u-h");
	expect(fresh, "-o-o");
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
	w.facts.revision = w.zone.revision + 5; /* One with a later key set does. */
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
	none.key_count = _i == 0 ? 0 : 2;
	none.passthrough = _i != 0;
	w.keys[0].goal_in = w.keys[1].goal_in = false;
	core_run(&w.zone, &none, &w.facts, now, NULL, NULL);
	expect(&w.keys[0], "uoo-"); /* The DS has to be forgotten first. */
	expect(&w.keys[1], "-o-o");
	ck_assert(core_ds_confirm(&w.keys[0], false, now));
	core_run(&w.zone, &none, &w.facts, now + DS_LAST - 1, NULL, NULL);
	expect(&w.keys[0], "uoo-");
	core_run(&w.zone, &none, &w.facts, now + DS_LAST, NULL, NULL);
	expect(&w.keys[0], "huu-");
	expect(&w.keys[1], "-u-u");
}
END_TEST

/* A TTL that falls counts until no cache can have the old one. */
START_TEST(test_falling_ttl)
{
	world_t w;
	int64_t now = settled(&w);
	policy_t quick = policy;
	quick.keys_ttl = 10;
	core_key_t *fresh = add(&w, KEYSET_ZSK, 13, now);
	core_run(&w.zone, &quick, &w.facts, now, NULL, NULL);
	expect(fresh, "-r-h");
	/* Long after, the signer publishes both. */
	now += 100000;
	core_run(&w.zone, &quick, &w.facts, now, NULL, NULL);
	published(&w, now + 100);
	core_run(&w.zone, &quick, &w.facts, now + 100, NULL, NULL);
	core_run(&w.zone, &quick, &w.facts, now + 100 + 300, NULL, NULL);
	expect(fresh, "-r-h");
	core_run(&w.zone, &quick, &w.facts, now + 100 + 300 + 40 + 30, NULL, NULL);
	expect(fresh, "-o-r");
	ck_assert_uint_eq(w.zone.ttls[CORE_TTL_DNSKEY].ttl, 10);
}
END_TEST

/* The parent's TTL is not the policy's, and falls together with the DS. */
START_TEST(test_shown_ttl)
{
	static const policy_t none = {
		.name = "none", .passthrough = true, .parent_ds_ttl = 2, .parent_propagation = 5,
	};
	world_t w;
	int64_t now = settled(&w);
	const core_shown_t large = { .ttl = 3600 }, small = { .ttl = 60 }, nothing = { 0 };
	ck_assert(core_see_parent(&w.zone, &none, &large, true, now));
	ck_assert(!core_see_parent(&w.zone, &none, &large, true, now));
	w.keys[0].goal_in = w.keys[1].goal_in = false;
	core_run(&w.zone, &none, &w.facts, now, NULL, NULL);
	expect(&w.keys[0], "uoo-");
	/* One server that shows less does not say that no server shows more. */
	ck_assert(!core_see_parent(&w.zone, &none, &small, false, now));
	ck_assert_uint_eq(w.zone.shown.ttl, 3600);
	now += 1000;
	ck_assert(core_see_parent(&w.zone, &none, _i == 0 ? &nothing : &small, true, now));
	ck_assert(core_ds_confirm(&w.keys[0], false, now));
	core_run(&w.zone, &none, &w.facts, now + 3600 + 4, NULL, NULL);
	expect(&w.keys[0], "uoo-");
	core_run(&w.zone, &none, &w.facts, now + 3600 + 5, NULL, NULL);
	expect(&w.keys[0], "huu-");
	ck_assert_uint_eq(w.zone.ttls[CORE_TTL_DS].ttl, _i == 0 ? 2 : 60);
}
END_TEST

/* The parent's negative TTL falls before the first DS comes: some cache may hold for long that there is none. */
START_TEST(test_falling_negative_ttl)
{
	world_t w;
	world_init(&w);
	add(&w, KEYSET_KSK, 13, T0);
	add(&w, KEYSET_ZSK, 13, T0);
	const core_shown_t large = { .absence = 5000 }, small = { .absence = 60 };
	core_see_parent(&w.zone, &policy, &large, true, T0);
	run(&w, T0);
	published(&w, T0);
	core_see_parent(&w.zone, &policy, &small, true, T0 + 100);
	run(&w, T0 + 100);
	run(&w, T0 + 2000);
	expect(&w.keys[0], "roo-");
	ck_assert(core_ds_confirm(&w.keys[0], true, T0 + 2000));
	run(&w, T0 + 2000 + DS_FIRST);
	expect(&w.keys[0], "roo-");
	const int64_t gone = T0 + 100 + 5000 + DS_LATE;
	run(&w, gone - 1);
	expect(&w.keys[0], "roo-");
	run(&w, gone + 2000);
	expect(&w.keys[0], "ooo-");
}
END_TEST

/* What waits for a TTL of months says so, and what limits it. */
START_TEST(test_long_ttl_is_said)
{
	world_t w;
	char text[STEP_TEXT_MAX];
	int64_t when = 0, now = settled(&w);
	core_key_t *fresh = add(&w, KEYSET_CSK, 15, now);
	w.facts.max_ttl = _i == 0 ? 7 * 86400 : _i == 1 ? 60 * 86400 : UINT32_C(1) << 31;
	run(&w, now);
	published(&w, now);
	run(&w, now + 1);
	ck_assert_int_eq(fresh->step[KEYSET_RRSIG].wait, CORE_WAIT_TIME);
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		fresh->step[r].wait = r == KEYSET_RRSIG ? CORE_WAIT_TIME : CORE_DONE;
	}
	step_text(fresh, text, &when);
	ck_assert_int_gt(when, now);
	ck_assert_int_lt(when, now + 61 * 86400); /* A TTL of 2^31 is none. */
	ck_assert_msg((strstr(text, "MaxZoneTTL in kasp.xml limits it") != NULL) == (_i == 1),
	              "%s", text);
	ck_assert(_i != 1 || strstr(text, "a TTL of 60d") != NULL);
}
END_TEST

/* Caches know a key on standby, and that is all. */
START_TEST(test_standby)
{
	world_t w;
	int64_t now = settled(&w);
	core_key_t *ksk = add_roll(&w, KEYSET_KSK, 13, _i == 0 ? POLICY_ROLL_DOUBLE_SIGNATURE
	                                                       : POLICY_ROLL_DOUBLE_DS, now);
	core_key_t *zsk = add(&w, KEYSET_ZSK, 13, now);
	ksk->standby = zsk->standby = true;
	pass_time(&w, ksk, zsk, now, 20000);
	ck_assert_str_eq(w.log, _i == 0 ? "hrh-/-r-h hoh-/-o-h" : "rhh-/-r-h rhh-/-o-h ohh-/-o-h");
	ck_assert(core_is_settled(ksk) && core_is_settled(zsk));
	/* When it is needed, the long waits are over. */
	ksk->standby = zsk->standby = false;
	run(&w, now + 20000);
	expect(ksk, _i == 0 ? "ror-" : "orr-");
	expect(zsk, "-o-r");
}
END_TEST

/* After a crash all goes on from what is stored. */
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

/* With more changes, or more keys, than can be judged, nothing is decided any more. */
START_TEST(test_too_many)
{
	core_key_t keys[70];
	core_zone_t zone = { .keys = keys };
	facts_t facts = { 0 };
	for (size_t i = 0; i < 70; i++) {
		core_key_init(&keys[zone.count++], KEYSET_CSK, 13, (uint16_t)i,
		              POLICY_ROLL_DOUBLE_SIGNATURE, T0);
		core_run(&zone, &policy, &facts, T0, NULL, NULL);
	}
	ck_assert(core_in_zone(&keys[40], KEYSET_DNSKEY));
	ck_assert(core_is_hidden(&keys[69]));
	ck_assert_int_eq(keys[69].step[KEYSET_DNSKEY].wait, CORE_WAIT_CHANGES);
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
	tcase_add_loop_test(tc, test_new_zone_csk, 0, 5);
	tcase_add_test(tc, test_largest_ttl_counts);
	tcase_add_loop_test(tc, test_half_a_set, 0, 2);
	tcase_add_test(tc, test_lost_ds);
	tcase_add_test(tc, test_unsure);
	tcase_add_test(tc, test_same_second);
	tcase_add_loop_test(tc, test_needed_keys_stay, 0, 3);
	tcase_add_loop_test(tc, test_rolls, 0, sizeof(rolls) / sizeof(rolls[0]));
	tcase_add_loop_test(tc, test_rolls_again, 0, sizeof(rolls) / sizeof(rolls[0]));
	tcase_add_loop_test(tc, test_algorithm, 0, 3);
	tcase_add_test(tc, test_old_ds_stays);
	tcase_add_test(tc, test_last_signature);
	tcase_add_test(tc, test_older_version);
	tcase_add_loop_test(tc, test_going_unsigned, 0, 2);
	tcase_add_test(tc, test_falling_ttl);
	tcase_add_loop_test(tc, test_shown_ttl, 0, 2);
	tcase_add_test(tc, test_falling_negative_ttl);
	tcase_add_loop_test(tc, test_long_ttl_is_said, 0, 3);
	tcase_add_loop_test(tc, test_standby, 0, 2);
	tcase_add_test(tc, test_idempotent);
	tcase_add_test(tc, test_too_many);
	suite_add_tcase(suite, tc);

	return check_main(suite);
}
