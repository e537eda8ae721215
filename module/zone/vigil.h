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

/*!
 * Tells whether a zone is short of time, and why; from any thread.
 *
 * It is when signatures should have been made anew; and when its primaries do not answer, and half
 * of the time is over for which it may be served without. The cause may not be known: then the text
 * says where to look.
 *
 * \param known  Whether the cause is known.
 */
bool vigil_short(zone_t *zone, const lasting_t *lasting, int64_t now, alarm_zone_t *why,
                 bool *known);

/*! What all zones have in common. */
typedef struct {
	size_t short_of_time;        /*!< Zones that should have been signed. */
	int64_t until;               /*!< When the first zone expires, Unix seconds; 0 = none. */
	knot_dname_storage_t first;  /*!< That zone. */
} vigil_sum_t;

/*! Sums up; from any thread. It walks over all zones in memory. */
void vigil_sum(zones_t *zones, vigil_sum_t *sum);
