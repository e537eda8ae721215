/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The serials that a zone's secondaries show: those servers that knotd notifies.
 *
 * A secondary takes only what is above the serial that it has (RFC 1982, RFC 1034, section 4.3.5),
 * and says nothing if it does not. If it had the zone from another signer, or if all of this
 * machine is an older copy, it is ahead. So each one is asked at the start, and from time to time,
 * and the next serial is made above what it shows.
 *
 * What has to be believed of a server that can be broken is little: that it is ahead when it is
 * heard for the first time, and this by no more than any counter could be. Later it can be ahead of
 * us only by somebody else. What is not believed is held (HELD_AHEAD); nothing waits for it but
 * that secondary.
 */
#pragma once

#include "module/rr/serial.h"
#include "module/source/deaf.h"
#include "module/source/primary.h"
#include "module/store/held.h"
#include "module/store/state.h"

/*! What a zone's secondaries need; all is borrowed. */
typedef struct {
	log_t *log;
	held_t *held;
	deaf_t *deaf;
	const knot_dname_t *zone;  /*!< Lower case. */
	const atomic_bool *stop;   /*!< Once true, conversations end soon. */
	/*! All have been asked. Called without the lock. Does not block. */
	void (*asked)(void *ctx);
	void *ctx;
} secondaries_args_t;

/*! One of them. */
typedef struct {
	int64_t asked_at;          /*!< When it was asked last, Unix seconds; 0 = never. */
	int64_t answered_at;       /*!< When it answered last; 0 = never. */
	uint32_t serial;           /*!< As it answered then. */
	char err[160];             /*!< Why it has not answered when asked last; "": it has. */
	bool followed;             /*!< Serials went on above what it showed... */
	uint32_t followed_serial;  /*!< ...this. */
	bool settled;              /*!< It was seen not to be ahead. */
} secondary_t;

typedef struct {
	secondaries_args_t args;
	pthread_mutex_t lock;      /*!< Of what follows. */
	primaries_t servers;
	secondary_t *said;         /*!< Of each server. */
	unsigned configured;       /*!< Counts changes of the servers. */
	unsigned rounds;           /*!< Times that all were asked. */
	bool asked;                /*!< All have been asked. */
	int64_t since_ms;          /*!< Since when the worker waits for that, monotonic_ms(); 0 = it
	                                does not. */
} secondaries_t;

void secondaries_init(secondaries_t *secondaries, const secondaries_args_t *args);
void secondaries_deinit(secondaries_t *secondaries);

/*** From any thread; none blocks. ***/

/*! Sets the servers; afterwards they are the old ones, to be freed. \return Whether they differ. */
bool secondaries_configure(secondaries_t *secondaries, primaries_t *servers);

/*! Calls a function for each server, with the lock held. \param name  As primary_name() has it. */
void secondaries_each(secondaries_t *secondaries,
                      void (*call)(void *ctx, const char *name, const secondary_t *secondary),
                      void *ctx);

/*! Asks all of them; a task, for one thread at a time. \return When to do so again, ms
 *  (sched_now()); 0 = there are none */
int64_t secondaries_work(secondaries_t *secondaries);

/*** For the zone's worker. ***/

/*! \return Whether all have been asked, or had their time for it: a version need not wait. */
bool secondaries_asked(secondaries_t *secondaries);

/*! \return Whether one of them has ever answered. */
bool secondaries_heard(secondaries_t *secondaries);

/*!
 * Tells which serial of theirs the next one has to be above.
 *
 * \param served  What knotd serves; NULL: nothing, or it is not known.
 * \param shown   Set if there is one; valid until the next call.
 * \return Whether there is one that is not below those of the zone, and is believed; what is not
 *         believed is held
 */
bool secondaries_shown(secondaries_t *secondaries, const state_t *state, const uint32_t *served,
                       serial_shown_t *shown);
