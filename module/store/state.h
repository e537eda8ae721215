/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What the store keeps of a zone as a whole.
 *
 * It is stored as two records, each with a writer of its own: the input's record is written by the
 * source or update that changes the input, the signed zone's by the worker that signs it. So the
 * input can change while it is being signed.
 *
 * The structs below are stored as they are: their fields stay where they are (state.c asserts it).
 */
#pragma once

#include <sys/stat.h>

#include "module/store/store.h"

/*!
 * The form of all that is stored. It changes when a record or a table does, and upgrade.c gets a step: a
 * store of an older form is brought up to it, one of a newer form is refused.
 */
#define STATE_FORM 7

/*! Which file the input came from; a file that differs in any of these fields is read again. */
typedef struct {
	int64_t mtime_ns;
	uint64_t size, inode, device;
} state_file_t;

/*! What is published of one key (algorithm, key tag). */
typedef struct {
	uint64_t signatures;  /*!< RRSIGs, without those over the apex's DNSKEY, CDS and CDNSKEY. */
	uint64_t chained;     /*!< Of these, those over the denial chain. */
	uint64_t next, next_chained; /*!< The same of what is prepared, and not yet published. */
	int64_t last_gone;    /*!< When knotd first took a version without signatures of the key,
	                           Unix seconds; -1 = such a version is made, but not yet taken;
	                           0 = there are signatures, or never were any. */
	uint32_t last_gone_serial; /*!< Of that version. */
	uint16_t keytag;
	uint8_t algorithm;
} state_key_t;

/*! The input, that is, the unsigned zone. */
typedef struct {
	state_file_t file;      /*!< The file that it was read from last. */
	uint32_t nodes;         /*!< Id of its nodes in the store's tables. */
	uint32_t next_nodes;    /*!< Id of nodes that are to take their place, but may not be
	                             complete; 0 = none. */
	uint64_t count;         /*!< Counts the changes of the input; 0 = there is no input yet. */
	uint64_t whole;         /*!< The count when the input was last replaced as a whole: any node
	                             can have changed then without being marked as dirty. */
	uint64_t names;         /*!< Names in the input. */
	uint64_t updates;       /*!< UPDATE messages that changed it since the file was read. */
	uint32_t serial;        /*!< Of its SOA. */
	uint32_t refresh, retry, expire; /*!< Of the primary's SOA; seconds. */
	int64_t checked_at;     /*!< When a primary was last seen to have this input; Unix
	                             seconds. */
	bool from_primary;      /*!< It comes from a primary, and not from the file. */
} state_input_t;

/*! A denial chain. If the id is 0 there is none. */
typedef struct {
	uint32_t id;            /*!< In the store's tables. */
	bool nsec3;             /*!< Else NSEC. */
	bool optout;
	uint16_t iterations;
	uint8_t salt_len;
	uint8_t salt[255];
} state_chain_t;

/*! How large a part of a zone is. */
typedef struct {
	uint64_t bytes;         /*!< Of the stored forms. */
	uint64_t queued;        /*!< Entries of the refresh queue. */
} state_part_t;

typedef struct {
	state_part_t nodes, chain;
} state_size_t;

/*! What a walk over the zone goes through; the rest of the zone stays as it was meanwhile. */
typedef enum {
	STATE_WALK_NONE,
	STATE_WALK_NAMES,
	STATE_WALK_CHAIN,
	STATE_WALK_LAST,        /*!< The apex, once more, when the rest is done. */
} state_phase_t;

#define STATE_PLACE_MAX 506 /*!< Octets of the longest key: NODE_KEY_MAX. */

typedef struct {
	state_phase_t phase;
	bool renew;             /*!< All signatures are made anew. */
	uint64_t revision;      /*!< Of the key set that the walk is for. */
	uint64_t whole;         /*!< The input's whole when the walk began. */
	uint32_t max_ttl;       /*!< Largest TTL that the walk has seen. */
	uint16_t place_len;     /*!< 0 = the walk is at the beginning of its phase. */
	uint8_t place[STATE_PLACE_MAX]; /*!< Key of the node or entry that comes next. */
} state_walk_t;

/*!
 * Ids whose entries are still to be removed, at most. A change of the key set adds at most four; if
 * there is no room, entries are removed at once, in the transaction at hand.
 */
#define STATE_DOOMED 8

/*!
 * Keys, published or gone, of which the state knows; with more, the one that is gone longest is
 * forgotten. That is far above what any rollover needs.
 */
#define STATE_KEYS 32

typedef struct {
	uint32_t id;            /*!< In the store's tables. */
	state_input_t in;       /*!< The input, as it was when the state was loaded. */
	uint64_t signed_input;  /*!< in.count of the input that the signed version was made from. */
	uint32_t serial;        /*!< SOA serial of the signed version. */
	uint64_t version;       /*!< Counts the signed versions; 0 = nothing is signed yet. */
	uint64_t revision;      /*!< Of the key set that the version was made with. */
	int64_t signed_at;      /*!< When the version was made; Unix seconds, as are all times. */
	uint32_t taken_serial;  /*!< Newest serial that knotd took. */
	uint32_t taken_expires; /*!< When the first signature of that version expires, as an RRSIG
	                             has it; 0 = none does, or it is not known. */
	int64_t taken_at;       /*!< When knotd took it; 0 = none yet. */
	uint64_t taken_revision;/*!< Revision of the key set of that version. */
	int64_t revision_since; /*!< When knotd first took a version made with that key set. */
	int64_t refreshed_at;   /*!< Up to when the refresh of signatures has come. */
	uint32_t max_ttl;       /*!< Largest TTL that caches may have of any version. */
	uint32_t low_ttl;       /*!< Largest TTL in any version since the last walk. */
	int64_t low_ttl_at;     /*!< When caches have forgotten what was before that walk: low_ttl
	                             becomes max_ttl then; 0 = never. */
	bool passthrough;       /*!< The version is the input as it is, not signed by the module. */
	uint32_t algorithms;    /*!< Algorithms that have signed all of the zone; bits by number. */
	uint32_t nodes;         /*!< Id of the version's nodes in the store's tables. */
	state_chain_t chain;    /*!< The version's chain. */
	state_size_t size;
	uint64_t journal_bytes; /*!< Bytes in the journal. */

	/* What is to take the place of nodes and chain, but is not complete yet. */
	uint32_t next_nodes;    /*!< 0 = the nodes stay. */
	state_chain_t next_chain;
	state_size_t next_size;
	bool sign_all;          /*!< A walk over all nodes is needed, or under way. */
	state_walk_t walk;      /*!< How far the walk is. */
	uint32_t doomed[STATE_DOOMED]; /*!< Ids whose entries are to be removed; unused ones are
	                                    0. */

	uint32_t key_count;
	uint32_t signed_doubt;  /*!< Seconds by which the version may have been made earlier, since
	                             the clock was not believed. */
	state_key_t keys[STATE_KEYS];
} state_t;

/*! Fills in which file it is. */
void state_file_set(state_file_t *file, const struct stat *st);

/*!
 * Reads a zone's state; the state of a zone that the store does not know is zeroed.
 * \return KNOT_EOK, or an error of the store
 */
int state_load(store_txn_t *txn, const knot_dname_t *zone, state_t *state);

/*! The same in a transaction of its own. */
int state_read(store_t *store, const knot_dname_t *zone, state_t *state);

/*! Has all entries of an id removed, by and by. \return Whether there was room to note the id. */
bool state_doom(state_t *state, uint32_t id);

/*! \return Bytes of the signed zone, as it is stored; knotd's journal takes some more. */
uint64_t state_bytes(const state_t *state);

/*! \return Whether two chains are made by the same parameters. */
bool state_chain_same(const state_chain_t *a, const state_chain_t *b);

/*! Reads the input's part anew, since it may have changed; without a record it stays as it is. */
int state_reload_input(store_txn_t *txn, const knot_dname_t *zone, state_t *state);

/*! Writes the state but for the input's part; a new zone gets its id. */
int state_save(store_txn_t *txn, const knot_dname_t *zone, state_t *state);

/*! Writes the input's part; a new zone gets its id. */
int state_save_input(store_txn_t *txn, const knot_dname_t *zone, state_t *state);

/*! \return The entry of a key; it is made if there is none. */
state_key_t *state_key(state_t *state, uint8_t algorithm, uint16_t keytag);
