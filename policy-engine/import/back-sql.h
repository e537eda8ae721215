/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What OpenDNSSEC's database has to be told of keys that changed here, as SQL.
 *
 * Its own commands cannot say it: key import adds a key, and the one that it replaced would sign on,
 * though no cache has it any more. Only a zone at rest can be told: each of its keys is known
 * everywhere, or nowhere. In between, OpenDNSSEC would have to know what follows what, and since when.
 */
#pragma once

#include "policy-engine/import/ods-db.h"
#include "policy-engine/import/map.h"
#include "policy-engine/zone/kasp-zone.h"

/*!
 * Writes statements that SQLite and MySQL take, in one transaction: the zone has the keys that it has
 * here, and none else; the enforcer is to look at it, and to tell the signer. All is one line.
 *
 * \param now  Since when OpenDNSSEC is to count what changed: nothing in caches is younger.
 * \param why  Why there is no way, and until when; MAP_WHY_MAX bytes.
 * \return To be freed by free(); NULL with why filled.
 */
char *back_sql(const ods_db_t *db, const ods_zone_t *theirs, const kasp_zone_t *ours, int64_t now,
               char why[MAP_WHY_MAX]);
