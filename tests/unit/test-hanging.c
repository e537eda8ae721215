/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Replicas of which one hangs: signatures are made by the other one, and what comes late does no harm. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <libknot/libknot.h>

#include "common/clock.h"
#include "module/keys/pool.h"
#include "tests/unit/check-main.h"
#include "tests/unit/replica-world.h"
#include "tests/unit/sign-jobs.h"
#include "tests/unit/test-hsm-token.h"

#define JOBS 400
#define SOON_MS 9000 /* Two seconds until it is seen, for a few threads one after the other. */

static const knot_dname_t zone[] = "\x07""example";
static log_t pool_log;
static hsm_t *hsm;
static signpool_t *pool;
static keyring_t *ring;
static rrsig_job_t jobs[JOBS];
static atomic_bool stop;
static hsm_error_t err;

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
	log_init(&pool_log, NULL, NULL);
	replica_make();
	hsm = replica_open();
	copied_to_both();
	make_ring("both");
}

static void tear_down(void)
{
	signpool_free(pool);
	keyring_free(ring);
	hsm_close(hsm);
	replica_unmake();
}

/*! All signatures are made, and right. \return Milliseconds that it took */
static int64_t sign_all(size_t count)
{
	char text[640] = "";
	const keyring_key_t *failed = NULL;
	signpool_work_t *work = NULL;
	const int64_t begin = monotonic_ms();
	sign_jobs_make(jobs, count, &ring->keys[0], zone);
	const signpool_jobs_t all = {
		.zone = zone, .jobs = jobs, .count = count, .verify = SIGNPOOL_VERIFY_SAMPLE,
		.stop = &stop, .failed = &failed,
	};
	ck_assert_int_eq(signpool_start(pool, &all, &work, text, sizeof(text)), KNOT_EOK);
	ck_assert_msg(signpool_finish(work, text, sizeof(text)) == KNOT_EOK, "%s", text);
	const int64_t took = monotonic_ms() - begin;
	for (size_t i = 0; i < count; i++) {
		ck_assert_msg(sign_jobs_valid(&jobs[i], zone), "signature %zu is wrong", i);
	}
	sign_jobs_free(jobs, count);
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
	replica_order(hangs[_i]);
	for (unsigned i = 0; i < 2; i++) {
		const int64_t took = sign_all(JOBS);
		ck_assert_msg(took < SOON_MS, "%lld ms", (long long)took);
	}
	usleep(2500000);
	const int64_t took = sign_all(JOBS);
	/* Of a session's state nobody asks who has one. */
	ck_assert_msg(took < (_i == SESSION_INFO ? SOON_MS : 1500), "%lld ms though it is known",
	              (long long)took);
	replica_order("");
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
	replica_order(hangs[_i]);
	const int64_t took = sign_all(JOBS);
	ck_assert_msg(took < SOON_MS, "%lld ms", (long long)took);
	replica_order("");
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
	replica_order(hangs[_i]);
	sign_all(JOBS);
	keyring_free(ring);
	ring = NULL;
	replica_order("");
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
	replica_order("delay C_Sign 5000\n");
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
