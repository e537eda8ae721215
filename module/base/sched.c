/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/base/sched.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libknot/errcode.h>

#include "common/clock.h"
#include "common/thread.h"

/* Longest wait in ms, after which the clock is read again: it may have been set. */
#ifndef SCHED_LOOK_AGAIN_MS
#define SCHED_LOOK_AGAIN_MS 10000
#endif
/* A clock that went back by so many ms was set, and did not merely run slow. */
#define SET_BACK_MS 5000
#define THREADS_MAX 256
/* A task that has run for so many ms does not count towards its lane's limit any more. */
#ifndef SCHED_SLOW_MS
#define SCHED_SLOW_MS 2000
#endif
/* Tasks of a lane that do not count towards its limit, at most: slow ones, and paused ones. */
#define SLOW_MAX 16
#define PAUSED_MAX 32

TAILQ_HEAD(tasks, task);

struct sched_lane {
	sched_lane_t *next;
	char *name;
	struct tasks waiting; /*!< Due, in order. */
	struct tasks running;
	unsigned count;       /*!< Tasks that run and are not paused. */
	unsigned paused;
};

struct sched {
	pthread_mutex_t lock;
	pthread_cond_t due;     /*!< A task may be due earlier than before, or stop is set. */
	task_t **heap;          /*!< By when; from 1, the parent of n is n / 2. */
	size_t count, capacity;
	bool stop;
	bool held;              /*!< No task is run. */
	int64_t ahead;          /*!< By how many ms the clock was ahead of the monotonic one. */
	task_f run;
	void *ctx;
	unsigned limit;
	sched_lane_t first;
	unsigned threads, idle_threads;
	unsigned watchers;      /*!< Idle threads that wait for tasks to have run for long... */
	int64_t watched;        /*!< ...one of them until then, monotonic_ms(); INT64_MAX = none. */
	bool starting;          /*!< The newest thread has not looked for a task yet. */
	pthread_t ids[THREADS_MAX];
};

/*** The clock. ***/

int64_t sched_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

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

/*** Lanes; all with the lock held. ***/

static void wait_in_lane(sched_t *sched, task_t *task)
{
	take_out(sched, task);
	task->waiting = true;
	task->in = task->lane != NULL ? task->lane : &sched->first;
	TAILQ_INSERT_TAIL(&task->in->waiting, task, link);
}

static void leave_lane(task_t *task)
{
	task->waiting = false;
	TAILQ_REMOVE(&task->in->waiting, task, link);
}

/*! If the clock was set back, all tasks become due: when they are to run was reckoned by the time
 * that was wrong, and may be years away. \return Whether it was. */
static bool see_clock(sched_t *sched)
{
	const int64_t now = sched_now(), ahead = now - monotonic_ms();
	const bool back = ahead < sched->ahead - SET_BACK_MS;
	for (size_t i = 1; back && i <= sched->count; i++) {
		/* Those that are due already, or soon, keep their order. */
		sched->heap[i]->when = sched->heap[i]->when < now ? sched->heap[i]->when : now;
	}
	sched->ahead = ahead;
	return back;
}

/*!
 * Counts the tasks of a lane that have run for long.
 *
 * \param next  In how many ms another one will have; INT64_MAX = none.
 */
static unsigned count_slow(const sched_lane_t *lane, int64_t *next)
{
	const int64_t now = monotonic_ms();
	unsigned slow = 0;
	const task_t *task;
	*next = INT64_MAX;
	TAILQ_FOREACH(task, &lane->running, link) {
		const int64_t at = task->started + SCHED_SLOW_MS;
		if (task->paused) {
			continue;
		}
		if (at <= now) {
			slow++;
		} else if (at - now < *next) {
			*next = at - now;
		}
	}
	return slow < SLOW_MAX ? slow : SLOW_MAX;
}

/*! Finds a task that can run. \param wait  If there is none: lowered to the ms until one may. */
static task_t *find_waiting(const sched_t *sched, int64_t *wait)
{
	for (const sched_lane_t *lane = &sched->first; lane != NULL; lane = lane->next) {
		int64_t next = INT64_MAX;
		if (TAILQ_EMPTY(&lane->waiting)) {
			continue;
		}
		if (lane->count < sched->limit ||
		    lane->count - count_slow(lane, &next) < sched->limit) {
			return TAILQ_FIRST(&lane->waiting);
		}
		*wait = next < *wait ? next : *wait;
	}
	return NULL;
}

static sched_lane_t *find_lane(sched_t *sched, const char *name)
{
	sched_lane_t *last = &sched->first;
	while (last->next != NULL) {
		last = last->next;
		if (strcmp(last->name, name) == 0) {
			return last;
		}
	}
	sched_lane_t *fresh = calloc(1, sizeof(*fresh));
	if (fresh == NULL || (fresh->name = strdup(name)) == NULL) {
		free(fresh);
		return NULL;
	}
	TAILQ_INIT(&fresh->waiting);
	TAILQ_INIT(&fresh->running);
	last->next = fresh;
	return fresh;
}

/*** Threads. ***/

static void *run_thread(void *arg);

/*! Wakes an idle thread, or starts a thread if none is idle. */
static void call_thread(sched_t *sched)
{
	if (sched->idle_threads > 0) {
		pthread_cond_signal(&sched->due);
	} else if (!sched->starting && sched->threads < THREADS_MAX && !sched->stop &&
	           thread_start(&sched->ids[sched->threads], run_thread, sched) == KNOT_EOK) {
		sched->threads++;
		sched->starting = true;
	}
}

/*! Calls a thread if there is a task for it, or nobody who waits until there may be one. */
static void call_for_next(sched_t *sched)
{
	int64_t wait = INT64_MAX;
	if (sched->idle_threads == 0 || find_waiting(sched, &wait) != NULL ||
	    (wait != INT64_MAX && monotonic_ms() + wait < sched->watched)) {
		call_thread(sched);
	}
}

/*! Waits until the heap's first task is due, for at most so many ms, or for a signal. */
static void wait_for(sched_t *sched, int64_t wait)
{
	const bool watches = wait != INT64_MAX;
	if (watches) {
		const int64_t until = monotonic_ms() + wait;
		sched->watched = until < sched->watched ? until : sched->watched;
		sched->watchers++;
	}
	if (sched->count > 0) {
		const int64_t left = sched->heap[1]->when - sched_now();
		wait = left < wait ? left : wait;
		wait = wait < SCHED_LOOK_AGAIN_MS ? wait : SCHED_LOOK_AGAIN_MS;
	}
	sched->idle_threads++;
	if (wait == INT64_MAX) {
		pthread_cond_wait(&sched->due, &sched->lock);
	} else {
		(void)monotonic_wait(&sched->due, &sched->lock,
		                     monotonic_ms() + (wait > 0 ? wait : 0));
	}
	sched->idle_threads--;
	sched->watchers -= watches;
	sched->watched = sched->watchers > 0 ? sched->watched : INT64_MAX;
}

static void run_task(sched_t *sched, task_t *task)
{
	sched_lane_t *lane = task->in;
	leave_lane(task);
	TAILQ_INSERT_TAIL(&lane->running, task, link);
	lane->count++;
	task->running = true;
	task->thread = pthread_self();
	task->again = 0;
	task->started = monotonic_ms();
	/* Another thread takes the next task, and those that become due meanwhile. */
	call_for_next(sched);
	const int64_t ahead = sched->ahead;
	pthread_mutex_unlock(&sched->lock);
	int64_t next = sched->run(sched->ctx, task);
	pthread_mutex_lock(&sched->lock);
	task->running = false;
	lane->count--;
	TAILQ_REMOVE(&lane->running, task, link);
	if (task->again > 0 && (next == 0 || task->again < next)) {
		next = task->again;
	}
	(void)see_clock(sched);
	if (next > 0 && sched->ahead < ahead - SET_BACK_MS) {
		next = sched_now(); /* It may have been reckoned by the time that was wrong. */
	}
	if (next > 0) {
		/* If out of memory, the task is not due again before it is woken. */
		(void)put_in(sched, task, next);
	}
}

static void *run_thread(void *arg)
{
	sched_t *sched = arg;
	pthread_mutex_lock(&sched->lock);
	sched->starting = false;
	while (!sched->stop) {
		int64_t wait = INT64_MAX;
		if (sched->held) {
			sched->idle_threads++;
			pthread_cond_wait(&sched->due, &sched->lock);
			sched->idle_threads--;
			continue;
		}
		(void)see_clock(sched);
		while (sched->count > 0 && sched->heap[1]->when <= sched_now()) {
			wait_in_lane(sched, sched->heap[1]);
		}
		task_t *task = find_waiting(sched, &wait);
		if (task == NULL) {
			wait_for(sched, wait);
		} else {
			run_task(sched, task);
		}
	}
	pthread_mutex_unlock(&sched->lock);
	return NULL;
}

/*** The interface. ***/

int sched_start(sched_t **sched, unsigned limit, task_f run, void *ctx)
{
	sched_t *fresh = calloc(1, sizeof(*fresh));
	if (fresh == NULL) {
		return KNOT_ENOMEM;
	}
	pthread_mutex_init(&fresh->lock, NULL);
	monotonic_cond_init(&fresh->due);
	TAILQ_INIT(&fresh->first.waiting);
	TAILQ_INIT(&fresh->first.running);
	fresh->run = run;
	fresh->ctx = ctx;
	fresh->limit = limit;
	fresh->ahead = sched_now() - monotonic_ms();
	fresh->watched = INT64_MAX;
	pthread_mutex_lock(&fresh->lock);
	call_thread(fresh);
	pthread_mutex_unlock(&fresh->lock);
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
	/* With stop set, no thread is started any more. */
	for (unsigned i = 0; i < sched->threads; i++) {
		pthread_join(sched->ids[i], NULL);
	}
	for (sched_lane_t *lane = sched->first.next, *next; lane != NULL; lane = next) {
		next = lane->next;
		free(lane->name);
		free(lane);
	}
	pthread_mutex_destroy(&sched->lock);
	pthread_cond_destroy(&sched->due);
	free(sched->heap);
	free(sched);
}

void sched_hold(sched_t *sched)
{
	pthread_mutex_lock(&sched->lock);
	sched->held = true;
	pthread_mutex_unlock(&sched->lock);
}

void sched_release(sched_t *sched)
{
	pthread_mutex_lock(&sched->lock);
	sched->held = false;
	call_thread(sched);
	pthread_mutex_unlock(&sched->lock);
}

int sched_wake(sched_t *sched, task_t *task, int64_t when)
{
	int ret = KNOT_EOK;
	pthread_mutex_lock(&sched->lock);
	const bool back = see_clock(sched); /* By which when was reckoned. */
	if (task->running) {
		task->again = (task->again == 0 || when < task->again) ? when : task->again;
	} else if (!task->waiting && (task->place == 0 || when < task->when)) {
		ret = put_in(sched, task, when);
		if (!sched->held && (task->place == 1 || back)) {
			/* Else somebody waits for one that is due before. */
			call_thread(sched);
		}
	}
	pthread_mutex_unlock(&sched->lock);
	return ret;
}

void sched_set_lane(sched_t *sched, task_t *task, const char *name)
{
	pthread_mutex_lock(&sched->lock);
	sched_lane_t *lane = find_lane(sched, name);
	task->lane = lane != NULL ? lane : task->lane;
	pthread_mutex_unlock(&sched->lock);
}

bool sched_in_lane(sched_t *sched, const task_t *task)
{
	pthread_mutex_lock(&sched->lock);
	const bool in = task->in == (task->lane != NULL ? task->lane : &sched->first);
	pthread_mutex_unlock(&sched->lock);
	return in;
}

/*! \return The task that the calling thread runs, NULL if it runs none. With the lock held. */
static task_t *own_task(sched_t *sched)
{
	for (sched_lane_t *lane = &sched->first; lane != NULL; lane = lane->next) {
		task_t *task;
		TAILQ_FOREACH(task, &lane->running, link) {
			if (pthread_equal(task->thread, pthread_self())) {
				return task;
			}
		}
	}
	return NULL;
}

void sched_pause(sched_t *sched, bool pause)
{
	pthread_mutex_lock(&sched->lock);
	task_t *task = own_task(sched);
	if (task != NULL && pause && !task->paused && task->in->paused < PAUSED_MAX) {
		task->paused = true;
		task->in->paused++;
		task->in->count--;
		call_for_next(sched);
	} else if (task != NULL && !pause && task->paused) {
		task->paused = false;
		task->in->paused--;
		task->in->count++;
	}
	pthread_mutex_unlock(&sched->lock);
}

bool sched_try_remove(sched_t *sched, task_t *task)
{
	pthread_mutex_lock(&sched->lock);
	const bool running = task->running;
	if (task->waiting) {
		leave_lane(task);
	}
	take_out(sched, task);
	task->again = 0;
	pthread_mutex_unlock(&sched->lock);
	return !running;
}
