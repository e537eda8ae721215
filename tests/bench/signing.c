/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "tests/bench/signing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <check.h>
#include <libknot/libknot.h>

#include "module/input/input.h"
#include "module/sign/run.h"
#include "module/zonefile/zonefile.h"
#include "tests/unit/test-hsm-token.h"

static char dir[] = "/tmp/bench.XXXXXX";
static hsm_t *hsm;
static keyset_key_t keys[2];
static keyring_t *ring;
static knot_dname_t *zone;

double signing_now(void)
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
	const hsm_key_spec_t spec = { .repository = "one", .algorithm = 13 };
	ck_assert_msg(hsm_key_generate(hsm, &spec, &made, &err) == HSM_EOK, "%s", err.text);
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

void signing_begin(const hsm_conf_t *conf, const char *origin)
{
	hsm_error_t err = { 0 };
	zone = knot_dname_from_str_alloc(origin);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_msg(hsm_open(&hsm, conf, &err) == HSM_EOK, "%s", err.text);
	make_keys();
}

void signing_end(void)
{
	keyring_free(ring);
	for (int i = 0; i < 2; i++) {
		free(keys[i].cka_id);
		free(keys[i].public_key);
	}
	hsm_close(hsm);
	knot_dname_free(zone, NULL);
	rmdir(dir);
}

const keyring_key_t *signing_zsk(void)
{
	return &ring->keys[1];
}

/*** A first signing. ***/

static void progress(void *ctx, size_t done)
{
	(void)ctx, (void)done;
}

static void load(store_t *store, const char *path, state_t *state)
{
	char err[640] = "";
	contents_t *contents = NULL;
	input_result_t result;
	const state_input_t origin = { .file.size = 1 };
	const zonefile_args_t args = { .path = path, .apex = zone, .size_max = SIZE_MAX };
	ck_assert_msg(zonefile_read(&args, &contents, err, sizeof(err)) == KNOT_EOK, "%s", err);
	const input_new_t new = { .contents = contents, .origin = &origin };
	ck_assert_int_eq(input_replace(store, zone, state, &new, &result), KNOT_EOK);
	contents_free(contents);
}

double signing_rate(const char *path, unsigned threads, signpool_verify_t verify)
{
	char folder[64], err[640] = "", command[96];
	static const atomic_bool stop = false;
	static log_t none = { .lock = PTHREAD_MUTEX_INITIALIZER };
	store_t *store = NULL;
	signpool_t *pool = NULL;
	state_t state = { 0 };
	sign_result_t result;
	snprintf(folder, sizeof(folder), "%s/store", dir);
	ck_assert_msg(store_open(&store, folder, err, sizeof(err)) == KNOT_EOK, "%s", err);
	ck_assert_int_eq(signpool_new(&pool, hsm, threads, &none), KNOT_EOK);
	load(store, path, &state);
	const int64_t now = time(NULL);
	const sign_args_t run = {
		.store = store, .pool = pool, .zone = zone, .ring = ring, .now = { now, now },
		.verify = verify, .batch = SIGN_BATCH, .stop = &stop, .progress = progress,
	};
	const double begin = signing_now();
	ck_assert_msg(sign_run(&run, &state, &result, err, sizeof(err)) == KNOT_EOK, "%s", err);
	const double rate = result.signatures / (signing_now() - begin);
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

double signing_median(double *values, int count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

void signing_figure(const char *name, double value, double goal, const char *details)
{
	printf("bench: %s value=%.2f goal=%.2f %s (%s)\n", name, value, goal,
	       value >= goal ? "ok" : "short", details);
	fflush(stdout);
}

int signing_main(const char *name, const TTest *bench)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	tcase_add_test(tcase, bench);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	const int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
