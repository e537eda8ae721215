/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! What other tokens do, and SoftHSM does not: the shim's quirks. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "hsm-adapter/hsm.h"
#include "hsm-adapter/key/info.h"
#include "tests/unit/check-main.h"
#include "tests/unit/test-hsm-token.h"

static const uint8_t DATA[] = "what is to be signed";

static char quirks[] = "/tmp/test-quirks.XXXXXX";
static hsm_t *hsm;
static hsm_conf_t *conf;
static hsm_error_t err;

static void has_quirks(const char *names)
{
	FILE *file = fopen(quirks, "w");
	ck_assert_ptr_nonnull(file);
	fputs(names, file);
	ck_assert_int_eq(fclose(file), 0);
}

static void make(void)
{
	ck_assert_int_ge(close(mkstemp(quirks)), 0);
	test_tokens_make();
	setenv("SHIM_MODULE", test_softhsm(), 1);
	setenv("SHIM_QUIRKS", quirks, 1);
}

static void unmake(void)
{
	test_tokens_remove();
	unlink(quirks);
}

static void setup(void)
{
	has_quirks("");
	conf = test_conf();
	conf->repositories[0].module = conf->repositories[1].module = (char *)SHIM_PATH;
	ASSERT_OK(hsm_open(&hsm, conf, &err));
}

static void teardown(void)
{
	hsm_close(hsm);
}

static void reopen(void)
{
	hsm_close(hsm);
	ASSERT_OK(hsm_open(&hsm, conf, &err));
}

static int generate(uint8_t algorithm, hsm_key_t **key)
{
	const hsm_key_spec_t spec = { .repository = "one", .algorithm = algorithm, .bits = 2048 };
	return hsm_key_generate(hsm, &spec, key, &err);
}

static void assert_signs_by(hsm_session_t *session, const hsm_key_t *key)
{
	hsm_signature_t signature;
	ASSERT_OK(hsm_session_sign(session, key, DATA, sizeof(DATA), &signature, &err));
	ck_assert(test_verify(key, DATA, sizeof(DATA), signature.data, signature.len));
}

static void assert_signs(const hsm_key_t *key)
{
	hsm_session_t *session;
	ASSERT_OK(hsm_session_open(&session, hsm, "one", &err));
	assert_signs_by(session, key);
	hsm_session_close(session);
}

static void remove_key(hsm_key_t *key)
{
	ASSERT_OK(hsm_key_remove(hsm, "one", hsm_key_id(key), &err));
	hsm_key_free(key);
}

/*! A key is made, signs, is found by another, and goes. */
static void assert_life(uint8_t algorithm)
{
	hsm_key_t *key, *found;
	ASSERT_OK(generate(algorithm, &key));
	assert_signs(key);
	ASSERT_OK(test_find(hsm, "one", hsm_key_id(key), algorithm, &found, &err));
	assert_signs(found);
	hsm_key_free(found);
	remove_key(key);
}

/* Whether its label is right is not known then. */
START_TEST(does_not_answer)
{
	has_quirks("away\n");
	ASSERT_FAILS(hsm_login(hsm, "one", false, &err), HSM_ETOKEN, "does not answer");
	ck_assert_msg(strstr(err.text, "(CK_RV 0x6)") != NULL, "%s", err.text);
}
END_TEST

START_TEST(two_of_one_label)
{
	char sentence[100];
	CK_SLOT_ID slots[8];
	CK_ULONG count = 8;
	hsm_t *first = hsm;
	ASSERT_OK(hsm_login(hsm, "two", false, &err));
	ck_assert_uint_eq(test_raw()->C_GetSlotList(CK_TRUE, slots, &count), CKR_OK);
	ck_assert_uint_eq(count, 3); /* SoftHSM has an empty one, too. */
	has_quirks("one-label\n");
	ASSERT_OK(hsm_open(&hsm, conf, &err));
	snprintf(sentence, sizeof(sentence), "in the slots %lu, %lu; give", slots[0], slots[1]);
	ASSERT_FAILS(hsm_login(hsm, "one", false, &err), HSM_ETOKEN, sentence);
	conf->repositories[0].in_slot = true;
	conf->repositories[0].slot = slots[1];
	reopen();
	ASSERT_OK(hsm_login(hsm, "one", false, &err));
	conf->repositories[0].slot = 4711;
	reopen();
	ASSERT_FAILS(hsm_login(hsm, "one", false, &err), HSM_ETOKEN, "in slot 4711 of");
	snprintf(sentence, sizeof(sentence), "\"one\" in slot %lu", slots[1]);
	ck_assert_ptr_nonnull(strstr(err.text, sentence));
	hsm_close(first);
}
END_TEST

START_TEST(user_type)
{
	has_quirks("crypto-user\n");
	ASSERT_FAILS(hsm_login(hsm, "one", false, &err), HSM_EDEVICE, "check <UserType>");
	conf->repositories[0].user_type = 0x80000001;
	reopen();
	assert_life(13);
	has_quirks("");
	reopen();
	ASSERT_FAILS(hsm_login(hsm, "one", false, &err), HSM_EDEVICE, "check <UserType>");
	conf->repositories[0].user_type = 1;
	reopen();
	assert_life(13);
}
END_TEST

START_TEST(padded_by_nuls)
{
	hsm_info_t info;
	has_quirks("nul-label\n");
	ASSERT_OK(hsm_info(hsm, "one", &info, &err));
	ck_assert_str_eq(info.label, "one");
	assert_life(13);
}
END_TEST

START_TEST(locks)
{
	has_quirks("app-locks\n");
	assert_life(13);
	has_quirks("no-locks\n");
	reopen();
	ASSERT_FAILS(hsm_login(hsm, "one", false, &err), HSM_EMODULE, "let p11-kit's server have it");
}
END_TEST

START_TEST(refused_templates)
{
	has_quirks("private-public\n");
	assert_life(13);
	assert_life(8);
	ck_assert_uint_eq(test_count_public("one"), 0);
}
END_TEST

static int count_key(void *ctx, const hsm_key_info_t *info)
{
	(void)info;
	*(unsigned *)ctx += 1;
	return 0;
}

START_TEST(cuts_ids)
{
	unsigned count = 0;
	hsm_key_t *key;
	has_quirks("short-id\n");
	ASSERT_FAILS(generate(13, &key), HSM_EDEVICE, "of 2 bytes instead of 16");
	ASSERT_OK(hsm_key_list(hsm, "one", count_key, &count, &err));
	ck_assert_uint_eq(count, 0);
	ck_assert_uint_eq(test_count_public("one"), 0);
}
END_TEST

START_TEST(signs_no_hash)
{
	static const uint8_t ALGORITHMS[] = { 8, 10, 13, 14, 15 };
	hsm_info_t info;
	has_quirks("hash-only\n");
	ASSERT_OK(hsm_info(hsm, "one", &info, &err));
	ck_assert(info.families[0].signs && info.families[1].signs);
	for (size_t i = 0; i < sizeof(ALGORITHMS); i++) {
		assert_life(ALGORITHMS[i]);
	}
}
END_TEST

START_TEST(keys_sign_no_hash)
{
	has_quirks("data-keys\n");
	assert_life(8);
	assert_life(10);
	assert_life(13);
}
END_TEST

START_TEST(generates_no_rsa)
{
	hsm_key_t *key;
	has_quirks("only-x9.31\n");
	assert_life(8);
	has_quirks("no-rsa\n");
	reopen();
	ASSERT_FAILS(generate(8, &key), HSM_EALGORITHM, "choose another <Algorithm> in the policy");
	assert_life(13);
}
END_TEST

START_TEST(reads_only)
{
	hsm_key_t *key, *other;
	hsm_info_t info;
	ASSERT_OK(generate(13, &key));
	ASSERT_OK(hsm_info(hsm, "one", &info, &err));
	ck_assert(!info.read_only);
	has_quirks("read-only\n");
	reopen();
	ASSERT_OK(hsm_info(hsm, "one", &info, &err));
	ck_assert(info.read_only);
	ASSERT_OK(test_find(hsm, "one", hsm_key_id(key), 13, &other, &err));
	assert_signs(other);
	ASSERT_FAILS(hsm_key_remove(hsm, "one", hsm_key_id(key), &err), HSM_EDEVICE,
	             "can be read only");
	has_quirks("");
	hsm_key_free(key);
	ASSERT_FAILS(generate(13, &key), HSM_EDEVICE, "can be read only");
	reopen();
	remove_key(other);
}
END_TEST

START_TEST(writes_only)
{
	has_quirks("only-write\n");
	assert_life(13);
}
END_TEST

/* A library whose sessions are of no use, and find nothing, until it is started anew. */
START_TEST(finds_after_restart)
{
	hsm_key_t *key;
	hsm_session_t *session;
	ASSERT_OK(generate(13, &key));
	ASSERT_OK(hsm_session_open(&session, hsm, "one", &err));
	has_quirks("dead 2\n");
	assert_signs_by(session, key);
	hsm_session_close(session);
	remove_key(key);
}
END_TEST

static size_t keys_in_token(void)
{
	hsm_info_t info;
	ASSERT_OK(hsm_info(hsm, "one", &info, &err));
	return info.keys;
}

/* What a token makes before it fails does not fill it. */
START_TEST(orphans)
{
	hsm_key_t *key, *other;
	ASSERT_OK(generate(13, &other));
	const size_t before = keys_in_token();
	/* Nor is another one taken for it. */
	static const char *const QUIRKS[] = { "orphan\n", "orphan\nfinds-all\n" };
	for (size_t i = 0; i < 2; i++) {
		has_quirks(QUIRKS[i]);
		ASSERT_FAILS(generate(13, &key), HSM_EDEVICE, "cannot generate");
		has_quirks("");
		ck_assert_uint_eq(keys_in_token(), before);
	}
	remove_key(other);
}
END_TEST

/* A card is logged out by another process, and its library believes it is not. */
START_TEST(card_logged_out)
{
	hsm_key_t *key, *other;
	ASSERT_OK(generate(13, &key));
	has_quirks("card-logout\n");
	remove_key(key);
	has_quirks("");
	ASSERT_OK(generate(13, &key));
	has_quirks("card-logout\n");
	ASSERT_OK(generate(13, &other));
	remove_key(key);
	remove_key(other);
}
END_TEST

/* It is not logged out, and in, each time. */
START_TEST(hides_user)
{
	hsm_key_t *key;
	hsm_last_t last;
	has_quirks("hides-user\n");
	assert_life(13);
	ASSERT_OK(generate(13, &key));
	assert_signs(key);
	ck_assert(hsm_last(hsm, 0, &last));
	const uint64_t errors = last.errors;
	for (size_t i = 0; i < 20; i++) {
		ASSERT_OK(hsm_login(hsm, "one", false, &err));
		assert_signs(key);
	}
	ck_assert(hsm_last(hsm, 0, &last));
	ck_assert_uint_eq(last.errors, errors);
	remove_key(key);
}
END_TEST

/* A library whose sessions are of no use until it is started anew. */
START_TEST(needs_restart)
{
	hsm_key_t *key;
	hsm_signature_t signature;
	hsm_session_t *session;
	ASSERT_OK(generate(13, &key));
	ASSERT_OK(hsm_session_open(&session, hsm, "one", &err));
	assert_signs_by(session, key);
	has_quirks("starts 2\n");
	assert_signs_by(session, key);
	/* Not again and again. */
	has_quirks("starts 3\n");
	ASSERT_FAILS(hsm_session_sign(session, key, DATA, sizeof(DATA), &signature, &err),
	             HSM_EDEVICE, "cannot sign by key");
	has_quirks("");
	hsm_session_close(session);
	remove_key(key);
}
END_TEST

START_TEST(other_user)
{
	has_quirks("other-user\n");
	ASSERT_FAILS(hsm_login(hsm, "one", false, &err), HSM_EDEVICE, "have that user");
	has_quirks("");
	assert_life(13); /* It passes. */
}
END_TEST

/* A curve's public half, of the private object. */
START_TEST(no_public_object)
{
	static const char *const QUIRKS[] = {
		"no-public\nprivate-point\n", "no-public\nprivate-point\nraw-point\n",
		"no-public\nkey-info\n"
	};
	hsm_key_t *key, *found;
	ASSERT_OK(generate(13, &key));
	for (size_t i = 0; i < sizeof(QUIRKS) / sizeof(QUIRKS[0]); i++) {
		has_quirks(QUIRKS[i]);
		reopen();
		ASSERT_OK(test_find(hsm, "one", hsm_key_id(key), 13, &found, &err));
		assert_signs(found);
		hsm_key_free(found);
	}
	has_quirks("no-public\n");
	reopen();
	ASSERT_FAILS(test_find(hsm, "one", hsm_key_id(key), 13, &found, &err), HSM_ENOKEY,
	             "restore its public object");
	has_quirks("");
	reopen();
	remove_key(key);
}
END_TEST

START_TEST(public_stays)
{
	hsm_key_t *key, *found;
	has_quirks("keep-public\n");
	ASSERT_OK(generate(13, &key));
	ASSERT_OK(hsm_key_remove(hsm, "one", hsm_key_id(key), &err));
	ASSERT_FAILS(test_find(hsm, "one", hsm_key_id(key), 13, &found, &err), HSM_ENOKEY,
	             "no private key");
	/* To be asked for the rest, and not to do it, is a failure. */
	ASSERT_FAILS(hsm_key_remove(hsm, "one", hsm_key_id(key), &err), HSM_EDEVICE,
	             "cannot remove key");
	has_quirks("");
	remove_key(key);
}
END_TEST

START_TEST(gone_while_read)
{
	unsigned count = 0;
	hsm_key_t *key;
	ASSERT_OK(generate(13, &key));
	reopen();
	has_quirks("gone-once\n");
	ASSERT_OK(hsm_key_list(hsm, "one", count_key, &count, &err));
	ck_assert_uint_eq(count, keys_in_token());
	has_quirks("");
	remove_key(key);
}
END_TEST

/* Its engine would forget a key that is there. */
START_TEST(stays_unsaid)
{
	hsm_key_t *key;
	ASSERT_OK(generate(13, &key));
	has_quirks("destroy-lies\n");
	ASSERT_FAILS(hsm_key_remove(hsm, "one", hsm_key_id(key), &err), HSM_EDEVICE, "and it is still there");
	has_quirks("");
	remove_key(key);
}
END_TEST

START_TEST(public_goes_too)
{
	has_quirks("one-goes\n");
	assert_life(13);
	assert_life(8);
}
END_TEST

START_TEST(exact_room)
{
	has_quirks("exact-room\n");
	assert_life(15);
}
END_TEST

START_TEST(parameters)
{
	has_quirks("edwards-params\n");
	assert_life(16);
}
END_TEST

START_TEST(each_session_logs_in)
{
	has_quirks("session-login\n");
	assert_life(13);
}
END_TEST

#define OF_EACH 4 /* More than eight keys in all: then the token is asked for all at once. */

/* A library that looks at a part of what is searched for only. */
START_TEST(finds_too_much)
{
	static const char *const QUIRKS[] = { "finds-types\n", "finds-all\n" };
	static const uint8_t ALGORITHMS[] = { 8, 13, 15 };
	hsm_key_t *keys[3 * OF_EACH], *found;
	for (size_t i = 0; i < 3 * OF_EACH; i++) {
		ASSERT_OK(generate(ALGORITHMS[i % 3], &keys[i]));
	}
	for (size_t quirk = 0; quirk < 2; quirk++) {
		has_quirks(QUIRKS[quirk]);
		reopen();
		for (size_t i = 0; i < 3 * OF_EACH; i++) {
			ASSERT_OK(test_find(hsm, "one", hsm_key_id(keys[i]), ALGORITHMS[i % 3], &found, &err));
			assert_signs(found);
			hsm_key_free(found);
		}
	}
	ASSERT_FAILS(test_find(hsm, "one", "0123456789abcdef", 13, &found, &err), HSM_ENOKEY, "no private key");
	for (size_t i = 0; i < 3 * OF_EACH; i++) {
		remove_key(keys[i]);
	}
}
END_TEST

#define MADE 24 /* Eight are looked for one by one, and eight more if the library was started anew. */

/* A library that lists its objects but once, and finds each by its CKA_ID: it is not started anew. */
START_TEST(lists_once)
{
	hsm_key_t *keys[MADE], *found;
	hsm_t *other;
	has_quirks("lists-once\n");
	reopen();
	ASSERT_OK(hsm_open(&other, conf, &err));
	ASSERT_OK(hsm_login(other, "one", false, &err));
	for (size_t i = 0; i < MADE; i++) {
		ASSERT_OK(generate(13, &keys[i]));
		ASSERT_OK(test_find(other, "one", hsm_key_id(keys[i]), 13, &found, &err));
		hsm_key_free(found);
	}
	for (size_t i = 0; i < MADE; i++) {
		remove_key(keys[i]);
	}
	hsm_close(other);
}
END_TEST

int main(void)
{
	if (test_softhsm() == NULL) {
		puts("SKIP: no SoftHSM");
		return 77;
	}
	Suite *suite = suite_create("hsm-quirk");
	TCase *tc = tcase_create("quirk");
	tcase_set_timeout(tc, 120);
	tcase_add_unchecked_fixture(tc, make, unmake);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, does_not_answer);
	tcase_add_test(tc, two_of_one_label);
	tcase_add_test(tc, padded_by_nuls);
	tcase_add_test(tc, locks);
	tcase_add_test(tc, refused_templates);
	tcase_add_test(tc, cuts_ids);
	tcase_add_test(tc, signs_no_hash);
	tcase_add_test(tc, keys_sign_no_hash);
	tcase_add_test(tc, generates_no_rsa);
	tcase_add_test(tc, reads_only);
	tcase_add_test(tc, writes_only);
	tcase_add_test(tc, needs_restart);
	tcase_add_test(tc, finds_after_restart);
	tcase_add_test(tc, orphans);
	tcase_add_test(tc, card_logged_out);
	tcase_add_test(tc, hides_user);
	tcase_add_test(tc, other_user);
	tcase_add_test(tc, user_type);
	tcase_add_test(tc, no_public_object);
	tcase_add_test(tc, public_stays);
	tcase_add_test(tc, gone_while_read);
	tcase_add_test(tc, stays_unsaid);
	tcase_add_test(tc, public_goes_too);
	tcase_add_test(tc, exact_room);
	tcase_add_test(tc, parameters);
	tcase_add_test(tc, each_session_logs_in);
	tcase_add_test(tc, finds_too_much);
	tcase_add_test(tc, lists_once);
	suite_add_tcase(suite, tc);

	return check_main(suite);
}
