/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* What looking ahead goes on from, and what it finds: the text of where keys stand, what differs between
 * policies, and what becomes of keys. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/policy/changes.h"
#include "policy-engine/policy/kasp.h"
#include "policy-engine/simulate/outcome.h"
#include "policy-engine/zone/standing.h"
#include "tests/unit/check-main.h"

#define NOW 1700000000
#define DAY INT64_C(86400)

static policies_t policies, other;

static void read_policies(policies_t *to)
{
	hsm_error_t err = { 0 };
	ck_assert_msg(kasp_read(SRCDIR "/examples/kasp.xml", NULL, to, NULL, NULL, &err) == HSM_EOK,
	              "%s", err.text);
}

static void set_up(void)
{
	read_policies(&policies);
	read_policies(&other);
}

static void tear_down(void)
{
	policies_deinit(&policies);
	policies_deinit(&other);
}

/* -- where keys stand ---------------------------------------------------- */

/* A zone in the midst of a rollover. */
static void make_zone(kasp_zone_t *zone)
{
	*zone = (kasp_zone_t){ .name = strdup("a.test."), .policy = strdup("default"),
		               .frozen = CORE_NEVER };
	zone->core.revision = 7;
	zone->core.requests[KEYSET_ZSK] = (core_request_t){ NOW - 5, true };
	zone->core.ttls[CORE_TTL_DS] = (core_ttl_t){ 86400, NOW + 9, 3600 };
	for (int i = 0; i < 3; i++) {
		core_key_t key;
		core_key_init(&key, i == 0 ? KEYSET_KSK : KEYSET_ZSK, 13, (uint16_t)(100 + i),
		              POLICY_ROLL_PRE_PUBLICATION, NOW - 40 * DAY);
		key.bits = 256;
		key.goal_in = i != 1;
		for (int r = 0; r < KEYSET_RECORDS; r++) {
			if (key.record[r].state != KEYSET_NA && i < 2) {
				key.record[r] = (core_record_t){ KEYSET_OMNIPRESENT, NOW - DAY, 5, 3, NOW - DAY };
			}
		}
		const zone_key_t info = { .repository = strdup("a token") };
		ck_assert_int_eq(kasp_zone_add_key(zone, &key, &info), 0);
	}
}

START_TEST(test_standing)
{
	kasp_zone_t zone;
	facts_key_t key = { 13, 101, 12, 0, 0 };
	const facts_t facts = { .policy = "other", .revision = 6, .published = NOW, .keys = &key,
		                .key_count = 1 };
	standing_t read;
	make_zone(&zone);
	char *text = standing_write(&zone, &facts);
	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(standing_read(text, &read), 0);
	ck_assert_str_eq(read.zone.policy, "default");
	ck_assert_str_eq(read.facts.policy, "other");
	ck_assert_int_eq(read.zone.frozen, CORE_NEVER);
	ck_assert_uint_eq(read.zone.core.count, 3);
	ck_assert_str_eq(read.zone.core.keys[2].repository, "a token");
	ck_assert_uint_eq(read.facts.keys[0].signatures, 12);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_mem_eq(read.zone.core.keys[i].record, zone.core.keys[i].record,
		                 sizeof(zone.core.keys[i].record));
		ck_assert_int_eq(read.zone.core.keys[i].goal_in, zone.core.keys[i].goal_in);
	}
	/* It is the same anew. */
	char *again = standing_write(&read.zone, &read.facts);
	ck_assert_str_eq(text, again);
	standing_deinit(&read);
	/* No part of it is one. */
	for (size_t len = 0; len < strlen(text) - 1; len++) {
		char *part = strndup(text, len);
		if (standing_read(part, &read) == 0) {
			ck_assert_msg(strstr(part, "facts ") != NULL, "%s", part);
			standing_deinit(&read);
		}
		free(part);
	}
	free(text);
	free(again);
	kasp_zone_deinit(&zone);
}
END_TEST

/* -- what differs between policies --------------------------------------- */

typedef struct {
	char items[1024];
	unsigned count;
	unsigned ceremonies; /* Changes that wait for one. */
} found_t;

static void note(void *ctx, const policy_change_t *change)
{
	found_t *found = ctx;
	ck_assert_str_ne(change->before, change->after);
	ck_assert_str_ne(change->effect, "");
	strcat(strcat(found->items, change->item), "|");
	found->count++;
	found->ceremonies += strstr(change->effect, "with the next ceremony") != NULL;
}

START_TEST(test_changes)
{
	const policy_t *from = policies_find(&policies, "default");
	policy_t *to = (policy_t *)policies_find(&other, "default");
	found_t found = { .count = 0 };
	ck_assert(!policy_changes(from, to, note, &found));
	to->refresh += 1; /* The words for both are the same. */
	to->nsec3 = true;
	to->iterations = 1;
	to->salt_length = 8;
	to->serial = KEYSET_SERIAL_COUNTER;
	to->keys[1].lifetime /= 2;
	to->keys[0].algorithm = 14;
	ck_assert(policy_changes(from, to, note, &found));
	ck_assert_str_eq(found.items, "Signatures/Refresh|Denial/NSEC3|Denial/NSEC3/Hash/Iterations|"
	                 "Denial/NSEC3/Hash/Salt length|Zone/SOA/Serial|"
	                 "Keys/KSK, algorithm 13, 256 bits, repository SoftHSM|"
	                 "Keys/ZSK, algorithm 13, 256 bits, repository SoftHSM|"
	                 "Keys/KSK, algorithm 14, 256 bits, repository SoftHSM|");
	ck_assert_uint_eq(found.ceremonies, 0);
	to->keys[0].repository[0] = '\0';
	found = (found_t){ .count = 0 };
	ck_assert(policy_changes(from, to, note, &found));
	ck_assert_uint_eq(found.ceremonies, 3);
	/* The next ceremony has something else to sign: another ZSK, or TTL. A KSK's lifetime is its own matter. */
	policy_t before = *to;
	policy_key_t keys[2] = { to->keys[0], to->keys[1] };
	before.keys = keys;
	ck_assert(!policy_wants_ceremony(from, to) && !policy_wants_ceremony(&before, to));
	keys[0].lifetime++;
	ck_assert(!policy_wants_ceremony(&before, to));
	keys[1].lifetime++;
	ck_assert(policy_wants_ceremony(&before, to));
	keys[1].lifetime--;
	before.keys_ttl++;
	ck_assert(policy_wants_ceremony(&before, to));
}
END_TEST

/* Two entries of a kind are not taken for one. */
START_TEST(test_twins)
{
	const policy_t *from = policies_find(&policies, "default");
	policy_t *to = (policy_t *)policies_find(&other, "default");
	found_t found = { .count = 0 };
	to->keys = realloc(to->keys, 3 * sizeof(to->keys[0]));
	to->keys[2] = to->keys[1];
	to->keys[2].repository = strdup(to->keys[1].repository);
	to->key_count = 3;
	ck_assert(policy_changes(from, to, note, &found));
	ck_assert_uint_eq(found.count, 1);
	ck_assert(policy_changes(to, from, note, &found));
	ck_assert_uint_eq(found.count, 2);
	to->key_count = 0;
	free(to->keys[0].repository);
	free(to->keys[1].repository);
	free(to->keys[2].repository);
	ck_assert(policy_changes(from, to, note, &found)); /* Not signed any more. */
	ck_assert_ptr_nonnull(strstr(found.items, "whether zones are signed|"));
}
END_TEST

/* -- what becomes of keys ------------------------------------------------ */

START_TEST(test_outcomes)
{
	timeline_t timeline;
	const policy_t *policy = policies_find(&policies, "default");
	const simulate_t plan = { .policy = policy, .from = NOW, .to = NOW + 200 * DAY };
	ck_assert_int_eq(simulate(&plan, &timeline), 0);
	outcome_t *keys = outcomes_of(&timeline);
	ck_assert_ptr_nonnull(keys);
	const outcome_t *first = outcome_find(keys, timeline.key_count,
	                                      &(outcome_t){ .role = KEYSET_ZSK, .algorithm = 13,
	                                                    .bits = 256 });
	const outcome_t *second = outcome_find(keys, timeline.key_count,
	                                       &(outcome_t){ .role = KEYSET_ZSK, .algorithm = 13,
	                                                     .bits = 256, .nth = 1 });
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_nonnull(second);
	ck_assert_int_eq(first->at[OUTCOME_COMES], NOW);
	ck_assert_int_eq(first->at[OUTCOME_DS], 0);
	ck_assert_int_gt(first->at[OUTCOME_KNOWN], NOW);
	/* It goes as the next one comes, and is gone long before that one goes. */
	ck_assert_int_eq(first->at[OUTCOME_LEAVES], second->at[OUTCOME_COMES]);
	ck_assert_int_gt(first->at[OUTCOME_GONE], first->at[OUTCOME_LEAVES]);
	ck_assert_int_lt(first->at[OUTCOME_GONE], second->at[OUTCOME_LEAVES]);
	const outcome_t *ksk = outcome_find(keys, timeline.key_count,
	                                    &(outcome_t){ .role = KEYSET_KSK, .algorithm = 13,
	                                                  .bits = 256 });
	ck_assert_ptr_nonnull(ksk);
	ck_assert_int_gt(ksk->at[OUTCOME_DS], NOW);
	ck_assert_int_eq(ksk->at[OUTCOME_LEAVES], 0);
	ck_assert_int_eq(ksk->at[OUTCOME_GONE], 0);
	free(keys);
	timeline_deinit(&timeline);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("diff");
	TCase *tc = tcase_create("diff");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, test_standing);
	tcase_add_test(tc, test_changes);
	tcase_add_test(tc, test_twins);
	tcase_add_test(tc, test_outcomes);
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
