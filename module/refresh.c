/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/refresh.h"

#include <libknot/errcode.h>

#include "module/expiry.h"

/* A share smaller than that is not worth a version of its own. */
#define SHARE_MIN 100

/*! Entries that should be signed in some seconds, if all were spread evenly. */
static uint64_t share(const state_part_t *part, const keyset_t *set, uint32_t validity,
                      int64_t seconds)
{
	const int64_t cycle = (int64_t)validity - set->refresh;
	if (cycle <= 0 || seconds <= 0) {
		return 0;
	}
	return part->queued * (uint64_t)(seconds < cycle ? seconds : cycle) / cycle;
}

static bool is_large(const state_part_t *part, const keyset_t *set, uint32_t validity)
{
	return share(part, set, validity, set->resign) >= SHARE_MIN;
}

int refresh_find(store_txn_t *txn, const state_t *state, const keyset_t *set, uint32_t id,
                 const state_part_t *part, uint32_t validity, int64_t now, size_t most,
                 refresh_t *refresh)
{
	*refresh = (refresh_t) { .expires_by = now + set->refresh, .most = most };
	const int64_t elapsed = now - state->refreshed_at;
	if (elapsed < (int64_t)set->resign || !is_large(part, set, validity)) {
		return KNOT_EOK;
	}
	uint64_t left = share(part, set, validity, elapsed);
	left = left < most ? left : most;
	store_cursor_t cursor;
	uint64_t due = 0;
	uint32_t last = 0;
	int ret = store_cursor(txn, STORE_EXPIRY, id, &cursor);
	while (ret == KNOT_EOK && due < left && (ret = store_next(&cursor)) == KNOT_EOK) {
		last = expiry_time(cursor.key);
		due++;
	}
	store_cursor_close(&cursor);
	if (due > 0 && (int32_t)(last - refresh->expires_by) > 0) {
		refresh->expires_by = last;
		refresh->most = due;
	}
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

/*! \return When the first signature is due, 0 = never. */
static int64_t first_due(store_txn_t *txn, const state_t *state, const keyset_t *set, int64_t now)
{
	const uint32_t ids[] = { state->nodes, state->chain.id };
	int64_t due = 0;
	for (size_t i = 0; i < 2; i++) {
		store_cursor_t cursor;
		if (ids[i] != 0 && store_cursor(txn, STORE_EXPIRY, ids[i], &cursor) == KNOT_EOK) {
			if (store_next(&cursor) == KNOT_EOK) {
				int64_t when = now + (int32_t)(expiry_time(cursor.key) - now) -
				               (int64_t)set->refresh;
				due = due == 0 || when < due ? when : due;
			}
			store_cursor_close(&cursor);
		}
	}
	return due;
}

bool refresh_is_due(store_txn_t *txn, const state_t *state, const keyset_t *set, int64_t now)
{
	const int64_t due = first_due(txn, state, set, now);
	return due != 0 && due <= now;
}

int64_t refresh_next(store_txn_t *txn, const state_t *state, const keyset_t *set, int64_t now)
{
	int64_t due = first_due(txn, state, set, now);
	const int64_t soonest = state->refreshed_at + set->resign;
	if (due != 0 && (due < soonest || is_large(&state->size.nodes, set, set->validity_default) ||
	    is_large(&state->size.chain, set, set->validity_denial))) {
		return soonest;
	}
	return due;
}
