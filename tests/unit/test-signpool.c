/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* The sign pool with tokens that are slow, or wrong: the shim, before a SoftHSM of its own. */

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "module/keys/pool.h"
#include "tests/unit/check-main.h"
#include "tests/unit/sign-jobs.h"
#include "tests/unit/test-hsm-token.h"

#define JOBS 300

static const knot_dname_t zone[] = "\x07""example";
static char dir[] = "/tmp/test-signpool.XXXXXX", control[64], quirks[64];
static log_t pool_log;
static unsigned short_of_sessions; /* Lines of the log that say so. */
static hsm_t *hsm;
static signpool_t *pool;
static atomic_bool stop, finished;

/*! Keys of each algorithm in the token "one", and one behind the shim in "two". */
static const uint8_t algorithms[] = { 13, 14, 15, 16, 8, 10, 13 };
#define KEYS (sizeof(algorithms) / sizeof(algorithms[0]))
#define SHIM (KEYS - 1)
static keyset_key_t infos[KEYS];
static keyring_t *ring;
static rrsig_job_t jobs[JOBS];

static void write_file(const char *name, const char *text)
{
	char path[80];
	snprintf(path, sizeof(path), "%s.new", name);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	ck_assert_int_eq(rename(path, name), 0);
}

static void order(const char *text)
{
	write_file(control, text);
}

static void note_line(void *ctx, int priority, const char *line)
{
	(void)ctx;
	(void)priority;
	ck_assert_ptr_nonnull(strstr(line, "fewer than <SignerThreads> sign"));
	short_of_sessions++;
}

static void make_key(keyset_key_t *info, const char *repository, uint8_t algorithm)
{
	hsm_key_t *made = NULL;
	dnssec_key_t *dnskey = NULL;
	hsm_error_t err = { 0 };
	const hsm_key_spec_t spec = { .repository = repository, .algorithm = algorithm,
	                              .bits = 1024 };
	ck_assert_msg(hsm_key_generate(hsm, &spec, &made, &err) == HSM_EOK, "%s", err.text);
	ck_assert_int_eq(hsm_key_dnskey(made, zone, 257, &dnskey, &err), HSM_EOK);
	dnssec_binary_t public_key = hsm_key_public(made);
	*info = (keyset_key_t) {
		.repository = strdup(repository), .cka_id = strdup(hsm_key_id(made)),
		.role = KEYSET_CSK, .algorithm = algorithm,
		.keytag = dnssec_key_get_keytag(dnskey),
		.public_key = malloc(public_key.size), .public_key_len = public_key.size,
		.publish = true, .sign_dnskey = true, .sign_zone = true, .step = strdup(""),
	};
	memcpy(info->public_key, public_key.data, public_key.size);
	dnssec_key_free(dnskey);
	hsm_key_free(made);
}

static void make_ring(void)
{
	char err[640] = "";
	for (size_t i = 0; i < KEYS; i++) {
		make_key(&infos[i], i == SHIM ? "two" : "one", algorithms[i]);
	}
	const keyset_t set = {
		.revision = 1, .policy = "test", .refresh = 1, .validity_default = 3,
		.validity_denial = 3, .keys = infos, .key_count = KEYS,
	};
	char *text = keyset_write(&set);
	ck_assert_msg(keyring_load(text, zone, hsm, &ring, err, sizeof(err)) == KNOT_EOK, "%s",
	              err);
	free(text);
}

static void free_ring(void)
{
	keyring_free(ring);
	for (size_t i = 0; i < KEYS; i++) {
		free(infos[i].repository);
		free(infos[i].cka_id);
		free(infos[i].public_key);
		free(infos[i].step);
	}
}

static void set_up(void)
{
	char command[256], copy[64];
	log_init(&pool_log, note_line, NULL);
	hsm_error_t err = { 0 };
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(control, sizeof(control), "%s/control", dir);
	snprintf(copy, sizeof(copy), "%s/softhsm.so", dir);
	snprintf(command, sizeof(command), "cp %s %s", test_softhsm(), copy);
	ck_assert_int_eq(system(command), 0);
	setenv("SHIM_MODULE", copy, 1);
	setenv("SHIM_CONTROL", control, 1);
	snprintf(quirks, sizeof(quirks), "%s/quirks", dir);
	write_file(quirks, "");
	setenv("SHIM_QUIRKS", quirks, 1);
	setenv("SHIM_SESSIONS", dir, 1);
	test_tokens_make();
	hsm_conf_t *conf = test_conf();
	conf->repositories[1].module = (char *)SHIM_PATH;
	ck_assert_msg(hsm_open(&hsm, conf, &err) == HSM_EOK, "%s", err.text);
	ck_assert_int_eq(signpool_new(&pool, hsm, 2, &pool_log), KNOT_EOK);
	make_ring();
	stop = finished = false;
}

static void tear_down(void)
{
	char command[80];
	signpool_free(pool);
	free_ring();
	hsm_close(hsm);
	test_tokens_remove();
	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static const keyring_key_t *failed;

static int run(size_t key, size_t count, signpool_verify_t verify, char *err, size_t err_size)
{
	signpool_work_t *work = NULL;
	sign_jobs_make(jobs, count, &ring->keys[key], zone);
	const signpool_jobs_t all = {
		.zone = zone, .jobs = jobs, .count = count, .verify = verify, .stop = &stop,
		.failed = &failed,
	};
	int ret = signpool_start(pool, &all, &work, err, err_size);
	return ret == KNOT_EOK ? signpool_finish(work, err, err_size) : ret;
}

/*! Signatures are verified twice: by the pool, which lets them pass, and by libdnssec. */
START_TEST(test_algorithms)
{
	char err[640] = "";
	ck_assert_msg(run(_i, 20, SIGNPOOL_VERIFY_ALL, err, sizeof(err)) == KNOT_EOK, "%s", err);
	for (size_t i = 0; i < 20; i++) {
		ck_assert(sign_jobs_valid(&jobs[i], zone));
	}
	sign_jobs_free(jobs, 20);
}
END_TEST

/*! No bit of a signature or of its data can change without being found. */
START_TEST(test_verify_bits)
{
	char err[640] = "";
	ck_assert_msg(run(_i, 1, SIGNPOOL_VERIFY_ALL, err, sizeof(err)) == KNOT_EOK, "%s", err);
	const keyring_key_t *key = jobs[0].key;
	const size_t len = key->signature_len;
	uint8_t signature[HSM_SIGNATURE_MAX], *place = NULL;
	memcpy(signature, jobs[0].rdata->data + jobs[0].rdata->len - len, len);
	rrsig_buffer_t buffer = { 0 };
	ck_assert_int_eq(rrsig_prepare(&jobs[0], zone, &buffer, &place), KNOT_EOK);
	verify_t *verify = verify_new();
	ck_assert(verify_check(verify, key->verifier, buffer.data, buffer.len, signature, len));
	for (size_t bit = 0; bit < 8 * len; bit += 7) {
		signature[bit / 8] ^= 1 << bit % 8;
		ck_assert(!verify_check(verify, key->verifier, buffer.data, buffer.len, signature,
		                        len));
		signature[bit / 8] ^= 1 << bit % 8;
	}
	for (size_t bit = 0; bit < 8 * buffer.len; bit += 7) {
		buffer.data[bit / 8] ^= 1 << bit % 8;
		ck_assert(!verify_check(verify, key->verifier, buffer.data, buffer.len, signature,
		                        len));
		buffer.data[bit / 8] ^= 1 << bit % 8;
	}
	ck_assert(!verify_check(verify, key->verifier, buffer.data, buffer.len, signature, len - 1));
	memset(signature, 0, len);
	ck_assert(!verify_check(verify, key->verifier, buffer.data, buffer.len, signature, len));
	verify_free(verify);
	free(buffer.data);
	sign_jobs_free(jobs, 1);
}
END_TEST

/*! A public key that is malformed. */
START_TEST(test_verify_key)
{
	static const uint8_t field[300] = { 1, 3, 0xff };
	static const struct { uint8_t algorithm; size_t len; } bad[] = {
		{ 13, 0 }, { 13, 63 }, { 13, 65 }, { 14, 64 }, { 15, 31 }, { 15, 33 }, { 16, 56 },
		{ 8, 0 }, { 8, 1 }, { 8, 2 },
	};
	verify_key_t *key = NULL;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(verify_key_new(&key, bad[i].algorithm, field, bad[i].len) == KNOT_EMALF,
		              "algorithm %u, %zu bytes", bad[i].algorithm, bad[i].len);
	}
	ck_assert_int_eq(verify_key_new(&key, 3, field, 64), KNOT_ENOTSUP);
	verify_key_free(NULL);
	/* A point that is not on the curve. */
	verify_t *verify = verify_new();
	ck_assert_int_eq(verify_key_new(&key, 13, field, 64), KNOT_EOK);
	for (size_t i = 0; i < 2; i++) {
		ck_assert(!verify_check(verify, key, field, 9, field + 9, 64));
	}
	verify_key_free(key);
	verify_free(verify);
}
END_TEST

typedef struct {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	unsigned times;
} ended_t;

static void note_end(void *ctx)
{
	ended_t *ended = ctx;
	pthread_mutex_lock(&ended->lock);
	ended->times++;
	pthread_cond_signal(&ended->cond);
	pthread_mutex_unlock(&ended->lock);
}

/*! Who is told of the end need not wait for it: of two repositories, once, when both have signed. */
START_TEST(test_ended)
{
	ended_t ended = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 };
	signpool_work_t *work = NULL;
	char err[640] = "";
	order("delay C_Sign 100\n");
	sign_jobs_make(jobs, 2, &ring->keys[0], zone);
	jobs[1].key = &ring->keys[SHIM];
	const signpool_jobs_t all = {
		.zone = zone, .jobs = jobs, .count = 2, .verify = SIGNPOOL_VERIFY_ALL, .stop = &stop,
		.failed = &failed, .ended = note_end, .ctx = &ended,
	};
	for (unsigned i = 1; i <= 20; i++) {
		ck_assert_int_eq(signpool_start(pool, &all, &work, err, sizeof(err)), KNOT_EOK);
		pthread_mutex_lock(&ended.lock);
		while (ended.times < i) {
			pthread_cond_wait(&ended.cond, &ended.lock);
		}
		pthread_mutex_unlock(&ended.lock);
		ck_assert_int_eq(signpool_finish(work, err, sizeof(err)), KNOT_EOK);
		ck_assert(sign_jobs_valid(&jobs[0], zone) && sign_jobs_valid(&jobs[1], zone));
		order(i % 2 == 1 ? "" : "delay C_Sign 5\n");
	}
	ck_assert_uint_eq(ended.times, 20);
	order("");
	sign_jobs_free(jobs, 2);
}
END_TEST

/*! "all" finds each wrong signature, and has it made anew; "sample" finds at least one of many. */
START_TEST(test_wrong)
{
	char err[640] = "";
	order("wrong 7\n");
	ck_assert_msg(run(SHIM, JOBS, SIGNPOOL_VERIFY_ALL, err, sizeof(err)) == KNOT_EOK, "%s", err);
	for (size_t i = 0; i < JOBS; i++) {
		ck_assert(sign_jobs_valid(&jobs[i], zone));
	}
	sign_jobs_free(jobs, JOBS);
	order("wrong 1\n");
	ck_assert_int_eq(run(SHIM, JOBS, SIGNPOOL_VERIFY_ALL, err, sizeof(err)), KNOT_ESEMCHECK);
	ck_assert_ptr_nonnull(strstr(err, "wrong signature"));
	ck_assert_ptr_nonnull(strstr(err, "two"));
	sign_jobs_free(jobs, JOBS);

	/* From then on no sample will do. */
	order("wrong 250\n");
	ck_assert_int_eq(run(SHIM, JOBS, SIGNPOOL_VERIFY_SAMPLE, err, sizeof(err)), KNOT_ESEMCHECK);
	sign_jobs_free(jobs, JOBS);

	order("wrong 1\n");
	ck_assert_int_eq(run(SHIM, 1, SIGNPOOL_VERIFY_SAMPLE, err, sizeof(err)), KNOT_ESEMCHECK);
	sign_jobs_free(jobs, 1);
	order("");
	ck_assert_int_eq(run(SHIM, JOBS, SIGNPOOL_VERIFY_SAMPLE, err, sizeof(err)), KNOT_EOK);
	sign_jobs_free(jobs, JOBS);
}
END_TEST

/*! The first signatures are right; then more are wrong in a row than a sample can miss. */
START_TEST(test_wrong_later)
{
	char err[640] = "";
	order("from 50\nwrong 1\n");
	ck_assert_int_eq(run(SHIM, JOBS, SIGNPOOL_VERIFY_SAMPLE, err, sizeof(err)), KNOT_ESEMCHECK);
	sign_jobs_free(jobs, JOBS);
}
END_TEST

/*! Batches of a series are sampled as one; one of its own is verified. */
START_TEST(test_series)
{
	char err[640] = "";
	signpool_work_t *work = NULL;
	unsigned wrong = 0;
	int ret = KNOT_EOK;
	sign_jobs_make(jobs, 1, &ring->keys[SHIM], zone);
	const signpool_jobs_t one = {
		.zone = zone, .jobs = jobs, .count = 1, .verify = SIGNPOOL_VERIFY_SAMPLE,
		.stop = &stop, .failed = &failed, .series = _i == 0 ? 0 : signpool_series(pool),
	};
	order("from 50\nwrong 1\n");
	ck_assert_uint_eq(signpool_wrong(pool), 0);
	for (unsigned i = 0; i < 2000 && ret == KNOT_EOK; i++) {
		ck_assert_int_eq(signpool_start(pool, &one, &work, err, sizeof(err)), KNOT_EOK);
		ret = signpool_finish(work, err, sizeof(err));
		wrong += ret == KNOT_EOK && !sign_jobs_valid(&jobs[0], zone);
	}
	ck_assert_int_eq(ret, KNOT_ESEMCHECK);
	ck_assert_msg(_i == 0 ? wrong == 0 : wrong > 0, "%u were wrong", wrong);
	ck_assert_uint_gt(signpool_wrong(pool), 0);
	order("");
	sign_jobs_free(jobs, 1);
}
END_TEST

/*! \return How many of the jobs have their signature. */
static unsigned count_signed(const rrsig_job_t *of, size_t count)
{
	static const uint8_t NONE[8] = { 0 };
	unsigned made = 0;
	for (size_t i = 0; i < count; i++) {
		const knot_rdata_t *rdata = of[i].rdata;
		made += memcmp(rdata->data + rdata->len - sizeof(NONE), NONE, sizeof(NONE)) != 0;
	}
	return made;
}

#define TURNS 3
#define TURN 24 /* Jobs, of a small zone. */

/*! Small zones are signed one after the other, as they came, and not all at the same time. */
START_TEST(test_turns)
{
	char err[640] = "";
	signpool_work_t *works[TURNS];
	atomic_bool stops[TURNS] = { false };
	sign_jobs_make(jobs, TURNS * TURN, &ring->keys[SHIM], zone);
	order("delay C_Sign 20\n");
	for (size_t i = 0; i < TURNS; i++) {
		const signpool_jobs_t zone_jobs = {
			.zone = zone, .jobs = jobs + i * TURN, .count = TURN, .stop = &stops[i],
			.verify = SIGNPOOL_VERIFY_SAMPLE, .failed = &failed,
		};
		ck_assert_int_eq(signpool_start(pool, &zone_jobs, &works[i], err, sizeof(err)),
		                 KNOT_EOK);
	}
	ck_assert_msg(signpool_finish(works[0], err, sizeof(err)) == KNOT_EOK, "%s", err);
	for (size_t i = 1; i < TURNS; i++) {
		stops[i] = true;
	}
	for (size_t i = 1; i < TURNS; i++) {
		(void)signpool_finish(works[i], err, sizeof(err));
	}
	ck_assert_uint_eq(count_signed(jobs, TURN), TURN);
	ck_assert_uint_le(count_signed(jobs + (TURNS - 1) * TURN, TURN), TURN / 4);
	order("");
	sign_jobs_free(jobs, TURNS * TURN);
}
END_TEST

START_TEST(test_failing)
{
	char err[640] = "";
	/* All of them: a failed signature is tried once more. */
	order("fail 1\n");
	failed = NULL;
	ck_assert_int_eq(run(SHIM, JOBS, SIGNPOOL_VERIFY_ALL, err, sizeof(err)), KNOT_EAGAIN);
	ck_assert_ptr_eq(failed, &ring->keys[SHIM]);
	sign_jobs_free(jobs, JOBS);
	order("");
	ck_assert_msg(run(SHIM, JOBS, SIGNPOOL_VERIFY_ALL, err, sizeof(err)) == KNOT_EOK, "%s", err);
	sign_jobs_free(jobs, JOBS);
}
END_TEST

/*! A signature of another key, or one that is too short: never taken. */
START_TEST(test_other_key)
{
	char err[640] = "";
	order("other\n");
	ck_assert_int_eq(run(SHIM, 1, SIGNPOOL_VERIFY_ALL, err, sizeof(err)), KNOT_ESEMCHECK);
	sign_jobs_free(jobs, 1);
	order("cut\n");
	ck_assert_int_eq(run(SHIM, 1, SIGNPOOL_VERIFY_SAMPLE, err, sizeof(err)), KNOT_EAGAIN);
	ck_assert_ptr_nonnull(strstr(err, "has 63 bytes instead of 64"));
	sign_jobs_free(jobs, 1);
	order("");
	ck_assert_msg(run(SHIM, 1, SIGNPOOL_VERIFY_ALL, err, sizeof(err)) == KNOT_EOK, "%s", err);
	sign_jobs_free(jobs, 1);
}
END_TEST

static void *run_job(void *arg)
{
	const keyring_key_t *none = NULL;
	const signpool_jobs_t one = {
		.zone = zone, .jobs = arg, .count = 1, .stop = &stop, .failed = &none,
	};
	char err[640] = "";
	signpool_work_t *work = NULL;
	int ret = signpool_start(pool, &one, &work, err, sizeof(err));
	if (ret == KNOT_EOK) {
		ret = signpool_finish(work, err, sizeof(err));
	}
	ck_assert_msg(ret == KNOT_EOK, "%s", err);
	finished = true;
	return NULL;
}

/*** What is known of the repository meanwhile. ***/

static hsm_last_t last_of_shim(void)
{
	hsm_last_t last;
	ck_assert(hsm_last(hsm, 1, &last));
	return last;
}

static void count_return(void *ctx)
{
	atomic_fetch_add((atomic_uint *)ctx, 1);
}

static int watch_returns(hsm_watch_t **watch, atomic_uint *returns)
{
	const hsm_watch_calls_t calls = { .returned = count_return, .ctx = returns };
	return hsm_watch_start(watch, hsm, 3600, &calls);
}

static void wait_for(atomic_uint *returns)
{
	for (int i = 0; atomic_load(returns) == 0; i++) {
		ck_assert_msg(i < 600, "nobody is told that the token works again");
		usleep(10000);
	}
}

/*! The shim writes the file anew at each call: for a moment it is empty. */
static void read_number(const char *path, long *number)
{
	int count = 0;
	for (int i = 0; i < 200 && count != 1; i++) {
		FILE *file = fopen(path, "r");
		ck_assert_ptr_nonnull(file);
		count = fscanf(file, "%ld", number);
		fclose(file);
		usleep(count == 1 ? 0 : 10000);
	}
	ck_assert_int_eq(count, 1);
}

/*! What makes no good signature counts as not working, whatever else it answers, until it makes one. */
START_TEST(test_state)
{
	static const char *const faults[] = {
		"error C_Sign 0x30\n", "error C_SignInit 0x200\n", "error C_Sign 0x31\n", "cut\n",
		"wrong 1\n",
	};
	char err[640] = "", text[1024];
	hsm_error_t hsm_err = { 0 };
	hsm_watch_t *watch;
	atomic_uint returns = 0;
	ck_assert_int_eq(last_of_shim().since, 0);
	ck_assert_int_eq(watch_returns(&watch, &returns), HSM_EOK);
	order(faults[_i]);
	ck_assert_int_ne(run(SHIM, 1, SIGNPOOL_VERIFY_ALL, err, sizeof(err)), KNOT_EOK);
	sign_jobs_free(jobs, 1);
	ck_assert_int_eq(hsm_login(hsm, "two", false, &hsm_err), HSM_EOK);
	hsm_last_t last = last_of_shim();
	for (int i = 0; i < 300 && last.since >= last.when; i++) {
		usleep(100000);
		last = last_of_shim();
	}
	ck_assert_int_ne(last.code, HSM_EOK);
	ck_assert(last.since > 0 && last.since < last.when);
	ck_assert_uint_gt(last.errors, 1);
	hsm_last_text(&last, text, sizeof(text));
	ck_assert_msg(strncmp(text, "does not work since 20", 22) == 0, "%s", text);
	ck_assert_uint_eq(returns, 0);
	order("");
	wait_for(&returns);
	last = last_of_shim();
	ck_assert_int_eq(last.code, HSM_EOK);
	ck_assert_int_eq(last.since, 0);
	ck_assert_uint_gt(last.signatures, 0);
	hsm_watch_stop(watch);
}
END_TEST

/*! A library whose sessions look well, and sign no more until it is started anew. */
START_TEST(test_stale)
{
	char err[640] = "";
	hsm_watch_t *watch;
	atomic_uint returns = 0;
	ck_assert_int_eq(watch_returns(&watch, &returns), HSM_EOK);
	order("stale\n");
	ck_assert_msg(run(SHIM, 1, SIGNPOOL_VERIFY_ALL, err, sizeof(err)) == KNOT_EOK, "%s", err);
	sign_jobs_free(jobs, 1);
	/* Soon after, a try of that does not do it again; the watch does. */
	order("stale\n");
	ck_assert_int_eq(run(SHIM, 1, SIGNPOOL_VERIFY_ALL, err, sizeof(err)), KNOT_EAGAIN);
	sign_jobs_free(jobs, 1);
	wait_for(&returns);
	ck_assert_msg(run(SHIM, 1, SIGNPOOL_VERIFY_ALL, err, sizeof(err)) == KNOT_EOK, "%s", err);
	sign_jobs_free(jobs, 1);
	hsm_watch_stop(watch);
}
END_TEST

/*! A token that says of sessions that they are gone, which are not: none is closed while it signs. */
START_TEST(test_in_use)
{
	char path[96];
	hsm_error_t err = { 0 };
	pthread_t thread;
	sign_jobs_make(jobs, 1, &ring->keys[SHIM], zone);
	rrsig_job_t slow = jobs[0];
	snprintf(path, sizeof(path), "%s/closed-in-use", dir);
	order("hang C_Sign\n");
	ck_assert_int_eq(pthread_create(&thread, NULL, run_job, &slow), 0);
	usleep(300000);
	order("error C_GetSessionInfo 0xb3\nhang C_Sign\n");
	ck_assert_int_eq(hsm_login(hsm, "two", false, &err), HSM_EOK);
	order("");
	pthread_join(thread, NULL);
	ck_assert_int_ne(access(path, F_OK), 0);
	free(slow.rdata);
}
END_TEST

/*! Sessions that the token does not close are closed when it works again. */
START_TEST(test_closing)
{
	char err[640] = "", path[96];
	hsm_error_t hsm_err = { 0 };
	long before = 0, after = -1;
	snprintf(path, sizeof(path), "%s/%d", dir, (int)getpid());
	ck_assert_int_eq(run(SHIM, 1, SIGNPOOL_VERIFY_ALL, err, sizeof(err)), KNOT_EOK);
	sign_jobs_free(jobs, 1);
	read_number(path, &before);
	order("error C_CloseSession 0x30\nerror C_Sign 0xb3 2\n");
	ck_assert_int_eq(run(SHIM, 1, SIGNPOOL_VERIFY_ALL, err, sizeof(err)), KNOT_EOK);
	sign_jobs_free(jobs, 1);
	read_number(path, &after);
	ck_assert_int_gt(after, before + 1);
	order("");
	ck_assert_int_eq(hsm_login(hsm, "two", false, &hsm_err), HSM_EOK);
	read_number(path, &after);
	ck_assert_int_le(after, before + 1);
}
END_TEST

/*! Who ends while the token closes no session leaves that to who uses the library still. */
START_TEST(test_closing_left)
{
	char err[640] = "", path[96];
	hsm_error_t hsm_err = { 0 };
	hsm_t *first = hsm;
	long before = 0, after = -1;
	snprintf(path, sizeof(path), "%s/%d", dir, (int)getpid());
	hsm_conf_t *conf = test_conf();
	conf->repositories[1].module = (char *)SHIM_PATH;
	ck_assert_int_eq(hsm_open(&hsm, conf, &hsm_err), HSM_EOK);
	ck_assert_int_eq(hsm_login(hsm, "two", false, &hsm_err), HSM_EOK);
	read_number(path, &before);
	ck_assert_int_eq(run(SHIM, 1, SIGNPOOL_VERIFY_ALL, err, sizeof(err)), KNOT_EOK);
	sign_jobs_free(jobs, 1);
	order("error C_CloseSession 0x30\n");
	signpool_free(pool);
	pool = NULL;
	hsm_close(first);
	read_number(path, &after);
	ck_assert_int_gt(after, before);
	order("");
	ck_assert_int_eq(hsm_login(hsm, "two", false, &hsm_err), HSM_EOK);
	read_number(path, &after);
	ck_assert_int_lt(after, before);
}
END_TEST

/*! A key that was missed, and comes back, in a token that worked all the time. */
START_TEST(test_missing)
{
	hsm_error_t err = { 0 };
	hsm_key_t *key = NULL;
	hsm_watch_t *watch;
	atomic_uint returns = 0;
	const keyset_key_t *info = &infos[SHIM];
	ck_assert_int_eq(watch_returns(&watch, &returns), HSM_EOK);
	order("keyless\n");
	ck_assert_int_eq(test_find(hsm, "two", info->cka_id, 13, &key, &err), HSM_ENOKEY);
	hsm_key_miss(hsm, "two", info->cka_id, 13);
	sleep(2);
	ck_assert_uint_eq(returns, 0);
	ck_assert_int_eq(last_of_shim().code, HSM_EOK);
	order("");
	wait_for(&returns);
	hsm_watch_stop(watch);
}
END_TEST

/*! A token that hangs holds up only the zones that use it. */
START_TEST(test_hanging)
{
	char err[640] = "";
	pthread_t thread;
	sign_jobs_make(jobs, 1, &ring->keys[SHIM], zone);
	rrsig_job_t slow = jobs[0];
	order("hang C_Sign\n");
	ck_assert_int_eq(pthread_create(&thread, NULL, run_job, &slow), 0);
	ck_assert_msg(run(0, 50, SIGNPOOL_VERIFY_ALL, err, sizeof(err)) == KNOT_EOK, "%s", err);
	ck_assert(!finished);
	order("");
	pthread_join(thread, NULL);
	ck_assert(finished);
	sign_jobs_free(jobs, 50);
	free(slow.rdata);
}
END_TEST

/*! A token that has one session for signing is used with one, which is told once. */
START_TEST(test_few_sessions)
{
	char err[640] = "";
	signpool_free(pool);
	ck_assert_int_eq(signpool_new(&pool, hsm, 4, &pool_log), KNOT_EOK);
	write_file(quirks, "sessions 2\n");
	for (int i = 0; i < 5; i++) {
		ck_assert_msg(run(SHIM, JOBS, SIGNPOOL_VERIFY_ALL, err, sizeof(err)) == KNOT_EOK,
		              "%s", err);
		sign_jobs_free(jobs, JOBS);
	}
	ck_assert_uint_eq(short_of_sessions, 1);
}
END_TEST

/*! As the repository wants it, nobody is told; a token without any session for signing is. */
START_TEST(test_session_limit)
{
	char err[640] = "";
	hsm_error_t hsm_err;
	hsm_t *first = hsm;
	signpool_free(pool);
	free_ring();
	hsm_conf_t *conf = test_conf();
	conf->repositories[1].module = (char *)SHIM_PATH;
	conf->repositories[1].sessions = 2;
	ck_assert_int_eq(hsm_open(&hsm, conf, &hsm_err), HSM_EOK);
	ck_assert_int_eq(signpool_new(&pool, hsm, 2, &pool_log), KNOT_EOK);
	make_ring();
	write_file(quirks, "sessions 3\n"); /* One is the first hsm_t's. */
	for (int i = 0; i < 5; i++) {
		ck_assert_msg(run(SHIM, JOBS, SIGNPOOL_VERIFY_ALL, err, sizeof(err)) == KNOT_EOK,
		              "%s", err);
		sign_jobs_free(jobs, JOBS);
	}
	ck_assert_uint_eq(short_of_sessions, 0);

	signpool_free(pool);
	write_file(quirks, "sessions 2\n");
	ck_assert_int_eq(signpool_new(&pool, hsm, 2, &pool_log), KNOT_EOK);
	ck_assert_int_eq(run(SHIM, JOBS, SIGNPOOL_VERIFY_ALL, err, sizeof(err)), KNOT_EAGAIN);
	sign_jobs_free(jobs, JOBS);
	ck_assert_msg(strstr(err, "close what else uses the token") != NULL, "%s", err);
	hsm_close(first);
}
END_TEST

START_TEST(test_stop)
{
	char err[640] = "";
	stop = true;
	ck_assert_int_eq(run(0, 50, SIGNPOOL_VERIFY_ALL, err, sizeof(err)), KNOT_EAGAIN);
	sign_jobs_free(jobs, 50);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("signpool");
	TCase *tcase = tcase_create("signpool");
	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, test_algorithms, 0, KEYS);
	tcase_add_loop_test(tcase, test_verify_bits, 0, KEYS);
	tcase_add_test(tcase, test_verify_key);
	tcase_add_test(tcase, test_ended);
	tcase_add_test(tcase, test_wrong);
	tcase_add_test(tcase, test_wrong_later);
	tcase_add_loop_test(tcase, test_series, 0, 2);
	tcase_add_test(tcase, test_turns);
	tcase_add_test(tcase, test_failing);
	tcase_add_test(tcase, test_other_key);
	tcase_add_loop_test(tcase, test_state, 0, 5);
	tcase_add_test(tcase, test_missing);
	tcase_add_test(tcase, test_stale);
	tcase_add_test(tcase, test_closing);
	tcase_add_test(tcase, test_closing_left);
	tcase_add_test(tcase, test_in_use);
	tcase_add_test(tcase, test_hanging);
	tcase_add_test(tcase, test_few_sessions);
	tcase_add_test(tcase, test_session_limit);
	tcase_add_test(tcase, test_stop);
	suite_add_tcase(suite, tcase);

	return check_main(suite);
}
