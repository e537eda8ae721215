/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <check.h>
#include <libknot/libknot.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "module/source/watch.h"
#include "tests/unit/check-main.h"

static char dir[] = "/tmp/test-watch-XXXXXX";
static const knot_dname_t *ONE = (const knot_dname_t *)"\x03""one";
static const knot_dname_t *TWO = (const knot_dname_t *)"\x03""two";

typedef struct {
	pthread_mutex_t lock;
	pthread_cond_t change;
	int one, two, other;
} seen_t;

static watch_t *watch;
static log_t logger;
static seen_t seen = {
	.lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER
};

static void changed(void *ctx, const knot_dname_t *zone)
{
	seen_t *it = ctx;
	pthread_mutex_lock(&it->lock);
	int *count = knot_dname_is_equal(zone, ONE) ? &it->one :
	             knot_dname_is_equal(zone, TWO) ? &it->two : &it->other;
	(*count)++;
	pthread_cond_signal(&it->change);
	pthread_mutex_unlock(&it->lock);
}

/* Waits until the zones were seen as often at least, then forgets what was seen.
 * \return Whether they were. */
static bool wait_for(int one, int two, int timeout_s)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += timeout_s;

	pthread_mutex_lock(&seen.lock);
	int ret = 0;
	while ((seen.one < one || seen.two < two) && ret == 0) {
		ret = pthread_cond_timedwait(&seen.change, &seen.lock, &until);
	}
	bool done = seen.one >= one && seen.two >= two && seen.other == 0;
	bool none_else = (one > 0 || seen.one == 0) && (two > 0 || seen.two == 0);
	seen.one = seen.two = seen.other = 0;
	pthread_mutex_unlock(&seen.lock);
	return done && none_else;
}

static char *file(const char *name)
{
	static char path[4][128];
	static int at;
	at = (at + 1) % 4;
	snprintf(path[at], sizeof(path[at]), "%s/%s", dir, name);
	return path[at];
}

static void write_file(const char *name)
{
	FILE *out = fopen(file(name), "w");
	ck_assert_ptr_nonnull(out);
	fputs("x\n", out);
	fclose(out);
}

static void add(const knot_dname_t *zone, const char *name)
{
	ck_assert_int_eq(watch_add(watch, zone, file(name)), KNOT_EOK);
}

static void start(void)
{
	strcpy(dir, "/tmp/test-watch-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	log_init(&logger, NULL, NULL);
	seen.one = seen.two = seen.other = 0;
	ck_assert_int_eq(watch_start(&watch, changed, &seen, &logger), KNOT_EOK);
}

static void stop(void)
{
	watch_stop(watch);
	log_deinit(&logger);
	char command[128];
	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(written)
{
	add(ONE, "one"); /* Not there yet. */
	add(TWO, "two");
	write_file("one");
	ck_assert(wait_for(1, 0, 5));
	write_file("two");
	write_file("three");
	ck_assert(wait_for(0, 1, 5));
	write_file("one");
	ck_assert(wait_for(1, 0, 5));
}
END_TEST

START_TEST(replaced)
{
	write_file("one");
	add(ONE, "one");
	for (int i = 0; i < 3; i++) {
		write_file("tmp");
		ck_assert_int_eq(rename(file("tmp"), file("one")), 0);
		ck_assert(wait_for(1, 0, 5));
	}
	ck_assert_int_eq(unlink(file("one")), 0);
	write_file("one");
	ck_assert(wait_for(1, 0, 5));
}
END_TEST

START_TEST(removed)
{
	add(ONE, "one");
	add(TWO, "two");
	watch_remove(watch, ONE);
	watch_remove(watch, ONE);
	write_file("one");
	write_file("two");
	ck_assert(wait_for(0, 1, 5));

	/* Another file for the same zone. */
	add(TWO, "three");
	add(ONE, "one");
	write_file("two");
	write_file("one");
	ck_assert(wait_for(1, 0, 5));
	write_file("three");
	ck_assert(wait_for(0, 1, 5));
}
END_TEST

START_TEST(shared)
{
	add(ONE, "same");
	add(TWO, "same");
	write_file("same");
	ck_assert(wait_for(1, 1, 5));
	watch_remove(watch, ONE);
	write_file("same");
	ck_assert(wait_for(0, 1, 5));
}
END_TEST

START_TEST(link_target)
{
	ck_assert_int_eq(mkdir(file("a"), 0700), 0);
	ck_assert_int_eq(mkdir(file("b"), 0700), 0);
	write_file("a/x");
	write_file("b/y");
	ck_assert_int_eq(symlink("a/x", file("one")), 0);
	add(ONE, "one");
	write_file("a/x");
	ck_assert(wait_for(1, 0, 5));

	/* The link points elsewhere from now on. */
	ck_assert_int_eq(symlink("b/y", file("tmp")), 0);
	ck_assert_int_eq(rename(file("tmp"), file("one")), 0);
	ck_assert(wait_for(1, 0, 5));
	add(TWO, "two");
	write_file("a/x");
	write_file("two");
	ck_assert(wait_for(0, 1, 5));
	write_file("b/y");
	ck_assert(wait_for(1, 0, 5));
}
END_TEST

START_TEST(folder_gone)
{
	ck_assert_int_lt(watch_add(watch, ONE, file("none/one")), 0);

	ck_assert_int_eq(mkdir(file("d"), 0700), 0);
	add(ONE, "d/one");
	ck_assert_int_eq(rename(file("d"), file("old")), 0);
	ck_assert_int_eq(mkdir(file("d"), 0700), 0);
	ck_assert(wait_for(1, 0, 10));  /* It is back. */
	write_file("d/one");
	ck_assert(wait_for(1, 0, 5));
	add(TWO, "two");
	write_file("old/one");
	write_file("two");
	ck_assert(wait_for(0, 1, 5));

	ck_assert_int_eq(unlink(file("d/one")), 0);
	ck_assert_int_eq(rmdir(file("d")), 0);
	ck_assert_int_eq(mkdir(file("d"), 0700), 0);
	ck_assert(wait_for(1, 0, 10));
	write_file("d/one");
	ck_assert(wait_for(1, 0, 5));
	watch_remove(watch, ONE);
}
END_TEST

START_TEST(many)
{
	enum { COUNT = 3000 };
	char name[32];
	knot_dname_storage_t zone;
	for (int i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "zone%d", i);
		ck_assert_ptr_nonnull(knot_dname_from_str(zone, name, sizeof(zone)));
		add(zone, name);
	}
	add(ONE, "one");
	write_file("one");
	ck_assert(wait_for(1, 0, 5));
	write_file("zone2999");
	pthread_mutex_lock(&seen.lock);
	while (seen.other == 0) {
		pthread_cond_wait(&seen.change, &seen.lock);
	}
	seen.other = 0;
	pthread_mutex_unlock(&seen.lock);
	for (int i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "zone%d", i);
		knot_dname_from_str(zone, name, sizeof(zone));
		watch_remove(watch, zone);
	}
	write_file("zone7");
	write_file("one");
	ck_assert(wait_for(1, 0, 5));
}
END_TEST

START_TEST(stop_null)
{
	watch_stop(NULL);
	watch_remove(watch, ONE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("watch");
	TCase *tcase = tcase_create("watch");
	tcase_add_checked_fixture(tcase, start, stop);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, written);
	tcase_add_test(tcase, replaced);
	tcase_add_test(tcase, removed);
	tcase_add_test(tcase, shared);
	tcase_add_test(tcase, link_target);
	tcase_add_test(tcase, folder_gone);
	tcase_add_test(tcase, many);
	tcase_add_test(tcase, stop_null);
	suite_add_tcase(suite, tcase);

	return check_main(suite);
}
