/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/sched.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include <libknot/errcode.h>

#include "module/thread.h"

#define LOOK_AGAIN 60000 /* Milliseconds; bounds the effect of a clock that is set. */

struct sched {
	pthread_mutex_t lock;
	pthread_cond_t due;     /*!< The first task may be due sooner, or the end has come. */
	pthread_cond_t idle;    /*!< A task has stopped running. */
	task_t **heap;          /*!< From 1; parent of n is n / 2. */
	size_t count, capacity;
	bool stop;
	task_f run;
	void *ctx;
	unsigned threads;
	pthread_t ids[];
};

/*** The heap; all with the lock held. ***/

static void place(sched_t *sched, size_t at, task_t *task)
{
	sched->heap[at] = task;
	task->place = at;
}

static void sift(sched_t *sched, size_t at, task_t *task)
{
	while (at > 1 && sched->heap[at / 2]->when > task->when) {
		place(sched, at, sched->heap[at / 2]);
		at /= 2;
	}
	while (2 * at <= sched->count) {
		size_t child = 2 * at;
		if (child < sched->count &&
		    sched->heap[child + 1]->when < sched->heap[child]->when) {
			child++;
		}
		if (sched->heap[child]->when >= task->when) {
			break;
		}
		place(sched, at, sched->heap[child]);
		at = child;
	}
	place(sched, at, task);
}

static void take_out(sched_t *sched, task_t *task)
{
	size_t at = task->place;
	task->place = 0;
	if (at > 0) {
		task_t *last = sched->heap[sched->count--];
		if (last != task) {
			sift(sched, at, last);
		}
	}
}

static int put_in(sched_t *sched, task_t *task, int64_t when)
{
	task->when = when;
	if (task->place > 0) {
		sift(sched, task->place, task);
		return KNOT_EOK;
	}
	if (sched->count + 1 >= sched->capacity) {
		size_t capacity = sched->capacity * 2 + 16;
		task_t **heap = realloc(sched->heap, capacity * sizeof(*heap));
		if (heap == NULL) {
			return KNOT_ENOMEM;
		}
		sched->heap = heap;
		sched->capacity = capacity;
	}
	sift(sched, ++sched->count, task);
	return KNOT_EOK;
}

/*** Threads. ***/

int64_t sched_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void wait_due(sched_t *sched, int64_t now)
{
	if (sched->count == 0) {
		pthread_cond_wait(&sched->due, &sched->lock);
		return;
	}
	int64_t when = sched->heap[1]->when;
	when = when < now + LOOK_AGAIN ? when : now + LOOK_AGAIN;
	struct timespec until = { .tv_sec = when / 1000, .tv_nsec = when % 1000 * 1000000 };
	pthread_cond_timedwait(&sched->due, &sched->lock, &until);
}

static void run_task(sched_t *sched, task_t *task)
{
	take_out(sched, task);
	task->running = true;
	task->again = 0;
	pthread_mutex_unlock(&sched->lock);
	int64_t next = sched->run(sched->ctx, task);
	pthread_mutex_lock(&sched->lock);
	task->running = false;
	if (task->again > 0 && (next == 0 || task->again < next)) {
		next = task->again;
	}
	if (next > 0) {
		/* If there is no memory for that, it is due again when it is woken. */
		(void)put_in(sched, task, next);
	}
	pthread_cond_broadcast(&sched->idle);
}

static void *run_thread(void *arg)
{
	sched_t *sched = arg;
	pthread_mutex_lock(&sched->lock);
	while (!sched->stop) {
		int64_t now = sched_now();
		if (sched->count > 0 && sched->heap[1]->when <= now) {
			run_task(sched, sched->heap[1]);
		} else {
			wait_due(sched, now);
		}
	}
	pthread_mutex_unlock(&sched->lock);
	return NULL;
}

int sched_start(sched_t **sched, unsigned threads, task_f run, void *ctx)
{
	sched_t *fresh = calloc(1, sizeof(*fresh) + threads * sizeof(fresh->ids[0]));
	if (fresh == NULL) {
		return KNOT_ENOMEM;
	}
	pthread_mutex_init(&fresh->lock, NULL);
	pthread_cond_init(&fresh->due, NULL);
	pthread_cond_init(&fresh->idle, NULL);
	fresh->run = run;
	fresh->ctx = ctx;
	while (fresh->threads < threads &&
	       thread_start(&fresh->ids[fresh->threads], run_thread, fresh) == KNOT_EOK) {
		fresh->threads++;
	}
	if (fresh->threads == 0) {
		sched_stop(fresh);
		return KNOT_ENOMEM;
	}
	*sched = fresh;
	return KNOT_EOK;
}

void sched_stop(sched_t *sched)
{
	if (sched == NULL) {
		return;
	}
	pthread_mutex_lock(&sched->lock);
	sched->stop = true;
	pthread_cond_broadcast(&sched->due);
	pthread_mutex_unlock(&sched->lock);
	for (unsigned i = 0; i < sched->threads; i++) {
		pthread_join(sched->ids[i], NULL);
	}
	pthread_mutex_destroy(&sched->lock);
	pthread_cond_destroy(&sched->due);
	pthread_cond_destroy(&sched->idle);
	free(sched->heap);
	free(sched);
}

int sched_wake(sched_t *sched, task_t *task, int64_t when)
{
	int ret = KNOT_EOK;
	pthread_mutex_lock(&sched->lock);
	if (task->running) {
		task->again = (task->again == 0 || when < task->again) ? when : task->again;
	} else if (task->place == 0 || when < task->when) {
		ret = put_in(sched, task, when);
		pthread_cond_signal(&sched->due);
	}
	pthread_mutex_unlock(&sched->lock);
	return ret;
}

void sched_remove(sched_t *sched, task_t *task)
{
	pthread_mutex_lock(&sched->lock);
	while (task->running) {
		pthread_cond_wait(&sched->idle, &sched->lock);
	}
	take_out(sched, task);
	task->again = 0;
	pthread_mutex_unlock(&sched->lock);
}
