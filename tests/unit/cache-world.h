/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A world for one zone: signer, secondaries, parent, and all caches there could be.
 *
 * Nothing of it is shared with the engine's rules. The signer does what module/sign/build.c does with
 * signatures; whatever it or the parent has published is in some cache for as long as secondaries
 * and TTLs allow; and each combination of what is cached has to validate, as the strictest
 * validator would do it: for each algorithm of the DS RRset a chain to the DNSKEY RRset, for each
 * algorithm of the DNSKEY RRset a signature over the data.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy-engine/core/plan.h"

#define WORLD_SETS 4       /*!< RRsets of the zone, the DNSKEY RRset apart. */
#define WORLD_SLOTS 64     /*!< Keys that the world may know at a time: bits of a mask. */
#define WORLD_CONTENTS 96  /*!< Different contents of an RRset in caches at a time. */
#define WORLD_KEYS 400     /*!< Keys that the engine may have. */
#define WORLD_NEVER INT64_MAX

typedef uint64_t mask_t;

/*! What an RRset was at some time: for DNSKEY keys and signers, else keys (DS) or signers. */
typedef struct {
	mask_t keys, signers;
	int64_t until;     /*!< When the last cache forgets it; WORLD_NEVER = it is there now. */
} content_t;

typedef struct {
	content_t contents[WORLD_CONTENTS];
	size_t count;
} caches_t;

/*! An RRset in the signer. */
typedef struct {
	mask_t signers;
	int64_t due[WORLD_SLOTS]; /*!< When the signature is to be made anew. */
} signed_set_t;

/*! What a key set says, as far as it matters here. */
typedef struct {
	uint64_t revision;
	mask_t publish, sign_dnskey, sign_zone, replace;
	uint32_t dnskey_ttl;
} order_t;

/*! A version of the zone. */
typedef struct {
	order_t order;
	signed_set_t dnskey, sets[WORLD_SETS];
	uint32_t ttl;      /*!< Of all its RRsets but DNSKEY. */
} version_t;

typedef struct {
	uint64_t random;
	int64_t now;

	/* The engine's part, as its database has it. */
	core_zone_t zone;
	core_key_t keys[WORLD_KEYS];
	uint16_t last_tag;
	unsigned introduced;
	const policy_t *policy;
	unsigned tokens_away;    /*!< Bits 1 and 2: of repositories "one" and "two". */
	facts_t facts;           /*!< What the engine knows; none after it was away. */
	facts_key_t facts_keys[WORLD_SLOTS];

	/* Bits of masks. */
	uint16_t tags[WORLD_SLOTS]; /*!< Key tag of each; 0 = free. */
	uint8_t algorithms[WORLD_SLOTS];

	order_t ordered;         /*!< By what it decided last. */

	/* The signer's part. */
	order_t pending;         /*!< What it was told. */
	version_t built, published;
	order_t walking;         /*!< The key set whose keys are being brought into the zone; */
	unsigned walked;         /*!< the RRsets that they are in, a bit each. */
	bool hurry;              /*!< All at once. */
	bool fresh;              /*!< What is built is not published yet. */
	int64_t revision_since;
	uint32_t max_ttl;
	uint64_t counts[WORLD_SLOTS];
	int64_t last_gone[WORLD_SLOTS]; /*!< -1 = not published yet. */
	mask_t counted;          /*!< Keys that ever had a signature. */

	/* The parent's part. */
	mask_t ds, ds_confirmed; /*!< What is there; what the engine was told. */
	mask_t lost;             /*!< What it lost, and the engine has not seen that. */
	bool lost_all;           /*!< So caches may hold that there is none, and that is no fault. */
	int64_t seen;            /*!< When the engine looked last. */

	/* How slow everything is. */
	uint32_t zone_propagation, parent_propagation;

	caches_t ds_caches, dnskey_caches, data_caches;
	bool may_be_insecure;    /*!< The policy wanted it so, since it last was secure. */
	char failure[400];       /*!< "" while all is well. */
	unsigned checks;
} world_t;

void world_init(world_t *w, uint64_t seed, const policy_t *policy);

/*! \return A number below n. */
uint64_t world_random(world_t *w, uint64_t n);

/*! The engine looks after the zone. \return When it wants to look again. */
int64_t world_engine(world_t *w);

/*! What the engine would hand to the signer now. \return Whether there is something. */
bool world_order(world_t *w, order_t *order);

/*! The signer works through what it was told, or some of it, and makes anew what is due. \return
 *  Whether there is a new version. */
bool world_build(world_t *w);

/*! Whether it has to go on with that. */
bool world_is_walking(const world_t *w);

/*! When the signer has to, at the earliest; only as long as signatures of other keys fade. */
int64_t world_due(const world_t *w);

/*! One RRset changes, and maybe the largest TTL. */
void world_edit(world_t *w, uint32_t ttl);

/*! knotd takes what was built. */
void world_publish(world_t *w);

/*! The engine asks the signer for facts. */
void world_ask(world_t *w);

/*! The parent does what it was asked to, all of it or one thing. \return Whether it did. */
bool world_parent(world_t *w, bool all);

/*! The engine hears what the parent has done. */
void world_confirm(world_t *w);

/*!
 * The parent loses a DS, or all, unless that alone makes the zone bogus some day: by what is there
 * or was decided before, it must not matter which DS of them a cache has.
 *
 * \return Whether it did.
 */
bool world_lose(world_t *w);

/*! The engine looks whether what should be there is. */
void world_look(world_t *w);

/*! \return Whether something waits for the parent, or for the engine to hear of it. */
bool world_parent_waits(const world_t *w);

/*! \return The bit of the key of that tag in masks; -1 if the world knows it no more. */
int world_slot(const world_t *w, uint16_t tag);

/*! \return Whether all keys are where they are to be. */
bool world_is_settled(const world_t *w);
