/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Which keys a zone gets, and which go; whether the clock can be believed. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock-mark.h"
#include "policy-engine/core/plan.h"
#include "tests/unit/check-main.h"

#define T0 1000000
#define KSK_LIFE 9000
#define ZSK_LIFE 1000
#define PURGE 500

typedef struct {
	core_zone_t zone;
	core_key_t keys[80];
	policy_t policy;
	policy_key_t entries[4];
	bool no_keys;            /* There is no key to be had. */
	int64_t shared;          /* Inception of a shared key; 0 = keys are new. */
	int64_t now;
	int64_t oldest;          /* Of the key that was wanted last. */
	unsigned events[PLAN_TOO_MANY + 1];
} world_t;

static bool introduce(void *ctx, const plan_want_t *want)
{
	world_t *w = ctx;
	w->oldest = want->oldest;
	if (w->no_keys) {
		return false;
	}
	core_key_t *key = &w->keys[w->zone.count];
	bool shared = w->shared != 0 && w->shared >= want->oldest;
	core_key_init(key, want->entry->role, want->entry->algorithm,
	              (uint16_t)(1 + w->zone.count), want->roll, shared ? w->shared : w->now);
	key->bits = want->entry->bits;
	key->repository = want->entry->repository;
	w->zone.count++;
	return true;
}

static void forget(void *ctx, size_t key)
{
	world_t *w = ctx;
	memmove(&w->keys[key], &w->keys[key + 1], (--w->zone.count - key) * sizeof(w->keys[0]));
}

static void note(void *ctx, plan_event_t event, size_t key, const policy_key_t *entry)
{
	(void)key;
	(void)entry;
	((world_t *)ctx)->events[event]++;
}

static int64_t plan(world_t *w, int64_t now)
{
	plan_ops_t ops = { introduce, forget, note, w };
	w->now = now;
	memset(w->events, 0, sizeof(w->events));
	return plan_run(&w->zone, &w->policy, now, &ops);
}

static void world_init(world_t *w)
{
	*w = (world_t){ 0 };
	w->zone.keys = w->keys;
	w->entries[0] = (policy_key_t){ .role = KEYSET_KSK, .algorithm = 13, .bits = 256,
	                                .lifetime = KSK_LIFE, .repository = (char *)"one",
	                                .roll = POLICY_ROLL_DOUBLE_SIGNATURE };
	w->entries[1] = (policy_key_t){ .role = KEYSET_ZSK, .algorithm = 13, .bits = 256,
	                                .lifetime = ZSK_LIFE, .repository = (char *)"one",
	                                .roll = POLICY_ROLL_PRE_PUBLICATION };
	w->policy = (policy_t){ .name = (char *)"p", .keys = w->entries, .key_count = 2,
	                        .purge = PURGE };
}

static void set_states(core_key_t *key, keyset_state_t state, int64_t since)
{
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		if (key->record[r].state != KEYSET_NA) {
			key->record[r].state = state;
			key->record[r].since = since;
		}
	}
}

/* All keys that are to be there are known everywhere. */
static void settle(world_t *w)
{
	for (size_t i = 0; i < w->zone.count; i++) {
		if (w->keys[i].goal_in) {
			set_states(&w->keys[i], KEYSET_OMNIPRESENT, T0);
		}
	}
}

START_TEST(test_first_keys)
{
	world_t w;
	world_init(&w);
	w.no_keys = true;
	ck_assert_int_eq(plan(&w, T0), CORE_NEVER);
	ck_assert_uint_eq(w.zone.count, 0);
	w.no_keys = false;
	ck_assert_int_eq(plan(&w, T0), T0 + ZSK_LIFE);
	ck_assert_uint_eq(w.zone.count, 2);
	ck_assert_uint_eq(w.events[PLAN_INTRODUCED], 2);
	ck_assert(w.keys[0].role == KEYSET_KSK && w.keys[0].goal_in && !w.keys[0].standby);
	ck_assert_int_eq(w.keys[1].roll, POLICY_ROLL_PRE_PUBLICATION);
	ck_assert_int_eq(plan(&w, T0), T0 + ZSK_LIFE);
	ck_assert_uint_eq(w.zone.count, 2);
}
END_TEST

START_TEST(test_lifetime)
{
	world_t w;
	world_init(&w);
	plan(&w, T0);
	settle(&w);
	ck_assert_int_eq(plan(&w, T0 + ZSK_LIFE - 1), T0 + ZSK_LIFE);
	ck_assert_uint_eq(w.zone.count, 2);

	/* Without a key at hand the old one stays in use. */
	w.no_keys = true;
	plan(&w, T0 + ZSK_LIFE);
	ck_assert(w.keys[1].goal_in);
	w.no_keys = false;
	ck_assert_int_eq(plan(&w, T0 + ZSK_LIFE + 5), T0 + ZSK_LIFE + 5 + ZSK_LIFE);
	ck_assert_uint_eq(w.zone.count, 3);
	ck_assert(w.keys[0].goal_in && !w.keys[1].goal_in && w.keys[2].goal_in);
	ck_assert_uint_eq(w.events[PLAN_REPLACED], 1);

	/* The next rollover waits for the end of this one, for as long as that takes. */
	plan(&w, T0 + 100 * ZSK_LIFE);
	ck_assert_uint_eq(w.events[PLAN_UNFINISHED], 1);
	ck_assert_uint_eq(w.events[PLAN_INTRODUCED], 1); /* The KSK. */
	ck_assert(w.keys[2].goal_in);
}
END_TEST

START_TEST(test_manual)
{
	world_t w;
	world_init(&w);
	w.entries[0].manual_rollover = w.entries[1].manual_rollover = true;
	ck_assert_int_eq(plan(&w, T0), CORE_NEVER);
	settle(&w);
	ck_assert_int_eq(plan(&w, T0 + 100 * KSK_LIFE), CORE_NEVER);
	ck_assert_uint_eq(w.zone.count, 2);
	ck_assert(!core_request_roll(&w.zone, KEYSET_CSK, false, T0 + 5));
	ck_assert(core_request_roll(&w.zone, KEYSET_KSK, false, T0 + 5));
	plan(&w, T0 + 6);
	ck_assert_uint_eq(w.zone.count, 3);
	ck_assert(w.keys[2].role == KEYSET_KSK && !w.keys[0].goal_in && w.keys[1].goal_in);
	ck_assert_int_eq(w.keys[2].roll, POLICY_ROLL_DOUBLE_SIGNATURE);
	plan(&w, T0 + 7); /* Served, once. */
	ck_assert_uint_eq(w.zone.count, 3);
	/* Unlike a rollover by age, an order does not wait for the end of the last one. */
	ck_assert(core_request_roll(&w.zone, KEYSET_KSK, false, T0 + 8));
	plan(&w, T0 + 8);
	ck_assert_uint_eq(w.zone.count, 4);
}
END_TEST

/* An order also replaces a key that came into use in that very second. */
START_TEST(test_same_second)
{
	world_t w;
	world_init(&w);
	plan(&w, T0);
	ck_assert(core_request_roll(&w.zone, KEYSET_ZSK, false, T0));
	ck_assert_int_eq(plan(&w, T0), T0 + 1);
	ck_assert_uint_eq(w.zone.count, 2);
	plan(&w, T0 + 1);
	ck_assert_uint_eq(w.zone.count, 3);
	ck_assert(w.keys[2].role == KEYSET_ZSK && !w.keys[1].goal_in);
	plan(&w, T0 + 1); /* Served, once. */
	ck_assert_uint_eq(w.zone.count, 3);
}
END_TEST

START_TEST(test_emergency)
{
	world_t w;
	world_init(&w);
	plan(&w, T0);
	ck_assert(core_request_roll(&w.zone, KEYSET_ZSK, true, T0 + 5));
	ck_assert(core_request_roll(&w.zone, KEYSET_ZSK, false, T0 + 6)); /* Stays one. */
	ck_assert(core_request_roll(&w.zone, KEYSET_KSK, true, T0 + 6));
	plan(&w, T0 + 6);
	ck_assert_uint_eq(w.zone.count, 4);
	ck_assert_int_eq(w.keys[2].roll, POLICY_ROLL_DOUBLE_RRSET);
	ck_assert_int_eq(w.keys[3].roll, POLICY_ROLL_DOUBLE_SIGNATURE);
	/* The rollover after it is no emergency any more. */
	ck_assert(core_request_roll(&w.zone, KEYSET_ZSK, false, T0 + 9));
	plan(&w, T0 + 9);
	ck_assert_int_eq(w.keys[4].roll, POLICY_ROLL_PRE_PUBLICATION);
}
END_TEST

/* A key whose pair is gone is replaced at once, in a way that needs no signature of it. */
START_TEST(test_dead)
{
	world_t w;
	world_init(&w);
	plan(&w, T0);
	plan(&w, T0 + 5);
	ck_assert_uint_eq(w.zone.count, 2);
	w.keys[0].dead = w.keys[1].dead = true;
	plan(&w, T0 + 5);
	ck_assert_uint_eq(w.zone.count, 4);
	ck_assert(!w.keys[0].goal_in && !w.keys[1].goal_in);
	ck_assert_int_eq(w.keys[2].roll, POLICY_ROLL_DOUBLE_DS);
	ck_assert_int_eq(w.keys[3].roll, POLICY_ROLL_DOUBLE_SIGNATURE);
	ck_assert(!w.keys[2].dead && !w.keys[3].dead);
	plan(&w, T0 + 6);
	ck_assert_uint_eq(w.zone.count, 4);
}
END_TEST

/* In each moment of a rollover the new key may be lost. Until something relies on it the former one stays;
 * and when it has begun to sign, a KSK signs in its place. */
static const struct {
	keyset_role_t role;
	keyset_state_t ds, dnskey, rrsig, former_ds, former_rrsig;
	bool former_stays;
} losses[] = {
	{ KEYSET_ZSK, KEYSET_NA, KEYSET_RUMOURED, KEYSET_HIDDEN, KEYSET_NA, KEYSET_OMNIPRESENT,
	  true },
	{ KEYSET_ZSK, KEYSET_NA, KEYSET_OMNIPRESENT, KEYSET_HIDDEN, KEYSET_NA, KEYSET_OMNIPRESENT,
	  true },
	{ KEYSET_ZSK, KEYSET_NA, KEYSET_OMNIPRESENT, KEYSET_RUMOURED, KEYSET_NA,
	  KEYSET_UNRETENTIVE, false },
	{ KEYSET_KSK, KEYSET_HIDDEN, KEYSET_OMNIPRESENT, KEYSET_NA, KEYSET_OMNIPRESENT, KEYSET_NA,
	  true },
	{ KEYSET_KSK, KEYSET_RUMOURED, KEYSET_OMNIPRESENT, KEYSET_NA, KEYSET_OMNIPRESENT,
	  KEYSET_NA, true },
	{ KEYSET_KSK, KEYSET_OMNIPRESENT, KEYSET_OMNIPRESENT, KEYSET_NA, KEYSET_UNRETENTIVE,
	  KEYSET_NA, true },
};

START_TEST(test_lost_in_rollover)
{
	world_t w;
	world_init(&w);
	plan(&w, T0);
	settle(&w);
	core_request_roll(&w.zone, losses[_i].role, false, T0 + 10);
	plan(&w, T0 + 10);
	core_key_t *former = &w.keys[losses[_i].role == KEYSET_KSK ? 0 : 1], *fresh = &w.keys[2];
	ck_assert(!former->goal_in && fresh->goal_in);
	former->record[KEYSET_DS].state = losses[_i].former_ds;
	former->record[KEYSET_RRSIG].state = losses[_i].former_rrsig;
	fresh->record[KEYSET_DS].state = losses[_i].ds;
	fresh->record[KEYSET_DNSKEY].state = losses[_i].dnskey;
	fresh->record[KEYSET_RRSIG].state = losses[_i].rrsig;
	if (losses[_i].role == KEYSET_KSK) {
		fresh->record[KEYSET_RRSIG_DNSKEY].state = losses[_i].dnskey;
	}
	const char *problem = plan_lose(&w.zone, &w.policy, 2);
	ck_assert_msg(problem == NULL, "%s", problem);
	ck_assert_int_eq(former->goal_in, losses[_i].former_stays);
	ck_assert(fresh->dead);
}
END_TEST

START_TEST(test_policy_change)
{
	world_t w;
	world_init(&w);
	plan(&w, T0);
	policy_key_t old = w.entries[1];
	switch (_i) {
	case 0:
		w.entries[1].algorithm = 8;
		break;
	case 1:
		w.entries[1].bits = 384;
		break;
	case 2:
		w.entries[1].repository = (char *)"two";
		break;
	case 3:
		w.policy.key_count = 1;
		break;
	case 4:
		w.policy.passthrough = true;
		break;
	}
	plan(&w, T0 + 1);
	ck_assert_uint_eq(w.events[PLAN_UNWANTED], _i == 4 ? 2 : 1);
	ck_assert_uint_eq(w.events[PLAN_INTRODUCED], _i < 3 ? 1 : 0);
	ck_assert(!w.keys[1].goal_in);
	ck_assert(w.keys[0].goal_in == (_i != 4));

	/* A key that went does not come back. */
	w.entries[1] = old;
	w.policy.key_count = 2;
	w.policy.passthrough = false;
	size_t before = w.zone.count;
	plan(&w, T0 + 2);
	ck_assert(!w.keys[1].goal_in);
	ck_assert_uint_eq(w.events[PLAN_INTRODUCED], _i == 4 ? 2 : 1);
	ck_assert_uint_eq(w.zone.count, before + (_i == 4 ? 2 : 1));
}
END_TEST

/* What was signed ahead brings the keys: one that no entry wants any more goes when bundles have brought another
 * of its kind, or one of the new entry. */
START_TEST(test_offline_policy_change)
{
	enum { KSK, ZSK, NEXT, SPARE, FRESH };
	world_t w;
	world_init(&w);
	w.entries[1].standby = 2;
	plan(&w, T0);
	w.zone.offline = true;
	w.entries[1].standby = 0;
	w.entries[0].repository = (char *)""; /* The same KSK, which is in the ceremony now. */
	w.entries[1].repository = (char *)"two";
	plan(&w, T0 + 1);
	ck_assert_uint_eq(w.events[PLAN_UNWANTED], 0);
	ck_assert_uint_eq(w.zone.count, 4);

	w.keys[NEXT].standby = false; /* By a bundle, as below. */
	w.keys[NEXT].inception = T0 + 2;
	plan(&w, T0 + 2);
	ck_assert(!w.keys[ZSK].goal_in && w.keys[NEXT].goal_in && w.keys[SPARE].goal_in);

	w.zone.ahead = 1;
	plan(&w, T0 + 3);
	ck_assert_uint_eq(w.zone.count, 5);
	ck_assert(w.keys[FRESH].standby && w.keys[NEXT].goal_in && w.keys[SPARE].goal_in);
	w.zone.ahead = 0;
	w.keys[FRESH].standby = false;
	plan(&w, T0 + 4);
	ck_assert(!w.keys[NEXT].goal_in && !w.keys[SPARE].goal_in && w.keys[FRESH].goal_in);
	ck_assert(w.keys[KSK].goal_in);
}
END_TEST

START_TEST(test_standby)
{
	world_t w;
	world_init(&w);
	w.entries[1].standby = 2;
	plan(&w, T0);
	ck_assert_uint_eq(w.zone.count, 4);
	ck_assert_uint_eq(w.events[PLAN_STANDBY], 2);
	ck_assert(!w.keys[1].standby && w.keys[2].standby && w.keys[3].standby);
	settle(&w);
	/* The key longest on standby comes into use. Its lifetime begins; another one is made. */
	ck_assert_int_eq(plan(&w, T0 + ZSK_LIFE), T0 + 2 * ZSK_LIFE);
	ck_assert_uint_eq(w.zone.count, 5);
	ck_assert(!w.keys[1].goal_in && !w.keys[2].standby && w.keys[4].standby);
	ck_assert_int_eq(w.keys[2].inception, T0 + ZSK_LIFE);
	w.entries[1].standby = 0;
	plan(&w, T0 + ZSK_LIFE + 1);
	ck_assert_uint_eq(w.events[PLAN_UNWANTED], 2);
	ck_assert(w.keys[2].goal_in && !w.keys[3].goal_in && !w.keys[4].goal_in);
}
END_TEST

START_TEST(test_purge)
{
	world_t w;
	world_init(&w);
	plan(&w, T0);
	settle(&w);
	plan(&w, T0 + ZSK_LIFE);
	ck_assert_uint_eq(w.zone.count, 3);
	plan(&w, T0 + ZSK_LIFE + 10 * PURGE); /* Caches may know it. */
	ck_assert_uint_eq(w.events[PLAN_FORGOTTEN], 0);
	int64_t hidden = T0 + ZSK_LIFE + 100;
	set_states(&w.keys[1], KEYSET_HIDDEN, hidden);
	w.keys[1].record[KEYSET_DNSKEY].since = hidden - 50;
	ck_assert_int_eq(plan(&w, hidden), hidden + PURGE);
	plan(&w, hidden + PURGE - 1);
	ck_assert_uint_eq(w.zone.count, 3);
	plan(&w, hidden + PURGE);
	ck_assert_uint_eq(w.events[PLAN_FORGOTTEN], 1);
	ck_assert_uint_eq(w.zone.count, 2);
	ck_assert(w.keys[0].role == KEYSET_KSK && w.keys[1].goal_in);

	/* Without Purge it stays. */
	set_states(&w.keys[0], KEYSET_HIDDEN, hidden);
	w.keys[0].goal_in = false;
	w.policy.purge = 0;
	w.no_keys = true;
	plan(&w, hidden + 1000 * PURGE);
	ck_assert_uint_eq(w.zone.count, 2);
}
END_TEST

/* The age of a key that other zones have counts from its first use. */
START_TEST(test_shared)
{
	world_t w;
	world_init(&w);
	w.shared = T0 - ZSK_LIFE / 2;
	ck_assert_int_eq(plan(&w, T0), w.shared + ZSK_LIFE);
	ck_assert_int_eq(w.keys[1].inception, w.shared);
	settle(&w);
	/* Its successor must not be due as well, nor be older than an order. */
	w.no_keys = true;
	plan(&w, w.shared + ZSK_LIFE);
	ck_assert_int_eq(w.oldest, w.shared + 1);
	ck_assert(core_request_roll(&w.zone, KEYSET_ZSK, false, T0 + 7));
	plan(&w, T0 + 8);
	ck_assert_int_eq(w.oldest, T0 + 7);
}
END_TEST

START_TEST(test_too_many)
{
	world_t w;
	world_init(&w);
	plan(&w, T0);
	settle(&w);
	for (int i = 1; i < 70; i++) {
		ck_assert(core_request_roll(&w.zone, KEYSET_ZSK, false, T0 + i));
		plan(&w, T0 + i);
		set_states(&w.keys[w.zone.count - 1], KEYSET_RUMOURED, T0 + i);
	}
	ck_assert_uint_le(w.zone.count, CORE_KEYS_MAX);
	ck_assert_uint_eq(w.events[PLAN_TOO_MANY], 1);
	ck_assert(w.keys[w.zone.count - 1].goal_in);
}
END_TEST

/* -- clock --------------------------------------------------------------- */

static const struct {
	int64_t jump;      /* Seconds beyond the time that passed. */
	bool away;         /* The machine started anew meanwhile. */
	clock_verdict_t verdict;
} jumps[] = {
	{ 0, false, CLOCK_GOOD },
	{ -CLOCK_BACK_MAX, false, CLOCK_GOOD },
	{ -CLOCK_BACK_MAX - 1, false, CLOCK_BACK },
	{ -31536000, false, CLOCK_BACK },
	{ CLOCK_AHEAD_MAX, false, CLOCK_GOOD },
	{ CLOCK_AHEAD_MAX + 1, false, CLOCK_AHEAD },
	{ 31536000, false, CLOCK_AHEAD },
	{ CLOCK_AHEAD_MAX + 1, true, CLOCK_GOOD },
	{ CLOCK_AWAY_MAX, true, CLOCK_GOOD },
	{ CLOCK_AWAY_MAX + 1, true, CLOCK_AHEAD },
	{ -CLOCK_BACK_MAX - 1, true, CLOCK_BACK },
};

START_TEST(test_clock)
{
	clock_mark_t mark = { 0 };
	ck_assert_int_eq(clock_judge(&mark, T0, 100), CLOCK_GOOD);
	ck_assert_int_eq(clock_judge(&mark, T0 + 5000, 5100), CLOCK_GOOD);
	int64_t passed = 3000, uptime = 8100;
	if (jumps[_i].away) {
		mark.uptime = -1;
		passed = 0;
		uptime = 50;
	}
	int64_t now = T0 + 5000 + passed;
	ck_assert_int_eq(clock_judge(&mark, now + jumps[_i].jump, uptime), jumps[_i].verdict);
	bool good = jumps[_i].verdict == CLOCK_GOOD;
	ck_assert_int_eq(mark.seen, good ? now + jumps[_i].jump : T0 + 5000);
	if (!good && !jumps[_i].away) {
		/* The clock stays wrong while it runs on, and is right when it comes back. */
		ck_assert_int_eq(clock_judge(&mark, now + jumps[_i].jump + 10, uptime + 10),
		                 jumps[_i].verdict);
		ck_assert_int_eq(clock_judge(&mark, now + 10, uptime + 10), CLOCK_GOOD);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan");
	TCase *tc = tcase_create("plan");
	tcase_add_test(tc, test_first_keys);
	tcase_add_test(tc, test_lifetime);
	tcase_add_test(tc, test_manual);
	tcase_add_test(tc, test_same_second);
	tcase_add_test(tc, test_emergency);
	tcase_add_test(tc, test_dead);
	tcase_add_loop_test(tc, test_lost_in_rollover, 0, sizeof(losses) / sizeof(losses[0]));
	tcase_add_loop_test(tc, test_policy_change, 0, 5);
	tcase_add_test(tc, test_offline_policy_change);
	tcase_add_test(tc, test_standby);
	tcase_add_test(tc, test_purge);
	tcase_add_test(tc, test_shared);
	tcase_add_test(tc, test_too_many);
	suite_add_tcase(suite, tc);

	tc = tcase_create("clock");
	tcase_add_loop_test(tc, test_clock, 0, sizeof(jumps) / sizeof(jumps[0]));
	suite_add_tcase(suite, tc);

	return check_main(suite);
}
