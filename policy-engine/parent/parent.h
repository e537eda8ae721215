/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief All that the engine does about the DS at the parents of the zones.
 */
#pragma once

#include "policy-engine/parent/asker.h"
#include "policy-engine/parent/ds-watch.h"
#include "policy-engine/parent/recheck.h"

typedef struct {
	desk_t *desk;
	asker_t asker;
	ds_watch_t *watch;   /*!< DS that have to come or to go. */
	recheck_t *recheck;  /*!< DS that have to stay. */
} parent_t;

/*! Starts the threads. After a failure parent_stop() is needed, too. \return 0, or -1. */
int parent_start(parent_t *parent, desk_t *desk);

/*! Ends what is running. A parent_t that is all zero is allowed. */
void parent_stop(parent_t *parent);

/*! Has all chores tried again soon: conf.xml was read anew. Under the desk's lock. */
void parent_reset(parent_t *parent);

/*! Takes results, and starts what is due. Main thread, not locked. \param up  The module answers.
 *  \return 0, or -1 if the database failed. */
int parent_pass(parent_t *parent, bool up, int64_t now);
