/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What can be known of a signer's zones without the engine: by what it has left, of OpenDNSSEC
 *        database and signer's files, by the tokens and the policies.
 */
#pragma once

#include "hsm-adapter/hsm.h"
#include "policy-engine/import/locate.h"
#include "policy-engine/import/map.h"
#include "policy-engine/import/served.h"
#include "policy-engine/import/source.h"

/*! What was found of a key pair in its token. */
typedef struct {
	bool tried;
	hsm_key_t *key;        /*!< NULL = the token does not have it. */
	char *why;             /*!< Why key is NULL. */
} examine_pair_t;

/*! A zone of the signer. */
typedef struct {
	const ods_zone_t *from; /*!< NULL = another zone is meant. */
	char *name;            /*!< NULL if it is no domain name. */
	char why[MAP_WHY_MAX]; /*!< Why it is refused; "" = nothing is against it so far. */
	uint32_t serial;       /*!< The last one that the signer can have published. */
	bool unchecked;        /*!< The signer left nothing that says by which keys it signed. */
	bool asked;            /*!< The signer's server has answered... */
	bool nsec3;            /*!< ...and denies by NSEC3. */
} examine_zone_t;

/*! A signer that is examined. */
typedef struct {
	source_t source;        /*!< What to read of it. */
	const char *signer_dir; /*!< <WorkingDirectory> of its signer; borrowed. */
	const uint32_t *serial; /*!< The last serial, as a person says; NULL = not said. */
	const struct sockaddr_storage *server; /*!< Of the signer, which is asked for its last serials, if it does not
	                                            leave them; NULL = not said. */
	bool silent;           /*!< It did not answer: it is not asked again. */
	hsm_t *hsm;            /*!< The tokens; borrowed. */
	/*! Whether a token works; if not, why says why. NULL = each is tried. */
	bool (*usable)(void *ctx, const char *repository, char *why, size_t why_size);
	void *ctx;             /*!< Passed to usable. */
	ods_db_t db;
	locate_t *locate;      /*!< See examine_places(); NULL: the source says where. */
	examine_pair_t *found; /*!< As db.pairs. */
	examine_zone_t *zones; /*!< As db.zones. */
} examine_t;

/*!
 * Notes where the keys are looked for: in the repositories of the source's policy, unless it says where they are.
 *
 * \return 0; -1 with err: which policy is not said, or there is none.
 */
int examine_places(examine_t *all, const policies_t *policies, char *err, size_t err_size);

/*!
 * Reads the source, and picks the zones.
 *
 * \return How many there are; -1 with err filled. In any case examine_deinit() frees.
 */
int examine_read(examine_t *all, char *err, size_t err_size);

/*! Looks for all that takes time: the zones' keys in their tokens, the signer's files. */
void examine_zones(examine_t *all);

/*! Looks for a pair in its token, once. */
const examine_pair_t *examine_pair(examine_t *all, size_t pair);

/*! Refuses a zone. The first reason counts. */
void examine_refuse(examine_zone_t *zone, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*!
 * Makes the states of a zone's keys, unless the zone is refused.
 *
 * \param core  keys has room for CORE_KEYS_MAX; as map_zone() has it.
 * \return The zone's policy; NULL: the zone is refused.
 */
const policy_t *examine_map(const examine_t *all, examine_zone_t *zone, const policies_t *policies,
                            int64_t now, core_zone_t *core);

/*! Lists a zone's keys for people: "ksk 1 (coming), zsk 2; 1 past", and what of it was not checked. */
void examine_list(const examine_t *all, const examine_zone_t *zone, const core_zone_t *core, char *out,
                  size_t size);

/*! Frees the contents, not all itself. */
void examine_deinit(examine_t *all);
