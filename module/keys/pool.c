/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/keys/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "module/keys/lane.h"

/*! A repository's lane. */
typedef struct entry {
	struct entry *next;
	lane_t *lane;
} entry_t;

struct signpool {
	lane_shared_t shared;
	pthread_mutex_t lock;    /*!< Of the list of lanes. */
	entry_t *lanes;
	atomic_uint_fast64_t series; /*!< The last one. */
};

/*! Those jobs whose keys are in one repository. */
typedef struct {
	lane_t *lane;
	lane_batch_t batch;
} part_t;

struct signpool_work {
	rrsig_job_t **order;
	const keyring_key_t **failed;
	lane_end_t end;          /*!< One is open while the start adds some. */
	size_t used;
	part_t parts[];
};

/*** The pool. ***/

int signpool_new(signpool_t **pool, hsm_t *hsm, unsigned threads, log_t *log)
{
	signpool_t *fresh = calloc(1, sizeof(*fresh));
	if (fresh == NULL) {
		return KNOT_ENOMEM;
	}
	fresh->shared.hsm = hsm;
	fresh->shared.log = log;
	fresh->shared.threads = threads;
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
		entry_t *entry = pool->lanes;
		pool->lanes = entry->next;
		lane_free(entry->lane);
		free(entry);
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
	return atomic_load(&pool->shared.wrong);
}

/*! With the lock held. */
static lane_t *add_lane(signpool_t *pool, const char *repository)
{
	entry_t *entry = calloc(1, sizeof(*entry));
	lane_t *lane = entry != NULL ? lane_new(&pool->shared, repository) : NULL;
	if (lane == NULL) {
		free(entry);
		return NULL;
	}
	*entry = (entry_t){ .next = pool->lanes, .lane = lane };
	pool->lanes = entry;
	return lane;
}

static lane_t *get_lane(signpool_t *pool, const char *repository)
{
	pthread_mutex_lock(&pool->lock);
	const entry_t *entry = pool->lanes;
	while (entry != NULL && strcmp(lane_name(entry->lane), repository) != 0) {
		entry = entry->next;
	}
	lane_t *lane = entry != NULL ? entry->lane : add_lane(pool, repository);
	pthread_mutex_unlock(&pool->lock);
	return lane;
}

/*** The work. ***/

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
	const size_t most = jobs->count < KEYSET_KEYS_MAX ? jobs->count : KEYSET_KEYS_MAX;
	signpool_work_t *work = calloc(1, sizeof(*work) + most * sizeof(work->parts[0]));
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
	work->end.ended = jobs->ended;
	work->end.ctx = jobs->ctx;
	atomic_init(&work->end.open, 1);
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
		part_t *part = &fresh->parts[fresh->used];
		*part = (part_t) {
			.lane = lane,
			.batch = {
				.zone = jobs->zone, .jobs = order, .stop = jobs->stop,
				.verify_all = jobs->verify == SIGNPOOL_VERIFY_ALL,
				.series = jobs->series != 0 ? jobs->series : signpool_series(pool),
				.count = group(order, count - at),
				.end = jobs->ended != NULL ? &fresh->end : NULL,
			},
		};
		at += part->batch.count;
		atomic_fetch_add(&fresh->end.open, 1);
		lane_add(lane, &part->batch);
	}
	*work = fresh;
	if (jobs->ended != NULL && atomic_fetch_sub(&fresh->end.open, 1) == 1) {
		jobs->ended(jobs->ctx);
	}
	return KNOT_EOK;
}

int signpool_finish(signpool_work_t *work, char *err, size_t err_size)
{
	int ret = KNOT_EOK;
	for (size_t i = 0; i < work->used; i++) {
		const lane_batch_t *batch = &work->parts[i].batch;
		lane_await(work->parts[i].lane, batch);
		if (ret == KNOT_EOK && batch->ret != KNOT_EOK) {
			ret = batch->ret;
			*work->failed = batch->failed;
			snprintf(err, err_size, "%s", batch->err);
		}
	}
	free(work->order);
	free(work);
	return ret;
}
