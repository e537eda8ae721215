/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The denial chain of a zone, NSEC or NSEC3: how changes of names change it.
 *
 * Entries are in the order of their keys (entry.h). Each entry points to the next, the last one to
 * the first. Changes are collected over a snapshot of the stored chain; chain_link() then finds
 * which entries they touch, and what those point to.
 */
#pragma once

#include "module/denial/entry.h"

/*! A change of an entry. Keys and bitmaps are borrowed from the snapshot or the chain's arena. */
typedef struct {
	const uint8_t *key;
	size_t key_len;
	const knot_dname_t *name; /*!< NSEC3: the name that is hashed; NSEC: NULL. */
	chain_entry_t old;        /*!< As it is stored, if it was in the chain. */
	bool was, is;             /*!< Whether it was in the chain before, and is now. */
	bool write;               /*!< It is made anew, even if nothing of it changes. */
	uint32_t children;        /*!< As in chain_entry_t. */
	const uint8_t *bitmap;    /*!< Types at the name; of length 0 at an empty non-terminal. */
	size_t bitmap_len;
	const uint8_t *next;      /*!< Key of the next entry; NULL until chain_link(), or if
	                               links are not made yet. */
	size_t next_len;
	const uint8_t *around;    /*!< Nearest stored entry that no change touches. */
	size_t around_len;
} chain_edit_t;

typedef struct {
	store_txn_t *txn;
	const state_chain_t *params;
	const state_chain_t *published; /*!< Another chain, made by the same parameters, whose
	                                     signatures can be used; NULL: none. */
	const knot_dname_t *apex;
	store_cursor_t cursor;
	arena_t arena;
	void *tree;               /*!< tsearch(3) tree of the edits by key. */
	chain_edit_t **edits;     /*!< In the order of their keys after chain_link(). */
	size_t count, capacity;
	/*! Key before which entries have links and signatures; of length 0: no entry has. */
	const uint8_t *done;
	size_t done_len;
	bool complete;            /*!< All entries have links and signatures. */
} chain_t;

/*! \param txn  Read transaction, which has to outlive the chain. */
int chain_open(chain_t *chain, store_txn_t *txn, const state_chain_t *params,
               const knot_dname_t *apex);

/*! A chain that is zeroed, and was not opened, is allowed. */
void chain_close(chain_t *chain);

/*!
 * Tells the chain what is at a name.
 *
 * \param bitmap  Types at the name, as NSEC has them; copied.
 * \param len     0: the name has no entry for itself.
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_EEXIST (another name has the same hash), KNOT_EMALF
 */
int chain_set(chain_t *chain, const knot_dname_t *name, const uint8_t *bitmap, size_t len);

/*! Has an entry made anew. \return As chain_set() */
int chain_touch(chain_t *chain, const uint8_t *key, size_t key_len);

/*!
 * Finds the entries whose links change, and all links. The entries to be made are then those with
 * 'is' of which chain_changes() is true.
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_EMALF, or an error of the store
 */
int chain_link(chain_t *chain);

/*! \return Whether an entry has, or gets, a link and signatures. */
bool chain_is_done(const chain_t *chain, const chain_edit_t *edit);

/*! \return Whether an entry has to be stored anew or removed, as far as the chain can tell. */
bool chain_changes(const chain_edit_t *edit);

/*! Makes the NSEC or NSEC3 RRset of an entry. \return As entry_rrset() */
int chain_rrset(const chain_t *chain, const chain_edit_t *edit, uint32_t ttl, arena_t *arena,
                node_rrset_t *rrset);
