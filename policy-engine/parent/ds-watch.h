/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Keys whose DS has to come to the parent, or to leave it, and what is done about them: the
 * operator's submit or retract command, the notification, and the look at the parent itself.
 *
 * Each of these is tried again until it succeeds, later and later, in threads of its own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy-engine/zone/kasp-zone.h"

/*! What is done about a key; the first two are numbered as db_errand_t. */
typedef enum {
	CHORE_COMMAND, /*!< Submit or retract command. */
	CHORE_NOTICE,  /*!< Notification of a person. */
	CHORE_CHECK,   /*!< Look at the parent. */
	CHORES,
} chore_kind_t;

typedef struct {
	bool running;
	int64_t done;    /*!< When it succeeded; 0 = it did not yet. */
	int64_t at;      /*!< When to start it; CORE_NEVER = not at all. */
	int64_t tried;   /*!< When it was tried last; 0 = not yet. */
	unsigned failed; /*!< How often, in a row. */
	char *problem;   /*!< Why it failed last; NULL = it did not. */
	char *note;      /*!< What else the last try showed; NULL = nothing. */
} chore_t;

/*! A key that waits. */
typedef struct {
	int64_t key;     /*!< Of the key in its zone; the one that this is found by. */
	int64_t lost;    /*!< When the parent was found to have it no more; 0 = it is a new one. */
	char *zone;
	bool appear;     /*!< The DS is to come; else to go. */
	int64_t since;   /*!< Of the DS's state. */
	chore_t chores[CHORES];
} wait_t;

typedef struct ds_watch ds_watch_t;
struct engine;
struct resolver;

/*! Starts the threads. \return NULL on failure. */
ds_watch_t *ds_watch_start(struct engine *e);

/*! Ends what is running. NULL is allowed. */
void ds_watch_stop(ds_watch_t *watch);

/*! Has all be tried again soon: conf.xml was read anew. Under the engine's lock. */
void ds_watch_reset(struct engine *e);

/*!
 * Notes which keys of a zone wait. Under the engine's lock.
 *
 * \param waits  Set to whether a person is needed.
 * \return 0, or -1 if the database failed.
 */
int ds_watch_note(struct engine *e, const kasp_zone_t *zone, const policy_t *policy, int64_t now,
                  bool *waits);

/*! \return What is known of the zone's key i, NULL if it does not wait. Under the engine's lock. */
const wait_t *ds_watch_find(const struct engine *e, const kasp_zone_t *zone, size_t i);

/*! \return The resolver; NULL if there is none. Borrowed. */
struct resolver *ds_watch_resolver(const ds_watch_t *watch);

/*! Takes the results of what was done, and starts what is due. Main thread, not locked.
 *  \return 0, or -1 if the database failed. */
int ds_watch_pass(struct engine *e, int64_t now);
