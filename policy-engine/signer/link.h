/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The link to the module, by its control socket: facts of zones come, key sets go.
 */
#pragma once

#include "policy-engine/desk/desk.h"

/*! The desk's lock covers what is not marked. */
typedef struct {
	desk_t *desk;
	char *generation;  /*!< Main thread only. Of the module's last listing; "0" = none yet. */
	unsigned round;    /*!< Main thread only. Counts full listings. */
	int64_t acts;      /*!< Main thread only. Number of the module's last act that was noted. */
	bool up;           /*!< The last call succeeded. Only the main thread writes it. */
	char problem[512]; /*!< Why it did not; "" = it did. */
} link_t;

/*! \return 0, or -1 if out of memory. */
int link_init(link_t *link, desk_t *desk);

void link_deinit(link_t *link);

/*! Has the next poll ask for all zones: conf.xml was read anew. Main thread. */
void link_reset(link_t *link);

/*! Asks the module which zones changed, and marks these. Main thread, not locked.
 *  \return 0, or -1 if the database failed, or memory is out. */
int link_poll(link_t *link);

/*! Hands over the key sets that the module lacks and that are due. Main thread, not locked. */
void link_push(link_t *link, int64_t now);
