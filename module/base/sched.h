/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A scheduler: it runs each task when it is due, one task on one thread at a time.
 *
 * Each task is in a lane, for example that of the token that its zone needs. A lane has a limit of
 * tasks that run at the same time. A task that has run for long, or that pauses, does not count
 * towards it. Lanes do not wait for each other: if all tasks of one hang, the others go on. The
 * scheduler starts threads as it needs them.
 *
 * Times are milliseconds since 1970 by the clock of the system, since signatures expire by it. If
 * that clock is set, the scheduler notices within ten seconds; if it was set back, all tasks run.
 * All functions may be called from any thread.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

typedef struct sched sched_t;
typedef struct sched_lane sched_lane_t;

/*! To be embedded in the caller's struct, all zero. Its fields are the scheduler's. */
typedef struct task {
	int64_t when;          /*!< When it is due, if it is in the heap. */
	size_t place;          /*!< In the heap, from 1; 0 = it is not there. */
	bool waiting;          /*!< It is due, and in its lane's queue. */
	bool running;
	bool paused;           /*!< It runs, and does not count towards its lane's limit. */
	pthread_t thread;      /*!< The one that runs it. */
	int64_t again;         /*!< When it was woken for while it ran; 0 = it was not. */
	int64_t started;       /*!< When this run began, monotonic_ms(). */
	sched_lane_t *lane;    /*!< For its next run; NULL: the first lane. */
	sched_lane_t *in;      /*!< The lane in which it waits or runs. */
	TAILQ_ENTRY(task) link;
} task_t;

/*! \return The time in milliseconds since 1970. */
int64_t sched_now(void);

/*! Runs a task, without a lock. \return When the task is due next; 0 = when it is woken. */
typedef int64_t (*task_f)(void *ctx, task_t *task);

/*!
 * Starts a scheduler.
 *
 * \param limit  Tasks of a lane that run at the same time.
 * \param run    Runs each of the tasks; ctx is passed to it.
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int sched_start(sched_t **sched, unsigned limit, task_f run, void *ctx);

/*! Waits for the tasks that run, and frees; no other task is run any more. NULL is allowed. */
void sched_stop(sched_t *sched);

/*! Has no task begin before sched_release(). */
void sched_hold(sched_t *sched);
void sched_release(sched_t *sched);

/*!
 * Makes a task due at a time, unless it is due earlier. A task that runs is run once more then.
 *
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int sched_wake(sched_t *sched, task_t *task, int64_t when);

/*! Puts a task's next runs into the lane of that name. If out of memory, it stays in its own. */
void sched_set_lane(sched_t *sched, task_t *task, const char *name);

/*! To be called by the task that runs. \return Whether it runs in the lane that was set last. */
bool sched_in_lane(sched_t *sched, const task_t *task);

/*!
 * Says that the task of the calling thread waits for something (pause), or goes on. While it waits,
 * another task of its lane can run. Does nothing in a thread that runs no task.
 */
void sched_pause(sched_t *sched, bool pause);

/*!
 * Takes a task out. If it runs, that run goes on, and may make it due again by what it returns.
 *
 * \return Whether the task does not run; only then may the caller free it
 */
bool sched_try_remove(sched_t *sched, task_t *task);
