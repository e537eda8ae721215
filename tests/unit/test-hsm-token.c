/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "tests/unit/remove-folder.h"
#include "tests/unit/test-hsm-token.h"

#include <sys/stat.h>
#include <dlfcn.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <libdnssec/error.h>
#include <libdnssec/sign.h>
#include <p11-kit/p11-kit.h>

static char dir[32];

/* SoftHSM forgets ASN.1 strings of EdDSA keys (nothing else in the tests uses OpenSSL), and what
 * a thread was about to sign when another one stopped the library. A test that forks while a control
 * server runs leaves to the child what the server's thread held, and no thread. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libcrypto\nleak:libsofthsm2\nleak:wait_for_news";
}

const char *test_softhsm(void)
{
	static const char *const PATHS[] = {
		"/usr/lib/softhsm/libsofthsm2.so",
		"/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
		"/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
		"/usr/lib64/pkcs11/libsofthsm2.so",
		"/usr/local/lib/softhsm/libsofthsm2.so",
	};
	const char *own = getenv("SOFTHSM2_MODULE");
	if (own != NULL) {
		return own;
	}
	for (size_t i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++) {
		if (access(PATHS[i], R_OK) == 0) {
			return PATHS[i];
		}
	}
	return NULL;
}

void test_token_make(const char *label)
{
	char command[256];
	snprintf(command, sizeof(command), "softhsm2-util --init-token --free --label %s "
	         "--so-pin 87654321 --pin " TEST_PIN " > /dev/null", label);
	ck_assert_int_eq(system(command), 0);

	/* SoftHSM names the directory as it likes; by the label it can be hidden and shown. */
	char pattern[64], link[64];
	snprintf(pattern, sizeof(pattern), "%s/tokens/*-*", dir);
	snprintf(link, sizeof(link), "%s/tokens/%s", dir, label);
	glob_t found;
	ck_assert_int_eq(glob(pattern, GLOB_ONLYDIR, NULL, &found), 0);
	ck_assert_uint_eq(found.gl_pathc, 1);
	ck_assert_int_eq(rename(found.gl_pathv[0], link), 0);
	globfree(&found);
}

void test_tokens_make(void)
{
	char path[64];
	strcpy(dir, "/tmp/test-hsm.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/tokens", dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/hidden", dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/softhsm2.conf", dir);
	FILE *conf = fopen(path, "w");
	ck_assert_ptr_nonnull(conf);
	fprintf(conf, "directories.tokendir = %s/tokens\nlog.level = ERROR\n", dir);
	fclose(conf);
	setenv("SOFTHSM2_CONF", path, 1);
	test_token_make("one");
	test_token_make("two");
}

void test_tokens_remove(void)
{
	remove_folder(dir);
}

static void move_token(const char *label, const char *from, const char *to)
{
	char old[64], new[64];
	snprintf(old, sizeof(old), "%s/%s/%s", dir, from, label);
	snprintf(new, sizeof(new), "%s/%s/%s", dir, to, label);
	ck_assert_int_eq(rename(old, new), 0);
}

void test_token_hide(const char *label)
{
	move_token(label, "tokens", "hidden");
}

void test_token_show(const char *label)
{
	move_token(label, "hidden", "tokens");
}

hsm_conf_t *test_conf(void)
{
	static hsm_repository_t repositories[2];
	static hsm_conf_t conf;
	repositories[0] = (hsm_repository_t){
		.name = (char *)"one", .token_label = (char *)"one", .pin = (char *)TEST_PIN,
		.module = (char *)test_softhsm()
	};
	repositories[1] = repositories[0];
	repositories[1].name = repositories[1].token_label = (char *)"two";
	conf = (hsm_conf_t){ .repositories = repositories, .count = 2 };
	return &conf;
}

int test_find(hsm_t *hsm, const char *repository, const char *cka_id, uint8_t algorithm,
              hsm_key_t **key, hsm_error_t *err)
{
	const hsm_wanted_t wanted = { .repository = repository, .cka_id = cka_id,
		                      .algorithm = algorithm };
	return hsm_key_find(hsm, &wanted, key, err);
}

bool test_verify(const hsm_key_t *key, const uint8_t *data, size_t data_len,
                 const uint8_t *signature, size_t len)
{
	dnssec_key_t *dnskey = NULL;
	dnssec_sign_ctx_t *ctx = NULL;
	hsm_error_t err = { 0 };
	ck_assert_msg(hsm_key_dnskey(key, (const uint8_t *)"\x04test", 257, &dnskey, &err) == 0,
	              "%s", err.text);
	ck_assert_int_eq(dnssec_sign_new(&ctx, dnskey), DNSSEC_EOK);
	const dnssec_binary_t message = { .data = (uint8_t *)data, .size = data_len };
	const dnssec_binary_t given = { .data = (uint8_t *)signature, .size = len };
	ck_assert_int_eq(dnssec_sign_add(ctx, &message), DNSSEC_EOK);
	int ret = dnssec_sign_verify(ctx, false, &given);
	dnssec_sign_free(ctx);
	dnssec_key_free(dnskey);
	return ret == DNSSEC_EOK;
}

CK_FUNCTION_LIST *test_raw_of(const char *path)
{
	void *library = dlopen(path, RTLD_NOW);
	ck_assert_ptr_nonnull(library);
	CK_C_GetFunctionList get;
	*(void **)&get = dlsym(library, "C_GetFunctionList");
	CK_FUNCTION_LIST *list = NULL;
	ck_assert_uint_eq(get(&list), CKR_OK);
	dlclose(library);
	return list;
}

CK_FUNCTION_LIST *test_raw(void)
{
	return test_raw_of(test_softhsm());
}

static CK_SLOT_ID find_slot(CK_FUNCTION_LIST *list, const char *label)
{
	CK_SLOT_ID slots[16];
	CK_ULONG count = 16;
	ck_assert_uint_eq(list->C_GetSlotList(CK_TRUE, slots, &count), CKR_OK);
	for (CK_ULONG i = 0; i < count; i++) {
		CK_TOKEN_INFO info;
		if (list->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
		    memcmp(info.label, label, strlen(label)) == 0) {
			return slots[i];
		}
	}
	ck_abort_msg("no token %s", label);
	return 0;
}

CK_SESSION_HANDLE test_raw_open(CK_FUNCTION_LIST *list, const char *label)
{
	CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
	ck_assert_uint_eq(list->C_OpenSession(find_slot(list, label),
	                                      CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
	                                      &session), CKR_OK);
	return session;
}

CK_ULONG test_raw_find(CK_FUNCTION_LIST *list, CK_SESSION_HANDLE session,
                       CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *found, CK_ULONG max)
{
	CK_ATTRIBUTE template = { CKA_CLASS, &class, sizeof(class) };
	CK_ULONG count = 0;
	ck_assert_uint_eq(list->C_FindObjectsInit(session, &template, 1), CKR_OK);
	ck_assert_uint_eq(list->C_FindObjects(session, found, max, &count), CKR_OK);
	ck_assert_uint_eq(list->C_FindObjectsFinal(session), CKR_OK);
	return count;
}

unsigned test_count_public(const char *label)
{
	CK_FUNCTION_LIST *list = test_raw();
	CK_SESSION_HANDLE session = test_raw_open(list, label);
	CK_OBJECT_HANDLE found[64];
	CK_ULONG count = test_raw_find(list, session, CKO_PUBLIC_KEY, found, 64);
	ck_assert_uint_eq(list->C_CloseSession(session), CKR_OK);
	return (unsigned)count;
}

void test_destroy_private(const char *label)
{
	CK_FUNCTION_LIST *list = test_raw();
	CK_SESSION_HANDLE session = test_raw_open(list, label);
	CK_OBJECT_HANDLE found[64];
	CK_ULONG count = test_raw_find(list, session, CKO_PRIVATE_KEY, found, 64);
	for (CK_ULONG i = 0; i < count; i++) {
		ck_assert_uint_eq(list->C_DestroyObject(session, found[i]), CKR_OK);
	}
	ck_assert_uint_eq(list->C_CloseSession(session), CKR_OK);
}

void test_close_all_sessions(const char *label)
{
	CK_FUNCTION_LIST *list = test_raw();
	ck_assert_uint_eq(list->C_CloseAllSessions(find_slot(list, label)), CKR_OK);
}

void test_log_out(const char *label)
{
	CK_FUNCTION_LIST *list = test_raw();
	CK_SESSION_HANDLE session = test_raw_open(list, label);
	ck_assert_uint_eq(list->C_Logout(session), CKR_OK);
	ck_assert_uint_eq(list->C_CloseSession(session), CKR_OK);
}

void test_finalize(void)
{
	ck_assert_uint_eq(test_raw()->C_Finalize(NULL), CKR_OK);
}
