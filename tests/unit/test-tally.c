/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* How many zones are in which state, for which cause; compared with a count anew. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cause.h"
#include "common/tally.h"
#include "tests/unit/check-main.h"

#define ZONES 300
#define STATES 4
#define CAUSES 5
#define ROUNDS 20000

/* A zone as it should be counted. */
typedef struct {
	tally_member_t member;
	bool in;
	unsigned state, cause;
	int64_t rank;
} zone_t;

static tally_t tally;
static zone_t zones[ZONES];
static const char *const causes[CAUSES] = { "", "token ", "file ", "key tag ", "token away " };

static void begin(void)
{
	memset(zones, 0, sizeof(zones));
	tally_init(&tally);
}

static void end(void)
{
	for (size_t i = 0; i < ZONES; i++) {
		tally_leave(&tally, &zones[i].member);
	}
	ck_assert_uint_eq(tally.count, 0);
	ck_assert_ptr_null(tally.groups);
	tally_deinit(&tally);
}

static tally_entry_t entry_of(const zone_t *zone)
{
	return (tally_entry_t){ .state = zone->state, .cause = causes[zone->cause],
	                        .rank = zone->rank, .turn = tally_turn(&tally) };
}

typedef struct {
	size_t members, groups;
} seen_t;

static void check_group(void *ctx, const tally_group_t *group)
{
	seen_t *seen = ctx;
	size_t count = 0;
	int64_t least = INT64_MAX;
	for (size_t i = 0; i < ZONES; i++) {
		const zone_t *zone = &zones[i];
		if (zone->in && zone->state == group->state &&
		    strcmp(causes[zone->cause], group->cause) == 0) {
			least = zone->rank < least ? zone->rank : least;
			count++;
		}
	}
	ck_assert_uint_eq(group->count, count);
	ck_assert_uint_gt(count, 0);
	ck_assert_int_eq(group->members[0]->rank, least);
	for (size_t i = 0; i < group->count; i++) {
		ck_assert_ptr_eq(group->members[i]->group, group);
		ck_assert_uint_eq(group->members[i]->at, i);
	}
	seen->members += group->count;
	seen->groups++;
}

static void check_all(void)
{
	seen_t seen = { 0 };
	size_t in = 0;
	tally_each(&tally, check_group, &seen);
	for (size_t i = 0; i < ZONES; i++) {
		in += zones[i].in;
	}
	ck_assert_uint_eq(seen.members, in);
	ck_assert_uint_eq(tally.count, in);
	ck_assert_uint_le(seen.groups, STATES * CAUSES);
}

static void change(zone_t *zone)
{
	zone->state = (unsigned)random() % STATES;
	zone->cause = (unsigned)random() % CAUSES;
	zone->rank = random() % 50;
	const tally_entry_t entry = entry_of(zone);
	if (!zone->in) {
		ck_assert(tally_enter(&tally, &zone->member, &entry));
		zone->in = true;
	} else {
		tally_put(&tally, &zone->member, &entry);
	}
}

/* Zones come, change and go. */
START_TEST(random_changes)
{
	srandom(1);
	for (unsigned i = 0; i < ROUNDS; i++) {
		zone_t *zone = &zones[random() % ZONES];
		if (random() % 5 > 0) {
			change(zone);
		} else {
			tally_leave(&tally, &zone->member);
			zone->in = false;
		}
		if (i % 50 == 0) {
			check_all();
		}
	}
	check_all();
}
END_TEST

/* What was seen earlier does not count if something later was counted; nor does a zone that left.
 * */
START_TEST(turns)
{
	unsigned state = 9;
	int64_t rank = 9;
	tally_member_t member = { 0 };
	const tally_entry_t first = { .state = 1, .cause = "", .rank = 1,
	                              .turn = tally_turn(&tally) };
	const tally_entry_t second = { .state = 2, .cause = "token ", .rank = 2,
	                               .turn = tally_turn(&tally) };
	tally_put(&tally, &member, &first);
	ck_assert(!tally_read(&tally, &member, &state, &rank));
	ck_assert_uint_eq(state, 9);
	ck_assert(tally_enter(&tally, &member, &(tally_entry_t){ .cause = "" }));
	tally_put(&tally, &member, &second);
	tally_put(&tally, &member, &first);
	ck_assert(tally_read(&tally, &member, &state, &rank));
	ck_assert_uint_eq(state, 2);
	ck_assert_int_eq(rank, 2);
	tally_leave(&tally, &member);
	tally_leave(&tally, &member);
	tally_put(&tally, &member, &second);
	ck_assert_uint_eq(tally.count, 0);
}
END_TEST

static void is_common(const char *text, const char *zone, const char *expected)
{
	char common[CAUSE_MAX];
	cause_common(text, zone, common);
	ck_assert_str_eq(common, expected);
}

/* What differs between zones is no part of a cause. */
START_TEST(common_causes)
{
	char longer[2 * CAUSE_MAX], common[CAUSE_MAX];
	is_common("", "a.test.", "");
	is_common("key tag 1234: away", "a.test.", "key tag away ");
	is_common("/zones/a.test.zone:12: no SOA", "a.test.", "no SOA ");
	is_common("/zones/a.test.zone: no SOA", "a.test.", "no SOA ");
	is_common("/zones/a.test.zone: no  SOA", "", "/zones/a.test.zone: no SOA ");
	is_common("the root: no SOA", ".", "the root: no SOA ");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	memcpy(longer, "begins ", 7);
	cause_common(longer, "a.test", common);
	ck_assert_str_eq(common, "begins ");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tally");
	TCase *tc = tcase_create("tally");
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, random_changes);
	tcase_add_test(tc, turns);
	tcase_add_test(tc, common_causes);
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
