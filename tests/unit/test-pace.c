/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <check.h>
#include <stdlib.h>

#include "module/publish/pace.h"
#include "tests/unit/check-main.h"

#define NAMES 100000 /* For which knotd takes 100 ms, as long as it is not known. */

static pace_t pace;

static void setup(void)
{
	pace = (pace_t) { .names = NAMES };
}

/*! An update at some time, and when it can be published. */
static int64_t update(int64_t now)
{
	pace_update(&pace, now);
	return pace_next(&pace, now);
}

/*! One that comes alone waits for nothing; nor does the first. */
START_TEST(test_alone)
{
	ck_assert_int_eq(update(5000), 5000);
	pace_publish(&pace, 5000);
	pace_load(&pace, 5080, 80);
	ck_assert_int_eq(update(6000), 6000);
	/* A small zone never waits for long. */
	pace_publish(&pace, 6000);
	pace.names = 100;
	ck_assert_int_le(pace_next(&pace, 6000), 6050);
}
END_TEST

/*! A version for each that comes when the one before is public. */
START_TEST(test_one_by_one)
{
	int64_t now = 5000;
	int soon = 0;
	ck_assert_int_eq(update(now), now);
	for (int i = 0; i < 100; i++) {
		pace_publish(&pace, now);
		pace_load(&pace, now + 80, 80);
		now += 83;
		const int64_t next = update(now);
		ck_assert(next == now + 5 || next == now + 40);
		soon += next == now + 5;
		now = next;
		ck_assert_int_eq(pace_next(&pace, now), now);
	}
	ck_assert_int_ge(soon, 80);
}
END_TEST

/*! Each comes at once after the answer to the one before: versions are apart. */
START_TEST(test_stream)
{
	int64_t now = 5000, versions = 0, updates = 0, loading = 0;
	for (; now < 15000; now++) {
		if (loading > 0 && now == loading) {
			pace_load(&pace, now, 80);
		}
		/* The answer takes some time, and knotd begins to load after a while. */
		const bool kept = loading > 0 && now > loading - 80 && now < loading;
		if (!kept && now % 15 == 0) {
			pace_update(&pace, now);
			updates++;
		}
		if (pace.updated > pace.published && pace_next(&pace, now) <= now) {
			pace_publish(&pace, now);
			loading = now + 85;
			versions++;
		}
	}
	ck_assert_int_le(versions, 20);
	ck_assert_int_ge(updates, 500);
	/* When it ends it is seen soon, and what comes then is no stream. */
	pace_publish(&pace, now);
	pace_load(&pace, now + 80, 80);
	pace_update(&pace, now + 90);
	ck_assert(pace_next(&pace, now + 90) <= now + 130);
	pace_publish(&pace, now + 130);
	pace_load(&pace, now + 210, 80);
	ck_assert_int_eq(update(now + 220), now + 225);
}
END_TEST

/*! Neither what took long once nor a clock that was set holds versions up. */
START_TEST(test_odd)
{
	ck_assert_int_eq(update(4999), 4999);
	pace_publish(&pace, 5000);
	pace_load(&pace, 65000, 60000);
	pace_publish(&pace, 65000);
	ck_assert_int_eq(pace_next(&pace, 65000), 75000);
	ck_assert_int_eq(pace_next(&pace, 1000), 1000);
	pace.names = 100;
	ck_assert_int_le(pace_next(&pace, 65000), 65050);
	/* All of the zone tells nothing of changes. */
	setup();
	pace_publish(&pace, 5000);
	pace_load(&pace, 9000, 0);
	pace_publish(&pace, 9000);
	ck_assert_int_eq(pace_next(&pace, 9000), 10000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pace");
	TCase *tcase = tcase_create("pace");
	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, test_alone);
	tcase_add_test(tcase, test_stream);
	tcase_add_test(tcase, test_one_by_one);
	tcase_add_test(tcase, test_odd);
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
