/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/base/log.h"
#include "module/base/trouble.h"

static log_t logger;
static unsigned lines;
static char last[2048];

static void keep(void *ctx, int priority, const char *line)
{
	(void)ctx;
	(void)priority;
	lines++;
	snprintf(last, sizeof(last), "%s", line);
}

static void begin(void)
{
	lines = 0;
	log_init(&logger, keep, &lines);
}

static void end(void)
{
	log_deinit(&logger);
}

/* Says a text of so many zones, each with a key tag of its own. */
static void say(unsigned zones, const char *what, int priority)
{
	for (unsigned i = 0; i < zones; i++) {
		char name[32], text[512];
		knot_dname_storage_t zone;
		snprintf(name, sizeof(name), "z%u.test.", i);
		ck_assert_ptr_nonnull(knot_dname_from_str(zone, name, sizeof(zone)));
		snprintf(text, sizeof(text), "key tag %u: %s", 10000 + i, what);
		trouble_t trouble;
		trouble_init(&trouble);
		trouble_set(&trouble, &logger, zone, priority, text);
		trouble_deinit(&trouble);
	}
}

START_TEST(test_few)
{
	say(5, "the token is away", LOG_ERR);
	ck_assert_uint_eq(lines, 5);
	ck_assert_str_eq(last, "zone z4.test, key tag 10004: the token is away");
	log_pass(&logger);
	ck_assert_uint_eq(lines, 5);
}
END_TEST

START_TEST(test_many)
{
	say(1000, "the token is away", LOG_ERR);
	ck_assert_uint_eq(lines, REPEAT_ZONES);
	say(3, "the PIN is wrong", LOG_ERR);
	say(3, "the token is away", LOG_NOTICE);
	ck_assert_uint_eq(lines, REPEAT_ZONES + 6);
	log_pass(&logger); /* Its time has not come. */
	ck_assert_uint_eq(lines, REPEAT_ZONES + 6);
	log_leave(&logger, &lines);
	ck_assert_uint_eq(lines, REPEAT_ZONES + 7);
	ck_assert_str_eq(last, "zone z999.test, key tag 10999: the token is away "
	                       "(and 969 lines like this before it)");
}
END_TEST

/* Knot cuts long lines: not the number. */
START_TEST(test_long)
{
	char what[480];
	memset(what, 'x', sizeof(what));
	what[sizeof(what) - 1] = '\0';
	say(REPEAT_ZONES + 2, what, LOG_ERR);
	log_leave(&logger, &lines);
	ck_assert_uint_lt(strlen(last), 512);
	ck_assert_ptr_nonnull(strstr(last, "x (and 1 lines like this before it)"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log");
	TCase *tcase = tcase_create("many zones");
	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_test(tcase, test_few);
	tcase_add_test(tcase, test_many);
	tcase_add_test(tcase, test_long);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	const int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
