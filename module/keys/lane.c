/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/keys/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "common/clock.h"
#include "common/thread.h"
#include "module/keys/signing.h"

/* Jobs that a thread takes at once, at most: enough for the lock to cost little beside them. When
 * few jobs are left a thread takes fewer, so that the others have some, too; unless these have
 * other batches, since to go from one zone to the next has its price: other keys, a sample of each. */
#define CHUNK_MAX 32
/* Milliseconds that these take, at most: else a replica that is slow keeps a zone waiting that the others have
 * signed long since. */
#define CHUNK_MS 100

/* Milliseconds after which one that waits for its token is taken for one that hangs... */
#define HANGS_MS 2000
/* ...and from one look for such to the next. */
#define LOOK_MS 500
/* How often jobs are taken over: with each replica that hangs; but what hangs everywhere does not take all
 * threads. */
#define TAKEN_OVER_MAX 3

/* How often a signature is made anew that is wrong. */
#define WRONG_MAX 3

/*! Jobs of a batch that a thread takes at once, and how they ended. */
typedef struct {
	lane_batch_t *batch;
	uint64_t ticket;         /*!< A number of their own... */
	size_t first;            /*!< ...since this job, */
	size_t from, at, end;    /*!< of which these are the thread's, and this one is being signed. */
	int ret;
	hsm_error_t err;
	const keyring_key_t *key; /*!< That the last job was for. */
} chunk_t;

/*! What a thread does; with a number, as what it does may be the same again. */
typedef enum {
	WORKS,                   /*!< With its jobs, or has none. */
	WAITS,                   /*!< For its session to be opened, or closed. */
	ASKS,                    /*!< For a signature: its jobs may be taken over. */
	LOST,                    /*!< The same, after they were. */
} doing_t;
#define DOINGS 4

typedef struct {
	lane_t *lane;
	pthread_t id;
	bool used, runs;         /*!< Was started; and has not ended. */
	signing_t signing;
	bool counted;            /*!< In the lane's sessions. */
	int64_t each_ms;         /*!< That a signature of the last chunk took. */
	chunk_t chunk;           /*!< Another thread's that has made this one LOST. */
	atomic_uint_fast64_t doing; /*!< Number × DOINGS + doing_t. */
	atomic_int_fast64_t since_ms; /*!< When it began to wait. */
	atomic_uint_fast64_t job; /*!< Which it asks for, by ticket and index. */
	atomic_uint taken_over;  /*!< How often that was. */
} worker_t;

struct lane {
	lane_shared_t *shared;
	char *repository;
	pthread_mutex_t lock;
	pthread_cond_t work;     /*!< There is a batch, or the lane is to stop. */
	pthread_cond_t finished; /*!< A batch is done. */
	pthread_cond_t opened;   /*!< A thread has a session, or got none. */
	lane_batch_t *ring;      /*!< Circular, this one is the last; the one behind it has the next turn. */
	unsigned batches;        /*!< In the ring. */
	unsigned chunks;         /*!< That threads have. */
	uint64_t tickets;        /*!< The last one. */
	bool stop;
	unsigned sessions;       /*!< Threads that have one... */
	unsigned opening;        /*!< ...and that may soon. */
	bool short_of_sessions;  /*!< A thread has ended, as there was none for it... */
	bool told;               /*!< ...which was logged. */
	atomic_bool wrong;       /*!< The token has made a wrong signature: no sample will do. */
	int64_t look_ms;         /*!< When to look for jobs that wait in vain, */
	int64_t deputies_ms;     /*!< and for threads. */
	unsigned wanted, running; /*!< Threads. */
	unsigned places;
	worker_t workers[];      /*!< Twice as many as are wanted: each may hang, and have a deputy. */
};

/*** What a thread waits for, and the others. ***/

/*! \param what  If it waits, it uses nothing of its jobs from here on, until has_answer(). */
static void turn_to(worker_t *worker, doing_t what)
{
	const uint64_t number = atomic_load(&worker->doing) / DOINGS + 1;
	atomic_store(&worker->since_ms, monotonic_ms());
	atomic_store(&worker->doing, number * DOINGS + what);
}

/*! Has a worker lose its jobs, if it waits for a signature. \param seen  What it did. */
static bool rob(worker_t *worker, uint_fast64_t seen)
{
	return seen % DOINGS == ASKS &&
	       atomic_compare_exchange_strong(&worker->doing, &seen, seen - ASKS + LOST);
}

/*! Takes the job back from who has taken it over, and waits for it still. With the lock held. */
static bool take_back(worker_t *worker)
{
	lane_t *lane = worker->lane;
	for (unsigned i = 0; i < lane->places; i++) {
		worker_t *other = &lane->workers[i];
		const uint_fast64_t seen = atomic_load(&other->doing);
		if (other != worker && other->runs &&
		    atomic_load(&other->job) == atomic_load(&worker->job) && rob(other, seen)) {
			worker->chunk.from = worker->chunk.at;
			atomic_store(&worker->taken_over, atomic_load(&other->taken_over));
			return true;
		}
	}
	return false;
}

/*! \param good  It is what was asked for; else who has taken the job over may fare better.
 *  \return Whether the job is the thread's still, or again. */
static bool has_answer(worker_t *worker, bool good)
{
	uint_fast64_t seen = atomic_load(&worker->doing);
	if (seen % DOINGS == ASKS &&
	    atomic_compare_exchange_strong(&worker->doing, &seen, seen - ASKS + WORKS)) {
		return true;
	}
	pthread_mutex_lock(&worker->lane->lock);
	const bool has = good && take_back(worker);
	atomic_store(&worker->doing, atomic_load(&worker->doing) / DOINGS * DOINGS + WORKS);
	pthread_mutex_unlock(&worker->lane->lock);
	return has;
}

static bool hangs(const worker_t *worker, int64_t now_ms)
{
	return worker->runs && atomic_load(&worker->doing) % DOINGS != WORKS &&
	       now_ms - atomic_load(&worker->since_ms) >= HANGS_MS;
}

/*! With the lock held. \return A thread whose jobs may be taken over; NULL: there is none for a while */
static worker_t *find_hanging(lane_t *lane)
{
	const int64_t now_ms = monotonic_ms();
	if (now_ms < lane->look_ms) {
		return NULL;
	}
	for (unsigned i = 0; i < lane->places; i++) {
		worker_t *worker = &lane->workers[i];
		if (hangs(worker, now_ms) && atomic_load(&worker->doing) % DOINGS == ASKS &&
		    atomic_load(&worker->taken_over) < TAKEN_OVER_MAX) {
			return worker;
		}
	}
	lane->look_ms = now_ms + LOOK_MS;
	return NULL;
}

/*! Takes over the jobs of a thread that hangs. With the lock held. \return Whether there are some */
static bool take_over(worker_t *worker)
{
	worker_t *other = find_hanging(worker->lane);
	if (other == NULL || !rob(other, atomic_load(&other->doing))) {
		return false;
	}
	chunk_t *chunk = &worker->chunk;
	*chunk = other->chunk;
	chunk->batch->done += chunk->at - chunk->from;
	chunk->from = chunk->at;
	chunk->ret = chunk->batch->ret;
	atomic_store(&worker->taken_over, atomic_load(&other->taken_over) + 1);
	return true;
}

/*** A signature. ***/

#define NOT_MINE 1 /*!< Another has the jobs now; no error of Knot's. */

static int sign_once(worker_t *worker, const rrsig_job_t *job, hsm_error_t *err)
{
	lane_t *lane = worker->lane;
	const lane_batch_t *batch = worker->chunk.batch;
	int ret = signing_prepare(&worker->signing, job, batch->zone, err);
	if (ret != KNOT_EOK) {
		return ret;
	}
	turn_to(worker, ASKS);
	ret = signing_call(&worker->signing, err);
	if (!has_answer(worker, ret == KNOT_EOK)) {
		return NOT_MINE;
	}
	if (ret == KNOT_EOK) {
		const bool all = batch->verify_all || atomic_load(&lane->wrong);
		ret = signing_finish(&worker->signing, job, all ? 0 : batch->series, err);
	}
	if (ret == KNOT_ESEMCHECK) {
		atomic_store(&lane->wrong, true);
		atomic_fetch_add(&lane->shared->wrong, 1);
	}
	return ret;
}

/*! Makes a signature, anew if it is wrong; not if others that depend on it were not verified. */
static int sign(worker_t *worker, const rrsig_job_t *job, hsm_error_t *err)
{
	const lane_batch_t *batch = worker->chunk.batch;
	const bool alone = batch->count == 1 && atomic_load(&worker->lane->wrong);
	const unsigned tries = batch->verify_all || alone ? WRONG_MAX : 0;
	int ret = sign_once(worker, job, err);
	for (unsigned i = 0; ret == KNOT_ESEMCHECK && i < tries; i++) {
		ret = sign_once(worker, job, err);
	}
	return ret;
}

/*! \return Whether the jobs are done, well or not; else they are another's. */
static bool sign_chunk(worker_t *worker)
{
	chunk_t *chunk = &worker->chunk;
	const int64_t begin = monotonic_ms();
	for (chunk->at = chunk->from; chunk->at < chunk->end && chunk->ret == KNOT_EOK; chunk->at++) {
		const lane_batch_t *batch = chunk->batch;
		chunk->key = batch->jobs[chunk->at]->key;
		if (atomic_load(batch->stop)) {
			snprintf(chunk->err.text, sizeof(chunk->err.text), "stopped");
			chunk->ret = KNOT_EAGAIN;
			break;
		}
		atomic_store(&worker->job, chunk->ticket * CHUNK_MAX + (chunk->at - chunk->first));
		hsm_error_t err; /* Not the chunk's, which another may read meanwhile. */
		const int ret = sign(worker, batch->jobs[chunk->at], &err);
		if (ret == NOT_MINE) {
			return false;
		}
		if (ret != KNOT_EOK) {
			chunk->ret = ret;
			chunk->err = err;
		}
	}
	worker->each_ms = (monotonic_ms() - begin) / (int64_t)(chunk->end - chunk->from);
	return true;
}

/*** Which ones. ***/

/*! Takes jobs of the batch that has its turn, and passes the turn on. With the lock held. */
static void take(worker_t *worker)
{
	lane_t *lane = worker->lane;
	const int64_t each_ms = worker->each_ms;
	const size_t most = each_ms > CHUNK_MS ? 1 : each_ms > CHUNK_MS / CHUNK_MAX ? CHUNK_MS / each_ms : CHUNK_MAX;
	lane_batch_t *batch = lane->ring->next;
	const size_t left = batch->count - batch->taken;
	size_t count = lane->batches < lane->wanted ? left / (4 * lane->wanted) : left;
	count = count > most ? most : count;
	count = count < 1 ? 1 : count;
	worker->chunk = (chunk_t) {
		.batch = batch, .ticket = ++lane->tickets, .first = batch->taken,
		.from = batch->taken, .end = batch->taken + count, .ret = batch->ret,
	};
	atomic_store(&worker->taken_over, 0);
	batch->taken += count;
	if (batch->taken < batch->count) {
		lane->ring = batch;
		return;
	}
	lane->batches--;
	if (batch->next == batch) {
		lane->ring = NULL;
	} else {
		lane->ring->next = batch->next;
	}
}

/*! Counts the jobs of a chunk as done. With the lock held. \return Who is to be told that all has ended by that;
 *  NULL: nobody is */
static lane_end_t *book(lane_t *lane, const chunk_t *chunk)
{
	lane_batch_t *batch = chunk->batch;
	if (chunk->ret != KNOT_EOK && batch->ret == KNOT_EOK) {
		batch->ret = chunk->ret;
		batch->failed = atomic_load(batch->stop) ? NULL : chunk->key;
		snprintf(batch->err, sizeof(batch->err), "key tag %u: %s",
		         chunk->key->info->keytag, chunk->err.text);
	}
	batch->done += chunk->end - chunk->from;
	if (batch->done < batch->count) {
		return NULL;
	}
	/* Without an owner to be told, one that waits may free the batch from now on. */
	lane_end_t *end = batch->end;
	pthread_cond_broadcast(&lane->finished);
	return end != NULL && atomic_fetch_sub(&end->open, 1) == 1 ? end : NULL;
}

/*! Signs the jobs that the thread has. With the lock held, but not meanwhile. */
static void work(worker_t *worker)
{
	lane_t *lane = worker->lane;
	lane_end_t *end = NULL;
	lane->chunks++;
	if (worker->chunk.ret == KNOT_EOK) {
		pthread_mutex_unlock(&lane->lock);
		const bool done = sign_chunk(worker);
		signing_forget(&worker->signing);
		pthread_mutex_lock(&lane->lock);
		end = done ? book(lane, &worker->chunk) : NULL;
	} else {
		end = book(lane, &worker->chunk);
	}
	lane->chunks--;
	if (end != NULL) {
		pthread_mutex_unlock(&lane->lock);
		end->ended(end->ctx);
		pthread_mutex_lock(&lane->lock);
	}
}

/*** Threads. ***/

/*! With the lock held. */
static void count_session(worker_t *worker)
{
	const bool has = worker->signing.session != NULL;
	worker->lane->sessions += (has ? 1 : 0) - (worker->counted ? 1 : 0);
	worker->counted = has;
}

static void tell_shortage(lane_t *lane, const hsm_error_t *err)
{
	lane->short_of_sessions = true;
	if (err->rv != 0 && !lane->told) {
		lane->told = true;
		log_msg(lane->shared->log, LOG_WARNING, NULL, "%s; fewer than <SignerThreads> sign, "
		        "until zone-keys-load", err->text);
	}
}

/*! Opens a session for a thread that has none. With the lock held, but not while the token is asked.
 *  \return Whether the thread is to work: if the token has no session left, those work that have one */
static bool is_wanted(worker_t *worker)
{
	lane_t *lane = worker->lane;
	signing_t *signing = &worker->signing;
	if (signing->session != NULL) {
		return true;
	}
	lane->opening++;
	pthread_mutex_unlock(&lane->lock);
	turn_to(worker, WAITS);
	const int ret = hsm_session_open(&signing->session, lane->shared->hsm, lane->repository,
	                                 &signing->err);
	turn_to(worker, WORKS);
	pthread_mutex_lock(&lane->lock);
	lane->opening--;
	count_session(worker);
	pthread_cond_broadcast(&lane->opened);
	while (ret == HSM_ESESSIONS && lane->sessions == 0 && lane->opening > 0) {
		pthread_cond_wait(&lane->opened, &lane->lock);
	}
	if (ret != HSM_ESESSIONS || lane->sessions == 0) {
		return true;
	}
	tell_shortage(lane, &signing->err);
	return false;
}

/*! Waits until there may be jobs. With the lock held. \return Whether the thread is to go on */
static bool await_work(lane_t *lane)
{
	while (lane->ring == NULL && !lane->stop && find_hanging(lane) == NULL) {
		if (lane->chunks == 0) {
			pthread_cond_wait(&lane->work, &lane->lock);
		} else {
			(void)monotonic_wait(&lane->work, &lane->lock, lane->look_ms);
		}
	}
	return lane->ring != NULL || !lane->stop;
}

static unsigned count_hanging(const lane_t *lane)
{
	unsigned count = 0;
	const int64_t now_ms = monotonic_ms();
	for (unsigned i = 0; i < lane->places; i++) {
		count += hangs(&lane->workers[i], now_ms);
	}
	return count;
}

/*! \return Whether a thread is one too many: those that hung go on. With the lock held. */
static bool is_surplus(const lane_t *lane)
{
	return lane->running > lane->wanted && lane->running - count_hanging(lane) > lane->wanted;
}

static void *run_worker(void *arg)
{
	worker_t *worker = arg;
	lane_t *lane = worker->lane;
	pthread_mutex_lock(&lane->lock);
	while (!is_surplus(lane) && await_work(lane) && is_wanted(worker)) {
		if (take_over(worker)) {
			work(worker);
		} else if (lane->ring != NULL) {
			take(worker);
			work(worker);
		}
		count_session(worker);
	}
	pthread_mutex_unlock(&lane->lock);
	turn_to(worker, WAITS);
	signing_deinit(&worker->signing);
	pthread_mutex_lock(&lane->lock);
	count_session(worker);
	worker->runs = false;
	lane->running--;
	pthread_mutex_unlock(&lane->lock);
	return NULL;
}

/*! Starts a thread, if there is a place. With the lock held. */
static bool start_worker(lane_t *lane)
{
	worker_t *worker = lane->workers;
	while (worker < lane->workers + lane->places && worker->runs) {
		worker++;
	}
	if (worker == lane->workers + lane->places) {
		return false;
	}
	if (worker->used) {
		pthread_join(worker->id, NULL);
	}
	*worker = (worker_t){ .lane = lane, .runs = true };
	worker->used = worker->runs = thread_start(&worker->id, run_worker, worker) == KNOT_EOK;
	lane->running += worker->runs;
	return worker->runs;
}

/*! Has deputies for the threads that hang, if one of the tokens works. With the lock held. */
static void start_deputies(lane_t *lane)
{
	const int64_t now_ms = monotonic_ms();
	if (now_ms < lane->deputies_ms) {
		return;
	}
	lane->deputies_ms = now_ms + LOOK_MS;
	const unsigned work = lane->running - count_hanging(lane);
	if (work < lane->wanted && !lane->short_of_sessions &&
	    hsm_works(lane->shared->hsm, lane->repository)) {
		for (unsigned i = work; i < lane->wanted && start_worker(lane); i++) {
		}
	}
}

void lane_free(lane_t *lane)
{
	pthread_mutex_lock(&lane->lock);
	lane->stop = true;
	pthread_cond_broadcast(&lane->work);
	pthread_mutex_unlock(&lane->lock);
	for (unsigned i = 0; i < lane->places; i++) {
		if (lane->workers[i].used) {
			pthread_join(lane->workers[i].id, NULL);
		}
	}
	pthread_mutex_destroy(&lane->lock);
	pthread_cond_destroy(&lane->work);
	pthread_cond_destroy(&lane->finished);
	pthread_cond_destroy(&lane->opened);
	free(lane->repository);
	free(lane);
}

lane_t *lane_new(lane_shared_t *shared, const char *repository)
{
	const unsigned places = 2 * shared->threads;
	lane_t *lane = calloc(1, sizeof(*lane) + places * sizeof(lane->workers[0]));
	char *name = strdup(repository);
	if (lane == NULL || name == NULL) {
		free(lane);
		free(name);
		return NULL;
	}
	lane->shared = shared;
	lane->repository = name;
	lane->places = places;
	pthread_mutex_init(&lane->lock, NULL);
	monotonic_cond_init(&lane->work);
	monotonic_cond_init(&lane->finished);
	pthread_cond_init(&lane->opened, NULL);
	pthread_mutex_lock(&lane->lock);
	while (lane->wanted < shared->threads && start_worker(lane)) {
		lane->wanted++;
	}
	pthread_mutex_unlock(&lane->lock);
	if (lane->wanted == 0) {
		lane_free(lane);
		return NULL;
	}
	return lane;
}

const char *lane_name(const lane_t *lane)
{
	return lane->repository;
}

void lane_add(lane_t *lane, lane_batch_t *batch)
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
	start_deputies(lane);
	pthread_mutex_unlock(&lane->lock);
	/* Without the lock, which those who wake take at once; the batch may have ended. */
	if (one) {
		pthread_cond_signal(&lane->work);
	} else {
		pthread_cond_broadcast(&lane->work);
	}
}

void lane_await(lane_t *lane, const lane_batch_t *batch)
{
	pthread_mutex_lock(&lane->lock);
	while (batch->done < batch->count) {
		(void)monotonic_wait(&lane->finished, &lane->lock, monotonic_ms() + LOOK_MS);
		start_deputies(lane);
	}
	pthread_mutex_unlock(&lane->lock);
}
