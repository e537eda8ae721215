/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What knotd has of a zone: it is told of new versions, and asked which one it serves.
 *
 * The policy engine's clocks run from the moment at which knotd serves a version, not from that at
 * which it was sent: knotd can refuse a version, for its size say.
 */
#pragma once

#include <stdbool.h>

#include "module/publish/pace.h"
#include "module/publish/trigger.h"
#include "module/store/held.h"
#include "module/store/state.h"

/*! What a zone's serving needs; all is borrowed. */
typedef struct {
	log_t *log;
	held_t *held;
	const knot_dname_t *zone;  /*!< Lower case. */
	trigger_t *trigger;        /*!< Tells knotd of new versions. */
	trigger_t *asker;          /*!< Asks knotd which serial it serves. */
	trigger_t *reader;         /*!< Asks knotd for the apex. */
	/*! There is something for the zone's worker. Called without the lock. Does not block. */
	void (*wake)(void *ctx);
	void *ctx;
} serving_args_t;

typedef struct {
	serving_args_t args;
	pthread_mutex_t lock;      /*!< Of what follows. */
	bool handed;               /*!< knotd was sent a version; not seen to serve it yet. */
	uint32_t handed_serial;
	int64_t handed_ms;         /*!< When, by sched_now(). */
	bool seen;                 /*!< It serves seen_serial, and that is to be noted. */
	uint32_t seen_serial;
	int64_t seen_at;           /*!< When it was first seen to, Unix seconds. */
	bool taken;                /*!< Noted in the zone's state: it serves taken_serial. */
	uint32_t taken_serial;
	bool known;                /*!< knotd has said whether it serves the zone. */
	bool silent;               /*!< It has not; the store is believed. */
	bool serves;               /*!< It does... */
	uint32_t served;           /*!< ...this serial. */
	int64_t asked_ms;          /*!< Since when the worker waits for that, monotonic_ms(); 0 = it
	                                does not. */
	int64_t reading_ms;        /*!< Since when the worker waits for the apex, monotonic_ms(); 0 =
	                                it does not. */
	bool read;                 /*!< It has come, and is for the worker. */
	apex_t apex;
	bool refused;              /*!< It is taken to have refused what it was sent. */
	bool kept;                 /*!< When asked last, knotd had kept_serial. */
	uint32_t kept_serial;
	bool kept_wanted;          /*!< knotd has asked in vain while that was not known. */
	pace_t pace;

	/* The worker's own. */
	int64_t offered_at;        /*!< When knotd was last told of a version that it does not have,
	                                Unix seconds. */
	uint32_t offered;          /*!< Its serial. */
	unsigned offers;           /*!< How often knotd has been told of that serial. */
	uint64_t revision;         /*!< Of the key set that versions are made with... */
	uint32_t revision_serial;  /*!< ...since this one, or an older one. */
} serving_t;

void serving_init(serving_t *serving, const serving_args_t *args);
void serving_deinit(serving_t *serving);

/*** From any thread; none blocks. ***/

/*! knotd has done with a version that it was sent. \param ms  As handed() of publisher_calls_t */
void serving_handed(serving_t *serving, uint32_t serial, int64_t ms);

/*! knotd has the zone at a serial. */
void serving_seen(serving_t *serving, uint32_t serial);

/*!
 * What knotd, asked, says that it serves. If it is not what it was sent, the rule HELD_REFUSED
 * holds that, until knotd serves the newest version: this may wait for the disk.
 *
 * \param serial   NULL: nothing.
 * \param warning  Why it may have refused a version; "": not known.
 * \return Whether it has to be asked again
 */
bool serving_answer(serving_t *serving, const uint32_t *serial, const char *warning);

/*! knotd, asked, says that it is loading the zone: the worker waits on for what it serves. */
void serving_loading(serving_t *serving);

/*! The apex that knotd serves. \param apex  Its contents are taken. */
void serving_apex(serving_t *serving, apex_t *apex);

/*!
 * Tells at which serial knotd has the zone, by what knotd has said; it is asked again.
 * \return Whether that is known. If not, knotd is told to refresh the zone as soon as it is.
 */
bool serving_kept(serving_t *serving, uint32_t *serial);

/*! An update of the input was done, or refused. */
void serving_updated(serving_t *serving);

/*! \return When the next version may be made, ms (sched_now()); now if it may at once. */
int64_t serving_next(serving_t *serving, int64_t now);

/*** For the zone's worker. ***/

/*! \return How far apart the versions of a stream of updates are, ms. */
int64_t serving_apart(serving_t *serving);

/*!
 * Tells what knotd serves, which the serial of the next version has to be above. The store can be
 * lost, or be an older copy: so knotd is asked once before the first version that this process
 * makes. If it does not answer for a minute, the store is believed.
 *
 * \param serial  Set if knotd serves the zone.
 * \param serves  Whether it does.
 * \return Whether that is known; if not, the worker is woken when it is
 */
bool serving_served(serving_t *serving, uint32_t *serial, bool *serves);

/*! \return Whether the store is believed, as knotd has not answered for a minute, nor since. */
bool serving_is_silent(serving_t *serving);

/*!
 * Gives the apex that knotd serves as of now: knotd is asked by each first call.
 *
 * \param apex  Zeroed; to be freed by apex_deinit().
 * \return KNOT_EOK; KNOT_EAGAIN: the worker is woken when it is there; KNOT_ETIMEOUT: knotd has not
 *         answered for a minute
 */
int serving_read(serving_t *serving, apex_t *apex);

/*! \return Whether knotd serves a later version than the last one of the store. */
bool serving_is_ahead(serving_t *serving, const state_t *state);

/*! A version has been made. \param names  In the zone. */
void serving_published(serving_t *serving, uint64_t names);

/*! Notes since when a key set is in force, before and after versions are made. */
void serving_track(serving_t *serving, const state_t *state);

/*! Notes what knotd serves. \param behind  Seconds by which the clock is behind. \return Whether
 *  the state has changed. */
bool serving_note(serving_t *serving, state_t *state, int64_t behind);

/*!
 * Tells knotd of a version that it has not fetched: when the version is new, after a restart, and
 * again while knotd does not fetch it. knotd may have been busy, and its own timers are in no
 * hurry.
 *
 * \param state  As it is shown to others from now on.
 * \return When to look again, Unix seconds; 0 = no need.
 */
int64_t serving_offer(serving_t *serving, const state_t *state, int64_t now);
