/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The denial chain of a zone, NSEC or NSEC3: how changes of names change it.
 *
 * Entries are in the order of their keys: of NSEC, the node_key(); of NSEC3, the hash. Each
 * points to the next, the last to the first. Changes are collected over a snapshot of the stored
 * chain; then it is found out which entries they touch, and what those point to.
 */
#pragma once

#include "module/denial/entry.h"

/*! A change of an entry. Keys and bitmaps are borrowed from the snapshot or the chain's arena. */
typedef struct {
	const uint8_t *key;
	size_t key_len;
	const knot_dname_t *name; /*!< As above. */
	chain_entry_t old;        /*!< As stored, if it was. */
	bool was, is;             /*!< In the chain, before and now. */
	bool write;               /*!< To be made anew, changed or not. */
	uint32_t children;
	const uint8_t *bitmap;    /*!< Types at the name; of length 0 at an empty non-terminal. */
	size_t bitmap_len;
	const uint8_t *next;      /*!< Key of the next entry, if links are known. */
	size_t next_len;
	const uint8_t *around;    /*!< Nearest stored entry that no change touches. */
	size_t around_len;
} chain_edit_t;

typedef struct {
	store_txn_t *txn;
	const state_chain_t *params;
	const state_chain_t *published; /*!< Another one whose signatures are as good; NULL: none. */
	const knot_dname_t *apex;
	store_cursor_t cursor;
	arena_t arena;
	void *tree;               /*!< tsearch(3) tree of the edits by key. */
	chain_edit_t **edits;     /*!< In the order of their keys after chain_link(). */
	size_t count, capacity;
	/*! Entries behind a key have no links and no signatures yet; of length 0: none has. */
	const uint8_t *done;
	size_t done_len;
	bool complete;            /*!< All have. */
} chain_t;

/*! \param txn  Read transaction, which has to outlive the chain. */
int chain_open(chain_t *chain, store_txn_t *txn, const state_chain_t *params,
               const knot_dname_t *apex);

/*! A chain that was not opened, but zeroed, is allowed. */
void chain_close(chain_t *chain);

/*!
 * Says what is at a name.
 *
 * \param bitmap  Types at the name, as NSEC has them; copied.
 * \param len     0: it is none that has an entry for itself.
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_EEXIST (another name has the same hash), KNOT_EMALF
 */
int chain_set(chain_t *chain, const knot_dname_t *name, const uint8_t *bitmap, size_t len);

/*! Has an entry made anew. \return As above */
int chain_touch(chain_t *chain, const uint8_t *key, size_t key_len);

/*!
 * Finds the entries whose links change, and all links.
 *
 * Entries to be made are those with 'is' of which chain_changes() is true.
 */
int chain_link(chain_t *chain);

/*! \return Whether an entry is there to be seen: with a link and signatures. */
bool chain_is_done(const chain_t *chain, const chain_edit_t *edit);

/*! \return Whether an entry has to be stored anew or removed, as far as can be told here. */
bool chain_changes(const chain_edit_t *edit);

/*! Makes the NSEC or NSEC3 RRset of an entry; its data is the arena's. */
int chain_rrset(const chain_t *chain, const chain_edit_t *edit, uint32_t ttl, arena_t *arena,
                node_rrset_t *rrset);
