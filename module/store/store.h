/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The store: all zones of a server in one LMDB environment.
 *
 * Tables whose keys begin with an id, of the input, of the signed nodes, of a chain, or of the zone, so
 * that a walk over a zone is a walk of a cursor:
 *
 *     input    node_key()                     unsigned node, as the source has it
 *     signed   node_key()                     node as published, with RRSIGs
 *     chain    node_key() or NSEC3's hash     entry of a denial chain, with RRSIGs
 *     dirty    node_key()                     input changed and is not yet in signed; value: when
 *     expiry   time (4 octets), node_key()    earliest expiration of an RRSIG at the node
 *     journal  version (8), half (2), part (4) what left (0) and what came (1) with a version
 *
 * and, by zone name, "zones" (the zone's state), "keysets" (its key set's text), "sources" (the
 * state of its input) and "gone" (since when it is not configured).
 * Keys are of even length, but where the data is empty (expiry, whose key would be too long for
 * LMDB by an octet: it is without the zeros that close a node_key()).
 * A write transaction is the only one at a time, in all of the process; those of several threads
 * become durable together (group.h). Readers never wait, and see what is durable.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lmdb.h>
#include <libknot/dname.h>

#include "module/rr/node.h"
#include "module/store/group.h"

typedef enum {
	STORE_INPUT,
	STORE_SIGNED,
	STORE_CHAIN,
	STORE_DIRTY,
	STORE_EXPIRY,
	STORE_JOURNAL,
	STORE_TABLES,
} store_table_t;

/*! Where an entry is. */
typedef struct {
	store_table_t table;
	uint32_t id;         /*!< Of the input, of the signed nodes, of a chain, or of the zone. */
	const uint8_t *key;
	size_t key_len;
} store_key_t;

typedef struct store store_t;

typedef struct {
	store_t *store;
	MDB_txn *txn;
	bool writes;
} store_txn_t;

/*! A place in a zone's part of a table. */
typedef struct {
	MDB_cursor *cursor;
	uint32_t zone_id;
	const uint8_t *key;  /*!< Without the zone's id; borrowed until cursor or table change. */
	size_t key_len;
	const uint8_t *data; /*!< Aligned to two bytes; borrowed as key. */
	size_t data_len;
} store_cursor_t;

/*!
 * Opens the environment, makes the folder (mode 0770) if it is missing.
 *
 * \param err  Path, reason, remedy.
 * \return KNOT_EOK or an error
 */
int store_open(store_t **store, const char *path, char *err, size_t err_size);

/*! All transactions must be over. NULL is allowed. */
void store_close(store_t *store);

/*! Sets who is told when a thread waits to write, and goes on; before any does. */
void store_set_wait(store_t *store, group_wait_f wait, void *ctx);

/*! \return Text of an error of the store, with the remedy if there is one. */
const char *store_strerror(int ret);

/*! Begins a transaction. \return KNOT_EOK or an error */
int store_read(store_t *store, store_txn_t *txn);
int store_write(store_t *store, store_txn_t *txn);

/*!
 * Ends it, with what was written on the disk; a failed commit is an abort.
 * \return KNOT_EOK, KNOT_ESPACE (disk full), others
 */
int store_commit(store_txn_t *txn);
void store_abort(store_txn_t *txn);

/*** Zone records, by name. ***/

typedef enum {
	STORE_STATE,
	STORE_KEYSET,
	STORE_SOURCE,
	STORE_GONE,   /*!< Since when the zone is not configured any more. */
	STORE_RECORDS,
} store_record_t;

/*!
 * \return KNOT_EOK, KNOT_ENOENT; KNOT_EMALF if a key set's text does not end. Data is borrowed until the
 *         transaction ends.
 */
int store_get(store_txn_t *txn, store_record_t record, const knot_dname_t *zone,
              const void **data, size_t *len);
int store_set(store_txn_t *txn, store_record_t record, const knot_dname_t *zone,
              const void *data, size_t len);

/*! Removes a record; none is no error. */
int store_unset(store_txn_t *txn, store_record_t record, const knot_dname_t *zone);

/*!
 * Goes through the names that have such a record.
 * \param name   The one before; becomes the next.
 * \param first  There is none before.
 * \return KNOT_EOK, KNOT_ENOENT, KNOT_EMALF (it is no name)
 */
int store_next_name(store_txn_t *txn, store_record_t record, knot_dname_storage_t name,
                    bool first);

/*! Notes an id of which nobody needs the entries any more; and takes back such a note. */
int store_abandon(store_txn_t *txn, uint32_t id);
int store_abandoned_gone(store_txn_t *txn, uint32_t id);

/*! Finds one of the ids that were noted. \return KNOT_EOK, KNOT_ENOENT */
int store_abandoned(store_txn_t *txn, uint32_t *id);

/*! Takes a zone id that was never used. */
int store_new_id(store_txn_t *txn, uint32_t *zone_id);

/*! The same outside of a transaction; one that is not used then is lost. */
int store_spare_id(store_t *store, uint32_t *zone_id);

/*** Tables. ***/

/*! Finds an entry. \return KNOT_EOK, KNOT_ENOENT. Data is borrowed as by a cursor. */
int store_find(store_txn_t *txn, const store_key_t *key, const uint8_t **data, size_t *len);

/*!
 * Reads an entry that is a node; an entry that is not there is a node without RRsets.
 *
 * \param node  Overwritten; its data is borrowed as by a cursor, node_deinit() after use.
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_EMALF, or an error of the store
 */
int store_find_node(store_txn_t *txn, const store_key_t *key, node_t *node);

/*! Stores an entry; one that is there is replaced. */
int store_put(store_txn_t *txn, const store_key_t *key, const void *data, size_t len);

/*! Removes an entry; it is no error if there is none. */
int store_del(store_txn_t *txn, const store_key_t *key);

/*! Removes all of a zone's entries. */
int store_clear(store_txn_t *txn, store_table_t table, uint32_t zone_id);

/*!
 * Removes some of an id's entries.
 * \param most  How many at most; those that it has removed are subtracted.
 */
int store_clear_some(store_txn_t *txn, store_table_t table, uint32_t zone_id, size_t *most);

/*! Opens a cursor before the first entry. */
int store_cursor(store_txn_t *txn, store_table_t table, uint32_t zone_id, store_cursor_t *cursor);
void store_cursor_close(store_cursor_t *cursor);

/*! Removes the entry a cursor is at; store_next() then moves to the one behind it. */
int store_cursor_del(store_cursor_t *cursor);

/*! Moves. \return KNOT_EOK, KNOT_ENOENT when there is no such entry of the zone */
int store_next(store_cursor_t *cursor);
int store_prev(store_cursor_t *cursor);
/*! Moves to the first entry at or behind a key. */
int store_seek(store_cursor_t *cursor, const uint8_t *key, size_t key_len);
/*! Moves to the last entry before a key; before the end of the zone's entries if key_len is 0. */
int store_seek_before(store_cursor_t *cursor, const uint8_t *key, size_t key_len);
