/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* A token that cannot be reached: thousands of zones look for it, and the token is not asked thousands of times. */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <check.h>

#include "common/clock.h"
#include "hsm-adapter/hsm.h"
#include "tests/unit/check-main.h"
#include "tests/unit/replica-world.h"
#include "tests/unit/test-hsm-token.h"

#define BEHIND_SHIM 1 /* Index of the token "two". */

static hsm_t *hsm;
static hsm_error_t err;

/* That token alone: SoftHSM is one, and cannot be started by the shim while it is used without. */
static void set_up(void)
{
	hsm_conf_t alone = { .repositories = &replica_conf()->repositories[BEHIND_SHIM], .count = 1 };
	replica_order("");
	ASSERT_OK(hsm_open(&hsm, &alone, &err));
}

static void tear_down(void)
{
	replica_order("");
	hsm_close(hsm);
}

static int look(void)
{
	return hsm_login(hsm, "two", false, &err);
}

static void looks(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		ASSERT_FAILS(look(), HSM_EDEVICE, "\"two\"");
	}
}

static bool works(void)
{
	hsm_last_t last;
	for (int i = 0; i < 100; i++) {
		ck_assert(hsm_last(hsm, 0, &last));
		if (last.when != 0 && last.code == HSM_EOK) {
			return true;
		}
		usleep(100000);
	}
	return false;
}

/* Each look has two calls, as the library is started anew. */
START_TEST(error_passes)
{
	replica_order("error C_GetSlotList 0x30 8");
	looks(4);
	ASSERT_OK(look());
}
END_TEST

START_TEST(many_look)
{
	hsm_watch_t *watch;
	replica_order("error C_GetSlotList 0x30 40");
	looks(2000);
	replica_order("");
	ASSERT_OK(hsm_watch_start(&watch, hsm, 3600, &(hsm_watch_calls_t){ 0 }));
	ck_assert(works());
	ASSERT_OK(look());
	hsm_watch_stop(watch);
}
END_TEST

/* Some libraries start with their device only. */
START_TEST(does_not_start)
{
	replica_order("error C_Initialize 0x30 40");
	for (unsigned i = 0; i < 2000; i++) {
		ASSERT_FAILS(look(), HSM_EMODULE, "does not start");
	}
}
END_TEST

START_TEST(others_work)
{
	hsm_close(hsm);
	ASSERT_OK(hsm_open(&hsm, replica_conf(), &err));
	replica_order("error C_GetSlotList 0x30 40");
	looks(100);
	ASSERT_OK(hsm_login(hsm, "one", false, &err));
}
END_TEST

/* What waited for a network is known for as long again, but to who watches. */
START_TEST(slow_look)
{
	hsm_watch_t *watch;
	replica_order("delay C_GetSlotList 2500\nerror C_GetSlotList 0x30 2\n");
	looks(500);
	replica_order("");
	looks(10);
	const int64_t before_ms = monotonic_ms();
	ASSERT_OK(hsm_watch_start(&watch, hsm, 3600, &(hsm_watch_calls_t){ 0 }));
	ck_assert(works());
	ck_assert_int_lt(monotonic_ms(), before_ms + 4500);
	ASSERT_OK(look());
	hsm_watch_stop(watch);
}
END_TEST

static void *make_key(void *arg)
{
	const hsm_key_spec_t spec = { .repository = "two", .algorithm = 13 };
	(void)arg;
	hsm_key_t *key;
	ASSERT_OK(hsm_key_generate(hsm, &spec, &key, &err));
	hsm_key_free(key);
	return NULL;
}

/* A card that looks for primes does not hang. */
START_TEST(makes_a_key)
{
	hsm_last_t last;
	pthread_t thread;
	ASSERT_OK(look());
	replica_order("delay C_GenerateKeyPair 11500");
	ck_assert_int_eq(pthread_create(&thread, NULL, make_key, NULL), 0);
	usleep(10700000);
	ck_assert(hsm_last(hsm, 0, &last));
	ck_assert_int_eq(last.waits_since, 0);
	pthread_join(thread, NULL);
}
END_TEST

int main(void)
{
	if (test_softhsm() == NULL) {
		puts("SKIP: no SoftHSM");
		return 77;
	}
	Suite *suite = suite_create("hsm-away");
	TCase *tc = tcase_create("away");
	tcase_set_timeout(tc, 120);
	tcase_add_unchecked_fixture(tc, replica_make, replica_unmake);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, error_passes);
	tcase_add_test(tc, many_look);
	tcase_add_test(tc, does_not_start);
	tcase_add_test(tc, others_work);
	tcase_add_test(tc, slow_look);
	tcase_add_test(tc, makes_a_key);
	suite_add_tcase(suite, tc);

	return check_main(suite);
}
