/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "tests/bench/loop.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/signing.h"
#include "tests/unit/test-hsm-token.h"

static bool find_key(CK_FUNCTION_LIST *list, CK_SESSION_HANDLE session, CK_BYTE *id, CK_ULONG id_len,
                     CK_OBJECT_HANDLE *key)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_ID, id, id_len }
	};
	CK_ULONG count = 0;
	return list->C_FindObjectsInit(session, template, 2) == CKR_OK &&
	       list->C_FindObjects(session, key, 1, &count) == CKR_OK &&
	       list->C_FindObjectsFinal(session) == CKR_OK && count == 1;
}

typedef struct {
	const loop_t *args;
	CK_FUNCTION_LIST *list;
} run_t;

static void *loop(void *arg)
{
	const run_t *run = arg;
	const loop_t *args = run->args;
	CK_FUNCTION_LIST *list = run->list;
	const keyring_key_t *key = signing_zsk();
	CK_SESSION_HANDLE session = test_raw_open(list, "one");
	CK_OBJECT_HANDLE secret;
	CK_BYTE id[16], hash[32], signature[64];
	CK_ULONG len = sizeof(signature);
	uint8_t data[160] = { 0 };
	for (size_t i = 0; i < sizeof(id); i++) {
		ck_assert_int_eq(sscanf(key->info->cka_id + 2 * i, "%2hhx", &id[i]), 1);
	}
	ck_assert(find_key(list, session, id, sizeof(id), &secret));
	verify_t *checker = verify_new();
	for (unsigned i = 0; i < args->each; i++) {
		CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
		memcpy(data, &i, sizeof(i));
		memcpy(hash, data, sizeof(hash));
		ck_assert_uint_eq(list->C_SignInit(session, &mechanism, secret), CKR_OK);
		ck_assert_uint_eq(list->C_Sign(session, hash, sizeof(hash), signature, &len),
		                  CKR_OK);
		/* The signature is over another hash, which takes as long to find out. */
		ck_assert(!args->verify || !verify_check(checker, key->verifier, data, sizeof(data),
		                                         signature, len));
	}
	ck_assert_uint_eq(list->C_CloseSession(session), CKR_OK);
	verify_free(checker);
	return NULL;
}

double loop_rate(const loop_t *args)
{
	pthread_t ids[LOOP_THREADS_MAX];
	run_t run = { args, test_raw_of(args->module != NULL ? args->module : test_softhsm()) };
	const double begin = signing_now();
	for (unsigned i = 0; i < args->threads; i++) {
		ck_assert_int_eq(pthread_create(&ids[i], NULL, loop, &run), 0);
	}
	for (unsigned i = 0; i < args->threads; i++) {
		pthread_join(ids[i], NULL);
	}
	return args->threads * args->each / (signing_now() - begin);
}
