/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Turns key states of OpenDNSSEC, or of another signer, into the engine's: a pure function.
 *
 * The enforcer knows the same four records of a key, in the same states. It does not know whether
 * the world saw a change, nor in which order. Therefore a change that some cache may not know yet
 * counts from the moment when the module publishes the zone for the first time: that can be later
 * than needed, but not too early. A zone is refused if its states leave open what caches may hold.
 */
#pragma once

#include "policy-engine/core/core.h"
#include "policy-engine/import/ods-db.h"
#include "policy-engine/import/ods-signer.h"

#define MAP_WHY_MAX 512

/*!
 * Tells whether OpenDNSSEC's signer used, in the end, the keys that the enforcer had told it.
 *
 * \param why  MAP_WHY_MAX bytes.
 * \return 0, or -1 with why filled.
 */
int map_check_signer(const ods_db_t *db, const ods_zone_t *from, const ods_signer_t *signer,
                     char why[MAP_WHY_MAX]);

/*!
 * Makes the states of a zone's keys. Keys that are past are left out, and stay in their token.
 *
 * \param policy  The engine's policy for the zone.
 * \param to      keys has room for CORE_KEYS_MAX; the keys keep their order, and borrow from db.
 * \param why     Why the zone is refused, and what to do; MAP_WHY_MAX bytes.
 * \return 0, or -1 with why filled.
 */
int map_zone(const ods_db_t *db, const ods_zone_t *from, const policy_t *policy, int64_t now,
             core_zone_t *to, char why[MAP_WHY_MAX]);

/*! \return Whether a key was used, and is in no cache any more. */
bool map_is_past(const ods_key_t *key);
