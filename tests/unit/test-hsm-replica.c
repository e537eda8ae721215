/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! Replicas: "both" has the keys of the tokens "one", which is SoftHSM's, and "two", behind the shim. */

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <gnutls/abstract.h>

#include "hsm-adapter/hsm.h"
#include "tests/unit/check-main.h"
#include "tests/unit/test-hsm-token.h"

#define COORDINATE 32 /* Bytes of a number of P-256. */

static const uint8_t DATA[] = "what is to be signed";
#define ORDERS "/tmp/test-replica.XXXXXX"
static const uint8_t ID[] = { 0xab, 0xcd };
#define ID_TEXT "abcd"

static char orders[sizeof(ORDERS)];
static hsm_t *hsm;
static hsm_conf_t both;
static hsm_error_t err;

static void order(const char *what)
{
	FILE *file = fopen(orders, "w");
	ck_assert_ptr_nonnull(file);
	fputs(what, file);
	ck_assert_int_eq(fclose(file), 0);
}

static void make(void)
{
	strcpy(orders, ORDERS);
	ck_assert_int_ge(close(mkstemp(orders)), 0);
	test_tokens_make();
	setenv("SHIM_MODULE", test_softhsm(), 1);
	setenv("SHIM_CONTROL", orders, 1);
}

static void unmake(void)
{
	test_tokens_remove();
	unlink(orders);
}

static void setup(void)
{
	static hsm_repository_t repositories[3];
	static char *names[] = { "one", "two" };
	order("");
	memcpy(repositories, test_conf()->repositories, 2 * sizeof(*repositories));
	repositories[1].module = (char *)SHIM_PATH;
	repositories[2] = (hsm_repository_t){
		.name = (char *)"both", .replicas = names, .replica_count = 2,
	};
	both = (hsm_conf_t){ .repositories = repositories, .count = 3 };
	ASSERT_OK(hsm_open(&hsm, &both, &err));
	ASSERT_OK(hsm_login(hsm, "one", false, &err));
	ASSERT_OK(hsm_login(hsm, "two", false, &err));
}

static void teardown(void)
{
	hsm_close(hsm);
}

/*! A key pair of P-256. */
typedef struct {
	uint8_t point[3 + 2 * COORDINATE]; /*!< CKA_EC_POINT. */
	uint8_t secret[COORDINATE];
} pair_t;

static void put_number(const gnutls_datum_t *number, uint8_t *to)
{
	const size_t extra = number->size > COORDINATE ? number->size - COORDINATE : 0;
	const size_t len = number->size - extra;
	memset(to, 0, COORDINATE);
	memcpy(to + COORDINATE - len, number->data + extra, len);
}

static pair_t make_pair(void)
{
	pair_t pair = { .point = { 0x04, 1 + 2 * COORDINATE, 0x04 } };
	gnutls_privkey_t key;
	gnutls_datum_t x, y, k;
	ck_assert_int_eq(gnutls_privkey_init(&key), 0);
	ck_assert_int_eq(gnutls_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(
	                         GNUTLS_ECC_CURVE_SECP256R1), 0), 0);
	ck_assert_int_eq(gnutls_privkey_export_ecc_raw(key, NULL, &x, &y, &k), 0);
	put_number(&x, pair.point + 3);
	put_number(&y, pair.point + 3 + COORDINATE);
	put_number(&k, pair.secret);
	gnutls_free(x.data);
	gnutls_free(y.data);
	gnutls_free(k.data);
	gnutls_privkey_deinit(key);
	return pair;
}

/*! Writes both halves into a token, without the adapter. */
static void import(const char *label, const pair_t *pair)
{
	static uint8_t curve[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
	CK_BBOOL yes = CK_TRUE;
	CK_KEY_TYPE type = CKK_EC;
	CK_OBJECT_CLASS private = CKO_PRIVATE_KEY, public = CKO_PUBLIC_KEY;
	CK_ATTRIBUTE attributes[] = {
		{ CKA_CLASS, &private, sizeof(private) },
		{ CKA_VALUE, (void *)pair->secret, sizeof(pair->secret) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_ID, (void *)ID, sizeof(ID) },
		{ CKA_EC_PARAMS, curve, sizeof(curve) },
		{ CKA_SIGN, &yes, sizeof(yes) },
	};
	CK_FUNCTION_LIST *list = test_raw();
	CK_SESSION_HANDLE session = test_raw_open(list, label);
	CK_OBJECT_HANDLE made;
	ck_assert_uint_eq(list->C_CreateObject(session, attributes, 7, &made), CKR_OK);
	attributes[0] = (CK_ATTRIBUTE){ CKA_CLASS, &public, sizeof(public) };
	attributes[1] = (CK_ATTRIBUTE){ CKA_EC_POINT, (void *)pair->point, sizeof(pair->point) };
	ck_assert_uint_eq(list->C_CreateObject(session, attributes, 6, &made), CKR_OK);
	list->C_CloseSession(session);
}

static const hsm_wanted_t WANTED = { .repository = "both", .cka_id = ID_TEXT, .algorithm = 13 };

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
	const pair_t pair = make_pair();
	import("one", &pair);
	import("two", &pair);
	hsm_key_t *key = find();
	assert_shares(key, 4, 4);
	ASSERT_OK(hsm_prove(hsm, &WANTED, &err));
	ck_assert_int_eq(last_of(BOTH).code, HSM_EOK);
	hsm_key_free(key);
	ASSERT_OK(hsm_key_remove(hsm, "both", ID_TEXT, &err));
	ck_assert_uint_eq(test_count_public("one") + test_count_public("two"), 0);
	ASSERT_FAILS(hsm_key_remove(hsm, "both", ID_TEXT, &err), HSM_ENOKEY, ID_TEXT);
}
END_TEST

/*! The second token lacks the key, has another one of that CKA_ID, or another secret half alone. */
START_TEST(other_keys)
{
	static const char *const why[] = { "no private key", "is another one", "does not verify" };
	const pair_t pair = make_pair(), other = make_pair();
	pair_t mixed = pair;
	memcpy(mixed.secret, other.secret, sizeof(mixed.secret));
	import("one", &pair);
	if (_i > 0) {
		import("two", _i == 1 ? &other : &mixed);
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
	const pair_t pair = make_pair(), other = make_pair();
	import("one", &other);
	import("two", &pair);
	hsm_wanted_t wanted = WANTED;
	uint8_t dnskey[2 * COORDINATE];
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
	const pair_t pair = make_pair();
	hsm_watch_t *watch;
	const hsm_watch_calls_t calls = { .changed = note_change };
	import("one", &pair);
	import("two", &pair);
	hsm_key_t *key = find();
	hsm_session_t *sessions[6];
	for (unsigned i = 0; i < 6; i++) {
		sessions[i] = open_session();
	}
	all_sign(sessions, key);
	order(faults[_i]);
	all_sign(sessions, key);
	ck_assert_int_ne(last_of(TWO).code, HSM_EOK);
	const uint64_t before = last_of(TWO).signatures;
	ASSERT_OK(hsm_watch_start(&watch, hsm, 3600, &calls));
	for (unsigned i = 0; i < 100 && atomic_load(&changes) == 0; i++) {
		usleep(100000);
	}
	ck_assert_uint_eq(atomic_load(&changes), 1);
	order("");
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
		order(i == 0 ? faults[_i] : "");
		all_sign(sessions, key);
		order("");
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
	const pair_t pair = make_pair();
	import("one", &pair);
	import("two", &pair);
	hsm_key_t *key = find();
	hsm_session_t *sessions[6];
	for (unsigned i = 0; i < 6; i++) {
		sessions[i] = open_session();
	}
	all_sign(sessions, key);
	order("error C_SignInit 0x32\n");
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
	const pair_t pair = make_pair();
	import("one", &pair);
	import("two", &pair);
	hsm_key_t *key = find();
	hsm_session_t *sessions[] = { open_session(), open_session() };
	for (unsigned i = 0; i < 2; i++) {
		assert_signs(sessions[i], key);
	}
	order("wrong 1\n");
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
	const pair_t pair = make_pair();
	hsm_session_t *session;
	hsm_signature_t signature;
	import("one", &pair);
	import("two", &pair);
	hsm_key_t *key = find();
	session = open_session();
	assert_signs(session, key);
	test_destroy_private("one");
	test_close_all_sessions("one");
	order("error C_SignInit 0x30\n");
	ck_assert_int_ne(hsm_session_sign(session, key, DATA, sizeof(DATA), &signature, &err),
	                 HSM_EOK);
	order("");
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

int main(void)
{
	if (test_softhsm() == NULL) {
		puts("SKIP: no SoftHSM");
		return 77;
	}
	Suite *suite = suite_create("hsm-replica");
	TCase *tc = tcase_create("replica");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, make, unmake);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, shared);
	tcase_add_loop_test(tc, other_keys, 0, 3);
	tcase_add_test(tc, right_one_found);
	tcase_add_loop_test(tc, fails_over, 0, 3);
	tcase_add_test(tc, goes_alone);
	tcase_add_test(tc, signs_wrongly);
	tcase_add_test(tc, none_works);
	tcase_add_test(tc, generated);
	suite_add_tcase(suite, tc);

	return check_main(suite);
}
