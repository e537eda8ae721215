/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Signatures that were made for answers, by subject; bounded in bytes.
 *
 * Those who look something up never wait: they read under RCU. Those who add something wait for each
 * other only. What has been asked for since the hand of a clock came by last stays longer than what
 * was asked for once: a flood of names that nobody asks for again passes through.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/mm_ctx.h>
#include <libknot/rdataset.h>

#include "common/clock-mark.h"
#include "module/online/siphash.h"
#include "module/online/subject.h"

typedef struct cache cache_t;

/*! How long signatures are good; Unix seconds. */
typedef struct {
	int64_t from;    /*!< The inception. */
	int64_t renew;   /*!< From then on they are to be made anew. */
	int64_t until;   /*!< The expiration. */
} cache_times_t;

/*! \param limit  Bytes, as they are asked of malloc(). \return KNOT_EOK, KNOT_ENOMEM */
int cache_new(cache_t **cache, size_t limit, siphash_key_t secret);

/*! Nobody reads it any more. NULL is allowed. */
void cache_free(cache_t *cache);

/*! Changes the limit; what is too much goes as other things come. From any thread. */
void cache_limit(cache_t *cache, size_t limit);

/*!
 * Looks up signatures that are good now. RCU has to know the thread.
 *
 * \param now    They are good at both ends of it.
 * \param sigs   RRSIG RDATA, copied into mm's memory.
 * \param renew  Whether they are to be made anew.
 * \return KNOT_EOK, KNOT_ENOENT, KNOT_ENOMEM
 */
int cache_find(cache_t *cache, const subject_t *subject, clock_span_t now,
               knot_rdataset_t *sigs, knot_mm_t *mm, bool *renew);

/*! Adds signatures, in place of those of the same subject; or does not, if there is no room. From any
 *  thread. \param data, len  The subject's bytes. */
void cache_add(cache_t *cache, const uint8_t *data, size_t len, const knot_rdataset_t *sigs,
               const cache_times_t *times);

/*! Forgets all. From any thread. */
void cache_forget(cache_t *cache);

/*! Frees what has been replaced, once nobody reads it: waits for all that read something under RCU.
 *  For one thread, which does not read itself. */
void cache_sweep(cache_t *cache);

/*! \return Whether there is so much to sweep that it should be soon. */
bool cache_is_dirty(const cache_t *cache);

/*! \return Bytes, with those to be swept. */
size_t cache_bytes(const cache_t *cache);
