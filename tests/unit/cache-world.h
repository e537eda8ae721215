/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A world for one zone: signer, secondaries, parent, and all caches there could be.
 *
 * The world shares nothing with the engine's rules. The signer does with signatures what
 * module/sign/build.c does. Whatever signer or parent have published is in some cache for as long
 * as secondaries and TTLs allow. Each combination of what is cached has to validate, as the
 * strictest validator sees it: for each algorithm of the DS RRset there is a chain to the DNSKEY
 * RRset, for each algorithm of the DNSKEY RRset a signature over the data, and one over CDS.
 *
 * The parent has several servers. If the engine watches them, each has TTLs of its own that no
 * policy knows, and follows the others as late as it likes; what they answer is read by the code
 * that reads it in the engine. If the engine does not watch them, the policy's TTLs are right.
 *
 * If the KSK is offline, the DNSKEY RRset has signatures that end, and no cache may have it after that, or
 * before they begin.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy-engine/core/plan.h"
#include "policy-engine/parent/verdict.h"

#define WORLD_SETS 4       /*!< RRsets of the zone beside the DNSKEY RRset. */
#define WORLD_SLOTS 64     /*!< Keys that the world may know at a time: bits of a mask. */
#define WORLD_CONTENTS 96  /*!< Different contents of an RRset in caches at a time. */
#define WORLD_KEYS 400     /*!< Keys that the engine may have. */
#define WORLD_SERVERS 3    /*!< Of the parent. */
#define WORLD_NEVER INT64_MAX /*!< A moment that does not come. */

/*! A set of keys: a bit for each slot of the world. */
typedef uint64_t mask_t;

/*! From when until when signatures that were made ahead are good. */
typedef struct {
	int64_t from, until;  /*!< until 0: they are replaced in time. */
} world_good_t;

/*! What an RRset was at some time. A DNSKEY RRset has keys and signers, a DS RRset keys, any other
 *  signers. */
typedef struct {
	mask_t keys, signers;
	world_good_t good;
	int64_t until;     /*!< When the last cache forgets it; WORLD_NEVER = it is published. */
	int64_t least;     /*!< Some cache has it until then, though its TTL was lowered. */
} content_t;

/*! All contents of one RRset that caches may hold. */
typedef struct {
	content_t contents[WORLD_CONTENTS];
	size_t count;
} caches_t;

/*! An RRset in the signer. */
typedef struct {
	mask_t signers;
	int64_t due[WORLD_SLOTS]; /*!< When each key's signature is due to be replaced. */
} signed_set_t;

/*! What matters here of a key set. */
typedef struct {
	uint64_t revision;
	mask_t publish, sign_dnskey, sign_zone, sign_cds, replace;
	uint32_t dnskey_ttl;
	world_good_t good; /*!< Of the DNSKEY RRset. */
} order_t;

/*! A version of the zone. */
typedef struct {
	order_t order;
	signed_set_t dnskey, sets[WORLD_SETS];
	mask_t cds;        /*!< The keys that signed CDS and CDNSKEY; 0 = there are none. */
	uint32_t ttl;      /*!< Of all RRsets but DNSKEY. */
} version_t;

/*! One of the parent's servers. */
typedef struct {
	mask_t ds;
	uint32_t ttl, absence; /*!< Of its DS RRset, and of the answer that there is none. */
} server_t;

/*! Which servers conf.xml names as the parent's. */
typedef enum {
	WORLD_ASKS_PARENT,
	WORLD_ASKS_CHILD_TOO, /*!< Beside them one that has the zone itself, or does not know it. */
	WORLD_ASKS_CHILD,     /*!< Only such a one. */
	WORLD_ASKS,
} world_asks_t;

/*! Where the KSK is, if it is offline. */
typedef struct {
	/*! Publishes what was signed ahead, and is due. \param next  Filled: when to look again.
	 *  \return The policy that is in force. */
	const policy_t *(*follow)(void *ctx, int64_t *next);
	/*! Gives the zone a pair for a key, and the key its tag. \return Whether there was one. */
	bool (*give)(void *ctx, core_key_t *key);
	void (*take)(void *ctx, size_t key); /*!< The zone forgets a key. */
	/*! Fills in what the DNSKEY RRset is, and who signs CDS; not if there is nothing yet. */
	void (*offer)(void *ctx, order_t *order);
	/*! A ceremony is held, or prepared. \return When the next one is. */
	int64_t (*hold)(void *ctx);
	void *ctx;
} world_room_t;

/*! The world. */
typedef struct {
	uint64_t random;
	int64_t now;

	/* The engine's part, as its database has it. */
	core_zone_t zone;
	core_key_t keys[WORLD_KEYS];
	uint16_t last_tag;
	unsigned introduced;
	const policy_t *policy;
	const world_room_t *room; /*!< NULL = the KSK is in a token. */
	bool late;               /*!< Whatever can be late is: what was signed ahead may end. */
	bool excused;            /*!< What is published now may end, and nobody here is to blame. */
	unsigned tokens_away;    /*!< Bit 1: that of repository "one"; bit 2: that of "two". */
	facts_t facts;           /*!< What the engine knows; nothing after it was away. */
	facts_key_t facts_keys[WORLD_SLOTS];

	/* Bits of masks. */
	uint16_t tags[WORLD_SLOTS]; /*!< Key tag of each; 0 = free. */
	uint8_t algorithms[WORLD_SLOTS];

	order_t ordered;         /*!< The engine's last key set. */

	/* The signer's part. */
	order_t pending;         /*!< The key set that the signer has got. */
	version_t built, published;
	order_t walking;         /*!< The key set that the signer is bringing into the zone, */
	unsigned walked;         /*!< and the RRsets where that is done, a bit for each. */
	bool hurry;              /*!< The signer does all RRsets at once. */
	bool fresh;              /*!< The version that was built is not published yet. */
	int64_t revision_since;
	uint32_t max_ttl;
	uint64_t counts[WORLD_SLOTS];
	int64_t last_gone[WORLD_SLOTS]; /*!< -1 = not published yet. */
	mask_t counted;          /*!< Keys that ever had a signature. */

	/* The parent's part. */
	bool watched;            /*!< The engine asks the parent's servers; else a person says what
	                              they have. */
	server_t servers[WORLD_SERVERS]; /*!< The first is the primary. */
	world_asks_t asks;
	core_shown_t told;       /*!< The TTLs that the servers showed the engine. */
	bool unseen;             /*!< The engine has yet to see a larger TTL. Until then the parent
	                              changes nothing: what nobody could see nobody can know. */
	bool waits_anew;         /*!< A DS waits for the parent since the last look. */
	bool away;               /*!< The zone left the server. It is unsigned where it is now. */
	int64_t left_at;
	mask_t ds, ds_confirmed; /*!< The DS that are there; those that the engine was told of. */
	mask_t lost;             /*!< The DS that the parent lost before the engine saw it. */
	bool lost_all;           /*!< It lost all: caches may hold that there is none, and the
	                              engine is not to blame. */
	int64_t seen;            /*!< When the engine looked last. */

	/* How slow everything is. */
	uint32_t zone_propagation, parent_propagation;

	caches_t ds_caches, dnskey_caches, data_caches, cds_caches;
	bool may_be_insecure;    /*!< A policy wanted it so since the zone was last secure. */
	char failure[400];       /*!< "" while all is well. */
	unsigned checks;
} world_t;

/*! Begins a world with a zone that has no key. */
void world_init(world_t *w, uint64_t seed, const policy_t *policy);

/*! \return A number below n. */
uint64_t world_random(world_t *w, uint64_t n);

/*! The engine looks after the zone. \return When it wants to look again. */
int64_t world_engine(world_t *w);

/*! The zone gets a key, with the tag of a pair. \return Whether there was room. */
bool world_add(world_t *w, const core_key_t *key);

/*! What the engine would hand to the signer now. \return Whether there is something. */
bool world_order(world_t *w, order_t *order);

/*! The signer brings its key set into some RRsets or all, and replaces signatures that are due.
 *  \return Whether there is a new version. */
bool world_build(world_t *w);

/*! \return Whether the signer has RRsets left to bring its key set into. */
bool world_is_walking(const world_t *w);

/*! \return When the next signature is due, as long as signatures of keys fade that sign no more. */
int64_t world_due(const world_t *w);

/*! The pair of a ZSK that signs is gone for good, if the KSK can sign in its place. Until a key set
 *  says so, the signer is stuck. \return Whether one is gone. */
bool world_die(world_t *w);

/*! One RRset changes, and its TTL may become the largest. */
void world_edit(world_t *w, uint32_t ttl);

/*! knotd takes what was built. */
void world_publish(world_t *w);

/*! The engine asks the signer for facts. */
void world_ask(world_t *w);

/*! The parent does what it was asked to do, all of it or one thing. \return Whether there was
 *  anything to do. */
bool world_parent(world_t *w, bool all);

/*! One of the parent's servers that is behind the primary follows. */
void world_sync(world_t *w);

/*! \return Whether there is such a server, and it may follow. */
bool world_lags(const world_t *w);

/*! One of the parent's servers has other TTLs from now on. */
void world_change_ttls(world_t *w, uint32_t ttl, uint32_t absence);

/*! The zone leaves the server, and is unsigned from now on, if no cache holds a DS.
 *  \return Whether it left. */
bool world_leave(world_t *w);

/*! The engine is told what the parent has done, or looks itself. */
void world_confirm(world_t *w);

/*!
 * The parent loses a DS, or all, unless that alone would make the zone bogus some day: whichever of
 * the DS a cache holds, it has to lead to the DNSKEY RRsets that are published or decided.
 *
 * \return Whether it lost any.
 */
bool world_lose(world_t *w);

/*! The engine looks whether the DS that should be at the parent are. */
void world_look(world_t *w);

/*! \return Whether the parent has something to do, or the engine something to be told of. An engine
 *          that watches the parent is told of nothing. */
bool world_parent_waits(const world_t *w);

/*! \return The slot of the key with that tag; -1 if the world does not know the key any more. */
int world_slot(const world_t *w, uint16_t tag);

/*! \return Whether all records of all keys are where they are to be. */
bool world_is_settled(const world_t *w);
