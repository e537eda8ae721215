/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/base/errands.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/thread.h"

typedef struct errand {
	struct errand *next;
	void *job;
} errand_t;

struct errands {
	const errands_kind_t *kind;
	void (*wake)(void *ctx);
	void *wake_ctx;
	pthread_mutex_t lock; /* Of what follows, but threads. */
	pthread_cond_t more;
	errand_t *first, **last;
	errand_t *done;
	bool stopping;
	int stop_fd;
	unsigned count;
	pthread_t threads[];
};

static void *run(void *arg)
{
	errands_t *e = arg;
	pthread_mutex_lock(&e->lock);
	while (true) {
		while (e->first == NULL && !e->stopping) {
			pthread_cond_wait(&e->more, &e->lock);
		}
		errand_t *errand = e->first;
		if (errand == NULL) {
			break;
		}
		e->first = errand->next;
		if (e->first == NULL) {
			e->last = &e->first;
		}
		pthread_mutex_unlock(&e->lock);
		e->kind->work(errand->job, e->stop_fd);
		pthread_mutex_lock(&e->lock);
		errand->next = e->done;
		e->done = errand;
		e->wake(e->wake_ctx);
	}
	pthread_mutex_unlock(&e->lock);
	return NULL;
}

static int start_threads(errands_t *e, unsigned threads)
{
	int ret = KNOT_EOK;
	while (ret == KNOT_EOK && e->count < threads) {
		ret = thread_start(&e->threads[e->count], run, e);
		e->count += ret == KNOT_EOK;
	}
	return ret == KNOT_EOK ? 0 : -1;
}

errands_t *errands_start(unsigned threads, const errands_kind_t *kind, void (*wake)(void *ctx),
                         void *ctx)
{
	errands_t *e = calloc(1, sizeof(*e) + threads * sizeof(e->threads[0]));
	if (e == NULL) {
		return NULL;
	}
	e->kind = kind;
	e->wake = wake;
	e->wake_ctx = ctx;
	e->last = &e->first;
	pthread_mutex_init(&e->lock, NULL);
	pthread_cond_init(&e->more, NULL);
	e->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (e->stop_fd < 0 || start_threads(e, threads) != 0) {
		errands_stop(e);
		return NULL;
	}
	return e;
}

int errands_add(errands_t *e, void *job)
{
	errand_t *errand = job != NULL ? malloc(sizeof(*errand)) : NULL;
	if (errand == NULL) {
		if (job != NULL) {
			e->kind->free(job);
		}
		return -1;
	}
	*errand = (errand_t){ NULL, job };
	pthread_mutex_lock(&e->lock);
	*e->last = errand;
	e->last = &errand->next;
	pthread_cond_signal(&e->more);
	pthread_mutex_unlock(&e->lock);
	return 0;
}

/* \return A job that is done; NULL = there is none. */
static void *take_done(errands_t *e)
{
	pthread_mutex_lock(&e->lock);
	errand_t *errand = e->done;
	e->done = errand != NULL ? errand->next : NULL;
	pthread_mutex_unlock(&e->lock);
	void *job = errand != NULL ? errand->job : NULL;
	free(errand);
	return job;
}

int errands_settle(errands_t *e, errands_settle_f settle, void *ctx)
{
	int ret = 0;
	for (void *job = take_done(e); job != NULL; job = take_done(e)) {
		ret = ret == 0 ? settle(ctx, job) : ret;
		e->kind->free(job);
	}
	return ret;
}

static int drop(void *ctx, const void *job)
{
	(void)ctx;
	(void)job;
	return 0;
}

void errands_stop(errands_t *e)
{
	if (e == NULL) {
		return;
	}
	pthread_mutex_lock(&e->lock);
	e->stopping = true;
	pthread_cond_broadcast(&e->more);
	pthread_mutex_unlock(&e->lock);
	if (e->stop_fd >= 0) {
		eventfd_write(e->stop_fd, 1);
	}
	for (unsigned i = 0; i < e->count; i++) {
		pthread_join(e->threads[i], NULL);
	}
	errands_settle(e, drop, NULL);
	if (e->stop_fd >= 0) {
		close(e->stop_fd);
	}
	pthread_cond_destroy(&e->more);
	pthread_mutex_destroy(&e->lock);
	free(e);
}
