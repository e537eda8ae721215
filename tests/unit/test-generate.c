/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Zones that wait for keys are looked at when there are some, and not all the time. */

#include <check.h>
#include <stdlib.h>

#include "policy-engine/core/core.h"
#include "policy-engine/keys/generate.h"
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

int main(void)
{
	Suite *suite = suite_create("generate");
	TCase *tc = tcase_create("generate");
	tcase_add_test(tc, waiting);
	suite_add_tcase(suite, tc);

	return check_main(suite);
}
