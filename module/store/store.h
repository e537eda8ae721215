/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The store: all zones of a server in one LMDB environment.
 *
 * Keys of tables begin with an id: of the input, of the signed nodes, of a chain, or of the zone.
 * So a walk over a zone is a walk of a cursor:
 *
 *     input    node_key()                     unsigned node, as the source has it
 *     signed   node_key()                     node as published, with RRSIGs
 *     chain    node_key() or NSEC3's hash     entry of a denial chain, with RRSIGs
 *     dirty    node_key()                     change of the input that is not in signed yet; value:
 *                                             its count (state.h)
 *     expiry   time (4 octets), node_key()    earliest expiration of an RRSIG at the node
 *     journal  version (8), half (2), part (4) what left (0) and what came (1) with a version
 *
 * and, by zone name, "zones" (the zone's state), "keysets" (its key set's text), "sources" (the
 * state of its input), "gone" (since when it is not configured), "held" (what it holds back),
 * "inforce" (the text of the key set that its newest version was made with); and "clock", "acts".
 * Keys are of even length, except where the data is empty: in expiry a key lacks the zeros that
 * close a node_key(), since it would be too long for LMDB by an octet.
 *
 * The process has one write transaction at a time; those of several threads become durable together
 * (group.h). Readers never wait, and see what is durable. A store may be used by any thread, a
 * transaction and its cursors by one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lmdb.h>
#include <libknot/dname.h>
#include <libknot/errcode.h>

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

/*! A place among the entries of an id in a table. */
typedef struct {
	MDB_cursor *cursor;
	uint32_t id;
	const uint8_t *key;  /*!< Without the id; borrowed until the cursor moves or the table
	                          changes. */
	size_t key_len;
	const uint8_t *data; /*!< Aligned to two bytes; borrowed as key. */
	size_t data_len;
} store_cursor_t;

/*! Error of all functions: a part of data.mdb, which was whole, cannot be read any more. What has
 * been read since the transaction began is of no use. It stays so until the store is opened anew. */
#define STORE_LOST KNOT_EFILE

/*!
 * Opens the environment, makes the folder (mode 0770) if it is missing. The process then has the
 * folder for itself.
 *
 * \param err  Path, reason, remedy.
 * \return KNOT_EOK, KNOT_EBUSY (another process has the folder), KNOT_ESPACE, or another error
 */
int store_open(store_t **store, const char *path, char *err, size_t err_size);

/*! All transactions must be over. NULL is allowed. */
void store_close(store_t *store);

/*! \return Whether STORE_LOST has come to pass. */
bool store_lost(const store_t *store);

/*! Sets a function that is told when a thread waits to write, and when it goes on; to be called
 * before any thread writes. */
void store_set_wait(store_t *store, group_wait_f wait, void *ctx);

/*! \return Text of an error of the store, with the remedy if there is one. */
const char *store_strerror(int ret);

/*!
 * Begins a transaction, to be ended by store_commit(), store_abort() or store_end().
 * \return KNOT_EOK or an error
 */
int store_read(store_t *store, store_txn_t *txn);
int store_write(store_t *store, store_txn_t *txn);

/*!
 * Commits: what was written is then on the disk. A commit that fails is an abort.
 * \return KNOT_EOK, KNOT_ESPACE (disk full), others
 */
int store_commit(store_txn_t *txn);
void store_abort(store_txn_t *txn);

/*! Commits a transaction if what was done in it returned KNOT_EOK, else aborts it. \return As
 * above */
int store_end(store_txn_t *txn, int ret);

/*** Zone records, by name. ***/

typedef enum {
	STORE_STATE,
	STORE_KEYSET,
	STORE_SOURCE,
	STORE_GONE,   /*!< Since when the zone is not configured any more. */
	STORE_HELD,   /*!< What it holds back (held.h). */
	STORE_IN_FORCE, /*!< Text of the key set that the newest version was made with. */
	STORE_CLOCK,  /*!< Of no zone, by the name of the root: when the clock was believed last. */
	STORE_ACTS,   /*!< Of no zone, by the name of the root: what persons did (acts.h). */
	STORE_RECORDS,
} store_record_t;

/*!
 * \return KNOT_EOK, KNOT_ENOENT; KNOT_EMALF if a key set's text does not end. Data is borrowed
 * until the transaction ends.
 */
int store_get(store_txn_t *txn, store_record_t record, const knot_dname_t *zone,
              const void **data, size_t *len);
int store_set(store_txn_t *txn, store_record_t record, const knot_dname_t *zone,
              const void *data, size_t len);

/*! Removes a record; it is no error if there is none. */
int store_unset(store_txn_t *txn, store_record_t record, const knot_dname_t *zone);

/*! Reads the number of the form in which all is stored (state.h); 0: by a version that noted none. */
int store_form(store_txn_t *txn, uint32_t *form);
int store_set_form(store_txn_t *txn, uint32_t form);

/*!
 * Goes through the names that have such a record.
 * \param name   The name before; becomes the next name.
 * \param first  There is no name before.
 * \return KNOT_EOK, KNOT_ENOENT, KNOT_EMALF (it is no name)
 */
int store_next_name(store_txn_t *txn, store_record_t record, knot_dname_storage_t name,
                    bool first);

/*! Notes an id whose entries are no longer needed, and are to be swept. */
int store_abandon(store_txn_t *txn, uint32_t id);

/*! Removes that note. */
int store_abandoned_gone(store_txn_t *txn, uint32_t id);

/*! Finds one of the noted ids. \return KNOT_EOK, KNOT_ENOENT */
int store_abandoned(store_txn_t *txn, uint32_t *id);

/*! Takes an id that was never used. */
int store_new_id(store_txn_t *txn, uint32_t *id);

/*! The same outside of a transaction; an id that is not used is lost. */
int store_spare_id(store_t *store, uint32_t *id);

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

/*! Stores an entry; an entry that is there is replaced. */
int store_put(store_txn_t *txn, const store_key_t *key, const void *data, size_t len);

/*! Removes an entry; it is no error if there is none. */
int store_del(store_txn_t *txn, const store_key_t *key);

/*! Removes all entries of an id. */
int store_clear(store_txn_t *txn, store_table_t table, uint32_t id);

/*!
 * Removes some of the entries of an id.
 * \param most  How many at most; the number of removed entries is subtracted.
 */
int store_clear_some(store_txn_t *txn, store_table_t table, uint32_t id, size_t *most);

/*! Opens a cursor before the first entry of an id. */
int store_cursor(store_txn_t *txn, store_table_t table, uint32_t id, store_cursor_t *cursor);
void store_cursor_close(store_cursor_t *cursor);

/*! Removes the entry that a cursor is at; store_next() then moves to the entry behind it. */
int store_cursor_del(store_cursor_t *cursor);

/*! Moves to the next, or the previous, entry of the id. \return KNOT_EOK, KNOT_ENOENT */
int store_next(store_cursor_t *cursor);
int store_prev(store_cursor_t *cursor);
/*! Moves to the first entry at or behind a key. */
int store_seek(store_cursor_t *cursor, const uint8_t *key, size_t key_len);
/*! Moves to the last entry before a key; to the id's last entry if key_len is 0. */
int store_seek_before(store_cursor_t *cursor, const uint8_t *key, size_t key_len);
