/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Removes what the store has of zones that are not configured any more, catalog members say;
 *        after a week, in which they may have come back.
 */
#pragma once

#include "module/base/sched.h"
#include "module/store/store.h"

struct server;

typedef struct {
	task_t task;
	int64_t next;    /*!< When to look for zones, ms; 0: not known yet. */
} sweep_t;

/*! Looks for such zones; the task. \return When to look again. */
int64_t sweep_work(struct server *server);

/*! Has what nobody needs any more (store_abandon()) removed soon. */
void sweep_now(struct server *server);

/*!
 * Has a zone's data removed at once.
 *
 * \return KNOT_EOK, KNOT_ENOENT (there is none), KNOT_EBUSY (the zone is configured), or an error of
 *         the store
 */
int sweep_zone(struct server *server, const knot_dname_t *zone);
