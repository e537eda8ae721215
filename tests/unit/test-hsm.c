/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "common/clock.h"
#include "hsm-adapter/key/algorithm.h"
#include "hsm-adapter/hsm.h"
#include "hsm-adapter/kept.h"
#include "hsm-adapter/key/public.h"
#include "hsm-adapter/key/search.h"
#include "hsm-adapter/token/tokens.h"
#include "tests/unit/check-main.h"
#include "tests/unit/test-hsm-token.h"

static const uint8_t DATA[] = "what is to be signed";

static hsm_t *hsm;
static hsm_error_t err;

static void open_hsm(void)
{
	ASSERT_OK(hsm_open(&hsm, test_conf(), &err));
}

static void close_hsm(void)
{
	hsm_close(hsm);
	hsm = NULL;
}

static void reopen(const hsm_conf_t *conf)
{
	hsm_close(hsm);
	ASSERT_OK(hsm_open(&hsm, conf, &err));
}

static int generate(const char *repository, uint8_t algorithm, unsigned bits, const char *cka_id,
                    hsm_key_t **key)
{
	const hsm_key_spec_t spec = { .repository = repository, .algorithm = algorithm,
	                              .bits = bits, .cka_id = cka_id };
	return hsm_key_generate(hsm, &spec, key, &err);
}

static void assert_signs(const char *repository, const hsm_key_t *key)
{
	hsm_session_t *session;
	hsm_signature_t signature;
	ASSERT_OK(hsm_session_open(&session, hsm, repository, &err));
	ASSERT_OK(hsm_session_sign(session, key, DATA, sizeof(DATA), &signature, &err));
	ck_assert(test_verify(key, DATA, sizeof(DATA), signature.data, signature.len));
	signature.data[signature.len / 2] ^= 1;
	ck_assert(!test_verify(key, DATA, sizeof(DATA), signature.data, signature.len));
	/* The same session, once more. */
	ASSERT_OK(hsm_session_sign(session, key, DATA, 1, &signature, &err));
	ck_assert(test_verify(key, DATA, 1, signature.data, signature.len));
	hsm_session_close(session);
}

static int count_key(void *ctx, const hsm_key_info_t *info)
{
	(void)info;
	*(unsigned *)ctx += 1;
	return 0;
}

static unsigned count_keys(const char *repository)
{
	unsigned count = 0;
	ASSERT_OK(hsm_key_list(hsm, repository, count_key, &count, &err));
	return count;
}

/*! What a listing has to say of a key. */
typedef struct {
	const char *cka_id;
	hsm_key_info_t found;
	char type[16];
} listed_t;

static int look_for(void *ctx, const hsm_key_info_t *info)
{
	listed_t *listed = ctx;
	if (strcmp(info->cka_id, listed->cka_id) == 0) {
		listed->found = *info;
		snprintf(listed->type, sizeof(listed->type), "%s", info->type);
		return 1;
	}
	return 0;
}

static const struct {
	uint8_t algorithm;
	unsigned bits;
	const char *type;
	unsigned listed_bits;
	uint8_t listed_algorithm;
	size_t public_len;
} KEYS[] = {
	{ 8, 1024, "RSA", 1024, 8, 1 + 3 + 128 },
	{ 8, 2048, "RSA", 2048, 8, 1 + 3 + 256 },
	{ 10, 4096, "RSA", 4096, 8, 1 + 3 + 512 },
	{ 13, 0, "ECDSA", 256, 13, 64 },
	{ 14, 0, "ECDSA", 384, 14, 96 },
	{ 15, 0, "EdDSA", 256, 15, 32 },
	{ 16, 0, "EdDSA", 456, 16, 57 },
};

START_TEST(life_of_a_key)
{
	hsm_key_t *key, *found;
	ASSERT_OK(generate("one", KEYS[_i].algorithm, KEYS[_i].bits, NULL, &key));
	const char *id = hsm_key_id(key);
	ck_assert_uint_eq(strlen(id), 32);
	ck_assert_uint_eq(strspn(id, "0123456789abcdef"), 32);
	ck_assert_uint_eq(hsm_key_public(key).size, KEYS[_i].public_len);
	assert_signs("one", key);

	listed_t listed = { .cka_id = id };
	ASSERT_OK(hsm_key_list(hsm, "one", look_for, &listed, &err));
	ck_assert_str_eq(listed.type, KEYS[_i].type);
	ck_assert_uint_eq(listed.found.bits, KEYS[_i].listed_bits);
	ck_assert_uint_eq(listed.found.algorithm, KEYS[_i].listed_algorithm);

	/* A new handle, as in another process, finds the same key, in any case of the digits. */
	char upper[33];
	for (size_t i = 0; i < sizeof(upper); i++) {
		upper[i] = (char)toupper((unsigned char)id[i]);
	}
	hsm_t *first = hsm;
	ASSERT_OK(hsm_open(&hsm, test_conf(), &err));
	ASSERT_OK(test_find(hsm, "one", upper, KEYS[_i].algorithm, &found, &err));
	ck_assert_str_eq(hsm_key_id(found), id);
	ck_assert_uint_eq(hsm_key_public(found).size, KEYS[_i].public_len);
	ck_assert_mem_eq(hsm_key_public(found).data, hsm_key_public(key).data, KEYS[_i].public_len);
	assert_signs("one", found);
	ASSERT_OK(hsm_key_remove(hsm, "one", upper, &err));
	hsm_key_free(found);
	hsm_close(hsm);
	hsm = first;

	ASSERT_FAILS(test_find(hsm, "one", id, KEYS[_i].algorithm, &found, &err), HSM_ENOKEY,
	             "no private key");
	ASSERT_FAILS(hsm_key_remove(hsm, "one", id, &err), HSM_ENOKEY, id);
	ck_assert_uint_eq(count_keys("one"), 0);
	ck_assert_uint_eq(test_count_public("one"), 0);
	hsm_key_free(key);
}
END_TEST

START_TEST(algorithm_misfits)
{
	static const uint8_t ALGORITHMS[] = { 8, 13, 14, 15, 16 };
	hsm_key_t *key, *found;
	for (size_t i = 0; i < sizeof(ALGORITHMS); i++) {
		ASSERT_OK(generate("one", ALGORITHMS[i], 2048, NULL, &key));
		for (size_t j = 0; j < sizeof(ALGORITHMS); j++) {
			if (j != i) {
				ASSERT_FAILS(test_find(hsm, "one", hsm_key_id(key), ALGORITHMS[j], &found, &err),
				             HSM_EALGORITHM, hsm_key_id(key));
			}
		}
		ASSERT_OK(hsm_key_remove(hsm, "one", hsm_key_id(key), &err));
		hsm_key_free(key);
	}
	ASSERT_FAILS(test_find(hsm, "one", "00", 5, &found, &err), HSM_EALGORITHM, "5");
	ASSERT_FAILS(generate("one", 12, 0, NULL, &found), HSM_EALGORITHM, "12");
}
END_TEST

START_TEST(wrong_sizes)
{
	static const unsigned BITS[] = { 0, 512, 1016, 1025, 4104, 16384 };
	hsm_key_t *key;
	for (size_t i = 0; i < sizeof(BITS) / sizeof(BITS[0]); i++) {
		ASSERT_FAILS(generate("one", 8, BITS[i], NULL, &key), HSM_EALGORITHM,
		             "from 1024 to 4096");
	}
	ck_assert_uint_eq(count_keys("one"), 0);
}
END_TEST

START_TEST(wrong_ids)
{
	static const char *const IDS[] = { "", "0", "0g", "0x12", "zz" };
	hsm_key_t *key;
	for (size_t i = 0; i < sizeof(IDS) / sizeof(IDS[0]); i++) {
		ASSERT_FAILS(test_find(hsm, "one", IDS[i], 13, &key, &err), HSM_ENOKEY,
		             "hexadecimal");
		ASSERT_FAILS(hsm_key_remove(hsm, "one", IDS[i], &err), HSM_ENOKEY, "hexadecimal");
		ASSERT_FAILS(generate("one", 13, 0, IDS[i], &key), HSM_ENOKEY, "hexadecimal");
	}
	ASSERT_FAILS(generate("one", 13, 0, "000102030405060708090a0b0c0d0e0f"
	                      "000102030405060708090a0b0c0d0e0f00", &key),
	             HSM_ENOKEY, "64");
	ASSERT_FAILS(test_find(hsm, "three", "00", 13, &key, &err), HSM_EREPOSITORY, "three");
}
END_TEST

START_TEST(chosen_id)
{
	hsm_key_t *key, *other;
	ASSERT_OK(generate("one", 13, 0, "AbCd01", &key));
	ck_assert_str_eq(hsm_key_id(key), "abcd01");
	ASSERT_FAILS(generate("one", 13, 0, "abcd01", &other), HSM_EEXISTS,
	             "abcd01");
	ck_assert_uint_eq(count_keys("one"), 1);
	ck_assert_uint_eq(test_count_public("one"), 1);
	ASSERT_OK(hsm_key_remove(hsm, "one", "ABCD01", &err));
	hsm_key_free(key);
}
END_TEST

START_TEST(cut_off_generation)
{
	/* Only a public half is there: generating with the same CKA_ID replaces it. */
	hsm_key_t *key;
	ASSERT_OK(generate("one", 13, 0, "abcd02", &key));
	hsm_key_free(key);
	test_destroy_private("one");
	ASSERT_FAILS(test_find(hsm, "one", "abcd02", 13, &key, &err), HSM_ENOKEY,
	             "no private key");
	ck_assert_uint_eq(test_count_public("one"), 1);

	ASSERT_OK(generate("one", 13, 0, "abcd02", &key));
	ck_assert_uint_eq(test_count_public("one"), 1);
	assert_signs("one", key);
	hsm_key_free(key);

	/* What is left of a pair can be removed, too. */
	test_destroy_private("one");
	ASSERT_OK(hsm_key_remove(hsm, "one", "abcd02", &err));
	ck_assert_uint_eq(test_count_public("one"), 0);
}
END_TEST

/*! Writes a certificate, without the adapter. */
static void import_certificate(const char *label, const uint8_t *id, size_t len)
{
	static uint8_t content[] = { 0x30, 0x00 };
	CK_BBOOL yes = CK_TRUE;
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_CERTIFICATE_TYPE type = CKC_X_509;
	CK_ATTRIBUTE attributes[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_CERTIFICATE_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_ID, (void *)id, len },
		{ CKA_SUBJECT, content, sizeof(content) },
		{ CKA_VALUE, content, sizeof(content) },
	};
	CK_FUNCTION_LIST *list = test_raw();
	CK_SESSION_HANDLE session = test_raw_open(list, label);
	CK_OBJECT_HANDLE made;
	ck_assert_uint_eq(list->C_CreateObject(session, attributes, 6, &made), CKR_OK);
	list->C_CloseSession(session);
}

/* What has the CKA_ID and is no half of a key pair is neither a key nor in a key's way. */
START_TEST(certificate_of_that_id)
{
	static const uint8_t ID[] = { 0xab, 0xcd, 0x03 };
	hsm_key_t *key;
	ASSERT_OK(hsm_login(hsm, "one", true, &err));
	import_certificate("one", ID, sizeof(ID));
	ASSERT_FAILS(test_find(hsm, "one", "abcd03", 13, &key, &err), HSM_ENOKEY, "no private key");
	ASSERT_FAILS(hsm_key_remove(hsm, "one", "abcd03", &err), HSM_ENOKEY, "abcd03");
	ASSERT_OK(generate("one", 13, 0, "abcd03", &key));
	assert_signs("one", key);
	ASSERT_OK(hsm_key_remove(hsm, "one", "abcd03", &err));
	hsm_key_free(key);
}
END_TEST

START_TEST(skip_public_key)
{
	hsm_conf_t *conf = test_conf();
	conf->repositories[0].skip_public_key = true;
	reopen(conf);

	hsm_key_t *rsa, *ec, *found;
	ASSERT_OK(generate("one", 8, 2048, NULL, &rsa));
	ck_assert_uint_eq(test_count_public("one"), 0);
	ASSERT_OK(test_find(hsm, "one", hsm_key_id(rsa), 10, &found, &err));
	ck_assert_mem_eq(hsm_key_public(found).data, hsm_key_public(rsa).data,
	                 hsm_key_public(rsa).size);
	assert_signs("one", found);
	hsm_key_free(found);

	/* A private key of a curve does not have the point, so the public object stays. */
	ASSERT_OK(generate("one", 13, 0, NULL, &ec));
	ck_assert_uint_eq(test_count_public("one"), 1);

	ASSERT_OK(hsm_key_remove(hsm, "one", hsm_key_id(rsa), &err));
	ASSERT_OK(hsm_key_remove(hsm, "one", hsm_key_id(ec), &err));
	hsm_key_free(rsa);
	hsm_key_free(ec);
}
END_TEST

START_TEST(two_repositories)
{
	hsm_key_t *one, *two, *found;
	ASSERT_OK(generate("one", 13, 0, NULL, &one));
	ASSERT_OK(generate("two", 15, 0, NULL, &two));
	assert_signs("one", one);
	assert_signs("two", two);
	ck_assert_uint_eq(count_keys("one"), 1);
	ck_assert_uint_eq(count_keys("two"), 1);
	ASSERT_FAILS(test_find(hsm, "two", hsm_key_id(one), 13, &found, &err), HSM_ENOKEY,
	             "\"two\"");

	hsm_session_t *session;
	hsm_signature_t signature;
	ASSERT_OK(hsm_session_open(&session, hsm, "two", &err));
	ASSERT_FAILS(hsm_session_sign(session, one, DATA, 1, &signature, &err), HSM_ENOKEY,
	             "\"one\"");
	hsm_session_close(session);

	ASSERT_OK(hsm_key_remove(hsm, "one", hsm_key_id(one), &err));
	ASSERT_OK(hsm_key_remove(hsm, "two", hsm_key_id(two), &err));
	hsm_key_free(one);
	hsm_key_free(two);
}
END_TEST

START_TEST(capacity)
{
	hsm_conf_t *conf = test_conf();
	conf->repositories[0].capacity = 2;
	reopen(conf);
	hsm_key_t *keys[2], *third;
	ASSERT_OK(generate("one", 13, 0, NULL, &keys[0]));
	ASSERT_OK(generate("one", 13, 0, NULL, &keys[1]));
	ASSERT_FAILS(generate("one", 13, 0, NULL, &third), HSM_ECAPACITY,
	             "<Capacity> is 2");
	ck_assert_uint_eq(count_keys("one"), 2);
	ASSERT_OK(hsm_key_remove(hsm, "one", hsm_key_id(keys[0]), &err));
	ASSERT_OK(generate("one", 13, 0, NULL, &third));
	ASSERT_OK(hsm_key_remove(hsm, "one", hsm_key_id(keys[1]), &err));
	ASSERT_OK(hsm_key_remove(hsm, "one", hsm_key_id(third), &err));
	hsm_key_free(keys[0]);
	hsm_key_free(keys[1]);
	hsm_key_free(third);
}
END_TEST

START_TEST(wrong_pin)
{
	hsm_conf_t *conf = test_conf();
	conf->repositories[0].pin = (char *)"87654321";
	reopen(conf);
	ASSERT_FAILS(hsm_login(hsm, "one", false, &err), HSM_EPIN, "\"one\"");
	ck_assert_uint_eq(err.rv, 0xa0 /* CKR_PIN_INCORRECT */);
	ck_assert_ptr_null(strstr(err.text, "87654321"));

	/* The PIN is not tried again: the error stays the same even without the token. */
	test_token_hide("one");
	ASSERT_FAILS(hsm_login(hsm, "one", false, &err), HSM_EPIN, "not asked again");
	hsm_session_t *session;
	ASSERT_FAILS(hsm_session_open(&session, hsm, "one", &err), HSM_EPIN, "not asked again");
	test_token_show("one");

	/* The other token works, and with a new handle this one, too. */
	ASSERT_OK(hsm_login(hsm, "two", false, &err));
	reopen(test_conf());
	ASSERT_OK(hsm_login(hsm, "one", false, &err));
}
END_TEST

static CK_C_GetTokenInfo real_info;
static CK_FLAGS more_flags;

static CK_RV info_with_flags(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	CK_RV rv = real_info(slot, info);
	info->flags |= more_flags;
	return rv;
}

/* The last try of a PIN is a person's. */
START_TEST(last_try)
{
	hsm_session_t *session;
	ASSERT_OK(hsm_login(hsm, "one", false, &err));
	CK_FUNCTION_LIST *module = hsm_token_at(hsm, 0)->library.module;
	real_info = module->C_GetTokenInfo;
	module->C_GetTokenInfo = info_with_flags;
	more_flags = CKF_USER_PIN_FINAL_TRY;
	ASSERT_OK(hsm_login(hsm, "one", false, &err)); /* It is logged in. */
	test_log_out("one");
	ASSERT_FAILS(hsm_login(hsm, "one", false, &err), HSM_EPIN, "ods-hsm login one");
	ASSERT_FAILS(hsm_session_open(&session, hsm, "one", &err), HSM_EPIN, "next wrong PIN");
	ASSERT_OK(hsm_login(hsm, "one", true, &err));
	test_log_out("one");
	ASSERT_FAILS(hsm_login(hsm, "one", false, &err), HSM_EPIN, "ods-hsm login one");
	more_flags = CKF_USER_PIN_LOCKED;
	ASSERT_FAILS(hsm_login(hsm, "one", true, &err), HSM_EPIN, "has locked its PIN");
	more_flags = 0;
	ASSERT_OK(hsm_login(hsm, "one", false, &err));
	module->C_GetTokenInfo = real_info;
}
END_TEST

START_TEST(no_pin)
{
	hsm_conf_t *conf = test_conf();
	conf->repositories[0].pin = NULL;
	reopen(conf);
	ASSERT_FAILS(hsm_login(hsm, "one", false, &err), HSM_ELOGIN, "conf.xml has none");
	conf->repositories[0].pin_file = (char *)"/nonexistent/pin";
	reopen(conf);
	ASSERT_FAILS(hsm_login(hsm, "one", false, &err), HSM_EPIN, "/nonexistent/pin: No such file");
}
END_TEST

/* A person gives the PIN. The label is this test's own: all tests of a user have one keyring. */
START_TEST(kept_pin)
{
	char label[32];
	hsm_conf_t *conf = test_conf();
	hsm_repository_t *one = &conf->repositories[0];
	snprintf(label, sizeof(label), "kept%d", (int)getpid());
	test_token_make(label);
	*one = (hsm_repository_t){ .name = (char *)"one", .token_label = label, .asked = true,
		                   .module = one->module };
	const int why = kept_remove(one);
	if (why != ENOKEY) {
		printf("SKIP: the system refuses its keyring: %s\n", strerror(why));
		return;
	}
	reopen(conf);
	ASSERT_FAILS(hsm_login(hsm, "one", false, &err), HSM_ELOGIN, "waits for its PIN");
	ck_assert_ptr_nonnull(strstr(err.text, "ods-hsm login one"));
	ASSERT_FAILS(hsm_login(hsm, "one", true, &err), HSM_ELOGIN, "waits for its PIN");

	/* It is there: the same handle goes on. */
	ck_assert_int_eq(kept_put(one, TEST_PIN, strlen(TEST_PIN)), 0);
	ASSERT_OK(hsm_login(hsm, "one", false, &err));
	test_log_out(label);
	ASSERT_OK(hsm_login(hsm, "one", false, &err));

	/* Forgotten: what is logged in stays so. */
	ck_assert_int_eq(kept_remove(one), 0);
	ck_assert_int_eq(kept_remove(one), ENOKEY);
	ASSERT_OK(hsm_login(hsm, "one", false, &err));
	reopen(conf);
	ASSERT_FAILS(hsm_login(hsm, "one", false, &err), HSM_ELOGIN, "waits for its PIN");

	/* A wrong one is tried once, whoever asks then, and the right one after it. */
	ck_assert_int_eq(kept_put(one, "87654321", 8), 0);
	ASSERT_FAILS(hsm_login(hsm, "one", false, &err), HSM_ELOGIN, "refused the PIN");
	ck_assert_uint_eq(err.rv, 0xa0 /* CKR_PIN_INCORRECT */);
	ASSERT_FAILS(hsm_login(hsm, "one", false, &err), HSM_ELOGIN, "waits for its PIN");
	ck_assert_int_eq(kept_remove(one), ENOKEY);
	ck_assert_int_eq(kept_put(one, "87654321", 8), 0);
	ck_assert_int_eq(kept_put(one, TEST_PIN, strlen(TEST_PIN)), 0); /* In its place. */
	ASSERT_OK(hsm_login(hsm, "one", false, &err));
	ck_assert_int_eq(kept_remove(one), 0);
	ck_assert_int_eq(kept_remove(one), ENOKEY);
}
END_TEST

START_TEST(missing_token)
{
	hsm_conf_t *conf = test_conf();
	conf->repositories[0].token_label = (char *)"on";
	reopen(conf);
	ASSERT_FAILS(hsm_login(hsm, "one", false, &err), HSM_ETOKEN, "no token labelled \"on\"");
	ck_assert_msg(strstr(err.text, "\"one\"") && strstr(err.text, "\"two\""), "%s", err.text);
	ASSERT_OK(hsm_login(hsm, "two", false, &err));
}
END_TEST

START_TEST(late_token)
{
	test_token_hide("one");
	ASSERT_FAILS(hsm_login(hsm, "one", false, &err), HSM_ETOKEN, "no token labelled");
	test_token_show("one");
	ASSERT_OK(hsm_login(hsm, "one", false, &err));
}
END_TEST

START_TEST(missing_library)
{
	hsm_conf_t *conf = test_conf();
	conf->repositories[0].module = (char *)"/nonexistent/libpkcs11.so";
	reopen(conf);
	ASSERT_FAILS(hsm_login(hsm, "one", false, &err), HSM_EMODULE, "/nonexistent/libpkcs11.so");
	conf->repositories[0].module = (char *)"/dev/null";
	reopen(conf);
	ASSERT_FAILS(hsm_login(hsm, "one", false, &err), HSM_EMODULE, "/dev/null");
	ASSERT_OK(hsm_login(hsm, "two", false, &err));
}
END_TEST

START_TEST(nothing_before_need)
{
	hsm_conf_t *conf = test_conf();
	conf->repositories[0].module = (char *)"/nonexistent/libpkcs11.so";
	reopen(conf);
	ASSERT_FAILS(hsm_login(hsm, "none", false, &err), HSM_EREPOSITORY, "\"none\"");
	hsm_close(NULL);
	hsm_key_free(NULL);
	hsm_session_close(NULL);
}
END_TEST

START_TEST(point_forms)
{
	uint8_t point[128] = { 0x04, 65, 0x04, 'x' };
	ck_assert_ptr_eq(hsm_public_point(point, 67, 64), point + 3);
	ck_assert_ptr_eq(hsm_public_point(point + 2, 65, 64), point + 3);
	ck_assert_ptr_null(hsm_public_point(point, 66, 64));
	ck_assert_ptr_null(hsm_public_point(point + 3, 64, 64));
	point[2] = 0x02;
	ck_assert_ptr_null(hsm_public_point(point, 67, 64));
	ck_assert_ptr_null(hsm_public_point(point + 2, 65, 64));

	uint8_t edwards[64] = { 0x03, 33, 0x00, 'x' };
	ck_assert_ptr_eq(hsm_public_point(edwards, 35, 32), edwards + 3);
	ck_assert_ptr_eq(hsm_public_point(edwards, 32, 32), edwards);
	edwards[1] = 0x04;
	edwards[2] = 32;
	ck_assert_ptr_eq(hsm_public_point(edwards + 1, 34, 32), edwards + 3);
	edwards[2] = 31;
	ck_assert_ptr_null(hsm_public_point(edwards + 1, 34, 32));

	/* RFC 8410, section 10.1. */
	uint8_t info[44] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, 'x' };
	ck_assert_ptr_eq(hsm_public_point(info, 44, 32), info + 12);
	ck_assert_ptr_null(hsm_public_point(info, 43, 32));
	info[9] = 0x04;
	ck_assert_ptr_null(hsm_public_point(info, 44, 32));
	ck_assert_ptr_null(hsm_public_point(edwards, 0, 32));
}
END_TEST

START_TEST(algorithm_names)
{
	ck_assert_uint_eq(hsm_algorithm_parse("ecdsap256sha256")->number, 13);
	ck_assert_uint_eq(hsm_algorithm_parse("ED448")->number, 16);
	ck_assert_uint_eq(hsm_algorithm_parse("8")->number, 8);
	ck_assert_ptr_null(hsm_algorithm_parse("RSASHA1"));
	ck_assert_ptr_null(hsm_algorithm_parse("7"));
	ck_assert_ptr_null(hsm_algorithm_parse(""));
	ck_assert_ptr_null(hsm_algorithm(0));
}
END_TEST

#define MANY 150

static CK_C_FindObjectsInit real_search;
static unsigned searches;
static bool slow; /*!< A search takes its time, and one that finds all keys more. */

static CK_RV count_search(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count)
{
	searches++;
	if (slow) {
		poll(NULL, 0, template[0].type == CKA_ID ? 5 : 40);
	}
	return real_search(session, template, count);
}

static void name_key(unsigned number, char id[5])
{
	(void)snprintf(id, 5, "%04x", number);
}

/*! A key pair whose CKA_ID comes late, as those of another process may. \param reader  Knows all
 *  that the token has. */
static void half_written(hsm_t *reader)
{
	static const uint8_t ID[] = { 0xee, 0xee };
	hsm_token_t *token = hsm_token_at(reader, 0);
	CK_FUNCTION_LIST *module = token->library.module;
	CK_ATTRIBUTE none = { CKA_ID, NULL, 0 }, late = { CKA_ID, (void *)ID, sizeof(ID) };
	CK_OBJECT_HANDLE halves[2];
	hsm_objects_t objects;
	hsm_id_t id;
	ck_assert_int_eq(hsm_id_parse(&id, "0001"), HSM_EOK);
	ASSERT_OK(hsm_search_id(token, &id, &objects, &err));
	ck_assert_uint_eq(objects.count, 2);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_uint_eq(module->C_CopyObject(token->session, objects.objects[i].handle,
		                                       &none, 1, &halves[i]), CKR_OK);
	}
	listed_t listed = { .cka_id = "eeee" };
	ASSERT_OK(hsm_key_list(reader, "one", look_for, &listed, &err));
	ck_assert_str_eq(listed.type, "");
	for (size_t i = 0; i < 2; i++) {
		ck_assert_uint_eq(module->C_SetAttributeValue(token->session, halves[i], &late, 1),
		                  CKR_OK);
	}
	ASSERT_OK(hsm_key_list(reader, "one", look_for, &listed, &err));
	ck_assert_str_eq(listed.type, "ECDSA");
	ASSERT_OK(hsm_key_remove(reader, "one", "eeee", &err));
	hsm_objects_free(&objects);
}

/*! Makes some keys, and finds them. \return How many searches that took. */
static unsigned next_group(hsm_t *reader, unsigned count)
{
	static unsigned number = 0xa000;
	hsm_key_t *key;
	char id[5];
	for (unsigned i = 0; i < count; i++) {
		name_key(number + i, id);
		ASSERT_OK(generate("one", 13, 0, id, &key));
		hsm_key_free(key);
	}
	searches = 0;
	for (unsigned i = 0; i < count; i++) {
		name_key(number++, id);
		ASSERT_OK(test_find(reader, "one", id, 13, &key, &err));
		hsm_key_free(key);
	}
	const unsigned took = searches;
	for (unsigned i = 1; i <= count; i++) {
		name_key(number - i, id);
		ASSERT_OK(hsm_key_remove(hsm, "one", id, &err));
	}
	return took;
}

/* New keys that come many at a time are looked for at once when the last ones did so, too. */
static void come_in_groups(hsm_t *reader, CK_FUNCTION_LIST *module)
{
	slow = true;
	module->C_FindObjectsInit = count_search;
	next_group(reader, 25);
	ck_assert_uint_le(next_group(reader, 25), 3);
	ck_assert_uint_le(next_group(reader, 25), 3);
	next_group(reader, 1);
	ck_assert_uint_eq(next_group(reader, 1), 1);
	module->C_FindObjectsInit = real_search;
	slow = false;
}

static CK_C_GetTokenInfo real_info;
static unsigned looks;

static CK_RV count_look(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	looks++;
	return real_info(slot, info);
}

/* Keys that are known are found without a call, but for a look now and then whether the token is there. */
static void known_cost_nothing(hsm_t *reader, CK_FUNCTION_LIST *module)
{
	hsm_key_t *found;
	char id[5];
	looks = searches = 0;
	real_info = module->C_GetTokenInfo;
	module->C_GetTokenInfo = count_look;
	const int64_t begin = monotonic_ms();
	for (unsigned i = 0; i < 3 * MANY; i++) {
		name_key(i % MANY, id);
		ASSERT_OK(test_find(reader, "one", id, 13, &found, &err));
		hsm_key_free(found);
	}
	ck_assert_uint_le(looks, 2 + (monotonic_ms() - begin) / 1000);
	ck_assert_uint_eq(searches, 0);
	module->C_GetTokenInfo = real_info;
}

/* Many keys are looked for: they are learnt together, not one by one. */
START_TEST(many_keys)
{
	hsm_key_t *made[MANY], *found;
	hsm_t *other;
	char id[5];
	for (unsigned i = 0; i < MANY; i++) {
		name_key(i, id);
		ASSERT_OK(generate("one", 13, 0, id, &made[i]));
	}
	ASSERT_OK(hsm_open(&other, test_conf(), &err));
	ASSERT_OK(hsm_login(other, "one", false, &err));
	CK_FUNCTION_LIST *module = hsm_token_at(other, 0)->library.module;
	real_search = module->C_FindObjectsInit;
	module->C_FindObjectsInit = count_search;
	for (unsigned i = 0; i < MANY; i++) {
		name_key(i, id);
		ASSERT_OK(test_find(other, "one", id, 13, &found, &err));
		const dnssec_binary_t is = hsm_key_public(found), was = hsm_key_public(made[i]);
		ck_assert_int_eq(dnssec_binary_cmp(&is, &was), 0);
		hsm_key_free(found);
	}
	ck_assert_uint_lt(searches, 40);
	known_cost_nothing(other, module);

	/* What comes and goes is seen, as soon as it is not only just that all were learnt. */
	hsm_key_t *late;
	ASSERT_OK(generate("one", 13, 0, "ffff", &late));
	ASSERT_OK(test_find(other, "one", "ffff", 13, &found, &err));
	hsm_key_free(found);
	hsm_key_free(late);
	ASSERT_OK(hsm_key_remove(hsm, "one", "0007", &err));
	poll(NULL, 0, 3100);
	ASSERT_FAILS(test_find(other, "one", "0007", 13, &found, &err), HSM_ENOKEY, "0007");
	ASSERT_OK(test_find(other, "one", "0008", 13, &found, &err));
	hsm_key_free(found);
	module->C_FindObjectsInit = real_search;
	half_written(other);
	come_in_groups(other, module);
	hsm_close(other);
	for (unsigned i = 0; i < MANY; i++) {
		hsm_key_free(made[i]);
	}
	ck_assert_uint_eq(count_keys("one"), MANY);
}
END_TEST

static CK_C_Sign real_sign;
static CK_RV fault;           /*!< What the token answers... */
static unsigned faults, calls; /*!< ...so many times; and how often it was asked. */

static CK_RV sign_or_fail(CK_SESSION_HANDLE in, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature,
                          CK_ULONG *len)
{
	calls++;
	if (faults > 0) {
		faults--;
		return fault;
	}
	return real_sign(in, data, data_len, signature, len);
}

/* A signature that fails is tried again, unless that is in vain. */
START_TEST(passing_errors)
{
	static const struct {
		CK_RV fault;
		unsigned faults, calls;
		int ret;
	} CASES[] = {
		{ CKR_DEVICE_ERROR, 1, 2, HSM_EOK },
		{ CKR_FUNCTION_FAILED, 2, 3, HSM_EOK },
		{ CKR_GENERAL_ERROR, 3, 4, HSM_EOK },
		{ CKR_DEVICE_MEMORY, 100, 4, HSM_ECAPACITY },
		{ CKR_KEY_FUNCTION_NOT_PERMITTED, 1, 1, HSM_EDEVICE },
		{ CKR_MECHANISM_INVALID, 1, 1, HSM_EALGORITHM },
	};
	hsm_key_t *key;
	hsm_session_t *session;
	hsm_signature_t signature;
	ASSERT_OK(generate("one", 13, 0, NULL, &key));
	ASSERT_OK(hsm_session_open(&session, hsm, "one", &err));
	CK_FUNCTION_LIST *module = hsm_token_at(hsm, 0)->library.module;
	real_sign = module->C_Sign;
	module->C_Sign = sign_or_fail;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		fault = CASES[i].fault;
		faults = CASES[i].faults;
		calls = 0;
		ck_assert_int_eq(hsm_session_sign(session, key, DATA, sizeof(DATA), &signature,
		                                  &err), CASES[i].ret);
		ck_assert_uint_eq(calls, CASES[i].calls);
		ck_assert(CASES[i].ret != HSM_EOK || test_verify(key, DATA, sizeof(DATA),
		                                                 signature.data, signature.len));
	}
	module->C_Sign = real_sign;
	hsm_session_close(session);
	ASSERT_OK(hsm_key_remove(hsm, "one", hsm_key_id(key), &err));
	hsm_key_free(key);
}
END_TEST

static CK_RV no_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
	(void)slot;
	(void)type;
	(void)info;
	return CKR_FUNCTION_NOT_SUPPORTED;
}

/* A library that tells nothing of its mechanisms generates keys all the same. */
START_TEST(no_mechanism_info)
{
	hsm_key_t *key;
	ASSERT_OK(hsm_login(hsm, "one", false, &err));
	CK_FUNCTION_LIST *module = hsm_token_at(hsm, 0)->library.module;
	const CK_C_GetMechanismInfo real = module->C_GetMechanismInfo;
	module->C_GetMechanismInfo = no_info;
	ASSERT_OK(generate("one", 8, 2048, NULL, &key));
	module->C_GetMechanismInfo = real;
	ASSERT_OK(hsm_key_remove(hsm, "one", hsm_key_id(key), &err));
	hsm_key_free(key);
}
END_TEST

static CK_C_FindObjects real_find;
static CK_C_Initialize real_initialize;
static CK_OBJECT_HANDLE newest;  /*!< The newest object that the library has read. */
static bool reads;               /*!< It reads all there is, as at its start. */
static unsigned starts;

/* A library that reads a token's objects once. */
static CK_RV find_old(CK_SESSION_HANDLE in, CK_OBJECT_HANDLE *objects, CK_ULONG max, CK_ULONG *count)
{
	CK_RV rv = real_find(in, objects, max, count);
	CK_ULONG kept = 0;
	for (CK_ULONG i = 0; i < *count; i++) {
		newest = reads && objects[i] > newest ? objects[i] : newest;
		if (objects[i] <= newest) {
			objects[kept++] = objects[i];
		}
	}
	*count = kept;
	return rv;
}

static CK_RV initialize(void *args)
{
	starts++;
	reads = true;
	return real_initialize(args);
}

/* A key that another process has made is found though the library does not look for it; what is not there
 * does not have the library started again and again. */
START_TEST(reads_once)
{
	hsm_key_t *key, *found;
	ASSERT_OK(generate("one", 13, 0, "aa01", &key));
	CK_FUNCTION_LIST *module = hsm_token_at(hsm, 0)->library.module;
	real_find = module->C_FindObjects;
	real_initialize = module->C_Initialize;
	module->C_FindObjects = find_old;
	module->C_Initialize = initialize;
	ASSERT_OK(test_find(hsm, "one", "aa01", 13, &found, &err));
	hsm_key_free(found);
	ck_assert_uint_eq(starts, 1);
	reads = false;
	for (int i = 0; i < 5; i++) {
		ASSERT_FAILS(test_find(hsm, "one", "aa02", 13, &found, &err), HSM_ENOKEY,
		             "no private key");
	}
	ck_assert_uint_eq(starts, 1);
	module->C_FindObjects = real_find;
	module->C_Initialize = real_initialize;
	ASSERT_OK(hsm_key_remove(hsm, "one", "aa01", &err));
	hsm_key_free(key);
}
END_TEST

int main(void)
{
	if (test_softhsm() == NULL) {
		puts("SKIP: no SoftHSM");
		return 77;
	}
	Suite *suite = suite_create("hsm");
	TCase *tc = tcase_create("keys");
	tcase_set_timeout(tc, 120);
	tcase_add_unchecked_fixture(tc, test_tokens_make, test_tokens_remove);
	tcase_add_checked_fixture(tc, open_hsm, close_hsm);
	tcase_add_loop_test(tc, life_of_a_key, 0, sizeof(KEYS) / sizeof(KEYS[0]));
	tcase_add_test(tc, algorithm_misfits);
	tcase_add_test(tc, passing_errors);
	tcase_add_test(tc, no_mechanism_info);
	tcase_add_test(tc, reads_once);
	tcase_add_test(tc, wrong_sizes);
	tcase_add_test(tc, wrong_ids);
	tcase_add_test(tc, chosen_id);
	tcase_add_test(tc, cut_off_generation);
	tcase_add_test(tc, certificate_of_that_id);
	tcase_add_test(tc, skip_public_key);
	tcase_add_test(tc, two_repositories);
	tcase_add_test(tc, capacity);
	tcase_add_test(tc, wrong_pin);
	tcase_add_test(tc, last_try);
	tcase_add_test(tc, no_pin);
	tcase_add_test(tc, kept_pin);
	tcase_add_test(tc, missing_token);
	tcase_add_test(tc, late_token);
	tcase_add_test(tc, missing_library);
	tcase_add_test(tc, nothing_before_need);
	tcase_add_test(tc, point_forms);
	tcase_add_test(tc, algorithm_names);
	suite_add_tcase(suite, tc);
	tc = tcase_create("many");
	tcase_set_timeout(tc, 120);
	tcase_add_unchecked_fixture(tc, test_tokens_make, test_tokens_remove);
	tcase_add_checked_fixture(tc, open_hsm, close_hsm);
	tcase_add_test(tc, many_keys);
	suite_add_tcase(suite, tc);

	return check_main(suite);
}
