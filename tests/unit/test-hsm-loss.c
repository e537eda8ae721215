/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! What happens when a token goes away under its users, and comes back; and threads. */

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "hsm-adapter/hsm.h"
#include "hsm-adapter/token/tokens.h"
#include "tests/unit/check-main.h"
#include "tests/unit/test-hsm-token.h"

#define THREADS 6
#define ROUNDS 150

static const uint8_t DATA[] = "what is to be signed";

static hsm_t *hsm;
static hsm_key_t *key;
static hsm_session_t *session;
static hsm_error_t err;

static int generate(hsm_t *in, const char *repository, uint8_t algorithm, const char *cka_id,
                    hsm_key_t **made)
{
	const hsm_key_spec_t spec = { .repository = repository, .algorithm = algorithm,
	                              .bits = 1024, .cka_id = cka_id };
	return hsm_key_generate(in, &spec, made, &err);
}

static void setup(void)
{
	ASSERT_OK(hsm_open(&hsm, test_conf(), &err));
	ASSERT_OK(generate(hsm, "one", 13, NULL, &key));
	ASSERT_OK(hsm_session_open(&session, hsm, "one", &err));
}

static void teardown(void)
{
	hsm_session_close(session);
	ASSERT_OK(hsm_key_remove(hsm, "one", hsm_key_id(key), &err));
	hsm_key_free(key);
	hsm_close(hsm);
}

static int sign(void)
{
	hsm_signature_t signature;
	memset(&err, 0, sizeof(err));
	int ret = hsm_session_sign(session, key, DATA, sizeof(DATA), &signature, &err);
	ck_assert(ret != HSM_EOK ||
	          test_verify(key, DATA, sizeof(DATA), signature.data, signature.len));
	return ret;
}

START_TEST(sessions_closed)
{
	ASSERT_OK(sign());
	for (int i = 0; i < 3; i++) {
		test_close_all_sessions("one");
		ASSERT_OK(sign());
		ASSERT_OK(sign());
	}
	/* Key management notices it, too. */
	test_close_all_sessions("one");
	hsm_key_t *found;
	ASSERT_OK(test_find(hsm, "one", hsm_key_id(key), 13, &found, &err));
	hsm_key_free(found);
	ASSERT_OK(sign());
}
END_TEST

START_TEST(logged_out)
{
	ASSERT_OK(sign());
	test_log_out("one");
	ASSERT_OK(sign());
	test_log_out("one");
	ASSERT_OK(hsm_login(hsm, "one", false, &err));
	ASSERT_OK(sign());
}
END_TEST

START_TEST(library_stopped)
{
	ASSERT_OK(sign());
	test_finalize();
	ASSERT_OK(sign());
	test_finalize();
	ASSERT_OK(hsm_login(hsm, "one", false, &err));
	ASSERT_OK(sign());
}
END_TEST

START_TEST(session_closed_while_lost)
{
	test_close_all_sessions("one");
	hsm_session_close(session);
	ASSERT_OK(hsm_session_open(&session, hsm, "one", &err));
	ASSERT_OK(sign());
}
END_TEST

static void assert_works(const char *repository)
{
	hsm_key_t *other;
	ASSERT_OK(generate(hsm, repository, 13, NULL, &other));
	ASSERT_OK(hsm_key_remove(hsm, repository, hsm_key_id(other), &err));
	hsm_key_free(other);
}

START_TEST(token_gone)
{
	ASSERT_OK(sign());
	ASSERT_OK(hsm_login(hsm, "two", false, &err));
	test_token_hide("one");
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(sign(), HSM_ETOKEN);
		ck_assert_ptr_nonnull(strstr(err.text, "\"one\""));
		/* Another token is not hindered, not even for a moment. */
		assert_works("two");
	}
	test_token_show("one");
	/* Restart SoftHSM for the next test: before, it does not find the token again. */
	hsm_session_close(session);
	hsm_close(hsm);
	ASSERT_OK(hsm_open(&hsm, test_conf(), &err));
	ASSERT_OK(hsm_session_open(&session, hsm, "one", &err));
	hsm_key_t *found;
	ASSERT_OK(test_find(hsm, "one", hsm_key_id(key), 13, &found, &err));
	hsm_key_free(key);
	key = found;
	ASSERT_OK(sign());
}
END_TEST

START_TEST(token_back)
{
	ASSERT_OK(sign());
	for (int i = 0; i < 3; i++) {
		test_token_hide("one");
		ck_assert_int_eq(sign(), HSM_ETOKEN);
		ck_assert_int_eq(sign(), HSM_ETOKEN);
		test_token_show("one");
		ASSERT_OK(sign());
	}
}
END_TEST

START_TEST(both_tokens_back)
{
	ASSERT_OK(sign());
	assert_works("two");
	test_token_hide("one");
	test_token_hide("two");
	ck_assert_int_eq(sign(), HSM_ETOKEN);
	ck_assert_int_eq(hsm_login(hsm, "two", false, &err), HSM_ETOKEN);
	test_token_show("one");
	test_token_show("two");
	ASSERT_OK(sign());
	assert_works("two");
}
END_TEST

/* Two handles of a process, as when conf.xml was read again while the token was away. */
START_TEST(two_handles_back)
{
	hsm_t *second;
	ASSERT_OK(sign());
	test_token_hide("one");
	ck_assert_int_eq(sign(), HSM_ETOKEN);
	ASSERT_OK(hsm_open(&second, test_conf(), &err));
	ck_assert_int_eq(hsm_login(second, "one", false, &err), HSM_ETOKEN);
	ck_assert_int_eq(sign(), HSM_ETOKEN);
	test_token_show("one");
	ASSERT_OK(hsm_login(second, "one", false, &err));
	ASSERT_OK(sign());
	hsm_close(second);
}
END_TEST

START_TEST(key_removed)
{
	ASSERT_OK(sign());
	hsm_t *second;
	ASSERT_OK(hsm_open(&second, test_conf(), &err));
	ASSERT_OK(hsm_key_remove(second, "one", hsm_key_id(key), &err));
	ck_assert_int_eq(sign(), HSM_ENOKEY);
	ck_assert_ptr_nonnull(strstr(err.text, hsm_key_id(key)));


	/* A new key with the same CKA_ID is another key: its signatures would be bogus. */
	hsm_key_t *again;
	ASSERT_OK(generate(second, "one", 13, hsm_key_id(key), &again));
	ck_assert_int_eq(sign(), HSM_ENOKEY);
	ck_assert_ptr_nonnull(strstr(err.text, "another one now"));
	hsm_key_free(again);
	hsm_close(second);
}
END_TEST

START_TEST(login_outlives_other_handle)
{
	hsm_t *second;
	ASSERT_OK(hsm_open(&second, test_conf(), &err));
	ASSERT_OK(hsm_login(second, "one", false, &err));
	hsm_close(second);
	ASSERT_OK(sign());
}
END_TEST

/*! Threads that share two keys; each has a session for each key. */
typedef struct {
	hsm_key_t *keys[2];
	atomic_uint lost;
	pthread_barrier_t start;
} shared_t;

static const char *const NAMES[] = { "one", "two" };

static unsigned sign_by(hsm_session_t *own, const hsm_key_t *with, unsigned n)
{
	hsm_error_t error = { 0 };
	hsm_signature_t signature;
	uint8_t data[64];
	memset(data, (int)n, sizeof(data));
	if (hsm_session_sign(own, with, data, sizeof(data), &signature, &error) != HSM_EOK) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	return test_verify(with, data, sizeof(data), signature.data, signature.len) ? 0 : 1;
}

static void *work(void *ctx)
{
	shared_t *shared = ctx;
	hsm_session_t *own[2] = { NULL };
	hsm_error_t error;
	pthread_barrier_wait(&shared->start);
	for (int i = 0; i < 2; i++) {
		if (hsm_session_open(&own[i], hsm, NAMES[i], &error) != HSM_EOK) {
			atomic_fetch_add(&shared->lost, ROUNDS);
			return NULL;
		}
	}
	for (unsigned n = 0; n < ROUNDS; n++) {
		atomic_fetch_add(&shared->lost, sign_by(own[n % 2], shared->keys[n % 2], n));
	}
	hsm_session_close(own[0]);
	hsm_session_close(own[1]);
	return NULL;
}

static void start_threads(shared_t *shared, pthread_t *threads)
{
	shared->keys[0] = key;
	ASSERT_OK(generate(hsm, "two", 8, NULL, &shared->keys[1]));
	pthread_barrier_init(&shared->start, NULL, THREADS);
	for (int i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_create(&threads[i], NULL, work, shared), 0);
	}
}

static void join_threads(shared_t *shared, pthread_t *threads)
{
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
	}
	pthread_barrier_destroy(&shared->start);
	ASSERT_OK(hsm_key_remove(hsm, "two", hsm_key_id(shared->keys[1]), &err));
	hsm_key_free(shared->keys[1]);
}

START_TEST(threads_sign)
{
	shared_t shared = { 0 };
	pthread_t threads[THREADS];
	start_threads(&shared, threads);
	join_threads(&shared, threads);
	ck_assert_uint_eq(shared.lost, 0);
}
END_TEST

/*! Threads whose handles all become invalid at once: each gets new ones. */
START_TEST(threads_recover)
{
	shared_t shared = { 0 };
	pthread_t threads[THREADS];
	ASSERT_OK(hsm_login(hsm, "two", false, &err));
	test_close_all_sessions("one");
	test_close_all_sessions("two");
	start_threads(&shared, threads);
	join_threads(&shared, threads);
	ck_assert_uint_eq(shared.lost, 0);
}
END_TEST

/*! Signs whatever happens, until told to stop. */
typedef struct {
	pthread_barrier_t start;
	atomic_bool stop;
	atomic_uint good;
	atomic_uint bogus;
	atomic_uint lost; /*!< Threads that could not sign again. */
} storm_t;

static void *sign_in_storm(void *ctx)
{
	storm_t *storm = ctx;
	hsm_session_t *own;
	hsm_error_t error;
	int opened = hsm_session_open(&own, hsm, "one", &error);
	pthread_barrier_wait(&storm->start);
	if (opened != HSM_EOK) {
		atomic_fetch_add(&storm->lost, 1);
		return NULL;
	}
	while (!atomic_load(&storm->stop)) {
		hsm_signature_t signature;
		int ret = hsm_session_sign(own, key, DATA, sizeof(DATA), &signature, &error);
		if (ret == HSM_EOK &&
		    test_verify(key, DATA, sizeof(DATA), signature.data, signature.len)) {
			atomic_fetch_add(&storm->good, 1);
		} else if (ret == HSM_EOK) {
			atomic_fetch_add(&storm->bogus, 1);
		}
	}
	atomic_fetch_add(&storm->lost, sign_by(own, key, 1));
	hsm_session_close(own);
	return NULL;
}

static void wait_good(storm_t *storm, unsigned more)
{
	unsigned wanted = atomic_load(&storm->good) + more;
	while (atomic_load(&storm->good) < wanted) {
		sched_yield();
	}
}

/*! The token goes and comes while threads sign; in the end each thread can sign again. */
START_TEST(threads_in_storm)
{
	storm_t storm = { .stop = false };
	pthread_t threads[THREADS];
	pthread_barrier_init(&storm.start, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_create(&threads[i], NULL, sign_in_storm, &storm), 0);
	}
	pthread_barrier_wait(&storm.start);
	for (int i = 0; i < 3; i++) {
		wait_good(&storm, 20);
		test_token_hide("one");
		/* The first thread that connects again sees that the token is gone. */
		ck_assert_int_eq(hsm_login(hsm, "one", false, &err), HSM_ETOKEN);
		test_token_show("one");
	}
	wait_good(&storm, 20);
	atomic_store(&storm.stop, true);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
	}
	pthread_barrier_destroy(&storm.start);
	ck_assert_uint_eq(storm.bogus, 0);
	ck_assert_uint_eq(storm.lost, 0);
}
END_TEST

/*! Waits until the last thing tried with a token came to that. */
static bool comes_to(size_t index, int code)
{
	hsm_last_t last;
	for (int i = 0; i < 100; i++) {
		ck_assert(hsm_last(hsm, index, &last));
		if (last.when != 0 && last.code == code) {
			return true;
		}
		usleep(100000);
	}
	return false;
}

/* A token that nobody uses is looked at; what was never used is left alone. */
START_TEST(watched)
{
	hsm_last_t last;
	char text[1024];
	hsm_watch_t *watch;
	ASSERT_OK(hsm_watch_start(&watch, hsm, 1, &(hsm_watch_calls_t){ 0 }));
	ASSERT_OK(sign());
	ck_assert(hsm_last(hsm, 0, &last));
	hsm_last_text(&last, text, sizeof(text));
	ck_assert_msg(strncmp(text, "works, signed at 20", 19) == 0, "%s", text);
	ck_assert_str_eq(last.repository, "one");
	test_token_hide("one");
	ck_assert(comes_to(0, HSM_ETOKEN));
	ck_assert(hsm_last(hsm, 0, &last));
	hsm_last_text(&last, text, sizeof(text));
	ck_assert_msg(strncmp(text, "does not work since 20", 22) == 0 &&
	              strstr(text, "no token labelled \"one\"") != NULL, "%s", text);
	ck_assert(hsm_last(hsm, 1, &last));
	hsm_last_text(&last, text, sizeof(text));
	ck_assert_str_eq(text, "not used yet");
	ck_assert(!hsm_last(hsm, 2, &last));
	test_token_show("one");
	ck_assert(comes_to(0, HSM_EOK));
	ASSERT_OK(sign());
	hsm_watch_stop(watch);
}
END_TEST

/* A key that fails, and is removed then, does not leave a doubt about the token for ever. */
START_TEST(suspect_removed)
{
	hsm_watch_t *watch;
	hsm_key_t *other, *found = NULL;
	const hsm_key_spec_t spec = { .repository = "one", .algorithm = 13 };
	ASSERT_OK(hsm_key_generate(hsm, &spec, &other, &err));
	const tried_key_t suspect = tried_key(hsm_key_id(other), 13);
	tried_suspect(&hsm_token_at(hsm, 0)->tried, &suspect, HSM_EDEVICE, &err);
	ck_assert(comes_to(0, HSM_EDEVICE));
	ASSERT_OK(hsm_key_remove(hsm, "one", hsm_key_id(other), &err));
	ck_assert(!tried_works(&hsm_token_at(hsm, 0)->tried));
	ASSERT_OK(hsm_watch_start(&watch, hsm, 1, &(hsm_watch_calls_t){ 0 }));
	ck_assert(comes_to(0, HSM_EOK));
	ASSERT_OK(sign());
	const hsm_wanted_t wanted = { .repository = "one", .cka_id = hsm_key_id(other), .algorithm = 13 };
	ck_assert_int_eq(hsm_key_find(hsm, &wanted, &found, &err), HSM_ENOKEY);
	ck_assert(tried_works(&hsm_token_at(hsm, 0)->tried));
	hsm_watch_stop(watch);
	hsm_key_free(other);
}
END_TEST

/* Each starts the library, does not find its token, stops the library and tries once more. */
static void *come_and_go(void *conf)
{
	for (int i = 0; i < ROUNDS / 2; i++) {
		hsm_t *own;
		hsm_error_t why;
		ck_assert_int_eq(hsm_open(&own, conf, &why), HSM_EOK);
		const int ret = hsm_login(own, "one", false, &why);
		ck_assert_msg(ret == HSM_ETOKEN, "%d: %s", ret, why.text);
		hsm_close(own);
	}
	return NULL;
}

/* The library is not stopped under who has just started it: p11-kit alone would do that. */
START_TEST(start_and_stop)
{
	pthread_t threads[THREADS];
	hsm_conf_t *conf = test_conf();
	conf->repositories[0].token_label = "nowhere";
	for (int i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_create(&threads[i], NULL, come_and_go, conf), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
	}
}
END_TEST

int main(void)
{
	if (test_softhsm() == NULL) {
		puts("SKIP: no SoftHSM");
		return 77;
	}
	Suite *suite = suite_create("hsm-loss");
	TCase *tc = tcase_create("loss");
	tcase_set_timeout(tc, 120);
	tcase_add_unchecked_fixture(tc, test_tokens_make, test_tokens_remove);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, sessions_closed);
	tcase_add_test(tc, logged_out);
	tcase_add_test(tc, library_stopped);
	tcase_add_test(tc, session_closed_while_lost);
	tcase_add_test(tc, token_gone);
	tcase_add_test(tc, token_back);
	tcase_add_test(tc, both_tokens_back);
	tcase_add_test(tc, two_handles_back);
	tcase_add_test(tc, watched);
	tcase_add_test(tc, suspect_removed);
	tcase_add_test(tc, key_removed);
	tcase_add_test(tc, login_outlives_other_handle);
	tcase_add_test(tc, threads_sign);
	tcase_add_test(tc, threads_recover);
	tcase_add_test(tc, threads_in_storm);
	suite_add_tcase(suite, tc);

	tc = tcase_create("start");
	tcase_add_unchecked_fixture(tc, test_tokens_make, test_tokens_remove);
	tcase_add_test(tc, start_and_stop);
	suite_add_tcase(suite, tc);

	return check_main(suite);
}
