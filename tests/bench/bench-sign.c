/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* First signings of a zone, each beside a bare loop of what the token has to do for it:
 *
 *   bench-sign NAME ZONEFILE ORIGIN RUNS LOOP
 *
 * For one and two threads and for "verify: sample" and "verify: all" it prints the median of
 * (signatures a second of the signing) / (signatures a second of the loop), in which each thread
 * makes LOOP signatures. */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/signing.h"
#include "tests/unit/test-hsm-token.h"

#define GOAL 0.90
#define RUNS_MAX 15

static struct {
	const char *name, *path, *origin;
	int runs, loop;
} args;

/*** The bare loop: C_SignInit and C_Sign of the token, and nothing else. ***/

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

static void *loop(void *arg)
{
	const bool verify = *(bool *)arg;
	const keyring_key_t *key = signing_zsk();
	CK_FUNCTION_LIST *list = test_raw();
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
	for (int i = 0; i < args.loop; i++) {
		CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
		memcpy(data, &i, sizeof(i));
		memcpy(hash, data, sizeof(hash));
		ck_assert_uint_eq(list->C_SignInit(session, &mechanism, secret), CKR_OK);
		ck_assert_uint_eq(list->C_Sign(session, hash, sizeof(hash), signature, &len),
		                  CKR_OK);
		/* The signature is over another hash, which takes as long to find out. */
		ck_assert(!verify || !verify_check(checker, key->verifier, data, sizeof(data),
		                                  signature, len));
	}
	ck_assert_uint_eq(list->C_CloseSession(session), CKR_OK);
	verify_free(checker);
	return NULL;
}

/*! \return Signatures a second. */
static double loop_rate(unsigned threads, bool verify)
{
	pthread_t ids[2];
	const double begin = signing_now();
	for (unsigned i = 0; i < threads; i++) {
		ck_assert_int_eq(pthread_create(&ids[i], NULL, loop, &verify), 0);
	}
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(ids[i], NULL);
	}
	return threads * args.loop / (signing_now() - begin);
}

/*** Figures. ***/

static void figure(const char *name, const char *path, unsigned threads, signpool_verify_t verify,
                   int runs)
{
	double ratios[RUNS_MAX], rates[RUNS_MAX], loops[RUNS_MAX];
	const bool all = verify == SIGNPOOL_VERIFY_ALL;
	for (int i = 0; i < runs; i++) {
		/* A loop before and one behind: what else the machine does falls on both. */
		double before = loop_rate(threads, all);
		rates[i] = signing_rate(path, threads, verify);
		loops[i] = (before + loop_rate(threads, all)) / 2;
		ratios[i] = rates[i] / loops[i];
	}
	char title[128], details[128];
	snprintf(title, sizeof(title), "first-signing-%s-verify-%s-threads-%u", name,
	         all ? "all" : "sample", threads);
	snprintf(details, sizeof(details), "%.0f/s, bare loop %.0f/s",
	         signing_median(rates, runs), signing_median(loops, runs));
	signing_figure(title, signing_median(ratios, runs), GOAL, details);
}

START_TEST(bench)
{
	test_tokens_make();
	signing_begin(test_conf(), args.origin);
	for (unsigned threads = 1; threads <= 2; threads++) {
		figure(args.name, args.path, threads, SIGNPOOL_VERIFY_SAMPLE, args.runs);
		figure(args.name, args.path, threads, SIGNPOOL_VERIFY_ALL, args.runs);
	}
	signing_end();
	test_tokens_remove();
}
END_TEST

int main(int argc, char *argv[])
{
	args.runs = argc == 6 ? atoi(argv[4]) : 0;
	args.loop = argc == 6 ? atoi(argv[5]) : 0;
	if (args.runs < 1 || args.runs > RUNS_MAX || args.loop < 1) {
		fprintf(stderr, "Usage: bench-sign NAME ZONEFILE ORIGIN RUNS LOOP (RUNS: at most "
		        "%d)\n", RUNS_MAX);
		return 2;
	}
	args.name = argv[1];
	args.path = argv[2];
	args.origin = argv[3];
	return signing_main("bench-sign", bench);
}
