/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/source/updater.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/queue.h>

#include <libknot/libknot.h>

/*! A message, on the stack of the thread that waits until it is done. */
typedef struct job {
	STAILQ_ENTRY(job) link;
	const knot_dname_t *zone;
	const knot_pkt_t *message;
	size_t room;
	update_result_t *result;
	int ret;
	bool done;
} update_job_t;

STAILQ_HEAD(jobs, job);

struct updater {
	store_t *store;
	pthread_mutex_t lock;
	pthread_cond_t done;
	struct jobs waiting;
	bool busy;           /*!< A thread does its own job and those of others. */
};

int updater_new(updater_t **updater, store_t *store)
{
	updater_t *fresh = calloc(1, sizeof(*fresh));
	if (fresh == NULL) {
		return KNOT_ENOMEM;
	}
	fresh->store = store;
	pthread_mutex_init(&fresh->lock, NULL);
	pthread_cond_init(&fresh->done, NULL);
	STAILQ_INIT(&fresh->waiting);
	*updater = fresh;
	return KNOT_EOK;
}

void updater_free(updater_t *updater)
{
	if (updater != NULL) {
		pthread_cond_destroy(&updater->done);
		pthread_mutex_destroy(&updater->lock);
		free(updater);
	}
}

static int run_job(store_txn_t *txn, update_job_t *job)
{
	state_t state;
	int ret = state_load(txn, job->zone, &state);
	if (ret != KNOT_EOK) {
		return ret;
	}
	if (state.in.count == 0) {
		job->ret = KNOT_EEMPTYZONE;
		return KNOT_EOK;
	}
	return update_apply(txn, job->zone, &state, job->message, job->room, job->result);
}

/*! Runs what has not failed. \return The job that failed and spoilt the transaction, or NULL */
static update_job_t *run_jobs(store_txn_t *txn, struct jobs *jobs, bool *changed)
{
	update_job_t *job;
	*changed = false;
	STAILQ_FOREACH(job, jobs, link) {
		if (job->ret == KNOT_EOK) {
			int ret = run_job(txn, job);
			if (ret != KNOT_EOK) {
				job->ret = ret;
				return job;
			}
			*changed |= job->ret == KNOT_EOK && job->result->changed > 0;
		}
	}
	return NULL;
}

static void set_all(struct jobs *jobs, int ret)
{
	update_job_t *job;
	STAILQ_FOREACH(job, jobs, link) {
		job->ret = job->ret == KNOT_EOK ? ret : job->ret;
	}
}

/*! Commits jobs as one. If one fails, begins again without it: it must not harm the others. */
static void commit(updater_t *updater, struct jobs *jobs)
{
	bool changed = false;
	store_txn_t txn;
	do {
		int ret = store_write(updater->store, &txn);
		if (ret != KNOT_EOK) {
			set_all(jobs, ret);
			return;
		}
		if (run_jobs(&txn, jobs, &changed) == NULL) {
			break;
		}
		store_abort(&txn);
	} while (true);
	if (changed) {
		set_all(jobs, store_commit(&txn));
	} else {
		store_abort(&txn);
	}
}

/*! With the lock held. */
static void work(updater_t *updater)
{
	struct jobs jobs = STAILQ_HEAD_INITIALIZER(jobs);
	STAILQ_CONCAT(&jobs, &updater->waiting);
	updater->busy = true;
	pthread_mutex_unlock(&updater->lock);
	commit(updater, &jobs);
	pthread_mutex_lock(&updater->lock);
	updater->busy = false;
	update_job_t *job;
	STAILQ_FOREACH(job, &jobs, link) {
		job->done = true;
	}
	pthread_cond_broadcast(&updater->done);
}

int updater_run(updater_t *updater, const knot_dname_t *zone, const knot_pkt_t *message,
                size_t room, update_result_t *result)
{
	update_job_t job = {
		.zone = zone, .message = message, .room = room, .result = result, .ret = KNOT_EOK
	};
	pthread_mutex_lock(&updater->lock);
	STAILQ_INSERT_TAIL(&updater->waiting, &job, link);
	while (!job.done) {
		if (updater->busy) {
			pthread_cond_wait(&updater->done, &updater->lock);
		} else {
			work(updater);
		}
	}
	pthread_mutex_unlock(&updater->lock);
	return job.ret;
}

/*** For a source. ***/

static void count(source_t *source, bool done, bool changed)
{
	pthread_mutex_lock(&source->lock);
	source->counters.updates += done;
	source->counters.updates_refused += !done;
	pthread_mutex_unlock(&source->lock);
	source->args.calls->updated(source->args.ctx, done && changed);
}

static uint8_t failed(source_t *source, int ret)
{
	log_msg(source->args.log, LOG_ERR, source->args.zone, "update, failed: %s",
	        ret == KNOT_EEMPTYZONE ? "the zone has not been loaded yet" : store_strerror(ret));
	return KNOT_RCODE_SERVFAIL;
}

uint8_t updater_update(updater_t *updater, source_t *source, const knot_pkt_t *message)
{
	update_result_t result;
	if (source_is_fetched(source)) {
		log_msg(source->args.log, LOG_NOTICE, source->args.zone,
		        "update, refused: the zone comes from its primary, which has to have it");
		count(source, false, false);
		return KNOT_RCODE_REFUSED;
	}
	if (held_is(source->args.held, HELD_FREEZE)) {
		log_msg(source->args.log, LOG_NOTICE, source->args.zone,
		        "update, refused: the zone is frozen, by zone-freeze");
		count(source, false, false);
		return KNOT_RCODE_REFUSED;
	}
	int ret =
		updater_run(updater, source->args.zone, message, source_size_max(source), &result);
	if (ret != KNOT_EOK) {
		return failed(source, ret);
	}
	if (result.rcode != KNOT_RCODE_NOERROR) {
		log_msg(source->args.log, LOG_NOTICE, source->args.zone, "update, refused: %s",
		        result.reason);
	} else if (result.reason[0] != '\0') {
		log_msg(source->args.log, LOG_WARNING, source->args.zone, "update, done: %s",
		        result.reason);
	} else if (result.changed > 0) {
		log_msg(source->args.log, LOG_DEBUG, source->args.zone, "update, %zu names changed",
		        result.changed);
	}
	count(source, result.rcode == KNOT_RCODE_NOERROR, result.changed > 0);
	return result.rcode;
}
