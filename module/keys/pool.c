/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/keys/pool.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "common/clock.h"
#include "common/thread.h"
#include "module/keys/verify.h"

/* Jobs that a thread takes at once, at most: enough for the lock to cost little beside them. When
 * few jobs are left a thread takes fewer, so that the others have some, too; unless these have
 * other batches, since to go from one zone to the next has its price: other keys, a sample of each. */
#define CHUNK_MAX 32
/* Milliseconds that these take, at most: else a replica that is slow keeps a zone waiting that the others have
 * signed long since. */
#define CHUNK_MS 100

/* With SIGNPOOL_VERIFY_SAMPLE one signature in so many is verified: 1 % of the cost. */
#define SAMPLE 100

/* How often a signature is made anew that is wrong. */
#define WRONG_MAX 3

/* Keys of a key set, at most, as keyset_read() allows. */
#define KEYS_MAX 64

/*! Those jobs of one signpool_start() whose keys are in one repository. */
typedef struct batch {
	struct batch *next;      /*!< In the lane's ring of batches. */
	struct lane *lane;
	signpool_work_t *work;   /*!< That it is a part of. */
	const knot_dname_t *zone;
	rrsig_job_t **jobs;
	const atomic_bool *stop;
	signpool_verify_t verify;
	uint64_t series;
	size_t count;
	size_t taken, done;
	int ret;                 /*!< First error; the jobs behind it are then not done. */
	const keyring_key_t *failed; /*!< The key of that error; NULL: it was stopped. */
	char err[640];
} pool_batch_t;

/*! Jobs of a batch that a thread takes at once, and how they ended. */
typedef struct {
	pool_batch_t *batch;
	size_t from, count;
	int ret;
	hsm_error_t err;
	const keyring_key_t *key; /*!< That the last job was for. */
} chunk_t;

/*! A repository's threads. */
typedef struct lane {
	struct lane *next;
	signpool_t *pool;
	char *repository;
	pthread_mutex_t lock;
	pthread_cond_t work;     /*!< There is a batch, or the lane is to stop. */
	pthread_cond_t finished; /*!< A batch is done. */
	pthread_cond_t opened;   /*!< A thread has a session, or got none. */
	pool_batch_t *ring;      /*!< Circular, this one is the last; the one behind it has the next turn. */
	unsigned batches;        /*!< In the ring. */
	bool stop;
	unsigned sessions;       /*!< Threads that have one... */
	unsigned opening;        /*!< ...and that may soon. */
	bool short_of_sessions;  /*!< That was logged. */
	atomic_bool wrong;       /*!< The token has made a wrong signature: no sample will do. */
	unsigned threads;
	pthread_t ids[];
} lane_t;

/*! Batches of one signpool_start(), one for each repository. */
struct signpool_work {
	rrsig_job_t **order;
	const keyring_key_t **failed;
	void (*ended)(void *ctx);
	void *ctx;
	atomic_size_t open;      /*!< Batches that are not done, and the start while it adds some. */
	size_t used;
	pool_batch_t batches[];
};

struct signpool {
	hsm_t *hsm;
	log_t *log;
	unsigned threads;
	pthread_mutex_t lock;    /*!< Of the list of lanes. */
	lane_t *lanes;
	atomic_uint_fast64_t series; /*!< The last one. */
	atomic_uint_fast64_t wrong;  /*!< Signatures that were. */
};

/*! What a thread has for itself. */
typedef struct {
	hsm_session_t *session;
	bool counted;            /*!< In the lane's sessions. */
	hsm_error_t err;         /*!< Why there is no session. */
	rrsig_buffer_t buffer;
	verify_t *verify;
	uint64_t series;         /*!< For which the keys below were sampled. */
	const keyring_key_t *sampled[KEYS_MAX];
	size_t sampled_count;
	unsigned unverified;     /*!< Signatures since the last one that was verified. */
	int64_t each_ms;         /*!< That one of the last chunk took. */
} signer_t;

/*** A signature. ***/

/*! Notes that the session verifies a signature by the key in this series. \return Whether it had
 * verified one before. */
static bool was_sampled(signer_t *signer, const keyring_key_t *key)
{
	for (size_t i = 0; i < signer->sampled_count; i++) {
		if (signer->sampled[i] == key) {
			return true;
		}
	}
	if (signer->sampled_count < KEYS_MAX) {
		signer->sampled[signer->sampled_count++] = key;
	}
	return false;
}

static bool to_be_verified(signer_t *signer, const lane_t *lane, const pool_batch_t *batch,
                           const keyring_key_t *key)
{
	if (signer->series != batch->series) {
		signer->series = batch->series;
		signer->sampled_count = 0;
	}
	if (batch->verify == SIGNPOOL_VERIFY_SAMPLE && !atomic_load(&lane->wrong) &&
	    was_sampled(signer, key) && ++signer->unverified < SAMPLE) {
		return false;
	}
	signer->unverified = 0;
	return true;
}

static bool verified(signer_t *signer, const lane_t *lane, const pool_batch_t *batch,
                     const keyring_key_t *key, const uint8_t *signature)
{
	return !to_be_verified(signer, lane, batch, key) ||
	       verify_check(signer->verify, key->verifier, signer->buffer.data, signer->buffer.len,
	                    signature, key->signature_len);
}

static int sign_once(signer_t *signer, lane_t *lane, const pool_batch_t *batch,
                     const rrsig_job_t *job, hsm_error_t *err)
{
	uint8_t *place = NULL;
	if ((signer->verify == NULL && (signer->verify = verify_new()) == NULL) ||
	    rrsig_prepare(job, batch->zone, &signer->buffer, &place) != KNOT_EOK) {
		snprintf(err->text, sizeof(err->text), "out of memory");
		return KNOT_ENOMEM;
	}
	if (signer->session == NULL) {
		*err = signer->err;
		return KNOT_EAGAIN;
	}
	hsm_signature_t signature;
	if (hsm_session_sign(signer->session, job->key->secret, signer->buffer.data,
	                     signer->buffer.len, &signature, err) != HSM_EOK) {
		hsm_session_close(signer->session);
		signer->session = NULL;
		signer->sampled_count = 0;
		return KNOT_EAGAIN;
	}
	if (signature.len != job->key->signature_len ||
	    !verified(signer, lane, batch, job->key, signature.data)) {
		atomic_store(&lane->wrong, true);
		atomic_fetch_add(&lane->pool->wrong, 1);
		(void)hsm_session_wrong(signer->session, job->key->secret, err);
		return KNOT_ESEMCHECK;
	}
	memcpy(place, signature.data, signature.len);
	return KNOT_EOK;
}

/*! Makes a signature, anew if it is wrong; not if others that depend on it were not verified. */
static int sign(signer_t *signer, lane_t *lane, const pool_batch_t *batch, const rrsig_job_t *job,
                hsm_error_t *err)
{
	const bool alone = batch->count == 1 && atomic_load(&lane->wrong);
	const unsigned tries = batch->verify == SIGNPOOL_VERIFY_ALL || alone ? WRONG_MAX : 0;
	int ret = sign_once(signer, lane, batch, job, err);
	for (unsigned i = 0; ret == KNOT_ESEMCHECK && i < tries; i++) {
		ret = sign_once(signer, lane, batch, job, err);
	}
	return ret;
}

static void sign_chunk(signer_t *signer, lane_t *lane, chunk_t *chunk)
{
	const pool_batch_t *batch = chunk->batch;
	const size_t end = chunk->from + chunk->count;
	const int64_t begin = monotonic_ms();
	for (size_t i = chunk->from; i < end && chunk->ret == KNOT_EOK; i++) {
		chunk->key = batch->jobs[i]->key;
		if (atomic_load(batch->stop)) {
			snprintf(chunk->err.text, sizeof(chunk->err.text), "stopped");
			chunk->ret = KNOT_EAGAIN;
			break;
		}
		chunk->ret = sign(signer, lane, batch, batch->jobs[i], &chunk->err);
	}
	signer->each_ms = (monotonic_ms() - begin) / (int64_t)chunk->count;
}

/*** Lanes. ***/

/*! Takes jobs of the batch that has its turn, and passes the turn on. With the lock held. */
static chunk_t take(lane_t *lane, const signer_t *signer)
{
	const size_t most = signer->each_ms > CHUNK_MS / CHUNK_MAX ? CHUNK_MS / signer->each_ms : CHUNK_MAX;
	pool_batch_t *batch = lane->ring->next;
	const size_t left = batch->count - batch->taken;
	size_t count = lane->batches < lane->threads ? left / (4 * lane->threads) : left;
	count = count > most ? most : count;
	count = count < 1 ? 1 : count;
	const chunk_t chunk = {
		.batch = batch, .from = batch->taken, .count = count, .ret = batch->ret,
	};
	batch->taken += count;
	if (batch->taken < batch->count) {
		lane->ring = batch;
		return chunk;
	}
	lane->batches--;
	if (batch->next == batch) {
		lane->ring = NULL;
	} else {
		lane->ring->next = batch->next;
	}
	return chunk;
}

/*! Counts the jobs of a chunk as done. With the lock held. \return The work that has ended by that and
 *  whose owner is to be told; NULL: none. */
static signpool_work_t *book(lane_t *lane, const chunk_t *chunk)
{
	pool_batch_t *batch = chunk->batch;
	if (chunk->ret != KNOT_EOK && batch->ret == KNOT_EOK) {
		batch->ret = chunk->ret;
		batch->failed = atomic_load(batch->stop) ? NULL : chunk->key;
		snprintf(batch->err, sizeof(batch->err), "key tag %u: %s",
		         chunk->key->info->keytag, chunk->err.text);
	}
	batch->done += chunk->count;
	if (batch->done < batch->count) {
		return NULL;
	}
	/* Without an owner to be told, one that waits may free the work from now on. */
	signpool_work_t *work = batch->work->ended != NULL ? batch->work : NULL;
	pthread_cond_broadcast(&lane->finished);
	return work != NULL && atomic_fetch_sub(&work->open, 1) == 1 ? work : NULL;
}

/*! With the lock held. */
static void count_session(lane_t *lane, signer_t *signer)
{
	const bool has = signer->session != NULL;
	lane->sessions += (has ? 1 : 0) - (signer->counted ? 1 : 0);
	signer->counted = has;
}

/*! Opens a session for a thread that has none. With the lock held, but not while the token is asked.
 *  \return Whether the thread is to work: if the token has no session left, those work that have one */
static bool is_wanted(lane_t *lane, signer_t *signer)
{
	if (signer->session != NULL) {
		return true;
	}
	lane->opening++;
	pthread_mutex_unlock(&lane->lock);
	const int ret = hsm_session_open(&signer->session, lane->pool->hsm, lane->repository,
	                                 &signer->err);
	pthread_mutex_lock(&lane->lock);
	lane->opening--;
	count_session(lane, signer);
	pthread_cond_broadcast(&lane->opened);
	while (ret == HSM_ESESSIONS && lane->sessions == 0 && lane->opening > 0) {
		pthread_cond_wait(&lane->opened, &lane->lock);
	}
	if (ret != HSM_ESESSIONS || lane->sessions == 0) {
		return true;
	}
	if (signer->err.rv != 0 && !lane->short_of_sessions) {
		lane->short_of_sessions = true;
		log_msg(lane->pool->log, LOG_WARNING, NULL, "%s; fewer than <SignerThreads> sign, "
		        "until zone-keys-load", signer->err.text);
	}
	return false;
}

static void *run_lane(void *arg)
{
	lane_t *lane = arg;
	signer_t signer = { 0 };
	pthread_mutex_lock(&lane->lock);
	while (true) {
		while (lane->ring == NULL && !lane->stop) {
			pthread_cond_wait(&lane->work, &lane->lock);
		}
		if (lane->ring == NULL || !is_wanted(lane, &signer)) {
			break;
		}
		if (lane->ring == NULL) {
			continue; /* Others have taken it meanwhile. */
		}
		chunk_t chunk = take(lane, &signer);
		if (chunk.ret == KNOT_EOK) {
			pthread_mutex_unlock(&lane->lock);
			sign_chunk(&signer, lane, &chunk);
			pthread_mutex_lock(&lane->lock);
			count_session(lane, &signer);
		}
		signpool_work_t *ended = book(lane, &chunk);
		if (ended != NULL) {
			pthread_mutex_unlock(&lane->lock);
			ended->ended(ended->ctx);
			pthread_mutex_lock(&lane->lock);
		}
	}
	pthread_mutex_unlock(&lane->lock);
	hsm_session_close(signer.session);
	verify_free(signer.verify);
	free(signer.buffer.data);
	return NULL;
}

static void free_lane(lane_t *lane)
{
	pthread_mutex_lock(&lane->lock);
	lane->stop = true;
	pthread_cond_broadcast(&lane->work);
	pthread_mutex_unlock(&lane->lock);
	for (unsigned i = 0; i < lane->threads; i++) {
		pthread_join(lane->ids[i], NULL);
	}
	pthread_mutex_destroy(&lane->lock);
	pthread_cond_destroy(&lane->work);
	pthread_cond_destroy(&lane->finished);
	pthread_cond_destroy(&lane->opened);
	free(lane->repository);
	free(lane);
}

static lane_t *new_lane(signpool_t *pool, const char *repository)
{
	lane_t *lane = calloc(1, sizeof(*lane) + pool->threads * sizeof(lane->ids[0]));
	char *name = strdup(repository);
	if (lane == NULL || name == NULL) {
		free(lane);
		free(name);
		return NULL;
	}
	lane->pool = pool;
	lane->repository = name;
	pthread_mutex_init(&lane->lock, NULL);
	pthread_cond_init(&lane->work, NULL);
	pthread_cond_init(&lane->finished, NULL);
	pthread_cond_init(&lane->opened, NULL);
	while (lane->threads < pool->threads &&
	       thread_start(&lane->ids[lane->threads], run_lane, lane) == KNOT_EOK) {
		lane->threads++;
	}
	if (lane->threads == 0) {
		free_lane(lane);
		return NULL;
	}
	return lane;
}

static lane_t *get_lane(signpool_t *pool, const char *repository)
{
	pthread_mutex_lock(&pool->lock);
	lane_t *lane = pool->lanes;
	while (lane != NULL && strcmp(lane->repository, repository) != 0) {
		lane = lane->next;
	}
	if (lane == NULL) {
		lane = new_lane(pool, repository);
		if (lane != NULL) {
			lane->next = pool->lanes;
			pool->lanes = lane;
		}
	}
	pthread_mutex_unlock(&pool->lock);
	return lane;
}

/*** The pool. ***/

int signpool_new(signpool_t **pool, hsm_t *hsm, unsigned threads, log_t *log)
{
	signpool_t *fresh = calloc(1, sizeof(*fresh));
	if (fresh == NULL) {
		return KNOT_ENOMEM;
	}
	fresh->hsm = hsm;
	fresh->log = log;
	fresh->threads = threads;
	pthread_mutex_init(&fresh->lock, NULL);
	*pool = fresh;
	return KNOT_EOK;
}

void signpool_free(signpool_t *pool)
{
	if (pool == NULL) {
		return;
	}
	while (pool->lanes != NULL) {
		lane_t *next = pool->lanes->next;
		free_lane(pool->lanes);
		pool->lanes = next;
	}
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

uint64_t signpool_series(signpool_t *pool)
{
	return atomic_fetch_add(&pool->series, 1) + 1;
}

uint64_t signpool_wrong(signpool_t *pool)
{
	return atomic_load(&pool->wrong);
}

static void add_batch(lane_t *lane, pool_batch_t *batch)
{
	const bool one = batch->count == 1;
	pthread_mutex_lock(&lane->lock);
	if (lane->ring == NULL) {
		batch->next = batch;
	} else {
		batch->next = lane->ring->next;
		lane->ring->next = batch;
	}
	lane->ring = batch;
	lane->batches++;
	pthread_mutex_unlock(&lane->lock);
	/* Without the lock, which those who wake take at once; the batch may have ended. */
	if (one) {
		pthread_cond_signal(&lane->work);
	} else {
		pthread_cond_broadcast(&lane->work);
	}
}

static void await(lane_t *lane, pool_batch_t *batch)
{
	pthread_mutex_lock(&lane->lock);
	while (batch->done < batch->count) {
		pthread_cond_wait(&lane->finished, &lane->lock);
	}
	pthread_mutex_unlock(&lane->lock);
}

/*! Moves the jobs of the first job's repository to the front. \return How many there are. */
static size_t group(rrsig_job_t **jobs, size_t count)
{
	const char *repository = jobs[0]->key->info->repository;
	size_t same = 0;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(jobs[i]->key->info->repository, repository) == 0) {
			rrsig_job_t *job = jobs[i];
			jobs[i] = jobs[same];
			jobs[same++] = job;
		}
	}
	return same;
}

static signpool_work_t *new_work(const signpool_jobs_t *jobs)
{
	const size_t most = jobs->count < KEYS_MAX ? jobs->count : KEYS_MAX;
	signpool_work_t *work = calloc(1, sizeof(*work) + most * sizeof(work->batches[0]));
	rrsig_job_t **order = malloc((jobs->count + 1) * sizeof(*order));
	if (work == NULL || order == NULL) {
		free(work);
		free(order);
		return NULL;
	}
	for (size_t i = 0; i < jobs->count; i++) {
		order[i] = &jobs->jobs[i];
	}
	work->order = order;
	work->failed = jobs->failed;
	work->ended = jobs->ended;
	work->ctx = jobs->ctx;
	atomic_init(&work->open, 1);
	return work;
}

int signpool_start(signpool_t *pool, const signpool_jobs_t *jobs, signpool_work_t **work,
                   char *err, size_t err_size)
{
	const size_t count = jobs->count;
	signpool_work_t *fresh = new_work(jobs);
	if (fresh == NULL) {
		snprintf(err, err_size, "out of memory");
		return KNOT_ENOMEM;
	}
	for (size_t at = 0; at < count; fresh->used++) {
		rrsig_job_t **order = fresh->order + at;
		lane_t *lane = get_lane(pool, order[0]->key->info->repository);
		if (lane == NULL) {
			(void)signpool_finish(fresh, err, err_size);
			snprintf(err, err_size, "cannot start threads to sign");
			return KNOT_ENOMEM;
		}
		pool_batch_t *batch = &fresh->batches[fresh->used];
		*batch = (pool_batch_t) {
			.lane = lane, .work = fresh,
			.zone = jobs->zone, .jobs = order, .stop = jobs->stop,
			.verify = jobs->verify,
			.series = jobs->series != 0 ? jobs->series : signpool_series(pool),
			.count = group(order, count - at),
		};
		at += batch->count;
		atomic_fetch_add(&fresh->open, 1);
		add_batch(lane, batch);
	}
	*work = fresh;
	if (jobs->ended != NULL && atomic_fetch_sub(&fresh->open, 1) == 1) {
		jobs->ended(jobs->ctx);
	}
	return KNOT_EOK;
}

int signpool_finish(signpool_work_t *work, char *err, size_t err_size)
{
	int ret = KNOT_EOK;
	for (size_t i = 0; i < work->used; i++) {
		await(work->batches[i].lane, &work->batches[i]);
		if (ret == KNOT_EOK && work->batches[i].ret != KNOT_EOK) {
			ret = work->batches[i].ret;
			*work->failed = work->batches[i].failed;
			snprintf(err, err_size, "%s", work->batches[i].err);
		}
	}
	free(work->order);
	free(work);
	return ret;
}
