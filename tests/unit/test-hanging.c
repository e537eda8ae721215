/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Replicas of which one hangs: "both" has the keys of the tokens "one", which is SoftHSM's, and "two", behind
 * the shim. Signatures are made by the other one, and what comes late does no harm. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <libknot/libknot.h>

#include "common/clock.h"
#include "module/keys/pool.h"
#include "tests/unit/check-main.h"
#include "tests/unit/test-hsm-token.h"
#include "tests/unit/copied-key.h"

#define JOBS 400
#define SOON_MS 9000 /* Two seconds until it is seen, for a few threads one after the other. */

static const knot_dname_t zone[] = "\x07""example";
static const uint8_t address[] = { 4, 0, 192, 0, 2, 1 };
static char orders[] = "/tmp/test-hanging.XXXXXX";
static log_t pool_log;
static hsm_t *hsm;
static signpool_t *pool;
static keyring_t *ring;
static rrsig_job_t jobs[JOBS];
static atomic_bool stop;
static hsm_error_t err;

static void order(const char *what)
{
	FILE *file = fopen(orders, "w");
	ck_assert_ptr_nonnull(file);
	fputs(what, file);
	ck_assert_int_eq(fclose(file), 0);
}

static void make_ring(const char *repository)
{
	char text[640] = "";
	hsm_key_t *found = NULL;
	dnssec_key_t *dnskey = NULL;
	ASSERT_OK(test_find(hsm, repository, COPIED_ID, 13, &found, &err));
	ASSERT_OK(hsm_key_dnskey(found, zone, 257, &dnskey, &err));
	dnssec_binary_t public_key = hsm_key_public(found);
	keyset_key_t key = {
		.repository = (char *)repository, .cka_id = (char *)COPIED_ID, .role = KEYSET_CSK,
		.algorithm = 13, .keytag = dnssec_key_get_keytag(dnskey),
		.public_key = public_key.data, .public_key_len = public_key.size,
		.publish = true, .sign_dnskey = true, .sign_zone = true, .step = (char *)"",
	};
	const keyset_t set = {
		.revision = 1, .policy = (char *)"test", .refresh = 1, .validity_default = 3,
		.validity_denial = 3, .keys = &key, .key_count = 1,
	};
	char *written = keyset_write(&set);
	ck_assert_msg(keyring_load(written, zone, hsm, &ring, text, sizeof(text)) == KNOT_EOK, "%s",
	              text);
	free(written);
	dnssec_key_free(dnskey);
	hsm_key_free(found);
}

static void open_pool(unsigned threads)
{
	ck_assert_int_eq(signpool_new(&pool, hsm, threads, &pool_log), KNOT_EOK);
}

static void set_up(void)
{
	static hsm_repository_t repositories[3];
	static char *names[] = { "one", "two" };
	static hsm_conf_t conf;
	ck_assert_int_ge(close(mkstemp(orders)), 0);
	log_init(&pool_log, NULL, NULL);
	test_tokens_make();
	setenv("SHIM_MODULE", test_softhsm(), 1);
	setenv("SHIM_CONTROL", orders, 1);
	memcpy(repositories, test_conf()->repositories, 2 * sizeof(*repositories));
	repositories[1].module = (char *)SHIM_PATH;
	repositories[2] = (hsm_repository_t){
		.name = (char *)"both", .replicas = names, .replica_count = 2,
	};
	conf = (hsm_conf_t){ .repositories = repositories, .count = 3 };
	ASSERT_OK(hsm_open(&hsm, &conf, &err));
	ASSERT_OK(hsm_login(hsm, "one", false, &err));
	ASSERT_OK(hsm_login(hsm, "two", false, &err));
	const copied_t pair = copied_make();
	copied_import("one", &pair);
	copied_import("two", &pair);
	make_ring("both");
}

static void tear_down(void)
{
	signpool_free(pool);
	keyring_free(ring);
	hsm_close(hsm);
	test_tokens_remove();
	unlink(orders);
}

static void make_jobs(size_t count)
{
	const keyring_key_t *key = &ring->keys[0];
	const size_t len = rrsig_rdata_len(key, zone);
	for (size_t i = 0; i < count; i++) {
		jobs[i] = (rrsig_job_t) {
			.owner = zone, .key = key, .type = KNOT_RRTYPE_A, .ttl = i,
			.rrs = { 1, sizeof(address), (knot_rdata_t *)address },
			.rdata = calloc(1, knot_rdata_size(len)), .expiration = 2, .inception = 1,
		};
		jobs[i].rdata->len = len;
	}
}

static bool valid(const rrsig_job_t *job)
{
	rrsig_buffer_t buffer = { 0 };
	uint8_t *place = NULL, signature[HSM_SIGNATURE_MAX];
	const size_t len = job->key->signature_len;
	memcpy(signature, job->rdata->data + job->rdata->len - len, len);
	ck_assert_int_eq(rrsig_prepare(job, zone, &buffer, &place), KNOT_EOK);
	const bool good = test_verify(job->key->secret, buffer.data, buffer.len, signature, len);
	free(buffer.data);
	return good;
}

/*! All signatures are made, and right. \return Milliseconds that it took */
static int64_t sign_all(size_t count)
{
	char text[640] = "";
	const keyring_key_t *failed = NULL;
	signpool_work_t *work = NULL;
	const int64_t begin = monotonic_ms();
	make_jobs(count);
	const signpool_jobs_t all = {
		.zone = zone, .jobs = jobs, .count = count, .verify = SIGNPOOL_VERIFY_SAMPLE,
		.stop = &stop, .failed = &failed,
	};
	ck_assert_int_eq(signpool_start(pool, &all, &work, text, sizeof(text)), KNOT_EOK);
	ck_assert_msg(signpool_finish(work, text, sizeof(text)) == KNOT_EOK, "%s", text);
	const int64_t took = monotonic_ms() - begin;
	for (size_t i = 0; i < count; i++) {
		ck_assert_msg(valid(&jobs[i]), "signature %zu is wrong", i);
		free(jobs[i].rdata);
	}
	return took;
}

static uint64_t signatures_of(size_t index)
{
	hsm_last_t last;
	ck_assert(hsm_last(hsm, index, &last));
	return last.signatures;
}

enum { ONE, TWO };

/*! Has both tokens sign. */
static void warm_up(void)
{
	const uint64_t before = signatures_of(TWO);
	for (unsigned i = 0; i < 20 && signatures_of(TWO) < before + 50; i++) {
		sign_all(JOBS);
		usleep(300000); /* Sessions are spread anew, but not all the time. */
	}
	ck_assert_uint_ge(signatures_of(TWO), before + 50);
}

#define SESSION_INFO 0
static const char *const hangs[] = {
	"hang C_GetSessionInfo\n", "hang C_Sign\n", "hang C_SignInit\n", "hang all\n",
};
#define HANGS (int)(sizeof(hangs) / sizeof(hangs[0]))

/*! What one waits for in vain, another signs; once it is known, nobody waits at all; and the token is used again
 *  when it answers. */
START_TEST(taken_over)
{
	open_pool(4);
	warm_up();
	order(hangs[_i]);
	for (unsigned i = 0; i < 2; i++) {
		const int64_t took = sign_all(JOBS);
		ck_assert_msg(took < SOON_MS, "%lld ms", (long long)took);
	}
	usleep(2500000);
	const int64_t took = sign_all(JOBS);
	/* Of a session's state nobody asks who has one. */
	ck_assert_msg(took < (_i == SESSION_INFO ? SOON_MS : 1500), "%lld ms though it is known",
	              (long long)took);
	order("");
	usleep(1200000);
	warm_up();
}
END_TEST

/*! The only thread hangs: another one is started, and ends when the first comes back. */
START_TEST(deputy)
{
	hsm_session_t *elsewhere;
	open_pool(1);
	ASSERT_OK(hsm_session_open(&elsewhere, hsm, "one", &err));
	sign_all(10);
	ck_assert_uint_ge(signatures_of(TWO), 10);
	order(hangs[_i]);
	const int64_t took = sign_all(JOBS);
	ck_assert_msg(took < SOON_MS, "%lld ms", (long long)took);
	order("");
	usleep(300000);
	sign_all(JOBS);
	hsm_session_close(elsewhere);
}
END_TEST

/*! What comes late is of no use, and touches nothing: job and key are gone. */
START_TEST(late)
{
	open_pool(4);
	warm_up();
	order(hangs[_i]);
	sign_all(JOBS);
	keyring_free(ring);
	ring = NULL;
	order("");
	usleep(300000);
}
END_TEST

/*! A token that is slow, and no other: who has asked first gets the signature, however many ask meanwhile. */
START_TEST(slow)
{
	open_pool(4);
	keyring_free(ring);
	make_ring("two");
	sign_all(JOBS);
	order("delay C_Sign 5000\n");
	const int64_t took = sign_all(2);
	ck_assert_msg(took > 4500 && took < 6500, "%lld ms", (long long)took);
}
END_TEST

int main(void)
{
	if (test_softhsm() == NULL) {
		puts("SKIP: no SoftHSM");
		return 77;
	}
	Suite *suite = suite_create("hanging");
	TCase *tcase = tcase_create("hanging");
	tcase_set_timeout(tcase, 90);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, taken_over, 0, HANGS);
	tcase_add_loop_test(tcase, deputy, 0, HANGS);
	tcase_add_loop_test(tcase, late, 0, HANGS);
	tcase_add_test(tcase, slow);
	suite_add_tcase(suite, tcase);

	return check_main(suite);
}
