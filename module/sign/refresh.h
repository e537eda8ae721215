/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief When signatures are made anew: those that are due, and, in a large zone, so many of the
 * next ones that the work is spread over the time that signatures live.
 *
 * Signatures of a first signing are all of one time, but for the policy's jitter. If they were left
 * until they are due, a large zone would be signed as a whole, again and again. So each time that
 * the policy's Resign has gone by, the share of the zone that goes with this time is signed, due
 * or not. It is the same number of signatures in the long run, and each lives no longer than the
 * policy says.
 */
#pragma once

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
	int64_t behind;      /*!< Seconds of work that do not fit in. */
} refresh_t;

/*! \return Up to when the refresh has come; the time to look anew if the clock was set back. */
int64_t refresh_since(const state_t *state, const keyset_t *set, int64_t now);

/*! \return By when signatures expire that are due now: within the policy's Refresh from now. */
uint32_t refresh_due_by(const keyset_t *set, int64_t now);

/*! Finds what to take. \return KNOT_EOK, or an error of the store */
int refresh_find(store_txn_t *txn, const state_t *state, const keyset_t *set,
                 const refresh_queue_t *queue, int64_t now, refresh_t *refresh);

/*! \return Whether signatures are due now. */
bool refresh_is_due(store_txn_t *txn, const state_t *state, const keyset_t *set, int64_t now);

/*! \return When to look at signatures next, Unix seconds; 0 = never. */
int64_t refresh_next(store_txn_t *txn, const state_t *state, const keyset_t *set, int64_t now);
