/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <check.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <libknot/errcode.h>

#include "common/clock.h"
#include "module/base/sched.h"
#include "tests/unit/check-main.h"

#define LIMIT 3
#define TASKS 60

typedef struct {
	task_t task;
	atomic_bool hangs;     /*!< Runs until this is false. */
	bool pauses;           /*!< It pauses while it hangs. */
	atomic_uint runs, at_once;
	int64_t next;          /*!< The task is due again in so many ms; 0 = it is not. */
} item_t;

/*! By how many seconds the clock is ahead. */
static atomic_int ahead;

/*! In the place of the C library's: a clock that can be set. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
	const int ret = syscall(SYS_clock_gettime, clock, now);
	now->tv_sec += clock == CLOCK_REALTIME ? ahead : 0;
	return ret;
}

static item_t items[TASKS];
static sched_t *sched;

static int64_t run(void *ctx, task_t *task)
{
	(void)ctx;
	item_t *item = (item_t *)((char *)task - offsetof(item_t, task));
	ck_assert_uint_eq(atomic_fetch_add(&item->at_once, 1), 0);
	if (item->pauses) {
		sched_pause(sched, true);
	}
	item->runs++;
	while (item->hangs) {
		(void)poll(NULL, 0, 1);
	}
	if (item->pauses) {
		sched_pause(sched, false);
	}
	item->at_once--;
	return item->next > 0 ? sched_now() + item->next : 0;
}

static void setup(void)
{
	for (size_t i = 0; i < TASKS; i++) {
		items[i] = (item_t) { .next = 0 };
	}
	ck_assert_int_eq(sched_start(&sched, LIMIT, run, NULL), KNOT_EOK);
}

static void teardown(void)
{
	ahead = 0;
	for (size_t i = 0; i < TASKS; i++) {
		items[i].hangs = false;
	}
	sched_stop(sched);
}

static void wake(item_t *item, int64_t delay)
{
	ck_assert_int_eq(sched_wake(sched, &item->task, sched_now() + delay), KNOT_EOK);
}

/*! Counts the tasks that run, or have run. */
static unsigned count_runs(size_t from, size_t to)
{
	unsigned count = 0;
	for (size_t i = from; i < to; i++) {
		count += items[i].runs > 0;
	}
	return count;
}

static void wait_runs(size_t from, size_t to, unsigned wanted)
{
	for (int i = 0; i < 30000 && count_runs(from, to) < wanted; i++) {
		(void)poll(NULL, 0, 1);
	}
	ck_assert_uint_ge(count_runs(from, to), wanted);
}

START_TEST(test_due)
{
	const int64_t begin = sched_now();
	wake(&items[0], 300);
	wake(&items[1], 3600 * 1000);
	wake(&items[2], -1000);
	wait_runs(2, 3, 1);
	wait_runs(0, 1, 1);
	ck_assert_int_ge(sched_now(), begin + 300);
	/* A wake can make it due earlier, but not later. */
	wake(&items[1], 0);
	wake(&items[1], 3600 * 1000);
	wait_runs(1, 2, 1);
	/* It is due again each time it has run. */
	items[3].next = 1;
	wake(&items[3], 0);
	for (int i = 0; i < 30000 && items[3].runs < 20; i++) {
		(void)poll(NULL, 0, 1);
	}
	ck_assert_uint_ge(items[3].runs, 20);
	while (!sched_try_remove(sched, &items[3].task)) {
		(void)poll(NULL, 0, 1);
	}
	ck_assert_uint_eq(items[3].at_once, 0);
}
END_TEST

/*! A task that is woken while it runs is run once more. */
START_TEST(test_again)
{
	items[0].hangs = true;
	wake(&items[0], 0);
	wait_runs(0, 1, 1);
	for (int i = 0; i < 10; i++) {
		wake(&items[0], 0);
	}
	ck_assert_uint_eq(items[0].runs, 1);
	items[0].hangs = false;
	for (int i = 0; i < 30000 && items[0].runs < 2; i++) {
		(void)poll(NULL, 0, 1);
	}
	(void)poll(NULL, 0, 50);
	ck_assert_uint_eq(items[0].runs, 2);
}
END_TEST

/*! A lane whose tasks all hang holds up no other, and runs no more tasks than its limit. */
START_TEST(test_lanes)
{
	for (size_t i = 0; i < TASKS / 2; i++) {
		items[i].hangs = true;
		sched_set_lane(sched, &items[i].task, "hanging");
		wake(&items[i], 0);
	}
	/* At first as many as the limit; more when these have run for long. */
	wait_runs(0, TASKS / 2, LIMIT);
	wait_runs(0, TASKS / 2, LIMIT + 16);
	(void)poll(NULL, 0, 300);
	ck_assert_uint_eq(count_runs(0, TASKS / 2), LIMIT + 16);
	for (size_t i = TASKS / 2; i < TASKS; i++) {
		sched_set_lane(sched, &items[i].task, i % 2 ? "one" : "two");
		wake(&items[i], 0);
	}
	wait_runs(TASKS / 2, TASKS, TASKS / 2);
	ck_assert_uint_eq(count_runs(0, TASKS / 2), LIMIT + 16);
	/* A task that waits can be removed. */
	size_t waits = 0;
	while (items[waits].runs > 0) {
		waits++;
	}
	ck_assert(sched_try_remove(sched, &items[waits].task));
	for (size_t i = 0; i < TASKS / 2; i++) {
		items[i].hangs = false;
	}
	wait_runs(0, TASKS / 2, TASKS / 2 - 1);
	ck_assert_uint_eq(items[waits].runs, 0);
}
END_TEST

/*! While it is held, no task begins; then all do. */
START_TEST(test_held)
{
	sched_hold(sched);
	for (size_t i = 0; i < TASKS; i++) {
		wake(&items[i], 0);
	}
	(void)poll(NULL, 0, 100);
	ck_assert_uint_eq(count_runs(0, TASKS), 0);
	ck_assert(sched_try_remove(sched, &items[0].task));
	sched_release(sched);
	wait_runs(1, TASKS, TASKS - 1);
	ck_assert_uint_eq(items[0].runs, 0);
}
END_TEST

/*! Paused tasks let others run: more than slow tasks do, but not any number. */
START_TEST(test_paused)
{
	for (size_t i = 0; i < TASKS; i++) {
		items[i].hangs = true;
		items[i].pauses = true;
		wake(&items[i], 0);
	}
	wait_runs(0, TASKS, 32 + LIMIT + 16);
	(void)poll(NULL, 0, 300);
	ck_assert_uint_eq(count_runs(0, TASKS), 32 + LIMIT + 16);
	for (size_t i = 0; i < TASKS; i++) {
		items[i].hangs = false;
	}
	wait_runs(0, TASKS, TASKS);
	/* The lane is as it was. */
	for (size_t i = 0; i < TASKS; i++) {
		while (items[i].at_once > 0) {
			(void)poll(NULL, 0, 1);
		}
		items[i].runs = 0;
		items[i].hangs = true;
		items[i].pauses = false;
		wake(&items[i], 0);
	}
	wait_runs(0, TASKS, LIMIT + 16);
	(void)poll(NULL, 0, 300);
	ck_assert_uint_eq(count_runs(0, TASKS), LIMIT + 16);
}
END_TEST

/*! However many are woken at once, and whenever: each runs soon, not when somebody looks again. */
START_TEST(test_none_forgotten)
{
	unsigned before[TASKS];
	srand(7);
	for (size_t i = 0; i < TASKS; i++) {
		items[i].pauses = i % 3 == 0;
		sched_set_lane(sched, &items[i].task, i % 2 ? "one" : "two");
	}
	for (int round = 0; round < 2000; round++) {
		const size_t first = (size_t)rand() % TASKS, count = 1 + (size_t)rand() % 8;
		for (size_t i = 0; i < count; i++) {
			item_t *item = &items[(first + i) % TASKS];
			before[i] = item->runs;
			wake(item, rand() % 3);
		}
		const int64_t begin = monotonic_ms();
		for (size_t i = 0; i < count; i++) {
			while (items[(first + i) % TASKS].runs == before[i]) {
				ck_assert_int_lt(monotonic_ms(), begin + 5000 /* Half of what sched.c waits. */);
				sched_yield();
			}
		}
	}
}
END_TEST

/* A task that is due in a far future runs when that future turns out to be wrong. */
START_TEST(test_set_back)
{
	ahead = 400000000;
	wake(&items[0], 3600000);
	items[1].next = 3600000;
	wake(&items[1], 1);
	wait_runs(1, 2, 1);
	ck_assert_uint_eq(items[0].runs, 0);
	ahead = 0;
	wait_runs(0, 1, 1);
	for (int i = 0; i < 5000 && items[1].runs < 2; i++) {
		(void)poll(NULL, 0, 1);
	}
	ck_assert_uint_eq(items[1].runs, 2);
	ck_assert_uint_eq(items[0].runs, 1);
}
END_TEST

/* The same if no thread has looked at the clock meanwhile. */
START_TEST(test_set_back_unseen)
{
	for (size_t i = 0; i < 20; i++) {
		ahead = 400000000;
		wake(&items[i], 50);
		ahead = 0;
	}
	wait_runs(0, 20, 20);
}
END_TEST

/* One that is set forward runs the tasks that are due by it. */
START_TEST(test_set_forward)
{
	wake(&items[0], 3600000);
	wake(&items[1], 7200000);
	ahead = 3601;
	wait_runs(0, 1, 1);
	ck_assert_uint_eq(items[1].runs, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sched");
	TCase *tcase = tcase_create("sched");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, test_set_back);
	tcase_add_test(tcase, test_set_back_unseen);
	tcase_add_test(tcase, test_set_forward);
	tcase_add_test(tcase, test_due);
	tcase_add_test(tcase, test_again);
	tcase_add_test(tcase, test_lanes);
	tcase_add_test(tcase, test_held);
	tcase_add_test(tcase, test_paused);
	tcase_add_test(tcase, test_none_forgotten);
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
