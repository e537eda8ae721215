/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The refresh queue: nodes by the earliest expiration of a signature at them.
 */
#pragma once

#include "module/rr/node.h"
#include "module/store/store.h"

/*!
 * Queues a node.
 *
 * \param id    Of the queue: that of the nodes, or of the chain.
 * \param when  Unix seconds; 0: nothing of the node expires, and nothing is done.
 */
int expiry_add(store_txn_t *txn, uint32_t id, uint32_t when, const uint8_t *key, size_t key_len);

/*! Takes a node out again. \param id, when  As above */
int expiry_remove(store_txn_t *txn, uint32_t id, uint32_t when, const uint8_t *key,
                  size_t key_len);

/*!
 * Goes through a queue, the earliest expiration first. Times are compared as those of RRSIGs are
 * (RFC 4034, section 3.1.5): of 2^32 seconds, the half before now has gone by.
 */
typedef struct {
	store_cursor_t cursor;
	uint32_t from;       /*!< The earliest time that there is. */
	bool wrapped;        /*!< The walk has come to 2^32, and goes on from 0. */
} expiry_walk_t;

/*! \param now  Unix seconds. \return KNOT_EOK, or an error of the store */
int expiry_open(expiry_walk_t *walk, store_txn_t *txn, uint32_t id, int64_t now);
void expiry_close(expiry_walk_t *walk);

/*! Moves to the next entry, which is then that of the cursor. \return KNOT_EOK, KNOT_ENOENT */
int expiry_next(expiry_walk_t *walk);

/*! \return Whether a time is not after another (RFC 1982). */
static inline bool expiry_by(uint32_t when, uint32_t by)
{
	return (int32_t)(when - by) <= 0;
}

/*! \return Earliest expiration of a signature at a signed node, Unix seconds; 0 if it has none. */
uint32_t expiry_of(const node_t *node);

/*! \return Time of an entry of the queue. */
uint32_t expiry_time(const uint8_t *entry);

/*! Gives the key of the node of an entry. \return Octets of that key. */
size_t expiry_node(const uint8_t *entry, size_t entry_len, uint8_t *key);
