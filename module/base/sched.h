/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Tasks that run when they are due; one task on one thread at a time.
 *
 * A task is in a lane: that of the token it needs, say. So many tasks of a lane run at a time, and
 * those that take long, or wait for the disk, let some more by; a lane in which all hang holds up no
 * other. Threads are started as they are needed.
 *
 * Times are milliseconds since 1970, for what is due are signatures; a clock that is set is noticed
 * within a minute.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

typedef struct sched sched_t;
typedef struct sched_lane sched_lane_t;

/*! To be embedded in what the task is about, zeroed. */
typedef struct task {
	int64_t when;          /*!< Due; 0 = not at all. */
	size_t place;          /*!< In the heap, from 1; 0 = not there. */
	bool waiting;          /*!< Due, in its lane's queue. */
	bool running;
	bool paused;           /*!< It runs, but lets another one by. */
	pthread_t thread;      /*!< That runs it. */
	int64_t again;         /*!< Asked for while it ran. */
	int64_t started;       /*!< By a clock that nobody sets. */
	sched_lane_t *lane;    /*!< NULL: the first. */
	sched_lane_t *in;      /*!< In whose queue, or of whose running ones, it is. */
	TAILQ_ENTRY(task) link;
} task_t;

/*! \return The time, by the clock that tasks are due by. */
int64_t sched_now(void);

/*! Runs a task. \return When it is due next; 0 = when it is woken. */
typedef int64_t (*task_f)(void *ctx, task_t *task);

/*!
 * \param limit  Tasks that run at a time, for each lane.
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int sched_start(sched_t **sched, unsigned limit, task_f run, void *ctx);

/*! Waits for the tasks that run; others are forgotten. NULL is allowed. */
void sched_stop(sched_t *sched);

/*! Makes a task due at a time, if it is not before. \return KNOT_EOK, KNOT_ENOMEM */
int sched_wake(sched_t *sched, task_t *task, int64_t when);

/*! Has a task run in the lane of that name from the next time on. Out of memory, it stays. */
void sched_set_lane(sched_t *sched, task_t *task, const char *name);

/*! \return Whether a task that runs, and asks, does so in the lane that was set last. */
bool sched_in_lane(sched_t *sched, const task_t *task);

/*! The task that the calling thread runs, if it does, waits for something, or goes on. */
void sched_pause(sched_t *sched, bool pause);

/*! Takes a task out, if it does not run. \return Whether it does not. */
bool sched_try_remove(sched_t *sched, task_t *task);
