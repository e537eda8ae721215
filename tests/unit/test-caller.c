/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! Calls to a token that may hang. */

#include <stdatomic.h>
#include <time.h>

#include <check.h>

#include "policy-engine/keys/caller.h"
#include "tests/unit/check-main.h"

#define LONG_MS 60000
#define SHORT_MS 20

/*! A call that ends when it may. */
typedef struct {
	atomic_bool *may_end; /*!< NULL: at once. */
	bool done;
} wait_t;

static atomic_uint freed;

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

static void run_call(void *call)
{
	wait_t *wait = call;
	while (wait->may_end != NULL && !atomic_load(wait->may_end)) {
		pause_ms(1);
	}
	wait->done = true;
}

static void free_call(void *call)
{
	(void)call;
	atomic_fetch_add(&freed, 1);
}

static const caller_kind_t KIND = { run_call, free_call };

START_TEST(comes_back)
{
	caller_t *caller = caller_start(&KIND);
	for (int i = 0; i < 100; i++) {
		wait_t call = { .may_end = NULL };
		ck_assert(caller_make(caller, &call, LONG_MS));
		ck_assert(call.done);
		ck_assert(!caller_is_busy(caller));
	}
	caller_stop(caller);
	ck_assert_uint_eq(atomic_load(&freed), 0);
}
END_TEST

START_TEST(hangs)
{
	static wait_t hung, second, third;
	atomic_bool may_end = false;
	caller_t *caller = caller_start(&KIND);
	hung.may_end = &may_end;
	ck_assert(!caller_make(caller, &hung, SHORT_MS));
	ck_assert(caller_is_busy(caller));
	ck_assert_uint_eq(atomic_load(&freed), 0);
	/* No other call goes there meanwhile, whatever its patience. */
	ck_assert(!caller_make(caller, &second, LONG_MS));
	ck_assert(!second.done);
	ck_assert_uint_eq(atomic_load(&freed), 1);
	atomic_store(&may_end, true);
	while (caller_is_busy(caller)) {
		pause_ms(1);
	}
	ck_assert_uint_eq(atomic_load(&freed), 2);
	ck_assert(caller_make(caller, &third, LONG_MS));
	ck_assert(third.done);
	caller_stop(caller);
	ck_assert_uint_eq(atomic_load(&freed), 2);
}
END_TEST

/* Who ends waits for what hangs. */
START_TEST(stops)
{
	static wait_t hung;
	atomic_bool may_end = false;
	caller_t *caller = caller_start(&KIND);
	hung.may_end = &may_end;
	ck_assert(!caller_make(caller, &hung, SHORT_MS));
	atomic_store(&may_end, true);
	caller_stop(caller);
	ck_assert_uint_eq(atomic_load(&freed), 1);
	caller_stop(NULL);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("caller");
	tcase_add_test(tc, comes_back);
	tcase_add_test(tc, hangs);
	tcase_add_test(tc, stops);
	Suite *suite = suite_create("caller");
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
