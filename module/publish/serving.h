/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What knotd has of a zone: it is told of new versions, and asked which one it serves.
 *
 * The policy engine's clocks run from the moment at which knotd serves a version, not from that at
 * which it was sent: knotd can refuse it, for its size say.
 */
#pragma once

#include <stdbool.h>

#include "module/publish/pace.h"
#include "module/store/state.h"

struct zone;

typedef struct {
	/* Under the zone's lock. */
	bool handed;             /*!< knotd was sent a version; not seen to serve it yet. */
	uint32_t handed_serial;
	int64_t handed_ms;
	bool seen;               /*!< It serves seen_serial, at least since seen_at; to be noted. */
	uint32_t seen_serial;
	int64_t seen_at;
	char error[256];         /*!< It does not serve what it was sent; empty if it does. */
	pace_t pace;

	/* The worker's own. */
	int64_t offered_at;      /*!< When knotd was last told of a version it does not have. */
	uint32_t offered;        /*!< Its serial. */
	uint32_t offer_delay;    /*!< Seconds until it is told again; 0 = it has not been told. */
	uint64_t revision;       /*!< Of the key set that versions are made with... */
	uint32_t revision_serial;/*!< ...since this one, or an older one. */
} serving_t;

/*! knotd has done with a version that it was sent. \param ms  What it took; 0 = it was all. */
void serving_handed(struct zone *zone, uint32_t serial, int64_t ms);

/*! knotd has the zone at a serial. */
void serving_seen(struct zone *zone, uint32_t serial);

/*!
 * What knotd says that it serves.
 *
 * \param serial  NULL: nothing.
 * \return Whether it has to be asked again
 */
bool serving_answer(struct zone *zone, const uint32_t *serial);

/*** For the zone's worker. ***/

/*! Notes since when a key set is in force, before and after versions are made. */
void serving_track(struct zone *zone, const state_t *state);

/*! Notes what knotd serves. \return Whether the state has changed. */
bool serving_note(struct zone *zone, state_t *state);

/*!
 * Tells knotd of a version that it has not fetched: when it is new, after a restart, and again
 * when it does not come for it; it may have been busy, and its own timers are in no hurry.
 * \return When to look again, seconds; 0 = no need.
 */
int64_t serving_offer(struct zone *zone, const state_t *state, int64_t now);
