/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Zones that wait for keys are looked at when there are some, and not all the time. */

#include <check.h>
#include <stdlib.h>

#include "policy-engine/core/core.h"
#include "policy-engine/keys/generate.h"
#include "policy-engine/keys/turn.h"
#include "tests/unit/check-main.h"

#define NOW 1000000

START_TEST(waiting)
{
	desk_t desk;
	keys_t keys;
	desk_init(&desk, NULL, NULL);
	desk_keys_wanted(&desk, CORE_NEVER);
	keys_init(&keys, &desk, false);
	keys.intents = false;
	live_zone_t *zone = live_add(&desk.live, "a.test.");
	ck_assert_ptr_nonnull(zone);
	live_mark(&desk.live, zone, false);
	zone->wants = true;

	bool more = false;
	ck_assert_int_eq(generate_pass(&keys, NOW, &more), 0);
	ck_assert(!more && !zone->dirty);

	/* That other zones are due is no key for this one. */
	more = true;
	ck_assert_int_eq(generate_pass(&keys, NOW, &more), 0);
	ck_assert(more && !zone->dirty);

	keys_deinit(&keys);
	desk_deinit(&desk);
}
END_TEST

/* Few keys are had at once. Of many that take long, more and more come together, and the last at once. */
START_TEST(turns)
{
	turn_t turn = { 0 };
	ck_assert(!turn_take(&turn, NOW, false, false));
	ck_assert(turn_take(&turn, NOW, true, false));
	unsigned count = 0;
	int64_t now = NOW, longest = 0, last = NOW;
	for (; now < NOW + 600; now += 2) {
		if (turn_take(&turn, now, true, true)) {
			count++;
			longest = now - last > longest ? now - last : longest;
			last = now;
		}
	}
	ck_assert_int_ge(count, 20);
	ck_assert_int_le(count, 40);
	ck_assert_int_ge(longest, 60);
	ck_assert_int_le(longest, 102);
	ck_assert(turn_take(&turn, last + 1, true, false));
	ck_assert(!turn_take(&turn, last + 1, false, false));
	ck_assert(turn_take(&turn, last + 2, true, true)); /* Others, later. */
}
END_TEST

/* A clock that is set keeps nobody waiting. */
START_TEST(turns_clock)
{
	turn_t turn = { 0 };
	for (int64_t now = NOW; now < NOW + 600; now += 2) {
		turn_take(&turn, now, true, true);
	}
	ck_assert(turn_take(&turn, NOW - 86400, true, true));
	ck_assert(turn_take(&turn, NOW + 86400, true, true));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("generate");
	TCase *tc = tcase_create("generate");
	tcase_add_test(tc, waiting);
	tcase_add_test(tc, turns);
	tcase_add_test(tc, turns_clock);
	suite_add_tcase(suite, tc);

	return check_main(suite);
}
