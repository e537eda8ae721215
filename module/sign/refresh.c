/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/sign/refresh.h"

#include <libknot/errcode.h>

#include "module/sign/expiry.h"

/* Signatures of the share of one Resign: a smaller share is not worth a version of its own. */
#define SHARE_MIN 100

/* Seconds after which an expiration is not sure to be told from one to come: RRSIGs count to 2^32,
 * and of times that are further apart than half of that, either is before the other. */
#define COMPARABLE (INT64_C(1) << 30)

/*! Seconds from one signature of an RRset to the next; 0 with a key set that signs nothing. */
static int64_t cycle(const keyset_t *set, uint32_t validity)
{
	return (int64_t)validity - set->refresh;
}

static int64_t share_time(const keyset_t *set, uint32_t validity, int64_t seconds)
{
	const int64_t most = cycle(set, validity);
	return seconds < most ? seconds : most;
}

/*! How many entries are to be signed in some seconds if all are spread evenly. */
static uint64_t share(const state_part_t *part, const keyset_t *set, uint32_t validity,
                      int64_t seconds)
{
	const int64_t time = cycle(set, validity);
	return time > 0 ? part->queued * (uint64_t)share_time(set, validity, seconds) / time : 0;
}

static bool is_large(const state_part_t *part, const keyset_t *set, uint32_t validity)
{
	return share(part, set, validity, set->resign) >= SHARE_MIN;
}

int64_t refresh_since(const state_t *state, const keyset_t *set, int64_t now)
{
	return state->refreshed_at <= now ? state->refreshed_at : now - (int64_t)set->resign;
}

uint32_t refresh_due_by(const keyset_t *set, int64_t now)
{
	return now + set->refresh;
}

int refresh_find(store_txn_t *txn, const state_t *state, const keyset_t *set,
                 const refresh_queue_t *queue, int64_t now, refresh_t *refresh)
{
	const size_t most = queue->most;
	const int64_t elapsed = now - refresh_since(state, set, now);
	const bool spread = elapsed >= (int64_t)set->resign &&
	                    is_large(queue->part, set, queue->validity);
	const uint64_t wanted = spread ? share(queue->part, set, queue->validity, elapsed) : 0;
	const uint32_t due_by = refresh_due_by(set, now);
	refresh_t found = { .expires_by = due_by };
	expiry_walk_t walk;
	int ret = expiry_open(&walk, txn, queue->id, now);
	while (ret == KNOT_EOK && (ret = expiry_next(&walk)) == KNOT_EOK) {
		const uint32_t when = expiry_time(walk.cursor.key);
		const bool due = expiry_by(when, due_by);
		if (found.most == most && (due || most < wanted)) {
			found.behind = due ? elapsed :
			               share_time(set, queue->validity, elapsed) *
			               (int64_t)(wanted - most) / (int64_t)wanted;
			break;
		}
		if (!due && found.most >= wanted) {
			break;
		}
		found.expires_by = due ? due_by : when;
		found.most++;
	}
	expiry_close(&walk);
	if (ret == KNOT_EOK || ret == KNOT_ENOENT) {
		*refresh = found;
		ret = KNOT_EOK;
	}
	return ret;
}

int64_t refresh_expires(store_txn_t *txn, const state_t *state, int64_t now)
{
	const uint32_t ids[] = { state->nodes, state->chain.id };
	int64_t expires = 0;
	for (size_t i = 0; i < 2; i++) {
		expiry_walk_t walk;
		if (ids[i] != 0 && expiry_open(&walk, txn, ids[i], now) == KNOT_EOK) {
			if (expiry_next(&walk) == KNOT_EOK) {
				const uint32_t left = expiry_time(walk.cursor.key) - (uint32_t)now;
				const int64_t when = now + (int32_t)left;
				expires = expires == 0 || when < expires ? when : expires;
			}
			expiry_close(&walk);
		}
	}
	return expires;
}

/*! \return When the first signature is due, 0 = never. */
static int64_t first_due(store_txn_t *txn, const state_t *state, const keyset_t *set, int64_t now)
{
	const int64_t expires = refresh_expires(txn, state, now);
	return expires != 0 ? expires - (int64_t)set->refresh : 0;
}

bool refresh_is_mixed(const state_t *state, const keyset_t *set, const clock_span_t *now)
{
	const int64_t begin = state->signed_at - (int64_t)state->signed_doubt -
	                      (int64_t)set->inception_offset;
	return state->version > 0 && !state->passthrough &&
	       (begin > now->from || now->to - begin > COMPARABLE);
}

bool refresh_is_long(const state_t *state, const keyset_t *set, const clock_span_t *now)
{
	return state->version > 0 && !state->passthrough &&
	       state->signed_at - (int64_t)set->inception_offset > now->to;
}

/*! Counts what is due in a queue, but no more than some. */
static unsigned count_due(store_txn_t *txn, uint32_t id, uint32_t refresh, int64_t now,
                          unsigned most)
{
	unsigned count = 0;
	expiry_walk_t walk;
	if (id == 0 || expiry_open(&walk, txn, id, now) != KNOT_EOK) {
		return 0;
	}
	while (count < most && expiry_next(&walk) == KNOT_EOK &&
	       (int32_t)(expiry_time(walk.cursor.key) - (uint32_t)now) <= (int64_t)refresh) {
		count++;
	}
	expiry_close(&walk);
	return count;
}

bool refresh_is_due(store_t *store, const state_t *state, const keyset_t *set, int64_t now)
{
	/* The apex may be due for what was signed ahead: that is none of the signer's work. */
	const unsigned given = keyset_has_bundle(set);
	store_txn_t txn;
	if (store_read(store, &txn) != KNOT_EOK) {
		return false;
	}
	const bool due = count_due(&txn, state->nodes, set->refresh, now, 1 + given) > given ||
	                 count_due(&txn, state->chain.id, set->refresh, now, 1) > 0;
	store_abort(&txn);
	return due;
}

int64_t refresh_next(store_txn_t *txn, const state_t *state, const keyset_t *set,
                     const clock_span_t *now)
{
	if (refresh_is_mixed(state, set, now) || refresh_is_long(state, set, now)) {
		return now->to;
	}
	int64_t due = first_due(txn, state, set, now->to);
	const int64_t soonest = refresh_since(state, set, now->to) + set->resign;
	if (due != 0 &&
	    (due < soonest || is_large(&state->size.nodes, set, set->validity_default) ||
	     is_large(&state->size.chain, set, set->validity_denial))) {
		return soonest;
	}
	return due;
}
