/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* What persons did: kept over a restart, told once; too many, odd ones, and those of a lost store. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/store/acts.h"
#include "tests/unit/check-main.h"

static char dir[64];
static store_t *store;
static char *lines;
static bool gone;

static void open_store(void)
{
	char err[256];
	ck_assert_msg(store_open(&store, dir, err, sizeof(err)) == KNOT_EOK, "%s", err);
}

static void setup(void)
{
	strcpy(dir, "/tmp/test-acts.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	open_store();
	lines = NULL;
}

static void teardown(void)
{
	char command[80];
	free(lines);
	store_close(store);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static void add(const char *what)
{
	const act_t act = { .uid = 1000, .command = "zone-pass", .zone = "z.test.", .what = what,
	                    .outcome = "done" };
	ck_assert_int_eq(acts_add(store, &act), KNOT_EOK);
}

/* Reads those after a number. \return How many there are. */
static unsigned after(uint64_t number)
{
	unsigned count = 0;
	free(lines);
	ck_assert_int_eq(acts_after(store, number, &lines, &gone), KNOT_EOK);
	for (const char *at = lines; *at != '\0'; at = strchr(at, '\n') + 1) {
		count++;
	}
	return count;
}

START_TEST(test_told_once)
{
	ck_assert_uint_eq(acts_last(store), 0);
	ck_assert_uint_eq(after(0), 0);
	add("chain");
	const uint64_t first = acts_last(store);
	ck_assert_uint_gt(first, 1700000000000000);
	ck_assert_uint_eq(after(0), 1);
	ck_assert_ptr_nonnull(strstr(lines, "\t1000\tzone-pass\tz.test.\tchain\tdone\n"));
	add("shrink");
	store_close(store);
	open_store();
	add("check");
	ck_assert_uint_eq(after(0), 3);
	ck_assert_uint_eq(after(first), 2);
	ck_assert_ptr_null(strstr(lines, "chain"));
	ck_assert_uint_eq(after(acts_last(store)), 0);
	ck_assert(!gone);
	/* Somebody has had acts of a store that is lost. */
	ck_assert_uint_eq(after(acts_last(store) + 1), 3);
}
END_TEST

START_TEST(test_many)
{
	char what[800];
	memset(what, 'a', sizeof(what) - 1);
	what[sizeof(what) - 1] = '\0';
	add(what);
	const uint64_t first = acts_last(store);
	for (int i = 0; i < 100; i++) {
		add(what);
	}
	const unsigned kept = after(0);
	ck_assert_uint_gt(kept, 70);
	ck_assert_uint_lt(kept, 85);
	ck_assert(gone);
	ck_assert_uint_eq(after(first), kept);
	ck_assert(gone);
	ck_assert_uint_eq(after(strtoull(lines, NULL, 10)), kept - 1);
	ck_assert(!gone);
}
END_TEST

START_TEST(test_odd)
{
	char what[9000];
	memset(what, '\n', sizeof(what) - 1);
	what[sizeof(what) - 1] = '\0';
	what[0] = '\t';
	add(what);
	ck_assert_uint_eq(after(0), 1);
	ck_assert_ptr_nonnull(strstr(lines, "\tz.test.\t????"));
	ck_assert_ptr_nonnull(strstr(lines, "?\tdone\n"));
	/* A record that something else has written over. */
	store_txn_t txn;
	ck_assert_int_eq(store_write(store, &txn), KNOT_EOK);
	ck_assert_int_eq(store_end(&txn, store_set(&txn, STORE_ACTS, (const knot_dname_t *)"",
	                                           "x\ny\nz", 5)), KNOT_EOK);
	add("chain");
	ck_assert_ptr_nonnull(lines);
	free(lines);
	lines = NULL;
	ck_assert_int_eq(acts_after(store, 0, &lines, &gone), KNOT_EOK);
	ck_assert_ptr_nonnull(strstr(lines, "\tchain\tdone\n"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("acts");
	TCase *tcase = tcase_create("acts");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, test_told_once);
	tcase_add_test(tcase, test_many);
	tcase_add_test(tcase, test_odd);
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
