/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "tests/unit/replica-world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/abstract.h>

#include "tests/unit/test-hsm-token.h"

#define ORDERS "/tmp/test-replica.XXXXXX"

static char orders[sizeof(ORDERS)];

void replica_make(void)
{
	strcpy(orders, ORDERS);
	ck_assert_int_ge(close(mkstemp(orders)), 0);
	test_tokens_make();
	setenv("SHIM_MODULE", test_softhsm(), 1);
	setenv("SHIM_CONTROL", orders, 1);
}

void replica_unmake(void)
{
	test_tokens_remove();
	unlink(orders);
}

void replica_order(const char *what)
{
	FILE *file = fopen(orders, "w");
	ck_assert_ptr_nonnull(file);
	fputs(what, file);
	ck_assert_int_eq(fclose(file), 0);
}

hsm_conf_t *replica_conf(void)
{
	static hsm_repository_t repositories[3];
	static char *names[] = { "one", "two" };
	static hsm_conf_t conf = { .repositories = repositories, .count = 3 };
	memcpy(repositories, test_conf()->repositories, 2 * sizeof(*repositories));
	repositories[1].module = (char *)SHIM_PATH;
	repositories[2] = (hsm_repository_t){
		.name = (char *)"both", .replicas = names, .replica_count = 2,
	};
	return &conf;
}

hsm_t *replica_open(void)
{
	hsm_t *hsm = NULL;
	hsm_error_t err;
	ASSERT_OK(hsm_open(&hsm, replica_conf(), &err));
	ASSERT_OK(hsm_login(hsm, "one", false, &err));
	ASSERT_OK(hsm_login(hsm, "two", false, &err));
	return hsm;
}

static void put_number(const gnutls_datum_t *number, uint8_t *to)
{
	const size_t extra = number->size > COPIED_NUMBER ? number->size - COPIED_NUMBER : 0;
	const size_t len = number->size - extra;
	memset(to, 0, COPIED_NUMBER);
	memcpy(to + COPIED_NUMBER - len, number->data + extra, len);
}

copied_t copied_make(void)
{
	copied_t pair = { .point = { 0x04, 1 + 2 * COPIED_NUMBER, 0x04 } };
	gnutls_privkey_t key;
	gnutls_datum_t x, y, k;
	ck_assert_int_eq(gnutls_privkey_init(&key), 0);
	ck_assert_int_eq(gnutls_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(
	                         GNUTLS_ECC_CURVE_SECP256R1), 0), 0);
	ck_assert_int_eq(gnutls_privkey_export_ecc_raw(key, NULL, &x, &y, &k), 0);
	put_number(&x, pair.point + 3);
	put_number(&y, pair.point + 3 + COPIED_NUMBER);
	put_number(&k, pair.secret);
	gnutls_free(x.data);
	gnutls_free(y.data);
	gnutls_free(k.data);
	gnutls_privkey_deinit(key);
	return pair;
}

void copied_import(const char *label, const copied_t *pair)
{
	static uint8_t id[] = { 0xab, 0xcd };
	static uint8_t curve[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
	CK_BBOOL yes = CK_TRUE;
	CK_KEY_TYPE type = CKK_EC;
	CK_OBJECT_CLASS private = CKO_PRIVATE_KEY, public = CKO_PUBLIC_KEY;
	CK_ATTRIBUTE attributes[] = {
		{ CKA_CLASS, &private, sizeof(private) },
		{ CKA_VALUE, (void *)pair->secret, sizeof(pair->secret) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_ID, id, sizeof(id) },
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

void copied_to_both(void)
{
	const copied_t pair = copied_make();
	copied_import("one", &pair);
	copied_import("two", &pair);
}
