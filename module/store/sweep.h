/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Removes from the store what nobody needs any more.
 *
 * That is what store_abandon() has noted, soon; and the data of zones that are not configured any
 * more, catalog members say, after a week, in which they may have come back.
 */
#pragma once

#include <stdbool.h>

#include "module/base/log.h"
#include "module/store/store.h"

/*! What the sweeper asks of whoever keeps the zones. */
typedef struct {
	/*! \return Whether a zone of that name is configured. */
	bool (*configured)(void *ctx, const knot_dname_t *zone);

	/*!
	 * Calls a function if no zone of that name is configured or still at work; none can come
	 * before the function has returned.
	 * \return Whether there is none.
	 */
	bool (*without)(void *ctx, const knot_dname_t *zone, void (*call)(void *arg), void *arg);

	/*! Has sweep_work() called soon. Does not block. */
	void (*wake)(void *ctx);
} sweep_calls_t;

typedef struct {
	store_t *store;
	log_t *log;
	const sweep_calls_t *calls;
	void *ctx;       /*!< Of the calls. */
	int64_t next;    /*!< When to look for zones, ms (sched_now()); 0: not known yet. */
} sweep_t;

/*! Removes some of what there is to remove; for one thread at a time. \return When to go on, ms. */
int64_t sweep_work(sweep_t *sweep);

/*! Has what nobody needs any more removed soon; from any thread. Does not block. */
void sweep_now(const sweep_t *sweep);

/*!
 * Has a zone's data removed at once; from any thread.
 *
 * \param zone  Lower case.
 * \return KNOT_EOK, KNOT_ENOENT (there is none), KNOT_EBUSY (the zone is configured), or an error
 *         of the store
 */
int sweep_zone(const sweep_t *sweep, const knot_dname_t *zone);
