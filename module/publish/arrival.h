/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Leaves the processors to knotd until it has loaded its zones.
 *
 * It serves what it has as soon as that is done. Until it says what that is, nothing is signed: what the
 * workers could do meanwhile can wait, and would keep knotd from serving. Before Knot 3.5 its control
 * socket answers when the zones are loaded, later earlier.
 */
#pragma once

#include <stdint.h>

#include "module/base/sched.h"
#include "module/publish/trigger.h"

typedef struct {
	task_t task;             /*!< For the fetchers. */
	sched_t *workers;        /*!< Borrowed. Held when this begins. */
	trigger_t *trigger;      /*!< Borrowed. It knows where knotd's control socket is. */
	int64_t since_ms;        /*!< Since when it is waited for, monotonic_ms(); 0 = not yet. */
} arrival_t;

/*! Has the workers begin once knotd answers, or has not for half a minute; the task. \return When to look again,
 *  ms (sched_now()); 0 = they have begun */
int64_t arrival_work(arrival_t *arrival);
