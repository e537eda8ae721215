/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Keys whose DS has to come to the parent, or to leave it. The engine runs the operator's
 * submit or retract command, notifies a person, and looks at the parent itself.
 *
 * Each of these chores is tried again, later and later, until it succeeds. Threads of errands.h do
 * them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy-engine/desk/desk.h"
#include "policy-engine/parent/asker.h"
#include "policy-engine/parent/wait.h"

typedef struct ds_watch ds_watch_t;

/*!
 * Starts the threads.
 *
 * \param asker  Has to outlive the watch.
 * \return NULL on failure.
 */
ds_watch_t *ds_watch_start(desk_t *desk, const asker_t *asker);

/*! Ends what is running. NULL is allowed. */
void ds_watch_stop(ds_watch_t *watch);

/*! Has all chores tried again soon: conf.xml was read anew. Under the desk's lock. */
void ds_watch_reset(ds_watch_t *watch);

/*!
 * Notes which keys of a zone wait. Under the desk's lock.
 *
 * \param waits  Set to whether a person is needed.
 * \return 0, or -1 if the database failed.
 */
int ds_watch_note(ds_watch_t *watch, const kasp_zone_t *zone, const policy_t *policy, int64_t now,
                  bool *waits);

/*! \return What is known of key i of a zone, NULL if it does not wait. Under the desk's lock. */
const wait_t *ds_watch_find(const ds_watch_t *watch, const kasp_zone_t *zone, size_t i);

/*!
 * Takes the results of chores, and starts those that are due. Main thread, under the desk's lock.
 *
 * A chore belongs to the zone as it is now: nothing is started for a zone that left the module.
 *
 * \param up  The module answers. Else it may have lost zones, and no command is started.
 * \return 0, or -1 if the database failed.
 */
int ds_watch_pass(ds_watch_t *watch, bool up, int64_t now);
