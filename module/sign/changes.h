/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The changes of a batch: kept in memory while they are signed, then stored.
 */
#pragma once

#include "module/denial/chain.h"
#include "module/denial/denial.h"
#include "module/sign/build.h"
#include "module/store/journal.h"

/*! A node or a chain's entry that changes. */
typedef struct {
	const state_chain_t *chain; /*!< NULL: a node. */
	uint32_t id;           /*!< In the store's tables. */
	const uint8_t *key;
	size_t key_len;
	const knot_dname_t *owner;
	name_kind_t kind;      /*!< Of a node's name. */
	uint8_t *stored;       /*!< The stored form; of length 0: the node or entry goes. */
	size_t stored_len;
	size_t prefix;         /*!< Bytes of the stored form before the node. */
	uint32_t expiry;       /*!< Earliest expiration of a signature; 0 = none. */
	bool done;             /*!< An entry that has, or gets, a link. */
	bool complete;         /*!< All entries of its chain have links. */
} change_t;

typedef struct {
	arena_t arena;
	change_t *list;
	size_t count, capacity;
} changes_t;

void changes_deinit(changes_t *changes);

/*! Keeps a node that changes, and its jobs, beyond the transaction that it was read in. */
int changes_keep_node(changes_t *changes, build_t *build, build_node_t *bn, uint32_t id,
                      size_t first_job);

/*!
 * Makes the entries of a linked chain that change, and keeps them and their jobs.
 * \param max_ttl  Raised to the largest TTL.
 */
int changes_make_entries(changes_t *changes, build_t *build, const chain_t *chain,
                         uint32_t *max_ttl);

/*!
 * Stores a change, and counts its signatures in the state.
 * \param journal  NULL: the change is not part of a version.
 */
int changes_store(const change_t *change, store_txn_t *txn, state_t *state, journal_t *journal);

/*!
 * Checks, after all changes are stored, that an entry is linked with its neighbours; or, if it has
 * gone, that its neighbours are linked with each other.
 *
 * \return KNOT_EOK, KNOT_ESEMCHECK (they are not), or an error of the store
 */
int changes_check_links(const change_t *change, store_txn_t *txn);

/*!
 * Checks that a chain's entry has just the types of a node that changes: that it denies neither the
 * node nor a type of it, and promises no type that the node does not have.
 *
 * \param apex  Name of the zone.
 * \return As changes_check_links()
 */
int changes_check_types(const change_t *change, store_txn_t *txn, const state_chain_t *chain,
                        const knot_dname_t *apex, denial_t *denial);
