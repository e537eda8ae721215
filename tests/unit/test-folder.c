/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! A repository that is a folder of keys in PEM files. */

#include <sys/resource.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "hsm-adapter/folder/folder.h"
#include "hsm-adapter/folder/pair.h"
#include "hsm-adapter/folder/pem.h"
#include "tests/unit/check-main.h"
#include "tests/unit/remove-folder.h"
#include "tests/unit/test-hsm-token.h"

#define TOP "/tmp/test-folder.XXXXXX"
#define SIGNATURES 200 /* Of each thread. */
#define NOBODY 65534

static const uint8_t DATA[] = "what is to be signed";

static char top[sizeof(TOP)], path[sizeof(TOP) + 8], aside[sizeof(TOP) + 8];
static hsm_repository_t repository;
static hsm_conf_t conf = { .repositories = &repository, .count = 1 };
static hsm_t *hsm;
static hsm_error_t err;

static void make(void)
{
	strcpy(top, TOP);
	ck_assert_ptr_nonnull(mkdtemp(top));
	snprintf(path, sizeof(path), "%s/keys", top);
	snprintf(aside, sizeof(aside), "%s/aside", top);
	repository = (hsm_repository_t){
		.name = (char *)"soft", .module = path, .folder = true,
		.token_label = (char *)HSM_FOLDER_LABEL
	};
	ASSERT_OK(folder_make(&repository, &err));
	ASSERT_OK(hsm_open(&hsm, &conf, &err));
}

static void unmake(void)
{
	hsm_close(hsm);
	remove_folder(top);
}

/*! Has the folder opened anew, by a passphrase. */
static void reopen(const char *passphrase)
{
	hsm_close(hsm);
	repository.pin = (char *)passphrase;
	ASSERT_OK(hsm_open(&hsm, &conf, &err));
}

static hsm_key_t *generate(uint8_t algorithm, const char *cka_id)
{
	const hsm_key_spec_t spec = { .repository = "soft", .algorithm = algorithm, .bits = 2048,
		                      .cka_id = cka_id };
	hsm_key_t *key = NULL;
	ASSERT_OK(hsm_key_generate(hsm, &spec, &key, &err));
	return key;
}

static int find(const char *cka_id, uint8_t algorithm, hsm_key_t **key)
{
	return test_find(hsm, "soft", cka_id, algorithm, key, &err);
}

/*! Signs by a key, and verifies. */
static int sign(const hsm_key_t *key)
{
	hsm_signature_t signature;
	hsm_session_t *session = NULL;
	int ret = hsm_session_open(&session, hsm, "soft", &err);
	if (ret == HSM_EOK) {
		ret = hsm_session_sign(session, key, DATA, sizeof(DATA), &signature, &err);
	}
	hsm_session_close(session);
	if (ret == HSM_EOK) {
		ck_assert(test_verify(key, DATA, sizeof(DATA), signature.data, signature.len));
	}
	return ret;
}

/*! Reads a key's file. \param id  Its CKA_ID. */
static const char *content(const char *id)
{
	static char text[8192];
	char file[128];
	snprintf(file, sizeof(file), "%s/%.2s/%s.pem", path, id, id);
	FILE *in = fopen(file, "r");
	ck_assert_ptr_nonnull(in);
	text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
	fclose(in);
	return text;
}

static int count_one(void *ctx, const hsm_key_info_t *info)
{
	size_t *count = ctx;
	(*count) += info->algorithm != 0 && info->bits != 0;
	return 0;
}

static size_t count(void)
{
	size_t keys = 0;
	ASSERT_OK(hsm_key_list(hsm, "soft", count_one, &keys, &err));
	return keys;
}

static const uint8_t ALGORITHMS[] = { 8, 10, 13, 14, 15, 16 };

START_TEST(each_algorithm)
{
	const uint8_t algorithm = ALGORITHMS[_i];
	char id[64];
	hsm_key_t *key = generate(algorithm, NULL), *found = NULL;
	ASSERT_OK(sign(key));
	snprintf(id, sizeof(id), "%s", hsm_key_id(key));
	ck_assert_ptr_nonnull(strstr(content(id), "BEGIN PRIVATE KEY"));
	reopen(NULL);
	ASSERT_OK(find(id, algorithm, &found));
	const dnssec_binary_t made = hsm_key_public(key), read = hsm_key_public(found);
	ck_assert_uint_eq(made.size, read.size);
	ck_assert_mem_eq(made.data, read.data, made.size);
	hsm_key_free(key);
	ASSERT_OK(sign(found));
	hsm_key_free(found);
	ck_assert_uint_eq(count(), 1);
	ASSERT_FAILS(find(id, algorithm == 13 ? 8 : 13, &found), HSM_EALGORITHM, "not one for");
	ASSERT_OK(hsm_key_remove(hsm, "soft", id, &err));
	ck_assert_uint_eq(count(), 0);
	ASSERT_FAILS(find(id, algorithm, &found), HSM_ENOKEY, id);
}
END_TEST

START_TEST(chosen_id)
{
	const hsm_key_spec_t spec = { .repository = "soft", .algorithm = 13, .cka_id = "ABCD" };
	hsm_key_t *key = generate(13, "ABCD");
	hsm_key_free(key);
	ASSERT_FAILS(hsm_key_generate(hsm, &spec, &key, &err), HSM_EEXISTS, "abcd");
	ck_assert_ptr_nonnull(content("abcd"));
}
END_TEST

START_TEST(passphrase)
{
	reopen("open sesame");
	hsm_key_t *key = generate(13, "abcd"), *other = NULL;
	ck_assert_ptr_nonnull(strstr(content("abcd"), "BEGIN ENCRYPTED PRIVATE KEY"));
	ASSERT_OK(sign(key));
	hsm_key_free(key);
	reopen("open barley");
	ASSERT_FAILS(find("abcd", 13, &key), HSM_EPIN, "not asked again");
	/* No key can come into the folder that has another passphrase. */
	const hsm_key_spec_t spec = { .repository = "soft", .algorithm = 13 };
	ASSERT_FAILS(hsm_key_generate(hsm, &spec, &other, &err), HSM_EPIN, "not asked again");
	/* Without one, the public halves can be read. */
	reopen(NULL);
	ASSERT_OK(find("abcd", 13, &key));
	ASSERT_FAILS(sign(key), HSM_EDEVICE, "<PINFile>");
	hsm_key_free(key);
	reopen("open sesame");
	ASSERT_OK(find("abcd", 13, &key));
	ASSERT_OK(sign(key));
	hsm_key_free(key);
}
END_TEST

/* A key that came from elsewhere, with a passphrase of its own, locks no other away. */
START_TEST(another_passphrase)
{
	char from[128], to[128];
	reopen("open barley");
	hsm_key_free(generate(13, "00aa"));
	snprintf(from, sizeof(from), "%s/00/00aa.pem", path);
	snprintf(to, sizeof(to), "%s/00aa.pem", path);
	ck_assert_int_eq(rename(from, to), 0);
	reopen("open sesame");
	hsm_key_t *key = generate(13, "abcd");
	hsm_key_free(key);
	ck_assert_int_eq(rename(to, from), 0);
	reopen("open sesame");
	ASSERT_OK(find("abcd", 13, &key));
	ASSERT_OK(sign(key));
	hsm_key_free(key);
	ASSERT_OK(find("00aa", 13, &key));
	ck_assert_int_ne(sign(key), HSM_EOK);
	hsm_key_free(key);
}
END_TEST

/* A key's file that is not this user's to read is called so; who is root has to become another one. */
START_TEST(forbidden)
{
	char file[128];
	hsm_key_t *key = NULL;
	hsm_key_free(generate(13, "abcd"));
	reopen(NULL);
	snprintf(file, sizeof(file), "%s/ab/abcd.pem", path);
	ck_assert_int_eq(chmod(file, 0), 0);
	const bool root = geteuid() == 0;
	if (root) {
		snprintf(file, sizeof(file), "%s/ab", path);
		ck_assert(chown(top, NOBODY, NOBODY) == 0 && chown(path, NOBODY, NOBODY) == 0 &&
		          chown(file, NOBODY, NOBODY) == 0 && seteuid(NOBODY) == 0);
	}
	ASSERT_FAILS(find("abcd", 13, &key), HSM_EDEVICE, "may not be read by this user");
	ck_assert(!root || seteuid(0) == 0);
}
END_TEST

START_TEST(rights)
{
	hsm_key_free(generate(13, "abcd"));
	ck_assert_int_eq(chmod(path, 0755), 0);
	ASSERT_FAILS(hsm_login(hsm, "soft", false, &err), HSM_EMODULE, "chmod o-rwx");
	ck_assert_int_eq(chmod(path, 0750), 0);
	ASSERT_OK(hsm_login(hsm, "soft", false, &err));
	/* What the folder's group may, it may with a key: another user's engine makes them. */
	hsm_key_free(generate(13, "dcba"));
	char file[128];
	struct stat st;
	snprintf(file, sizeof(file), "%s/dc/dcba.pem", path);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	snprintf(file, sizeof(file), "%s/ab/abcd.pem", path);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, geteuid() == 0 ? 0640 : 0600);
}
END_TEST

/* A disk that is not mounted, and is again. */
START_TEST(away)
{
	hsm_key_t *key = generate(13, "abcd"), *none = NULL;
	ASSERT_OK(sign(key));
	ck_assert_int_eq(rename(path, aside), 0);
	ASSERT_FAILS(find("abcd", 13, &none), HSM_EMODULE, "No such file");
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ASSERT_FAILS(find("abcd", 13, &none), HSM_ENOKEY, "abcd");
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(rename(aside, path), 0);
	ASSERT_OK(sign(key));
	hsm_key_free(key);
}
END_TEST

/* A key whose file is another one, from an older copy say, does not sign: that would be bogus. */
START_TEST(another_file)
{
	char file[128], other[128];
	hsm_key_t *key = generate(13, "abcd");
	hsm_key_free(generate(13, "abce"));
	ASSERT_OK(sign(key));
	snprintf(file, sizeof(file), "%s/ab/abcd.pem", path);
	snprintf(other, sizeof(other), "%s/ab/abce.pem", path);
	ck_assert_int_eq(rename(other, file), 0);
	usleep(1100000); /* As long as a file is trusted. */
	ck_assert_int_ne(sign(key), HSM_EOK);
	hsm_key_free(key);
	ck_assert_uint_eq(count(), 1);
}
END_TEST

START_TEST(disk_full)
{
	hsm_key_t *key = NULL;
	const hsm_key_spec_t spec = { .repository = "soft", .algorithm = 13, .cka_id = "abcd" };
	struct rlimit limit, small;
	ASSERT_OK(hsm_login(hsm, "soft", false, &err));
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	small = (struct rlimit){ 100, limit.rlim_max };
	setrlimit(RLIMIT_FSIZE, &small);
	const int ret = hsm_key_generate(hsm, &spec, &key, &err);
	setrlimit(RLIMIT_FSIZE, &limit);
	ck_assert_int_eq(ret, HSM_EDEVICE);
	ck_assert_uint_eq(count(), 0);
	hsm_key_free(generate(13, "abcd"));
	ck_assert_uint_eq(count(), 1);
}
END_TEST

/* What a process that was killed in the midst of it has left is no key, and in nobody's way. */
/*! How a file is left by a loss of power before it was settled. */
static void leave(const char *id, off_t size)
{
	char file[128];
	snprintf(file, sizeof(file), "%s/%.2s/%s.pem", path, id, id);
	ck_assert_int_eq(truncate(file, 0), 0);
	ck_assert_int_eq(truncate(file, size), 0);
}

/*! Keys that need not stay before they are settled; what a loss of power leaves of others is no key, and no
 *  fault of the folder. */
START_TEST(unsettled)
{
	static const char *const IDS[] = { "aa01", "aa02", "bb03" };
	hsm_key_t *keys[3], *found = NULL;
	for (size_t i = 0; i < 3; i++) {
		const hsm_key_spec_t spec = { .repository = "soft", .algorithm = 13, .cka_id = IDS[i],
			                      .fresh = true, .unsettled = true };
		ASSERT_OK(hsm_key_generate(hsm, &spec, &keys[i], &err));
		ASSERT_OK(sign(keys[i]));
		hsm_key_free(keys[i]);
	}
	ck_assert(hsm_needs_settling(hsm, "soft") && !hsm_needs_settling(hsm, "other"));
	ASSERT_OK(hsm_settle(hsm, "soft", &err));
	ck_assert_int_eq(hsm_settle(hsm, "other", &err), HSM_EREPOSITORY);
	leave(IDS[0], 0);
	leave(IDS[1], 250);
	reopen(NULL);
	ck_assert_int_eq(find(IDS[0], 13, &found), HSM_ENOKEY);
	ck_assert_int_eq(find(IDS[1], 13, &found), HSM_ENOKEY);
	ck_assert_uint_eq(count(), 1);
	ASSERT_OK(find(IDS[2], 13, &found));
	ASSERT_OK(sign(found));
	hsm_key_free(found);
}
END_TEST

START_TEST(half_written)
{
	char file[128];
	hsm_key_free(generate(13, "ab00"));
	snprintf(file, sizeof(file), "%s/ab/.abcd.new", path);
	FILE *half = fopen(file, "w");
	fputs("-----BEGIN PRIVATE", half);
	fclose(half);
	ck_assert_uint_eq(count(), 1);
	hsm_key_free(generate(13, "abcd"));
	ck_assert_uint_eq(count(), 2);
	ck_assert_int_ne(access(file, F_OK), 0);
	/* A file that is damaged: that key is of no use, others are. */
	snprintf(file, sizeof(file), "%s/ab/abcd.pem", path);
	ck_assert_int_eq(truncate(file, 40), 0);
	hsm_key_t *key = NULL;
	ASSERT_FAILS(find("abcd", 13, &key), HSM_EDEVICE, "is damaged; restore it");
	ASSERT_OK(find("ab00", 13, &key));
	ASSERT_OK(sign(key));
	hsm_key_free(key);
}
END_TEST

/*** Many. ***/

static void *sign_many(void *arg)
{
	const hsm_key_t *key = arg;
	hsm_session_t *session = NULL;
	hsm_error_t why;
	size_t good = 0;
	if (hsm_session_open(&session, hsm, "soft", &why) != HSM_EOK) {
		return NULL;
	}
	for (size_t i = 0; i < SIGNATURES; i++) {
		hsm_signature_t signature;
		good += hsm_session_sign(session, key, DATA, sizeof(DATA), &signature, &why) ==
		        HSM_EOK && hsm_key_verify(key, DATA, sizeof(DATA), &signature, &why) ==
		        HSM_EOK;
	}
	hsm_session_close(session);
	return good == SIGNATURES ? arg : NULL;
}

START_TEST(threads)
{
	hsm_key_t *keys[4];
	pthread_t all[8];
	for (size_t i = 0; i < 4; i++) {
		keys[i] = generate(i % 2 == 0 ? 13 : 15, NULL);
	}
	for (size_t i = 0; i < 8; i++) {
		ck_assert_int_eq(pthread_create(&all[i], NULL, sign_many, keys[i % 4]), 0);
	}
	for (size_t i = 0; i < 8; i++) {
		void *done = NULL;
		pthread_join(all[i], &done);
		ck_assert_ptr_eq(done, keys[i % 4]);
	}
	for (size_t i = 0; i < 4; i++) {
		hsm_key_free(keys[i]);
	}
}
END_TEST

/*! Reads both halves of a text, and takes them for those of the pair. */
static void assert_reads(BIO *text, const char *by, const EVP_PKEY *pair)
{
	char *data;
	EVP_PKEY *read;
	const size_t len = (size_t)BIO_get_mem_data(text, &data);
	ck_assert_uint_eq(pem_private(data, len, by, &read), CKR_OK);
	ck_assert_int_eq(EVP_PKEY_eq(read, pair), 1);
	uint8_t value[PAIR_VALUE_MAX], same[PAIR_VALUE_MAX];
	const size_t size = pair_attribute(pair, CKA_EC_POINT, value);
	ck_assert_uint_eq(pair_attribute(read, CKA_EC_POINT, same), size);
	ck_assert_mem_eq(value, same, size);
	EVP_PKEY_free(read);
	ck_assert_uint_eq(pem_public(data, len, &read), CKR_OK);
	ck_assert_int_eq(EVP_PKEY_eq(read, pair), 1);
	EVP_PKEY_free(read);
	BIO_free(text);
}

/*! What is written is, byte for byte, what OpenSSL's own encoders write. */
static void assert_standard(EVP_PKEY *pair)
{
	BIO *ours = pem_write(NULL, pair), *theirs = BIO_new(BIO_s_mem());
	char *text, *standard;
	ck_assert_int_eq(PEM_write_bio_PKCS8PrivateKey(theirs, pair, NULL, NULL, 0, NULL, NULL), 1);
	ck_assert_int_eq(PEM_write_bio_PUBKEY(theirs, pair), 1);
	const long len = BIO_get_mem_data(ours, &text);
	ck_assert_int_eq(len, BIO_get_mem_data(theirs, &standard));
	ck_assert_mem_eq(text, standard, len);
	BIO_free(ours);
	BIO_free(theirs);
}

/* Whoever wrote it: numbers that begin with zeros are among them. */
START_TEST(texts)
{
	static const struct {
		const char *name;
		unsigned count;
	} KINDS[] = { { "P-256", 600 }, { "P-384", 300 }, { "ED25519", 50 }, { "ED448", 50 }, { "RSA", 2 } };
	for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
		for (unsigned n = 0; n < KINDS[i].count; n++) {
			EVP_PKEY *pair = pair_generate(pair_kind_named(KINDS[i].name), 1024);
			ck_assert_ptr_nonnull(pair);
			assert_reads(pem_write(NULL, pair), NULL, pair);
			assert_standard(pair);
			if (n == 0) {
				BIO *other = BIO_new(BIO_s_mem());
				ck_assert_int_eq(PEM_write_bio_PrivateKey_traditional(other, pair, NULL, NULL, 0,
				                                                      NULL, NULL), i < 2 || i > 3);
				if (i < 2 || i > 3) {
					assert_reads(other, NULL, pair);
				} else {
					BIO_free(other);
				}
				assert_reads(pem_write("secret", pair), "secret", pair);
			}
			EVP_PKEY_free(pair);
		}
	}
}
END_TEST

static CK_RV read_text(const char *text, const char *by)
{
	EVP_PKEY *pair = NULL;
	CK_RV rv = pem_private(text, strlen(text), by, &pair);
	EVP_PKEY_free(pair);
	return rv;
}

/* What is no key pair is told from what needs another passphrase. */
START_TEST(bad_texts)
{
	EVP_PKEY *pair = pair_generate(pair_kind_named("P-256"), 0);
	char *data, text[4096];
	BIO *written = pem_write("secret", pair);
	const long len = BIO_get_mem_data(written, &data);
	memcpy(text, data, (size_t)len);
	text[len] = '\0';
	ck_assert_uint_eq(read_text(text, NULL), CKR_USER_NOT_LOGGED_IN);
	ck_assert_uint_eq(read_text(text, "other"), CKR_PIN_INCORRECT);
	ck_assert_uint_eq(read_text("", NULL), CKR_DATA_INVALID);
	ck_assert_uint_eq(read_text("no key", "secret"), CKR_DATA_INVALID);
	BIO_free(written);
	written = pem_write(NULL, pair);
	const long plain = BIO_get_mem_data(written, &data);
	for (long cut = 0; cut < plain; cut += 7) {
		EVP_PKEY *read = NULL;
		memcpy(text, data, (size_t)cut);
		if (pem_private(text, (size_t)cut, NULL, &read) == CKR_OK) {
			ck_assert_int_eq(EVP_PKEY_eq(read, pair), 1);
		}
		EVP_PKEY_free(read);
	}
	BIO_free(written);
	EVP_PKEY_free(pair);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("folder");
	tcase_add_checked_fixture(tc, make, unmake);
	tcase_add_loop_test(tc, each_algorithm, 0, sizeof(ALGORITHMS));
	tcase_add_test(tc, chosen_id);
	tcase_add_test(tc, passphrase);
	tcase_add_test(tc, another_passphrase);
	tcase_add_test(tc, forbidden);
	tcase_add_test(tc, rights);
	tcase_add_test(tc, away);
	tcase_add_test(tc, another_file);
	tcase_add_test(tc, disk_full);
	tcase_add_test(tc, unsettled);
	tcase_add_test(tc, half_written);
	tcase_add_test(tc, threads);
	tcase_add_test(tc, texts);
	tcase_add_test(tc, bad_texts);
	Suite *suite = suite_create("folder");
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
