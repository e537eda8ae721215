/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What has to hold of whatever is read of other signers.
 */
#pragma once

#include <string.h>

#include "policy-engine/import/map.h"
#include "policy-engine/import/source-kinds.h"
#include "tests/fuzz/target.h"

/*! A moment in 2026. */
#define FOREIGN_NOW 1796000000

static inline void check_foreign_key(const ods_db_t *db, const ods_key_t *key)
{
	demand(key->pair < db->pair_count, "a key has its pair");
	demand((db->pairs[key->pair].locator != NULL) != (db->pairs[key->pair].public_key != NULL),
	       "a pair can be looked for in one way");
	demand((key->role == KEYSET_ZSK) == (key->record[KEYSET_DS].state == KEYSET_NA) &&
	       (key->role == KEYSET_KSK) == (key->record[KEYSET_RRSIG].state == KEYSET_NA),
	       "a key has the records of its role");
	demand(key->record[KEYSET_DS].state != KEYSET_RUMOURED || key->ds != ODS_DS_SEEN,
	       "a DS that is not certain has to be seen");
}

/*! Reads it, and takes it for a zone's. */
static inline void read_foreign(const char *kind, const char *path)
{
	static const policy_t policy = { .name = (char *)"default" };
	core_key_t keys[CORE_KEYS_MAX];
	core_zone_t core = { .keys = keys };
	char err[1024] = "", why[MAP_WHY_MAX];
	ods_db_t db = { 0 };
	const source_t source = { .kind = source_kind(kind), .path = path, .zone = "a.test",
	                          .policy = "default", .ttl = SOURCE_TTL, .now = FOREIGN_NOW };
	const int ret = source.kind->read(&source, &db, err, sizeof(err));
	demand((ret == 0) == (err[0] == '\0'), "a reason, or none is needed");
	for (size_t i = 0; i < db.pair_count; i++) {
		db.pairs[i].repository = strdup("one");
	}
	for (size_t i = 0; i < db.zone_count; i++) {
		ods_zone_t *zone = &db.zones[i];
		zone->kind = source.kind;
		for (size_t k = 0; k < zone->key_count; k++) {
			check_foreign_key(&db, &zone->keys[k]);
		}
		why[0] = '\0';
		demand(zone->fault[0] != '\0' ||
		       (map_zone(&db, zone, &policy, FOREIGN_NOW, &core, why) == 0) == (why[0] == '\0'),
		       "a reason, or states");
	}
	ods_db_deinit(&db);
}
