/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Looks whether the DS that are at the parent are still there: for each zone once in
 * <Recheck>, and before a step that relies on one. Looks which DS there are of a zone without keys.
 *
 * The name of a zone tells its moment within <Recheck>: the zones are spread over it, and a restart
 * changes nothing. The database learns only which DS was lost.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy-engine/desk/desk.h"
#include "policy-engine/parent/asker.h"

typedef struct recheck recheck_t;

/*!
 * Starts the threads.
 *
 * \param asker  Has to outlive the recheck.
 * \return NULL on failure.
 */
recheck_t *recheck_start(desk_t *desk, const asker_t *asker);

/*! Ends what is running. NULL is allowed. */
void recheck_stop(recheck_t *recheck);

/*! \return Whether the last look at the DS of a zone is too old for a step to rely on it. Under the
 *          desk's lock. */
bool recheck_is_needed(const desk_t *desk, const live_zone_t *zone, int64_t now);

/*! Has the engine look which DS a zone has, key or no key: now, or <Interval> after the last time.
 *  The zone is marked when that is done. Under the desk's lock. */
void recheck_want_ds(desk_t *desk, live_zone_t *zone, int64_t now);

/*! Notes whether a step waits for a look; if so, the look is due now. Under the desk's lock. */
void recheck_ask(desk_t *desk, live_zone_t *zone, bool waits, int64_t now);

/*!
 * Notes that a person has seen all DS at the parent. Under the desk's lock.
 *
 * \return Whether a step waits for that; if not, nothing changed.
 */
bool recheck_believe(desk_t *desk, const char *zone, int64_t now);

/*! Takes the results of looks, and starts those that are due. Main thread, under the desk's lock.
 *  \return 0, or -1 if the database failed. */
int recheck_pass(recheck_t *recheck, int64_t now);
