/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! Replicas, of which one lacks a key, has another one, fails, or hangs. */

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "common/clock.h"
#include "hsm-adapter/hsm.h"
#include "tests/unit/check-main.h"
#include "tests/unit/replica-world.h"
#include "tests/unit/test-hsm-token.h"

static const uint8_t DATA[] = "what is to be signed";

static hsm_t *hsm;
static hsm_error_t err;

static void setup(void)
{
	replica_order("");
	hsm = replica_open();
}

static void teardown(void)
{
	hsm_close(hsm);
}

static const hsm_wanted_t WANTED = { .repository = "both", .cka_id = COPIED_ID, .algorithm = 13 };

static hsm_key_t *find(void)
{
	hsm_key_t *key;
	ASSERT_OK(hsm_key_find(hsm, &WANTED, &key, &err));
	return key;
}

static hsm_session_t *open_session(void)
{
	hsm_session_t *session;
	ASSERT_OK(hsm_session_open(&session, hsm, "both", &err));
	return session;
}

static void assert_signs(hsm_session_t *session, const hsm_key_t *key)
{
	hsm_signature_t signature;
	ASSERT_OK(hsm_session_sign(session, key, DATA, sizeof(DATA), &signature, &err));
	ck_assert(test_verify(key, DATA, sizeof(DATA), signature.data, signature.len));
}

static hsm_last_t last_of(size_t index)
{
	hsm_last_t last;
	ck_assert(hsm_last(hsm, index, &last));
	return last;
}

enum { ONE, TWO, BOTH };

/*! How many of the signatures that two new sessions make are each token's. */
static void assert_shares(const hsm_key_t *key, unsigned one, unsigned two)
{
	const uint64_t before[] = { last_of(ONE).signatures, last_of(TWO).signatures };
	hsm_session_t *first = open_session(), *second = open_session();
	for (unsigned i = 0; i < 4; i++) {
		assert_signs(first, key);
		assert_signs(second, key);
	}
	hsm_session_close(first);
	hsm_session_close(second);
	ck_assert_uint_eq(last_of(ONE).signatures - before[0], one);
	ck_assert_uint_eq(last_of(TWO).signatures - before[1], two);
	ck_assert_uint_eq(last_of(BOTH).signatures,
	                  last_of(ONE).signatures + last_of(TWO).signatures);
}

START_TEST(shared)
{
	copied_to_both();
	hsm_key_t *key = find();
	assert_shares(key, 4, 4);
	ASSERT_OK(hsm_prove(hsm, &WANTED, &err));
	ck_assert_int_eq(last_of(BOTH).code, HSM_EOK);
	hsm_key_free(key);
	ASSERT_OK(hsm_key_remove(hsm, "both", COPIED_ID, &err));
	ck_assert_uint_eq(test_count_public("one") + test_count_public("two"), 0);
	ASSERT_FAILS(hsm_key_remove(hsm, "both", COPIED_ID, &err), HSM_ENOKEY, COPIED_ID);
}
END_TEST

/*! The second token lacks the key, has another one of that CKA_ID, or another secret half alone. */
START_TEST(other_keys)
{
	static const char *const why[] = { "no private key", "is another one", "does not verify" };
	const copied_t pair = copied_make(), other = copied_make();
	copied_t mixed = pair;
	memcpy(mixed.secret, other.secret, sizeof(mixed.secret));
	copied_import("one", &pair);
	if (_i > 0) {
		copied_import("two", _i == 1 ? &other : &mixed);
	}
	hsm_key_t *key = find();
	assert_shares(key, 8, 0);
	hsm_last_t last = last_of(TWO);
	ck_assert_int_eq(last.code, HSM_EDEVICE);
	ck_assert_msg(strstr(last.err.text, why[_i]) != NULL, "%s", last.err.text);
	ck_assert_ptr_nonnull(strstr(last.err.text, "\"two\""));
	ck_assert_int_eq(last_of(BOTH).code, HSM_EOK);

	hsm_wanted_t wanted = WANTED;
	wanted.public = hsm_key_public(key);
	ASSERT_FAILS(hsm_prove(hsm, &wanted, &err), _i == 0 ? HSM_ENOKEY : HSM_EDEVICE, "");
	hsm_key_free(key);
}
END_TEST

/*! Of two keys, that is found which the zone has, wherever it is. */
START_TEST(right_one_found)
{
	const copied_t pair = copied_make(), other = copied_make();
	copied_import("one", &other);
	copied_import("two", &pair);
	hsm_wanted_t wanted = WANTED;
	uint8_t dnskey[2 * COPIED_NUMBER];
	memcpy(dnskey, pair.point + 3, sizeof(dnskey));
	wanted.public = (dnssec_binary_t){ .data = dnskey, .size = sizeof(dnskey) };
	hsm_key_t *key;
	ASSERT_OK(hsm_key_find(hsm, &wanted, &key, &err));
	assert_shares(key, 0, 8);
	ck_assert_int_eq(last_of(ONE).code, HSM_EDEVICE);
	hsm_key_free(key);
	dnskey[0] ^= 1;
	ASSERT_FAILS(hsm_key_find(hsm, &wanted, &key, &err), HSM_ENOKEY, "than the zone publishes");
}
END_TEST

static atomic_uint changes;

static void note_change(void *ctx, const hsm_last_t *last)
{
	(void)ctx;
	ck_assert_str_eq(last->repository, "two");
	atomic_fetch_add(&changes, 1);
}

static void all_sign(hsm_session_t *sessions[6], const hsm_key_t *key)
{
	for (unsigned i = 0; i < 12; i++) {
		assert_signs(sessions[i % 6], key);
	}
}

/*! A token fails in the midst of it: the session goes to the other one, and comes back. */
START_TEST(fails_over)
{
	static const char *const faults[] = {
		"error C_Sign 0x30\n", "error C_SignInit 0x32\n", "cut\n",
	};
	hsm_watch_t *watch;
	const hsm_watch_calls_t calls = { .changed = note_change };
	copied_to_both();
	hsm_key_t *key = find();
	hsm_session_t *sessions[6];
	for (unsigned i = 0; i < 6; i++) {
		sessions[i] = open_session();
	}
	all_sign(sessions, key);
	replica_order(faults[_i]);
	all_sign(sessions, key);
	ck_assert_int_ne(last_of(TWO).code, HSM_EOK);
	const uint64_t before = last_of(TWO).signatures;
	ASSERT_OK(hsm_watch_start(&watch, hsm, 3600, &calls));
	for (unsigned i = 0; i < 100 && atomic_load(&changes) == 0; i++) {
		usleep(100000);
	}
	ck_assert_uint_eq(atomic_load(&changes), 1);
	replica_order("");
	for (unsigned i = 0; i < 100 && atomic_load(&changes) == 1; i++) {
		usleep(100000);
	}
	ck_assert_int_eq(last_of(TWO).code, HSM_EOK);
	/* Sessions come back, and go again. */
	for (unsigned i = 0; i < 2; i++) {
		usleep(1100000);
		all_sign(sessions, key);
		all_sign(sessions, key);
		ck_assert_uint_gt(last_of(TWO).signatures, before + 5);
		replica_order(i == 0 ? faults[_i] : "");
		all_sign(sessions, key);
		replica_order("");
		for (unsigned k = 0; k < 100 && last_of(TWO).code != HSM_EOK; k++) {
			usleep(100000);
		}
	}
	hsm_watch_stop(watch);
	for (unsigned i = 0; i < 6; i++) {
		hsm_session_close(sessions[i]);
	}
	hsm_key_free(key);
}
END_TEST

/*! Of a token's sessions one alone goes to the other, and ends there. */
START_TEST(goes_alone)
{
	copied_to_both();
	hsm_key_t *key = find();
	hsm_session_t *sessions[6];
	for (unsigned i = 0; i < 6; i++) {
		sessions[i] = open_session();
	}
	all_sign(sessions, key);
	replica_order("error C_SignInit 0x32\n");
	assert_signs(sessions[1], key);
	hsm_session_close(sessions[1]);
	sessions[1] = open_session();
	all_sign(sessions, key);
	for (unsigned i = 0; i < 6; i++) {
		hsm_session_close(sessions[i]);
	}
	assert_shares(key, 8, 0);
	hsm_key_free(key);
}
END_TEST

/*! A token that signed wrongly is not used before it has signed well. */
START_TEST(signs_wrongly)
{
	copied_to_both();
	hsm_key_t *key = find();
	hsm_session_t *sessions[] = { open_session(), open_session() };
	for (unsigned i = 0; i < 2; i++) {
		assert_signs(sessions[i], key);
	}
	replica_order("wrong 1\n");
	unsigned wrong = 0;
	for (unsigned i = 0; i < 8; i++) {
		hsm_signature_t signature;
		hsm_session_t *session = sessions[i % 2];
		ASSERT_OK(hsm_session_sign(session, key, DATA, sizeof(DATA), &signature, &err));
		if (hsm_key_verify(key, DATA, sizeof(DATA), &signature, &err) != HSM_EOK) {
			ck_assert_int_eq(hsm_session_wrong(session, key, &err), HSM_EDEVICE);
			wrong++;
		}
	}
	ck_assert_uint_eq(wrong, 1);
	ck_assert_int_eq(last_of(TWO).code, HSM_EDEVICE);
	hsm_session_close(sessions[0]);
	hsm_session_close(sessions[1]);
	hsm_key_free(key);
}
END_TEST

START_TEST(none_works)
{
	hsm_session_t *session;
	hsm_signature_t signature;
	copied_to_both();
	hsm_key_t *key = find();
	session = open_session();
	assert_signs(session, key);
	test_destroy_private("one");
	test_close_all_sessions("one");
	replica_order("error C_SignInit 0x30\n");
	ck_assert_int_ne(hsm_session_sign(session, key, DATA, sizeof(DATA), &signature, &err),
	                 HSM_EOK);
	replica_order("");
	assert_signs(session, key);
	hsm_session_close(session);
	hsm_key_free(key);
}
END_TEST

START_TEST(generated)
{
	const hsm_key_spec_t spec = { .repository = "both", .algorithm = 13 };
	hsm_key_t *key;
	ASSERT_OK(hsm_key_generate(hsm, &spec, &key, &err));
	const hsm_wanted_t wanted = { .repository = "both", .cka_id = hsm_key_id(key),
		                      .algorithm = 13 };
	ASSERT_FAILS(hsm_prove(hsm, &wanted, &err), HSM_ENOKEY, "\"two\"");
	hsm_session_t *session = open_session();
	assert_signs(session, key);
	hsm_session_close(session);
	hsm_key_free(key);
}
END_TEST

static void *log_in(void *arg)
{
	(void)arg;
	ck_assert_int_eq(hsm_login(hsm, "two", false, NULL), HSM_EOK);
	return NULL;
}

/*! The token that is asked first hangs: the key is found in the other; soon that is asked first. */
START_TEST(found_elsewhere)
{
	static const char *const hangs[] = { "hang all\n", "hang C_FindObjectsInit\n", "hang C_OpenSession\n" };
	copied_to_both();
	hsm_session_t *at_one = open_session();
	replica_order(hangs[_i]);
	for (unsigned i = 0; i < 2; i++) {
		const int64_t begin = monotonic_ms();
		hsm_key_t *key = find();
		ck_assert_int_lt(monotonic_ms() - begin, i == 0 ? 4000 : 1000);
		assert_signs(at_one, key);
		hsm_key_free(key);
	}
	replica_order("");
	hsm_session_close(at_one);
}
END_TEST

/*! Who has a session with a token that hangs while another asks it goes elsewhere without a wait. */
START_TEST(leaves)
{
	pthread_t thread;
	copied_to_both();
	hsm_key_t *key = find();
	hsm_session_t *sessions[] = { open_session(), open_session() };
	for (unsigned i = 0; i < 2; i++) {
		assert_signs(sessions[i], key);
	}
	replica_order("hang C_GetSessionInfo\n");
	ck_assert_int_eq(pthread_create(&thread, NULL, log_in, NULL), 0);
	usleep(2500000);
	ck_assert(hsm_works(hsm, "both") && !hsm_works(hsm, "two"));
	const uint64_t before = last_of(ONE).signatures;
	const int64_t begin = monotonic_ms();
	for (unsigned i = 0; i < 2; i++) {
		assert_signs(sessions[i], key);
		hsm_session_close(sessions[i]);
	}
	ck_assert_int_lt(monotonic_ms() - begin, 1000);
	ck_assert_uint_eq(last_of(ONE).signatures, before + 2);
	replica_order("");
	pthread_join(thread, NULL);
	assert_shares(key, 4, 4);
	hsm_key_free(key);
}
END_TEST

/*! A replica that nobody has used is looked at; a token that is none is not. */
START_TEST(unseen)
{
	hsm_watch_t *watch;
	hsm_t *fresh = hsm;
	copied_to_both();
	ASSERT_OK(hsm_open(&hsm, replica_conf(), &err));
	ASSERT_OK(hsm_watch_start(&watch, hsm, 3600, &(hsm_watch_calls_t){ 0 }));
	usleep(1500000);
	ck_assert_int_eq(last_of(ONE).when, 0);
	hsm_key_free(find());
	ck_assert(last_of(ONE).when != 0 && last_of(TWO).when == 0);
	for (unsigned i = 0; i < 30 && last_of(TWO).when == 0; i++) {
		usleep(100000);
	}
	ck_assert(last_of(TWO).when != 0 && last_of(TWO).code == HSM_EOK);
	hsm_watch_stop(watch);
	hsm_close(hsm);
	hsm = fresh;
}
END_TEST

int main(void)
{
	if (test_softhsm() == NULL) {
		puts("SKIP: no SoftHSM");
		return 77;
	}
	Suite *suite = suite_create("hsm-replica");
	TCase *tc = tcase_create("replica");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, replica_make, replica_unmake);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, shared);
	tcase_add_loop_test(tc, other_keys, 0, 3);
	tcase_add_test(tc, right_one_found);
	tcase_add_loop_test(tc, fails_over, 0, 3);
	tcase_add_test(tc, goes_alone);
	tcase_add_test(tc, signs_wrongly);
	tcase_add_test(tc, none_works);
	tcase_add_test(tc, generated);
	tcase_add_loop_test(tc, found_elsewhere, 0, 3);
	tcase_add_test(tc, leaves);
	tcase_add_test(tc, unseen);
	suite_add_tcase(suite, tc);

	return check_main(suite);
}
