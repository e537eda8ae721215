/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Signatures for answers: from the cache, or made while the query waits, for a bounded time.
 *
 * One for all zones of a storage. The threads of the sign pool make the signatures and verify them.
 */
#pragma once

#include "common/clock-mark.h"
#include "module/online/active.h"
#include "module/online/budget.h"
#include "module/online/cache.h"

typedef struct online online_t;

/*! Whom it calls, from a thread of its own. */
typedef struct {
	clock_span_t (*clock)(void *ctx); /*!< Within which it is now. */
	void *ctx;
	log_t *log;
} online_calls_t;

/*!
 * \param cache_size  Bytes, at most, of the signatures that are kept.
 * \return KNOT_EOK, KNOT_ENOMEM, or an error of the system
 */
int online_start(online_t **online, size_t cache_size, const online_calls_t *calls);

/*!
 * Stops and frees it; no zone uses it any more. NULL is allowed.
 * \return Whether it is; if not, after so many milliseconds, a token does not answer, and it has been left.
 */
bool online_stop(online_t *online, int64_t most_ms);

void online_set_cache_size(online_t *online, size_t cache_size);

/*! \return The budget of a thread of knotd's. */
budget_t *online_budget(online_t *online, unsigned thread);

/*** A zone. ***/

typedef struct {
	online_t *online;
	const knot_dname_t *name;  /*!< Borrowed. */
	signpool_verify_t verify;
	active_t *active;          /*!< Read under RCU; NULL: no keys were found yet. */
} online_zone_t;

/*! A keys_follow_f, whose context is an online_zone_t. */
void online_keys(void *ctx, keyring_t *ring, tokens_t *tokens);

/*! Nothing is signed for the zone any more; queries may still read it until RCU's next grace period. */
void online_leave(online_zone_t *zone);

/*** Signatures. ***/

/*! What became of a signature. */
typedef enum {
	ONLINE_CACHED,
	ONLINE_MADE,
	ONLINE_BUSY,    /*!< Too many are asked for: by the client's network, or by all. */
	ONLINE_LATE,    /*!< The token did not make it in time. */
	ONLINE_FAILED,  /*!< It could not be made. */
	ONLINE_RESULTS,
} online_result_t;

/*! \return Whether there is a signature. */
static inline bool online_has(online_result_t result)
{
	return result <= ONLINE_MADE;
}

/*!
 * Gets the signatures of an RRset by all keys that sign the zone. It waits as long as the asker may.
 * RCU has to know the thread.
 *
 * \param active   As read under RCU, the caller's read lock being held.
 * \param sigs     RRSIG RDATA, in mm's memory.
 */
online_result_t online_sign(online_t *online, active_t *active, const subject_t *subject,
                            const asker_t *asker, knot_rdataset_t *sigs, knot_mm_t *mm);
