/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief OpenDNSSEC's key states as ours: a pure function.
 *
 * The enforcer's records of a key are the same four as ours, and in the same states. What it does
 * not know is in which order, and whether, the world saw a change. Therefore each change that some
 * cache may not know yet counts from when our signer has published the zone for the first time: that
 * can be later than needed, never earlier. A zone is refused if its states leave open what caches
 * may hold.
 */
#pragma once

#include "policy-engine/core/core.h"
#include "policy-engine/import/ods-db.h"
#include "policy-engine/import/ods-signer.h"

#define MAP_WHY_MAX 512

/*!
 * Tells whether OpenDNSSEC's signer had, at last, the keys that the enforcer believes in.
 *
 * \param why  MAP_WHY_MAX bytes.
 * \return 0, or -1 with why filled.
 */
int map_check_signer(const ods_db_t *db, const ods_zone_t *from, const ods_signer_t *signer,
                     char why[MAP_WHY_MAX]);

/*!
 * Makes the keys' states of a zone, but for keys that are past: those stay as they are in the token.
 *
 * \param policy  Ours, under which the zone is to be.
 * \param to      keys has room for CORE_KEYS_MAX; they come in their order, and borrow from db.
 * \param why     Why the zone is refused, and what to do; MAP_WHY_MAX bytes.
 * \return 0, or -1 with why filled.
 */
int map_zone(const ods_db_t *db, const ods_zone_t *from, const policy_t *policy, int64_t now,
             core_zone_t *to, char why[MAP_WHY_MAX]);

/*! \return Whether a key was used, and is in no cache any more. */
bool map_is_past(const ods_key_t *key);
