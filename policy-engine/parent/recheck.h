/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Looks whether the DS that are at the parent are still there: now and then at each zone, and
 * before a step that relies on one.
 *
 * Each zone has a moment of its own within <Recheck>, by its name, so the zones are spread over it
 * and a restart changes nothing. Nothing of it is stored but what was found to be lost.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy-engine/zone/live.h"

typedef struct recheck recheck_t;
struct engine;

/*! Starts the threads. \return NULL on failure. */
recheck_t *recheck_start(struct engine *e);

/*! Ends what is running. NULL is allowed. */
void recheck_stop(recheck_t *recheck);

/*! \return Whether the DS of a zone have to be looked at before something relies on them. Under the
 *          engine's lock. */
bool recheck_is_needed(const struct engine *e, const live_zone_t *zone, int64_t now);

/*! Says whether a step waits for a look; then it is taken now. Under the engine's lock. */
void recheck_ask(struct engine *e, live_zone_t *zone, bool waits, int64_t now);

/*!
 * A person has seen that all DS are there. Under the engine's lock.
 *
 * \return Whether a step waits for that; if not, nothing changed.
 */
bool recheck_believe(struct engine *e, const char *zone, int64_t now);

/*! Takes the results of looks, and starts those that are due. Main thread, not locked.
 *  \return 0, or -1 if the database failed. */
int recheck_pass(struct engine *e, int64_t now);
