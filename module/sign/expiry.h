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

/*! \return Earliest expiration of a signature at a signed node, Unix seconds; 0 if it has none. */
uint32_t expiry_of(const node_t *node);

/*! \return Time of an entry of the queue. */
uint32_t expiry_time(const uint8_t *entry);

/*! Gives the key of the node of an entry. \return Octets of that key. */
size_t expiry_node(const uint8_t *entry, size_t entry_len, uint8_t *key);
