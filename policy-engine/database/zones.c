/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Zones, their keys and records. Key pairs, which zones may share, are in keys.c. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/database/sql.h"

/* The numbers are in the database. */
_Static_assert(KEYSET_NA == 0 && KEYSET_HIDDEN == 1 && KEYSET_RUMOURED == 2 &&
               KEYSET_OMNIPRESENT == 3 && KEYSET_UNRETENTIVE == 4, "states");
_Static_assert(KEYSET_DS == 0 && KEYSET_DNSKEY == 1 && KEYSET_RRSIG_DNSKEY == 2 &&
               KEYSET_RRSIG == 3, "records");
_Static_assert(KEYSET_KSK == 0 && KEYSET_ZSK == 1 && KEYSET_CSK == 2, "roles");
_Static_assert(POLICY_ROLL_PRE_PUBLICATION == 0 && POLICY_ROLL_DOUBLE_SIGNATURE == 1 &&
               POLICY_ROLL_DOUBLE_RRSET == 2 && POLICY_ROLL_DOUBLE_DS == 3 &&
               POLICY_ROLL_SINGLE_SIGNATURE == 4, "rollover types");

/* SQLite counts parameters from 1, and columns from 0: in a statement that writes what another one
 * reads, the parameter of a column has the next number. */
#define PARAMETER(column) ((column) + 1)

static const char zone_get[] =
	"SELECT id, policy, revision, digest, next, roll_ksk, roll_zsk, roll_csk, emergency,"
	" ttl_ds, ttl_ds_until, ttl_ds_lower, ttl_dnskey, ttl_dnskey_until, ttl_dnskey_lower,"
	" ttl_zone, ttl_zone_until, ttl_zone_lower, shown_ttl, shown_absence, ds, ds_seen, bundle, serial_before"
	" FROM zone WHERE name = ?1";
enum {
	ZONE_ID,
	ZONE_POLICY,
	ZONE_REVISION,
	ZONE_DIGEST,
	ZONE_NEXT,
	ZONE_ROLL,       /* The first of CORE_ROLES, by keyset_role_t. */
	ZONE_EMERGENCY = ZONE_ROLL + CORE_ROLES,
	ZONE_TTLS,       /* The first of CORE_TTLS times three, by core_ttl_kind_t. */
	ZONE_SHOWN_TTL = ZONE_TTLS + 3 * CORE_TTLS,
	ZONE_SHOWN_ABSENCE,
	ZONE_DS,
	ZONE_DS_SEEN,
	ZONE_BUNDLE,
	ZONE_SERIAL_BEFORE, /* Of zone_get alone. */
};
#define ZONE_TTL(kind) (ZONE_TTLS + 3 * (kind))
#define ZONE_TTL_UNTIL(kind) (ZONE_TTL(kind) + 1)
#define ZONE_TTL_LOWER(kind) (ZONE_TTL(kind) + 2)

static const char zone_save[] =
	"UPDATE zone SET revision = ?3, digest = ?4, next = ?5, roll_ksk = ?6, roll_zsk = ?7,"
	" roll_csk = ?8, emergency = ?9, ttl_ds = ?10, ttl_ds_until = ?11, ttl_ds_lower = ?12,"
	" ttl_dnskey = ?13, ttl_dnskey_until = ?14, ttl_dnskey_lower = ?15, ttl_zone = ?16,"
	" ttl_zone_until = ?17, ttl_zone_lower = ?18, shown_ttl = ?19, shown_absence = ?20,"
	" ds = ?21, ds_seen = ?22, bundle = ?23 WHERE id = ?1";

static const char zone_keys[] =
	"SELECT zone_key.id, token_key, zone_key.role, keytag, inception, goal_in, roll,"
	" repository, cka_id, algorithm, bits, public_key, zone_key.standby, dead FROM"
	" zone_key"
	" JOIN token_key ON token_key.id = token_key WHERE zone = ?1 ORDER BY zone_key.id";
enum {
	KEY_ID,
	KEY_TOKEN_KEY,
	KEY_ROLE,
	KEY_KEYTAG,
	KEY_INCEPTION,
	KEY_GOAL_IN,
	KEY_ROLL,
	KEY_REPOSITORY,
	KEY_CKA_ID,
	KEY_ALGORITHM,
	KEY_BITS,
	KEY_PUBLIC_KEY,
	KEY_STANDBY,
	KEY_DEAD,
};

static const char record_get[] =
	"SELECT record, state, since, revision, public_at, came FROM record WHERE zone_key = ?1";
enum {
	RECORD_KIND,
	RECORD_STATE,
	RECORD_SINCE,
	RECORD_REVISION,
	RECORD_PUBLIC_AT,
	RECORD_CAME,
	RECORD_ZONE_KEY, /* Of record_save alone. */
};

static const char record_save[] =
	"INSERT INTO record (record, state, since, revision, public_at, came, zone_key)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (zone_key, record) DO UPDATE"
	" SET state = ?2, since = ?3, revision = ?4, public_at = ?5, came = ?6";

static char *column_text(sqlite3_stmt *sql, int column)
{
	const unsigned char *text = sqlite3_column_text(sql, column);
	return strdup(text != NULL ? (const char *)text : "");
}

int db_zone_put(db_t *db, const char *name, const char *policy)
{
	static const char add[] = "INSERT INTO zone (name, policy, next) VALUES (?1, ?2, 0)"
	                          " ON CONFLICT (name) DO NOTHING";
	static const char change[] = "UPDATE zone SET policy = ?2 WHERE name = ?1 AND policy <> ?2";
	const char *const steps[] = { add, change };
	int news = 0;
	for (size_t i = 0; i < 2; i++) {
		sqlite3_stmt *sql = sql_prepare(db, steps[i]);
		if (sql == NULL) {
			return -1;
		}
		sql_bind_text(sql, 1, name);
		sql_bind_text(sql, 2, policy);
		if (sql_run(db, sql) != 0) {
			return -1;
		}
		news = news || sqlite3_changes(db->db) > 0;
	}
	return news;
}

static int damaged(db_t *db, const char *zone, const char *what)
{
	snprintf(db->error, sizeof(db->error), "database %s: zone %s has %s; restore it from "
	         "a backup", db->path, zone, what);
	return -1;
}

static int get_records(db_t *db, const kasp_zone_t *zone, int64_t id, core_key_t *key)
{
	sqlite3_stmt *sql = sql_prepare(db, record_get);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int64(sql, 1, id);
	unsigned seen = 0;
	int ret;
	while ((ret = sqlite3_step(sql)) == SQLITE_ROW) {
		int record = sqlite3_column_int(sql, RECORD_KIND);
		int state = sqlite3_column_int(sql, RECORD_STATE);
		if (record < 0 || record >= KEYSET_RECORDS || state < KEYSET_NA ||
		    state > KEYSET_UNRETENTIVE) {
			sqlite3_reset(sql);
			return damaged(db, zone->name, "a record of unknown kind or state");
		}
		seen |= 1u << record;
		key->record[record] = (core_record_t){
			.state = (keyset_state_t)state,
			.since = sqlite3_column_int64(sql, RECORD_SINCE),
			.revision = (uint64_t)sqlite3_column_int64(sql, RECORD_REVISION),
			.public_at = sqlite3_column_int64(sql, RECORD_PUBLIC_AT),
			.came = (uint64_t)sqlite3_column_int64(sql, RECORD_CAME),
		};
	}
	if (sql_done(db, sql, ret) != 0) {
		return -1;
	}
	return seen == (1u << KEYSET_RECORDS) - 1 ? 0
	                                          : damaged(db, zone->name, "a key without "
	                                                    "all its records");
}

/* Adds a key to the zone in memory; takes over what info points to, also on failure. */
static int append(db_t *db, kasp_zone_t *zone, const core_key_t *core, const zone_key_t *info)
{
	if (info->repository != NULL && info->cka_id != NULL && info->public_key != NULL &&
	    kasp_zone_add_key(zone, core, info) == 0) {
		return 0;
	}
	free(info->repository);
	free(info->cka_id);
	free(info->public_key);
	return sql_no_memory(db);
}

static uint8_t *copy_bytes(const void *bytes, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	if (copy != NULL && len > 0) {
		memcpy(copy, bytes, len);
	}
	return copy;
}

static int add_row(db_t *db, kasp_zone_t *zone, sqlite3_stmt *sql)
{
	core_key_t core = {
		.role = (keyset_role_t)sqlite3_column_int(sql, KEY_ROLE),
		.keytag = (uint16_t)sqlite3_column_int(sql, KEY_KEYTAG),
		.inception = sqlite3_column_int64(sql, KEY_INCEPTION),
		.goal_in = sqlite3_column_int(sql, KEY_GOAL_IN) != 0,
		.roll = (policy_roll_t)sqlite3_column_int(sql, KEY_ROLL),
		.algorithm = (uint8_t)sqlite3_column_int(sql, KEY_ALGORITHM),
		.bits = (unsigned)sqlite3_column_int(sql, KEY_BITS),
		.standby = sqlite3_column_int(sql, KEY_STANDBY) != 0,
		.dead = sqlite3_column_int(sql, KEY_DEAD) != 0,
	};
	size_t len = (size_t)sqlite3_column_bytes(sql, KEY_PUBLIC_KEY);
	zone_key_t info = {
		.id = sqlite3_column_int64(sql, KEY_ID),
		.token_key = sqlite3_column_int64(sql, KEY_TOKEN_KEY),
		.repository = column_text(sql, KEY_REPOSITORY),
		.cka_id = column_text(sql, KEY_CKA_ID),
		.public_key = copy_bytes(sqlite3_column_blob(sql, KEY_PUBLIC_KEY), len),
		.public_key_len = len,
	};
	return append(db, zone, &core, &info);
}

/* Reads which errands are done for a key whose DS has to come or to go. */
static int get_done(db_t *db, const core_key_t *core, zone_key_t *info)
{
	int ret = 0;
	for (int i = 0; i < ZONE_ERRANDS && ret >= 0 && core_ds_waits(core); i++) {
		ret = db_errand_get(db, info->id, (db_errand_t)i, core->record[KEYSET_DS].since,
		                    &info->done[i]);
	}
	return ret < 0 ? -1 : 0;
}

static int get_keys(db_t *db, kasp_zone_t *zone)
{
	sqlite3_stmt *sql = sql_prepare(db, zone_keys);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int64(sql, 1, zone->id);
	int ret;
	while ((ret = sqlite3_step(sql)) == SQLITE_ROW) {
		if (add_row(db, zone, sql) != 0) {
			sqlite3_reset(sql);
			return -1;
		}
	}
	if (sql_done(db, sql, ret) != 0) {
		return -1;
	}
	for (size_t i = 0; i < zone->core.count; i++) {
		core_key_t *core = &zone->core.keys[i];
		if (get_records(db, zone, zone->keys[i].id, core) != 0 ||
		    get_done(db, core, &zone->keys[i]) != 0) {
			return -1;
		}
		zone->keys[i].stored = zone->core.keys[i];
	}
	return 0;
}

int db_zone_get(db_t *db, const char *name, kasp_zone_t *zone)
{
	sqlite3_stmt *sql = sql_prepare(db, zone_get);
	if (sql == NULL) {
		return -1;
	}
	sql_bind_text(sql, 1, name);
	int ret = sqlite3_step(sql);
	if (ret != SQLITE_ROW) {
		return sql_done(db, sql, ret);
	}
	kasp_zone_t z = {
		.id = sqlite3_column_int64(sql, ZONE_ID),
		.name = strdup(name),
		.policy = column_text(sql, ZONE_POLICY),
		.core.revision = (uint64_t)sqlite3_column_int64(sql, ZONE_REVISION),
		.next = sqlite3_column_int64(sql, ZONE_NEXT),
		.core.shown.ttl = (uint32_t)sqlite3_column_int64(sql, ZONE_SHOWN_TTL),
		.core.shown.absence = (uint32_t)sqlite3_column_int64(sql, ZONE_SHOWN_ABSENCE),
		.ds = column_text(sql, ZONE_DS),
		.ds_seen = sqlite3_column_int64(sql, ZONE_DS_SEEN),
		.bundle = column_text(sql, ZONE_BUNDLE),
		.taken_over = sqlite3_column_type(sql, ZONE_SERIAL_BEFORE) == SQLITE_INTEGER,
		.serial_before = (uint32_t)sqlite3_column_int64(sql, ZONE_SERIAL_BEFORE),
	};
	for (int role = 0; role < CORE_ROLES; role++) {
		z.core.requests[role] = (core_request_t){
			.at = sqlite3_column_int64(sql, ZONE_ROLL + role),
			.emergency = (sqlite3_column_int(sql, ZONE_EMERGENCY) >> role & 1) != 0,
		};
	}
	for (int kind = 0; kind < CORE_TTLS; kind++) {
		z.core.ttls[kind] = (core_ttl_t){
			.ttl = (uint32_t)sqlite3_column_int64(sql, ZONE_TTL(kind)),
			.until = sqlite3_column_int64(sql, ZONE_TTL_UNTIL(kind)),
			.lower = (uint32_t)sqlite3_column_int64(sql, ZONE_TTL_LOWER(kind)),
		};
	}
	if (sqlite3_column_bytes(sql, ZONE_DIGEST) == ZONE_DIGEST_LEN) {
		memcpy(z.digest, sqlite3_column_blob(sql, ZONE_DIGEST), ZONE_DIGEST_LEN);
	}
	sqlite3_reset(sql);
	if (z.name == NULL || z.policy == NULL || z.ds == NULL || z.bundle == NULL) {
		ret = sql_no_memory(db);
	} else {
		ret = get_keys(db, &z);
	}
	if (ret != 0) {
		kasp_zone_deinit(&z);
		return -1;
	}
	*zone = z;
	return 1;
}

static int save_record(db_t *db, int64_t key, int number, const core_record_t *record)
{
	sqlite3_stmt *sql = sql_prepare(db, record_save);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int(sql, PARAMETER(RECORD_KIND), number);
	sqlite3_bind_int(sql, PARAMETER(RECORD_STATE), record->state);
	sqlite3_bind_int64(sql, PARAMETER(RECORD_SINCE), record->since);
	sqlite3_bind_int64(sql, PARAMETER(RECORD_REVISION), (int64_t)record->revision);
	sqlite3_bind_int64(sql, PARAMETER(RECORD_PUBLIC_AT), record->public_at);
	sqlite3_bind_int64(sql, PARAMETER(RECORD_CAME), (int64_t)record->came);
	sqlite3_bind_int64(sql, PARAMETER(RECORD_ZONE_KEY), key);
	return sql_run(db, sql);
}

static bool same_record(const core_record_t *a, const core_record_t *b)
{
	return a->state == b->state && a->since == b->since && a->revision == b->revision &&
	       a->public_at == b->public_at && a->came == b->came;
}

static int save_key(db_t *db, int64_t id, const core_key_t *key, const core_key_t *stored)
{
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		if (!same_record(&key->record[r], &stored->record[r]) &&
		    save_record(db, id, r, &key->record[r]) != 0) {
			return -1;
		}
	}
	if (key->goal_in == stored->goal_in && key->roll == stored->roll &&
	    key->standby == stored->standby && key->inception == stored->inception &&
	    key->dead == stored->dead) {
		return 0;
	}
	static const char update[] = "UPDATE zone_key SET goal_in = ?2, roll = ?3, standby = ?4,"
	                             " inception = ?5, dead = ?6 WHERE id = ?1";
	sqlite3_stmt *sql = sql_prepare(db, update);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int64(sql, 1, id);
	sqlite3_bind_int(sql, 2, key->goal_in);
	sqlite3_bind_int(sql, 3, key->roll);
	sqlite3_bind_int(sql, 4, key->standby);
	sqlite3_bind_int64(sql, 5, key->inception);
	sqlite3_bind_int(sql, 6, key->dead);
	return sql_run(db, sql);
}

static int save_zone(db_t *db, const kasp_zone_t *zone)
{
	sqlite3_stmt *sql = sql_prepare(db, zone_save);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int64(sql, PARAMETER(ZONE_ID), zone->id);
	sqlite3_bind_int64(sql, PARAMETER(ZONE_REVISION), (int64_t)zone->core.revision);
	sqlite3_bind_blob(sql, PARAMETER(ZONE_DIGEST), zone->digest, ZONE_DIGEST_LEN,
	                  SQLITE_STATIC);
	sqlite3_bind_int64(sql, PARAMETER(ZONE_NEXT), zone->next);
	int emergencies = 0;
	for (int role = 0; role < CORE_ROLES; role++) {
		sqlite3_bind_int64(sql, PARAMETER(ZONE_ROLL + role), zone->core.requests[role].at);
		emergencies |= zone->core.requests[role].emergency << role;
	}
	sqlite3_bind_int(sql, PARAMETER(ZONE_EMERGENCY), emergencies);
	for (int kind = 0; kind < CORE_TTLS; kind++) {
		const core_ttl_t *ttl = &zone->core.ttls[kind];
		sqlite3_bind_int64(sql, PARAMETER(ZONE_TTL(kind)), ttl->ttl);
		sqlite3_bind_int64(sql, PARAMETER(ZONE_TTL_UNTIL(kind)), ttl->until);
		sqlite3_bind_int64(sql, PARAMETER(ZONE_TTL_LOWER(kind)), ttl->lower);
	}
	sqlite3_bind_int64(sql, PARAMETER(ZONE_SHOWN_TTL), zone->core.shown.ttl);
	sqlite3_bind_int64(sql, PARAMETER(ZONE_SHOWN_ABSENCE), zone->core.shown.absence);
	sql_bind_text(sql, PARAMETER(ZONE_DS), zone->ds);
	sqlite3_bind_int64(sql, PARAMETER(ZONE_DS_SEEN), zone->ds_seen);
	sql_bind_text(sql, PARAMETER(ZONE_BUNDLE), zone->bundle != NULL ? zone->bundle : "");
	return sql_run(db, sql);
}

int db_zone_save(db_t *db, kasp_zone_t *zone)
{
	if (save_zone(db, zone) != 0) {
		return -1;
	}
	for (size_t i = 0; i < zone->core.count; i++) {
		const core_key_t *key = &zone->core.keys[i];
		if (save_key(db, zone->keys[i].id, key, &zone->keys[i].stored) != 0) {
			return -1;
		}
		zone->keys[i].stored = *key;
	}
	return 0;
}

int db_zone_give_key(db_t *db, kasp_zone_t *zone, const db_token_key_t *key,
                     const core_key_t *core)
{
	static const char given[] = "UPDATE token_key SET given = given + 1, retired = 0"
	                            " WHERE id = ?1";
	static const char add[] = "INSERT INTO zone_key"
	                          " (zone, token_key, role, keytag, inception, goal_in, roll,"
	                          " standby, dead) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
	sqlite3_stmt *sql = sql_prepare(db, add);
	if (sql == NULL || sql_run_numbers(db, given, key->id, 0) != 0) {
		return -1;
	}
	sqlite3_bind_int64(sql, 1, zone->id);
	sqlite3_bind_int64(sql, 2, key->id);
	sqlite3_bind_int(sql, 3, core->role);
	sqlite3_bind_int(sql, 4, core->keytag);
	sqlite3_bind_int64(sql, 5, core->inception);
	sqlite3_bind_int(sql, 6, core->goal_in);
	sqlite3_bind_int(sql, 7, core->roll);
	sqlite3_bind_int(sql, 8, core->standby);
	sqlite3_bind_int(sql, 9, core->dead);
	if (sql_run(db, sql) != 0) {
		return -1;
	}
	zone_key_t info = {
		.id = sqlite3_last_insert_rowid(db->db),
		.token_key = key->id,
		.repository = strdup(key->repository),
		.cka_id = strdup(key->cka_id),
		.public_key = copy_bytes(key->public_key, key->public_key_len),
		.public_key_len = key->public_key_len,
	};
	if (append(db, zone, core, &info) != 0) {
		return -1;
	}
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		if (save_record(db, info.id, r, &core->record[r]) != 0) {
			return -1;
		}
	}
	zone->core.keys[zone->core.count - 1].bits = key->bits;
	zone->keys[zone->core.count - 1].stored = *core;
	return 0;
}

int db_zone_take_key(db_t *db, kasp_zone_t *zone, size_t i)
{
	static const char drop_records[] = "DELETE FROM record WHERE zone_key = ?1";
	static const char drop_key[] = "DELETE FROM zone_key WHERE id = ?1";
	static const char left[] = "UPDATE token_key SET given = given - 1, retired = given <= 1"
	                           " WHERE id = ?1";
	int64_t id = zone->keys[i].id;
	if (sql_run_numbers(db, drop_records, id, 0) != 0 ||
	    sql_run_numbers(db, drop_key, id, 0) != 0 ||
	    sql_run_numbers(db, left, zone->keys[i].token_key, 0) != 0) {
		return -1;
	}
	kasp_zone_remove_key(zone, i);
	return 0;
}

int db_zone_leave_keys(db_t *db, kasp_zone_t *zone)
{
	while (zone->core.count > 0) {
		const size_t last = zone->core.count - 1;
		const int64_t pair = zone->keys[last].token_key;
		if (db_zone_take_key(db, zone, last) != 0 || db_key_leave(db, pair) != 0) {
			return -1;
		}
	}
	return 0;
}

int db_zone_drop(db_t *db, const kasp_zone_t *zone)
{
	static const char drop[] = "DELETE FROM zone WHERE id = ?1";
	if (db_freeze_end(db, DB_FREEZE_ZONE, zone->name) < 0 ||
	    db_freeze_end(db, DB_FREEZE_IMPORT, zone->name) < 0) {
		return -1;
	}
	return db_bundles_drop(db, zone->id, INT64_MAX, INT64_MIN) != 0 ? -1
	                                                        : sql_run_numbers(db, drop, zone->id, 0);
}

static int names(db_t *db, sqlite3_stmt *sql, db_name_f cb, void *ctx)
{
	int ret;
	while ((ret = sqlite3_step(sql)) == SQLITE_ROW) {
		if (cb(ctx, (const char *)sqlite3_column_text(sql, 0)) != 0) {
			break;
		}
	}
	return sql_done(db, sql, ret);
}

int db_zones_due(db_t *db, int64_t now, size_t limit, db_name_f cb, void *ctx)
{
	static const char due[] = "SELECT name FROM zone WHERE next <= ?1 ORDER BY next LIMIT ?2";
	sqlite3_stmt *sql = sql_prepare(db, due);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int64(sql, 1, now);
	sqlite3_bind_int64(sql, 2, (int64_t)limit);
	return names(db, sql, cb, ctx);
}

int db_zones(db_t *db, db_name_f cb, void *ctx)
{
	static const char all[] = "SELECT name FROM zone ORDER BY name";
	sqlite3_stmt *sql = sql_prepare(db, all);
	return sql != NULL ? names(db, sql, cb, ctx) : -1;
}

int db_zones_wake(db_t *db, int64_t now)
{
	static const char wake[] = "UPDATE zone SET next = ?1 WHERE next > ?1";
	return sql_run_numbers(db, wake, now, 0);
}
