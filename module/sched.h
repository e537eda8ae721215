/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Tasks that run when they are due, on a few threads; one task on one thread at a time.
 *
 * Times are milliseconds since 1970, for what is due are signatures; a clock that is set is noticed
 * within a minute.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sched sched_t;

/*! To be embedded in what the task is about, zeroed. */
typedef struct {
	int64_t when;  /*!< Due; 0 = not at all. */
	size_t place;  /*!< In the heap, from 1; 0 = not there. */
	bool running;
	int64_t again; /*!< Asked for while it ran. */
} task_t;

/*! \return The time, by the clock that tasks are due by. */
int64_t sched_now(void);

/*! Runs a task. \return When it is due next; 0 = when it is woken. */
typedef int64_t (*task_f)(void *ctx, task_t *task);

/*! \return KNOT_EOK, KNOT_ENOMEM */
int sched_start(sched_t **sched, unsigned threads, task_f run, void *ctx);

/*! Waits for the tasks that run; others are forgotten. NULL is allowed. */
void sched_stop(sched_t *sched);

/*! Makes a task due at a time, if it is not before. \return KNOT_EOK, KNOT_ENOMEM */
int sched_wake(sched_t *sched, task_t *task, int64_t when);

/*! Takes a task out; returns when it does not run any more. */
void sched_remove(sched_t *sched, task_t *task);
