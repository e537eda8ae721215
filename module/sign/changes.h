/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What a batch of a sign run changes in the store: kept while it is signed, then stored.
 */
#pragma once

#include "module/denial/chain.h"
#include "module/denial/denial.h"
#include "module/sign/build.h"
#include "module/store/journal.h"

/*! A node or a chain's entry that changes. */
typedef struct {
	const state_chain_t *chain; /*!< NULL: a node. */
	uint32_t id;           /*!< In the tables. */
	const uint8_t *key;
	size_t key_len;
	const knot_dname_t *owner;
	name_kind_t kind;     /*!< Of a node's name. */
	uint8_t *stored;       /*!< As it will be stored; of length 0: it goes. */
	size_t stored_len;
	size_t prefix;         /*!< Bytes of it before the node. */
	uint32_t expiry;       /*!< Earliest expiration of a signature; 0 = none. */
	bool done;             /*!< An entry with links. */
	bool complete;         /*!< All of its chain have them. */
} change_t;

typedef struct {
	arena_t arena;
	change_t *list;
	size_t count, capacity;
} changes_t;

void changes_deinit(changes_t *changes);

/*! Keeps a node that changes, beyond the transaction it was read in, with its jobs. */
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
 * \param journal  NULL: it is not part of a version.
 */
int changes_store(const change_t *change, store_txn_t *txn, state_t *state, journal_t *journal);

/*!
 * Checks that an entry's links are those of its neighbours, after all changes are stored; or that
 * its neighbours are linked, if it has gone.
 *
 * \return KNOT_EOK, KNOT_ESEMCHECK (it is not), or an error of the store
 */
int changes_check_links(const change_t *change, store_txn_t *txn);

/*!
 * Checks that a chain denies no type of a node that changes, and not the node itself, and promises
 * nothing that it does not have.
 *
 * \param apex  Owner of the zone.
 * \return As above
 */
int changes_check_types(const change_t *change, store_txn_t *txn, const state_chain_t *chain,
                        const knot_dname_t *apex, denial_t *denial);
