/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Watches over the time that all zones have left, and has the log say when it becomes short.
 *
 * Whatever keeps a zone from being signed, its worker may be among what hangs. So this is a task of
 * its own, which only looks at what the workers have left in memory.
 */
#pragma once

#include "module/zone/alarm.h"
#include "module/zone/zones.h"

typedef struct {
	zones_t *zones;          /*!< Borrowed, as is the log. */
	log_t *log;
	task_t task;             /*!< For the fetchers. */
	alarms_t alarms;         /*!< The task's own. */
} vigil_t;

/*! Looks at all zones; the task. \return When to look again, ms (sched_now()). */
int64_t vigil_work(vigil_t *vigil);
