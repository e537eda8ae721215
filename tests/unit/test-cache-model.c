/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Zones live for ten years with random policies and events. At each instant every combination of
 * what caches could hold has to validate. Then each rule of the key timing is put out of force, and
 * some zone has to break. CACHE_MODEL_RUNS says how many zones, CACHE_MODEL_SEED the first seed. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/core/mutant.h"
#include "tests/unit/cache-run.h"
#include "tests/unit/check-main.h"

#define RUNS 400
#define MUTANT_RUNS 3000

core_mutant_t core_mutant = MUTANT_NONE;

/* -- rollover types ------------------------------------------------------ */

/* What tells a rollover type from the others. */
typedef struct {
	unsigned published;  /* Keys of the role in one DNSKEY RRset, at most. */
	unsigned signers;    /* Signatures of one RRset, at most. */
	bool early_ds;       /* The DS is there before the DNSKEY is known everywhere. */
	bool fades;          /* The old key stays published while its signatures are replaced. */
} traits_t;

static const struct {
	keyset_role_t role;
	policy_roll_t roll;
	traits_t traits;
} types[] = {
	{ KEYSET_KSK, POLICY_ROLL_DOUBLE_SIGNATURE, { 2, 1, false, false } },
	{ KEYSET_KSK, POLICY_ROLL_DOUBLE_DS, { 1, 1, true, false } },
	{ KEYSET_KSK, POLICY_ROLL_DOUBLE_RRSET, { 2, 1, true, false } },
	{ KEYSET_ZSK, POLICY_ROLL_PRE_PUBLICATION, { 2, 1, false, true } },
	{ KEYSET_ZSK, POLICY_ROLL_DOUBLE_SIGNATURE, { 2, 2, false, false } },
	{ KEYSET_ZSK, POLICY_ROLL_DOUBLE_RRSET, { 1, 2, false, false } },
	{ KEYSET_CSK, POLICY_ROLL_PRE_PUBLICATION, { 2, 1, false, true } },
	{ KEYSET_CSK, POLICY_ROLL_DOUBLE_SIGNATURE, { 2, 2, false, false } },
	{ KEYSET_CSK, POLICY_ROLL_SINGLE_SIGNATURE, { 2, 1, true, true } },
	{ KEYSET_CSK, POLICY_ROLL_DOUBLE_DS, { 1, 2, true, false } },
	{ KEYSET_CSK, POLICY_ROLL_DOUBLE_RRSET, { 2, 2, true, false } },
};
#define TYPES (sizeof(types) / sizeof(types[0]))

/* The keys of a role that came after the one with a tag. */
static mask_t keys_of(const world_t *w, keyset_role_t role, uint16_t after)
{
	mask_t keys = 0;
	for (size_t i = 0; i < w->zone.count; i++) {
		int slot = world_slot(w, w->keys[i].keytag);
		if (w->keys[i].role == role && slot >= 0 && w->keys[i].keytag > after) {
			keys |= (mask_t)1 << slot;
		}
	}
	return keys;
}

static unsigned larger(unsigned a, mask_t keys)
{
	unsigned b = (unsigned)__builtin_popcountll(keys);
	return a > b ? a : b;
}

/* Notes the traits that show now. old_ds: what was at the parent before the rollover. */
static void see(const world_t *w, keyset_role_t role, uint16_t after, mask_t old_ds, traits_t *seen)
{
	const order_t *order = &w->published.order;
	mask_t fresh = keys_of(w, role, after);
	seen->published = larger(seen->published, order->publish & keys_of(w, role, 0));
	for (size_t i = 0; i < WORLD_SETS; i++) {
		seen->signers = larger(seen->signers, w->published.sets[i].signers);
	}
	mask_t old = keys_of(w, role, 0) & ~fresh;
	seen->fades = seen->fades || (role != KEYSET_KSK &&
	                              (old & order->publish & ~order->sign_zone) != 0);
	for (size_t i = 0; i < w->dnskey_caches.count; i++) {
		mask_t lacks = fresh & ~w->dnskey_caches.contents[i].keys;
		seen->early_ds = seen->early_ds || ((w->ds & ~old_ds) & lacks) != 0;
	}
}

static void set_up(run_t *r, keyset_role_t role, policy_roll_t roll)
{
	static const policy_t usual = {
		.name = "p", .keys_ttl = 3600, .publish_safety = 60, .retire_safety = 60,
		.zone_propagation = 300, .soa_ttl = 3600, .soa_minimum = 900,
		.max_zone_ttl = 7200, .parent_ds_ttl = 86400, .parent_propagation = 600,
		.parent_soa_ttl = 7200, .parent_soa_minimum = 7200, .resign = 7200,
		.refresh = 3 * 86400, .validity_default = 14 * 86400,
		.validity_denial = 14 * 86400, .jitter = 43200, .purge = 1000,
	};
	run_start(r, 1);
	scheme_t *s = &r->schemes[0];
	s->policy = usual;
	s->policy.keys = s->keys;
	run_add_key(r, s, role, 13);
	if (role != KEYSET_CSK) {
		run_add_key(r, s, role == KEYSET_KSK ? KEYSET_ZSK : KEYSET_KSK, 13);
	}
	for (size_t i = 0; i < s->policy.key_count; i++) {
		s->keys[i].standby = 0;
		s->keys[i].manual_rollover = true;
	}
	s->keys[0].roll = roll;
	r->w.zone_propagation = usual.zone_propagation;
	r->w.parent_propagation = usual.parent_propagation;
	r->w.built.ttl = r->w.published.ttl = usual.max_zone_ttl;
	r->event = WORLD_NEVER;
	r->parent_pace = 60;
	r->w.watched = false;
	r->w.hurry = r->calm = true;
	r->longest = 60 * DAY;
}

/* Replaces the key of a role once. \return How long it took, -1 if it did not come to an end. */
static int64_t roll_once(run_t *r, keyset_role_t role, bool emergency, traits_t *seen)
{
	world_t *w = &r->w;
	run_go_on(r, w->now + r->longest, true);
	if (w->failure[0] != '\0' || !world_is_settled(w)) {
		return -1;
	}
	int64_t begin = w->now += 30 * DAY; /* Caches are at rest, and signatures of any age. */
	uint16_t after = w->last_tag;
	mask_t old_ds = w->ds;
	core_request_roll(&w->zone, role, emergency, begin);
	r->look = begin;
	*seen = (traits_t){ 0 };
	do {
		w->now = run_next(r) < begin + r->longest ? run_next(r) : begin + r->longest;
		run_tick(r);
		see(w, role, after, old_ds, seen);
	} while (w->failure[0] == '\0' && w->now < begin + r->longest && !world_is_settled(w));
	return w->failure[0] == '\0' && world_is_settled(w) ? w->now - begin : -1;
}

static bool has_traits(run_t *r, size_t type)
{
	traits_t seen;
	const traits_t *want = &types[type].traits;
	set_up(r, types[type].role, types[type].roll);
	return roll_once(r, types[type].role, false, &seen) >= 0 &&
	       seen.published == want->published && seen.signers == want->signers &&
	       seen.early_ds == want->early_ds && seen.fades == want->fades;
}

START_TEST(test_types)
{
	run_t *r = calloc(1, sizeof(*r));
	ck_assert_ptr_nonnull(r);
	ck_assert_msg(has_traits(r, (size_t)_i), "%s", r->w.failure);
	free(r);
}
END_TEST

/* In an emergency no rollover type takes longer than caches and the parent need. */
START_TEST(test_emergency)
{
	run_t *r = calloc(1, sizeof(*r));
	traits_t seen;
	ck_assert_ptr_nonnull(r);
	const policy_t *p = &r->schemes[0].policy;
	set_up(r, types[_i].role, types[_i].roll);
	int64_t took = roll_once(r, types[_i].role, true, &seen);
	ck_assert_msg(took >= 0, "%s", r->w.failure);
	ck_assert(!seen.fades);
	int64_t zone = 2 * ((int64_t)p->max_zone_ttl + p->keys_ttl + 600) + 3600;
	int64_t parent = 2 * ((int64_t)p->parent_ds_ttl + p->parent_propagation) + 3600;
	ck_assert_int_le(took, types[_i].role == KEYSET_ZSK ? zone : zone + parent);
	free(r);
}
END_TEST

/* The same while an earlier rollover is not over, whose signatures would be replaced slowly. */
START_TEST(test_emergency_amid_rollover)
{
	run_t *r = calloc(1, sizeof(*r));
	ck_assert_ptr_nonnull(r);
	world_t *w = &r->w;
	const policy_t *p = &r->schemes[0].policy;
	set_up(r, KEYSET_ZSK, POLICY_ROLL_PRE_PUBLICATION);
	run_go_on(r, w->now + r->longest, true);
	w->now += 30 * DAY;
	core_request_roll(&w->zone, KEYSET_ZSK, false, w->now);
	r->look = w->now;
	run_go_on(r, w->now + DAY, false); /* The new one signs by now, the old one's signatures fade. */
	ck_assert(!world_is_settled(w) && (w->published.order.publish &
	          ~w->published.order.sign_zone & ~w->published.order.sign_dnskey) != 0);
	int64_t begin = ++w->now;
	core_request_roll(&w->zone, KEYSET_ZSK, true, begin);
	r->look = begin;
	run_go_on(r, begin + r->longest, true);
	ck_assert_msg(w->failure[0] == '\0' && world_is_settled(w), "%s", w->failure);
	int64_t caches = (int64_t)p->max_zone_ttl + p->keys_ttl + 600;
	ck_assert_int_le(w->now - begin, 2 * caches + 3600);
	free(r);
}
END_TEST

/* -- the rules ----------------------------------------------------------- */

/* If any of its rules is out of force, the key timing has to break some zone. */
START_TEST(test_mutant)
{
	run_t *r = calloc(1, sizeof(*r));
	ck_assert_ptr_nonnull(r);
	core_mutant = (core_mutant_t)_i;
	bool caught = false;
	for (size_t i = 0; i < TYPES && !caught; i++) {
		caught = !has_traits(r, i);
	}
	uint64_t seed = 0;
	while (seed < MUTANT_RUNS && !caught) {
		caught = !run_ten_years(r, ++seed);
	}
	core_mutant = MUTANT_NONE;
	printf("without rule %d, seed %llu (0 = a plain rollover): %s\n", _i,
	       (unsigned long long)seed, r->w.failure);
	ck_assert_msg(caught, "nothing goes wrong without rule %d", _i);
	free(r);
}
END_TEST

START_TEST(test_ten_years)
{
	uint64_t runs = run_environment("CACHE_MODEL_RUNS", RUNS);
	uint64_t seed = run_environment("CACHE_MODEL_SEED", 1);
	run_t *r = malloc(sizeof(*r));
	ck_assert_ptr_nonnull(r);
	unsigned long long keys = 0, checks = 0;
	for (uint64_t i = 0; i < runs; i++) {
		bool well = run_ten_years(r, seed + i);
		if (!well) {
			run_print_keys(r);
		}
		ck_assert_msg(well, "CACHE_MODEL_SEED=%llu: %s",
		              (unsigned long long)(seed + i), r->w.failure);
		keys += r->w.introduced;
		checks += r->w.checks;
	}
	printf("seeds %llu to %llu: %llu keys, all caches checked %llu times\n",
	       (unsigned long long)seed, (unsigned long long)(seed + runs - 1), keys, checks);
	free(r);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cache-model");
	TCase *tc = tcase_create("types");
	tcase_set_timeout(tc, 600);
	tcase_add_loop_test(tc, test_types, 0, (int)TYPES);
	tcase_add_loop_test(tc, test_emergency, 0, (int)TYPES);
	tcase_add_test(tc, test_emergency_amid_rollover);
	suite_add_tcase(suite, tc);

	tc = tcase_create("rules");
	tcase_set_tags(tc, "missing-rules");
	tcase_set_timeout(tc, 600);
	tcase_add_loop_test(tc, test_mutant, MUTANT_NONE + 1, MUTANT_BUNDLES);
	suite_add_tcase(suite, tc);

	tc = tcase_create("model");
	tcase_set_timeout(tc, 36000);
	tcase_add_test(tc, test_ten_years);
	suite_add_tcase(suite, tc);

	return check_main(suite);
}
