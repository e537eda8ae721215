/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What the store keeps of a zone as a whole.
 *
 * In two records, each with a writer of its own: of the input, whoever changes it; of the signed
 * zone, the worker that signs it. So the input can change while it is being signed.
 */
#pragma once

#include <sys/stat.h>

#include "module/store/store.h"

/*! Which file the input came from; a file that differs in any of these is read again. */
typedef struct {
	int64_t mtime_ns;
	uint64_t size, inode, device;
} state_file_t;

/*! What is published of one key (algorithm, key tag). */
typedef struct {
	uint64_t signatures;  /*!< RRSIGs, those over DNSKEY, CDS and CDNSKEY apart. */
	uint64_t chained;     /*!< Of these, those over the denial chain. */
	uint64_t next, next_chained; /*!< The same of what is prepared. */
	int64_t last_gone;    /*!< When a version without any was first taken by knotd; -1 = it is
	                           signed but not yet taken; 0 = there are some, or never were. */
	uint32_t last_gone_serial;
	uint16_t keytag;
	uint8_t algorithm;
} state_key_t;

/*! The input, that is, the unsigned zone. */
typedef struct {
	state_file_t file;      /*!< That it was read from last. */
	uint32_t nodes;         /*!< Id of its nodes in the store's tables. */
	uint32_t next_nodes;    /*!< Of those that are to take their place, and may not all be there. */
	uint64_t count;         /*!< Counts its changes; 0 = there is none yet. */
	uint64_t whole;         /*!< Its count when it was last replaced as a whole, and all nodes
	                             could be others without any mark. */
	uint64_t names;         /*!< In it. */
	uint64_t updates;       /*!< UPDATE messages that changed it since the file was read. */
	uint32_t serial;        /*!< Of its SOA. */
	uint32_t refresh, retry, expire; /*!< Of its SOA, as the primary has it; seconds. */
	int64_t checked_at;     /*!< When a primary was last seen to have it. */
	bool from_primary;      /*!< It comes from one, and not from the file. */
} state_input_t;

/*! A denial chain. Without an id there is none. */
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

/*! What a walk over the zone goes through; the rest of the zone is as before meanwhile. */
typedef enum {
	STATE_WALK_NONE,
	STATE_WALK_NAMES,
	STATE_WALK_CHAIN,
	STATE_WALK_LAST,        /*!< The apex, once more. */
} state_phase_t;

#define STATE_PLACE_MAX 506

typedef struct {
	state_phase_t phase;
	bool renew;             /*!< All signatures are made anew. */
	uint64_t revision;      /*!< Of the key set. */
	uint64_t whole;         /*!< Of the input. */
	uint32_t max_ttl;       /*!< Largest TTL that it has seen. */
	uint16_t place_len;     /*!< 0 = it is at the beginning. */
	uint8_t place[STATE_PLACE_MAX]; /*!< Key of the node or entry that comes next. */
} state_walk_t;

#define STATE_DOOMED 8

#define STATE_KEYS 32 /*!< Above that the longest gone is forgotten. */

typedef struct {
	uint32_t id;            /*!< In the store's tables. */
	state_input_t in;       /*!< As it was when the state was loaded. */
	uint64_t signed_input;  /*!< in.count of the input the signed version was made from. */
	uint32_t serial;        /*!< SOA serial of the signed version. */
	uint64_t version;       /*!< Counts the signed versions; 0 = nothing is signed yet. */
	uint64_t revision;      /*!< Of the key set it was made with. */
	int64_t signed_at;      /*!< When it was made. */
	uint32_t taken_serial;  /*!< Newest serial that knotd took. */
	int64_t taken_at;       /*!< When; 0 = none yet. */
	uint64_t taken_revision;/*!< Key set of that version. */
	int64_t revision_since; /*!< When knotd first took a version made with that key set. */
	int64_t refreshed_at;   /*!< Up to when the refresh of signatures has come. */
	uint32_t max_ttl;       /*!< Largest TTL that caches may have of any version. */
	uint32_t low_ttl;       /*!< Largest TTL in any version since all was last gone through... */
	int64_t low_ttl_at;     /*!< ...which is max_ttl then, since caches forget by then; 0 = never. */
	bool passthrough;       /*!< The version is the input as it is. */
	uint32_t algorithms;    /*!< Bits by number: those that have signed all of the zone. */
	uint32_t nodes;         /*!< Id of its nodes in the tables. */
	state_chain_t chain;    /*!< Its chain. */
	state_size_t size;
	uint64_t journal_bytes; /*!< In the journal. */

	/* What is to take the place of these, but is not complete yet. */
	uint32_t next_nodes;    /*!< 0 = the nodes stay. */
	state_chain_t next_chain;
	state_size_t next_size;
	bool sign_all;          /*!< All nodes have to be gone through. */
	state_walk_t walk;      /*!< How far that is. */
	uint32_t doomed[STATE_DOOMED]; /*!< Ids whose entries are no longer needed; ends with 0. */

	uint32_t key_count;
	state_key_t keys[STATE_KEYS];
} state_t;

/*! Tells what a file is. */
void state_file_set(state_file_t *file, const struct stat *st);

/*! Reads a zone's state; a zone the store does not know is a new one. */
int state_load(store_txn_t *txn, const knot_dname_t *zone, state_t *state);

/*! The same in a transaction of its own. */
int state_read(store_t *store, const knot_dname_t *zone, state_t *state);

/*! Has all entries of an id removed, by and by. \return Whether there was room to note it. */
bool state_doom(state_t *state, uint32_t id);

/*! \return Bytes of the signed zone, as it is stored; knotd's journal takes some more. */
uint64_t state_bytes(const state_t *state);

/*! \return Whether two chains are made by the same parameters. */
bool state_chain_same(const state_chain_t *a, const state_chain_t *b);

/*! Reads the input's part anew, which may have changed since; a zone without one stays as it is. */
int state_reload_input(store_txn_t *txn, const knot_dname_t *zone, state_t *state);

/*! Writes it but for the input's part; a new zone gets its id. */
int state_save(store_txn_t *txn, const knot_dname_t *zone, state_t *state);

/*! Writes the input's part; a new zone gets its id. */
int state_save_input(store_txn_t *txn, const knot_dname_t *zone, state_t *state);

/*! \return The entry of a key, made if there is none. */
state_key_t *state_key(state_t *state, uint8_t algorithm, uint16_t keytag);
