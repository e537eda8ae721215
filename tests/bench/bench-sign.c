/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* First signings of a zone, each beside a bare loop of what the token has to do for it:
 *
 *   bench-sign NAME ZONEFILE ORIGIN [RUNS]
 *
 * For one and two threads and for "verify: sample" and "verify: all" it prints the median of
 * (signatures a second of the signing) / (signatures a second of the loop). */

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "module/input.h"
#include "module/sign.h"
#include "tests/unit/test-hsm-token.h"

#define GOAL 0.90
#define RUNS_MAX 15
#define LOOP_SIGNATURES 20000 /* Of each thread. */

static char dir[] = "/tmp/bench-sign.XXXXXX";
static hsm_t *hsm;
static keyset_key_t keys[2];
static keyring_t *ring;
static knot_dname_t *zone;

static double now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/*** Keys. ***/

static void make_key(keyset_key_t *key, keyset_role_t role)
{
	hsm_key_t *made = NULL;
	dnssec_key_t *dnskey = NULL;
	hsm_error_t err = { 0 };
	ck_assert_msg(hsm_key_generate(hsm, "one", 13, 0, NULL, &made, &err) == HSM_EOK, "%s",
	              err.text);
	ck_assert_int_eq(hsm_key_dnskey(made, zone, role == KEYSET_ZSK ? 256 : 257, &dnskey, &err),
	                 HSM_EOK);
	dnssec_binary_t public_key = hsm_key_public(made);
	*key = (keyset_key_t) {
		.repository = "one", .cka_id = strdup(hsm_key_id(made)), .role = role,
		.algorithm = 13, .keytag = dnssec_key_get_keytag(dnskey),
		.public_key = malloc(public_key.size), .public_key_len = public_key.size,
		.publish = true, .sign_dnskey = role == KEYSET_KSK, .sign_zone = role == KEYSET_ZSK,
		.step = "",
	};
	memcpy(key->public_key, public_key.data, public_key.size);
	dnssec_key_free(dnskey);
	hsm_key_free(made);
}

static void make_keys(void)
{
	char err[640] = "";
	make_key(&keys[0], KEYSET_KSK);
	make_key(&keys[1], KEYSET_ZSK);
	const keyset_t set = {
		.revision = 1, .policy = "bench", .resign = 7200, .refresh = 259200,
		.validity_default = 1209600, .validity_denial = 1209600, .jitter = 43200,
		.inception_offset = 3600, .dnskey_ttl = 3600, .soa_ttl = 3600, .soa_minimum = 3600,
		.keys = keys, .key_count = 2,
	};
	char *text = keyset_write(&set);
	ck_assert_msg(keyring_load(text, zone, hsm, &ring, err, sizeof(err)) == KNOT_EOK, "%s",
	              err);
	free(text);
}

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
	const keyring_key_t *key = &ring->keys[1];
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
	for (unsigned i = 0; i < LOOP_SIGNATURES; i++) {
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
	const double begin = now();
	for (unsigned i = 0; i < threads; i++) {
		ck_assert_int_eq(pthread_create(&ids[i], NULL, loop, &verify), 0);
	}
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(ids[i], NULL);
	}
	return threads * LOOP_SIGNATURES / (now() - begin);
}

/*** A first signing. ***/

static void progress(void *ctx, size_t done)
{
	(void)ctx, (void)done;
}

static void load(store_t *store, const char *path, state_t *state)
{
	char err[640] = "";
	zonefile_t *zf = NULL;
	input_result_t result;
	const state_file_t file = { .size = 1 };
	ck_assert_msg(zonefile_read(path, zone, NULL, &zf, err, sizeof(err)) == KNOT_EOK, "%s",
	              err);
	ck_assert_int_eq(input_replace(store, zone, state, zf, &file, &result), KNOT_EOK);
	zonefile_free(zf);
}

/*! \return Signatures a second. */
static double sign_rate(const char *path, unsigned threads, signpool_verify_t verify)
{
	char folder[64], err[640] = "", command[96];
	static const atomic_bool stop = false;
	store_t *store = NULL;
	signpool_t *pool = NULL;
	state_t state = { 0 };
	sign_result_t result;
	snprintf(folder, sizeof(folder), "%s/store", dir);
	ck_assert_msg(store_open(&store, folder, err, sizeof(err)) == KNOT_EOK, "%s", err);
	ck_assert_int_eq(signpool_new(&pool, hsm, threads), KNOT_EOK);
	load(store, path, &state);
	const sign_run_t run = {
		.store = store, .pool = pool, .zone = zone, .ring = ring, .now = time(NULL),
		.verify = verify, .stop = &stop, .progress = progress,
	};
	const double begin = now();
	ck_assert_msg(sign_run(&run, &state, &result, err, sizeof(err)) == KNOT_EOK, "%s", err);
	const double rate = result.signatures / (now() - begin);
	signpool_free(pool);
	store_close(store);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
	return rate;
}

/*** Figures. ***/

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *values, int count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

static void figure(const char *name, const char *path, unsigned threads, signpool_verify_t verify,
                   int runs)
{
	double ratios[RUNS_MAX], rates[RUNS_MAX], loops[RUNS_MAX];
	for (int i = 0; i < runs; i++) {
		/* A loop before and one behind: what else the machine does falls on both. */
		double before = loop_rate(threads, verify == SIGNPOOL_VERIFY_ALL);
		rates[i] = sign_rate(path, threads, verify);
		double behind = loop_rate(threads, verify == SIGNPOOL_VERIFY_ALL);
		loops[i] = (before + behind) / 2;
		ratios[i] = rates[i] / loops[i];
	}
	const double value = median(ratios, runs);
	printf("bench: first-signing-%s-verify-%s-threads-%u value=%.2f goal=%.2f %s "
	       "(%.0f/s, bare loop %.0f/s)\n", name, verify == SIGNPOOL_VERIFY_ALL ? "all" : "sample",
	       threads, value, GOAL, value >= GOAL ? "ok" : "short", median(rates, runs),
	       median(loops, runs));
	fflush(stdout);
}

static struct {
	const char *name, *path, *origin;
	int runs;
} args;

START_TEST(bench)
{
	zone = knot_dname_from_str_alloc(args.origin);
	hsm_error_t err = { 0 };
	test_tokens_make();
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(hsm_open(&hsm, test_conf(), &err), HSM_EOK);
	make_keys();
	for (unsigned threads = 1; threads <= 2; threads++) {
		figure(args.name, args.path, threads, SIGNPOOL_VERIFY_SAMPLE, args.runs);
		figure(args.name, args.path, threads, SIGNPOOL_VERIFY_ALL, args.runs);
	}
	keyring_free(ring);
	for (int i = 0; i < 2; i++) {
		free(keys[i].cka_id);
		free(keys[i].public_key);
	}
	hsm_close(hsm);
	test_tokens_remove();
	knot_dname_free(zone, NULL);
	rmdir(dir);
}
END_TEST

int main(int argc, char *argv[])
{
	args.runs = argc > 4 ? atoi(argv[4]) : 3;
	if (argc < 4 || args.runs < 1 || args.runs > RUNS_MAX) {
		fprintf(stderr, "Usage: bench-sign NAME ZONEFILE ORIGIN [RUNS, at most %d]\n",
		        RUNS_MAX);
		return 2;
	}
	args.name = argv[1];
	args.path = argv[2];
	args.origin = argv[3];
	Suite *suite = suite_create("bench-sign");
	TCase *tcase = tcase_create("bench-sign");
	tcase_add_test(tcase, bench);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	const int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
