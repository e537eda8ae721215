/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Zones that wait for keys are looked at when there are some, and not all the time. */

#include <check.h>
#include <stdlib.h>

#include "policy-engine/engine/internal.h"
#include "tests/unit/check-main.h"

#define NOW 1000000

START_TEST(waiting)
{
	engine_t engine = { .want_at = CORE_NEVER };
	pthread_mutex_init(&engine.lock, NULL);
	live_init(&engine.live);
	live_zone_t *zone = live_add(&engine.live, "a.test.");
	ck_assert_ptr_nonnull(zone);
	live_mark(&engine.live, zone, false);
	zone->wants = true;

	bool more = false;
	ck_assert_int_eq(generate_pass(&engine, NOW, &more), 0);
	ck_assert(!more && !zone->dirty);

	/* That other zones are due is no key for this one. */
	more = true;
	ck_assert_int_eq(generate_pass(&engine, NOW, &more), 0);
	ck_assert(more && !zone->dirty);

	live_deinit(&engine.live);
	pthread_mutex_destroy(&engine.lock);
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
