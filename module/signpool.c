/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/signpool.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libdnssec/error.h>
#include <libdnssec/sign.h>
#include <libknot/errcode.h>

#include "module/thread.h"

#define CHUNK_MAX 32 /* Jobs a thread takes at once; fewer if little is left for the others. */

/*! The jobs of one signpool_run() that are one repository's. */
typedef struct batch {
	struct batch *next;      /*!< In the lane's ring. */
	const knot_dname_t *zone;
	rrsig_job_t **jobs;
	const atomic_bool *stop;
	size_t count;
	size_t taken, done;
	int ret;                 /*!< First error; the rest of the jobs is left then. */
	char err[640];
} batch_t;

/*! A repository's threads. */
typedef struct lane {
	struct lane *next;
	signpool_t *pool;
	char *repository;
	pthread_mutex_t lock;
	pthread_cond_t work;     /*!< There is a batch, or the end. */
	pthread_cond_t finished; /*!< A batch is done. */
	batch_t *ring;           /*!< Whose turn it is; circular. */
	bool stop;
	unsigned threads;
	pthread_t ids[];
} lane_t;

struct signpool {
	hsm_t *hsm;
	unsigned threads;
	pthread_mutex_t lock;    /*!< Of the list of lanes. */
	lane_t *lanes;
};

/*! A thread's own things. */
typedef struct {
	hsm_session_t *session;
	rrsig_buffer_t buffer;
	dnssec_sign_ctx_t *verifier;
	const keyring_key_t *verifier_key;
} signer_t;

/*** A signature. ***/

static int verify(signer_t *signer, const keyring_key_t *key, const uint8_t *signature)
{
	const dnssec_binary_t data = { .data = signer->buffer.data, .size = signer->buffer.len };
	const dnssec_binary_t made = { .data = (uint8_t *)signature, .size = key->signature_len };
	int ret;
	if (signer->verifier_key != key) {
		dnssec_sign_free(signer->verifier);
		signer->verifier = NULL;
		ret = dnssec_sign_new(&signer->verifier, key->dnskey);
		signer->verifier_key = (ret == DNSSEC_EOK) ? key : NULL;
	} else {
		ret = dnssec_sign_init(signer->verifier);
	}
	if (ret == DNSSEC_EOK) {
		ret = dnssec_sign_add(signer->verifier, &data);
	}
	if (ret == DNSSEC_EOK) {
		ret = dnssec_sign_verify(signer->verifier, false, &made);
	}
	return ret;
}

static int sign(signer_t *signer, const lane_t *lane, const batch_t *batch,
                const rrsig_job_t *job, hsm_error_t *err)
{
	uint8_t *place = NULL;
	int ret = rrsig_prepare(job, batch->zone, &signer->buffer, &place);
	if (ret != KNOT_EOK) {
		snprintf(err->text, sizeof(err->text), "out of memory");
		return ret;
	}
	if (signer->session == NULL &&
	    hsm_session_open(&signer->session, lane->pool->hsm, lane->repository, err) != HSM_EOK) {
		return KNOT_EAGAIN;
	}
	uint8_t signature[HSM_SIGNATURE_MAX];
	size_t len = 0;
	if (hsm_session_sign(signer->session, job->key->secret, signer->buffer.data,
	                     signer->buffer.len, signature, &len, err) != HSM_EOK) {
		hsm_session_close(signer->session);
		signer->session = NULL;
		return KNOT_EAGAIN;
	}
	if (len != job->key->signature_len || verify(signer, job->key, signature) != DNSSEC_EOK) {
		snprintf(err->text, sizeof(err->text), "the token of repository %s made a wrong "
		         "signature; it was not published", lane->repository);
		return KNOT_ESEMCHECK;
	}
	memcpy(place, signature, len);
	return KNOT_EOK;
}

static int sign_chunk(signer_t *signer, const lane_t *lane, const batch_t *batch, size_t from,
                      size_t count, hsm_error_t *err, uint16_t *keytag)
{
	int ret = KNOT_EOK;
	for (size_t i = from; i < from + count && ret == KNOT_EOK; i++) {
		*keytag = batch->jobs[i]->key->info->keytag;
		if (atomic_load(batch->stop)) {
			snprintf(err->text, sizeof(err->text), "stopped");
			ret = KNOT_EAGAIN;
			break;
		}
		ret = sign(signer, lane, batch, batch->jobs[i], err);
	}
	/* The verifier holds on to its key, which goes with the batch. */
	dnssec_sign_free(signer->verifier);
	signer->verifier = NULL;
	signer->verifier_key = NULL;
	return ret;
}

/*** Lanes. ***/

/*! Takes jobs of the batch whose turn it is, and passes the turn on. With the lock held. */
static batch_t *take(lane_t *lane, size_t *from, size_t *count)
{
	batch_t *batch = lane->ring->next;
	size_t left = batch->count - batch->taken;
	size_t chunk = left / (4 * lane->threads);
	chunk = chunk < 1 ? 1 : chunk > CHUNK_MAX ? CHUNK_MAX : chunk;
	*from = batch->taken;
	*count = chunk;
	batch->taken += chunk;
	if (batch->taken < batch->count) {
		lane->ring = batch;
	} else if (batch->next == batch) {
		lane->ring = NULL;
	} else {
		lane->ring->next = batch->next;
	}
	return batch;
}

/*! Books a chunk as done. With the lock held. */
static void book(lane_t *lane, batch_t *batch, size_t count, int ret, const hsm_error_t *err,
                 uint16_t keytag)
{
	if (ret != KNOT_EOK && batch->ret == KNOT_EOK) {
		batch->ret = ret;
		snprintf(batch->err, sizeof(batch->err), "key tag %u: %s", keytag, err->text);
	}
	batch->done += count;
	if (batch->done == batch->count) {
		pthread_cond_broadcast(&lane->finished);
	}
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
		if (lane->ring == NULL) {
			break;
		}
		size_t from, count;
		batch_t *batch = take(lane, &from, &count);
		int ret = batch->ret;
		hsm_error_t err = { 0 };
		uint16_t keytag = 0;
		if (ret == KNOT_EOK) {
			pthread_mutex_unlock(&lane->lock);
			ret = sign_chunk(&signer, lane, batch, from, count, &err, &keytag);
			pthread_mutex_lock(&lane->lock);
		}
		book(lane, batch, count, ret, &err, keytag);
	}
	pthread_mutex_unlock(&lane->lock);
	hsm_session_close(signer.session);
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

int signpool_new(signpool_t **pool, hsm_t *hsm, unsigned threads)
{
	signpool_t *fresh = calloc(1, sizeof(*fresh));
	if (fresh == NULL) {
		return KNOT_ENOMEM;
	}
	fresh->hsm = hsm;
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

static void add_batch(lane_t *lane, batch_t *batch)
{
	pthread_mutex_lock(&lane->lock);
	if (lane->ring == NULL) {
		batch->next = batch;
		lane->ring = batch;
	} else {
		batch->next = lane->ring->next;
		lane->ring->next = batch;
	}
	pthread_cond_broadcast(&lane->work);
	pthread_mutex_unlock(&lane->lock);
}

static void await(lane_t *lane, batch_t *batch)
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

#define REPOSITORIES_MAX 64 /* Of one zone: a key has one, and a key set has at most 64 keys. */

int signpool_run(signpool_t *pool, const knot_dname_t *zone, rrsig_job_t *jobs, size_t count,
                 const atomic_bool *stop, char *err, size_t err_size)
{
	rrsig_job_t **order = malloc((count + 1) * sizeof(*order));
	if (order == NULL) {
		snprintf(err, err_size, "out of memory");
		return KNOT_ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		order[i] = &jobs[i];
	}

	batch_t batches[REPOSITORIES_MAX];
	lane_t *lanes[REPOSITORIES_MAX];
	size_t used = 0;
	int ret = KNOT_EOK;
	for (size_t at = 0; at < count; at += batches[used++].count) {
		lanes[used] = get_lane(pool, order[at]->key->info->repository);
		if (lanes[used] == NULL) {
			snprintf(err, err_size, "cannot start threads to sign");
			ret = KNOT_ENOMEM;
			break;
		}
		batches[used] = (batch_t) {
			.zone = zone, .jobs = order + at, .stop = stop,
			.count = group(order + at, count - at),
		};
		add_batch(lanes[used], &batches[used]);
	}
	for (size_t i = 0; i < used; i++) {
		await(lanes[i], &batches[i]);
		if (ret == KNOT_EOK && batches[i].ret != KNOT_EOK) {
			ret = batches[i].ret;
			snprintf(err, err_size, "%s", batches[i].err);
		}
	}
	free(order);
	return ret;
}
