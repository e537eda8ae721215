/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief An entry of a denial chain, NSEC or NSEC3: its key, its record, and its form in the store.
 *
 * The key is, for NSEC, the node_key() of the owner; for NSEC3, the hash of the name.
 */
#pragma once

#include "module/base/arena.h"
#include "module/rr/node.h"
#include "module/store/state.h"

#define ENTRY_HASH_LEN 20 /*!< Octets of a SHA-1, the one hash that NSEC3 has (RFC 5155). */

/*! An entry as it is stored. */
typedef struct {
	uint32_t children;        /*!< NSEC3: names right below it that have entries; not the
	                               apex. */
	const knot_dname_t *name; /*!< NSEC3: the name that is hashed; NSEC: NULL. */
	node_t node;              /*!< The NSEC or NSEC3 RRset; unsigned while it is not
	                               published. */
} chain_entry_t;

/*! What the NSEC or NSEC3 RRset of an entry says. */
typedef struct {
	const uint8_t *next;      /*!< Key of the next entry; NULL: the entry has no link yet. */
	size_t next_len;
	const uint8_t *bitmap;    /*!< Types at the name; of length 0 at an empty non-terminal. */
	size_t bitmap_len;
	uint32_t ttl;             /*!< Seconds. */
} entry_says_t;

/*!
 * Gives the key of a name's entry.
 * \param key  NODE_KEY_MAX bytes.
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int entry_key(const state_chain_t *params, const knot_dname_t *name, uint8_t *key,
              size_t *key_len);

/*! Gives the owner name of an entry. \return KNOT_EOK, KNOT_EMALF */
int entry_owner(const state_chain_t *params, const knot_dname_t *apex, const uint8_t *key,
                size_t key_len, knot_dname_storage_t owner);

/*!
 * Makes the NSEC or NSEC3 RRset of an entry.
 *
 * \param apex   What an NSEC without a link points to.
 * \param rrset  Its data is the arena's.
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int entry_rrset(const state_chain_t *params, const knot_dname_t *apex, const entry_says_t *says,
                arena_t *arena, node_rrset_t *rrset);

/*! \return Bytes before the node in an entry's stored form; an even number. */
size_t entry_prefix_size(const state_chain_t *params, const knot_dname_t *name);

/*! Writes these bytes. \param name, children  As in chain_entry_t. */
void entry_write_prefix(const state_chain_t *params, const knot_dname_t *name, uint32_t children,
                        uint8_t *out);

/*! Reads a stored entry; node_deinit(&entry->node) frees it. \return As node_read() */
int entry_read(const state_chain_t *params, const uint8_t *data, size_t len,
               chain_entry_t *entry);

/*!
 * Parses the RDATA of an entry's RRset.
 *
 * \param says  Its bitmap is borrowed from the node; its next is next.
 * \param next  NODE_KEY_MAX bytes.
 * \return KNOT_EOK, KNOT_EMALF
 */
int entry_parse(const state_chain_t *params, const node_t *node, entry_says_t *says,
                uint8_t *next);
