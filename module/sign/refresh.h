/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief When signatures are made anew: when they are due; in a large zone some of them earlier, so
 * that the work is spread over the time that signatures live.
 *
 * The signatures of a first signing are all made at one time, and expire at one time but for the
 * policy's jitter. If each were left until it is due, a large zone would be signed as a whole,
 * again and again. So each time that the policy's Resign has gone by, a share of the zone is
 * signed, due or not: the share that this time is of the life of a signature. In the long run the
 * number of signatures is the same, and none lives longer than the policy says.
 */
#pragma once

#include "common/clock-mark.h"
#include "keyset/keyset.h"
#include "module/store/state.h"

/*! A refresh queue: of the nodes, or of the chain. */
typedef struct {
	uint32_t id;               /*!< Of the nodes, or of the chain. */
	const state_part_t *part;  /*!< Its part of the zone. */
	uint32_t validity;         /*!< Seconds that its signatures are valid. */
	size_t most;               /*!< Entries that a run takes at most. */
} refresh_queue_t;

/*! What a run takes from a refresh queue. */
typedef struct {
	uint32_t expires_by; /*!< Entries that expire by then: refresh_due_by() or later... */
	size_t most;         /*!< ...but no more than that. */
	int64_t behind;      /*!< Seconds' share of the work that does not fit in. */
} refresh_t;

/*! \return Up to when shares are signed, Unix seconds; if the clock was set back, a time at which
 *         the next share is due. */
int64_t refresh_since(const state_t *state, const keyset_t *set, int64_t now);

/*! \return By when signatures expire that are due now: within the policy's Refresh from now. */
uint32_t refresh_due_by(const keyset_t *set, int64_t now);

/*! Finds what to take. \return KNOT_EOK, or an error of the store */
int refresh_find(store_txn_t *txn, const state_t *state, const keyset_t *set,
                 const refresh_queue_t *queue, int64_t now, refresh_t *refresh);

/*!
 * Tells whether the version was made while the clock was ahead, so far that signatures are not
 * valid yet; or decades ago, by the clock. Their expirations are in no order with those of others:
 * all of the zone has to be gone through.
 */
bool refresh_is_mixed(const state_t *state, const keyset_t *set, const clock_span_t *now);

/*! Tells whether signatures may live longer than the policy says: they were made while the clock,
 *  which was not believed, was ahead. */
bool refresh_is_long(const state_t *state, const keyset_t *set, const clock_span_t *now);

/*! \return When the first signature of the newest version expires, Unix seconds; 0 = there is none.
 *  Its cost does not depend on the zone's size. */
int64_t refresh_expires(store_txn_t *txn, const state_t *state, int64_t now);

/*! \return Whether signatures are due now that the signer makes, though Resign may not have gone by. */
bool refresh_is_due(store_t *store, const state_t *state, const keyset_t *set, int64_t now);

/*! \return When to look at signatures next, as the end of now has it; 0 = never. */
int64_t refresh_next(store_txn_t *txn, const state_t *state, const keyset_t *set,
                     const clock_span_t *now);
