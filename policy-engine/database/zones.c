/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/database/internal.h"

/* The numbers are in the database. */
_Static_assert(KEYSET_NA == 0 && KEYSET_HIDDEN == 1 && KEYSET_RUMOURED == 2 &&
               KEYSET_OMNIPRESENT == 3 && KEYSET_UNRETENTIVE == 4, "states");
_Static_assert(KEYSET_DS == 0 && KEYSET_DNSKEY == 1 && KEYSET_RRSIG_DNSKEY == 2 &&
               KEYSET_RRSIG == 3, "records");
_Static_assert(KEYSET_KSK == 0 && KEYSET_ZSK == 1 && KEYSET_CSK == 2, "roles");
_Static_assert(POLICY_ROLL_PRE_PUBLICATION == 0 && POLICY_ROLL_DOUBLE_SIGNATURE == 1 &&
               POLICY_ROLL_DOUBLE_RRSET == 2 && POLICY_ROLL_DOUBLE_DS == 3 &&
               POLICY_ROLL_SINGLE_SIGNATURE == 4, "rollover types");

static int bind_text(sqlite3_stmt *sql, int column, const char *text)
{
	return sqlite3_bind_text(sql, column, text, -1, SQLITE_STATIC);
}

static char *column_text(sqlite3_stmt *sql, int column)
{
	const unsigned char *text = sqlite3_column_text(sql, column);
	return strdup(text != NULL ? (const char *)text : "");
}

int db_zone_put(db_t *db, const char *name, const char *policy)
{
	static const sql_t steps[] = { SQL_ZONE_ADD, SQL_ZONE_POLICY };
	int news = 0;
	for (size_t i = 0; i < 2; i++) {
		sqlite3_stmt *sql = db_sql(db, steps[i]);
		if (sql == NULL) {
			return -1;
		}
		bind_text(sql, 1, name);
		bind_text(sql, 2, policy);
		if (db_run(db, sql) != 0) {
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
	sqlite3_stmt *sql = db_sql(db, SQL_RECORD_GET);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int64(sql, 1, id);
	unsigned seen = 0;
	int ret;
	while ((ret = sqlite3_step(sql)) == SQLITE_ROW) {
		int record = sqlite3_column_int(sql, 0);
		int state = sqlite3_column_int(sql, 1);
		if (record < 0 || record >= KEYSET_RECORDS || state < KEYSET_NA ||
		    state > KEYSET_UNRETENTIVE) {
			sqlite3_reset(sql);
			return damaged(db, zone->name, "a record of unknown kind or state");
		}
		seen |= 1u << record;
		key->record[record] = (core_record_t){
			.state = (keyset_state_t)state,
			.since = sqlite3_column_int64(sql, 2),
			.revision = (uint64_t)sqlite3_column_int64(sql, 3),
			.public_at = sqlite3_column_int64(sql, 4),
			.came = (uint64_t)sqlite3_column_int64(sql, 5),
		};
	}
	if (db_done(db, sql, ret) != 0) {
		return -1;
	}
	return seen == (1u << KEYSET_RECORDS) - 1 ? 0
	                                          : damaged(db, zone->name, "a key without "
	                                                    "all its records");
}

static int add_row(db_t *db, kasp_zone_t *zone, sqlite3_stmt *sql)
{
	core_key_t core = {
		.role = (keyset_role_t)sqlite3_column_int(sql, 2),
		.keytag = (uint16_t)sqlite3_column_int(sql, 3),
		.inception = sqlite3_column_int64(sql, 4),
		.goal_in = sqlite3_column_int(sql, 5) != 0,
		.roll = (policy_roll_t)sqlite3_column_int(sql, 6),
		.algorithm = (uint8_t)sqlite3_column_int(sql, 9),
		.bits = (unsigned)sqlite3_column_int(sql, 10),
		.standby = sqlite3_column_int(sql, 12) != 0,
	};
	int len = sqlite3_column_bytes(sql, 11);
	zone_key_t info = {
		.id = sqlite3_column_int64(sql, 0),
		.token_key = sqlite3_column_int64(sql, 1),
		.repository = column_text(sql, 7),
		.cka_id = column_text(sql, 8),
		.public_key = malloc(len > 0 ? (size_t)len : 1),
		.public_key_len = (size_t)len,
	};
	if (info.public_key != NULL && len > 0) {
		memcpy(info.public_key, sqlite3_column_blob(sql, 11), (size_t)len);
	}
	if (info.repository == NULL || info.cka_id == NULL || info.public_key == NULL ||
	    kasp_zone_add_key(zone, &core, &info) != 0) {
		free(info.repository);
		free(info.cka_id);
		free(info.public_key);
		snprintf(db->error, sizeof(db->error), "out of memory");
		return -1;
	}
	return 0;
}

static int get_keys(db_t *db, kasp_zone_t *zone)
{
	sqlite3_stmt *sql = db_sql(db, SQL_ZONE_KEYS);
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
	if (db_done(db, sql, ret) != 0) {
		return -1;
	}
	for (size_t i = 0; i < zone->core.count; i++) {
		if (get_records(db, zone, zone->keys[i].id, &zone->core.keys[i]) != 0) {
			return -1;
		}
		zone->keys[i].stored = zone->core.keys[i];
	}
	return 0;
}

int db_zone_get(db_t *db, const char *name, kasp_zone_t *zone)
{
	sqlite3_stmt *sql = db_sql(db, SQL_ZONE_GET);
	if (sql == NULL) {
		return -1;
	}
	bind_text(sql, 1, name);
	int ret = sqlite3_step(sql);
	if (ret != SQLITE_ROW) {
		return db_done(db, sql, ret);
	}
	kasp_zone_t z = {
		.id = sqlite3_column_int64(sql, 0),
		.name = strdup(name),
		.policy = column_text(sql, 1),
		.core.revision = (uint64_t)sqlite3_column_int64(sql, 2),
		.next = sqlite3_column_int64(sql, 4),
		.taken_over = sqlite3_column_type(sql, 18) == SQLITE_INTEGER,
		.serial_before = (uint32_t)sqlite3_column_int64(sql, 18),
	};
	for (int role = 0; role < 3; role++) {
		z.core.requests[role] = (core_request_t){
			.at = sqlite3_column_int64(sql, 5 + role),
			.emergency = (sqlite3_column_int(sql, 8) >> role & 1) != 0,
		};
	}
	for (int kind = 0; kind < CORE_TTLS; kind++) {
		z.core.ttls[kind] = (core_ttl_t){
			.ttl = (uint32_t)sqlite3_column_int64(sql, 9 + 3 * kind),
			.until = sqlite3_column_int64(sql, 10 + 3 * kind),
			.lower = (uint32_t)sqlite3_column_int64(sql, 11 + 3 * kind),
		};
	}
	if (sqlite3_column_bytes(sql, 3) == ZONE_DIGEST_LEN) {
		memcpy(z.digest, sqlite3_column_blob(sql, 3), ZONE_DIGEST_LEN);
	}
	sqlite3_reset(sql);
	if (z.name == NULL || z.policy == NULL) {
		snprintf(db->error, sizeof(db->error), "out of memory");
		ret = -1;
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
	sqlite3_stmt *sql = db_sql(db, SQL_RECORD_SAVE);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int64(sql, 1, key);
	sqlite3_bind_int(sql, 2, number);
	sqlite3_bind_int(sql, 3, record->state);
	sqlite3_bind_int64(sql, 4, record->since);
	sqlite3_bind_int64(sql, 5, (int64_t)record->revision);
	sqlite3_bind_int64(sql, 6, record->public_at);
	sqlite3_bind_int64(sql, 7, (int64_t)record->came);
	return db_run(db, sql);
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
	    key->standby == stored->standby && key->inception == stored->inception) {
		return 0;
	}
	sqlite3_stmt *sql = db_sql(db, SQL_ZONE_KEY_SAVE);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int64(sql, 1, id);
	sqlite3_bind_int(sql, 2, key->goal_in);
	sqlite3_bind_int(sql, 3, key->roll);
	sqlite3_bind_int(sql, 4, key->standby);
	sqlite3_bind_int64(sql, 5, key->inception);
	return db_run(db, sql);
}

static int save_zone(db_t *db, const kasp_zone_t *zone)
{
	sqlite3_stmt *sql = db_sql(db, SQL_ZONE_SAVE);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int64(sql, 1, zone->id);
	sqlite3_bind_int64(sql, 2, (int64_t)zone->core.revision);
	sqlite3_bind_blob(sql, 3, zone->digest, ZONE_DIGEST_LEN, SQLITE_STATIC);
	sqlite3_bind_int64(sql, 4, zone->next);
	int emergencies = 0;
	for (int role = 0; role < 3; role++) {
		sqlite3_bind_int64(sql, 5 + role, zone->core.requests[role].at);
		emergencies |= zone->core.requests[role].emergency << role;
	}
	sqlite3_bind_int(sql, 8, emergencies);
	for (int kind = 0; kind < CORE_TTLS; kind++) {
		sqlite3_bind_int64(sql, 9 + 3 * kind, zone->core.ttls[kind].ttl);
		sqlite3_bind_int64(sql, 10 + 3 * kind, zone->core.ttls[kind].until);
		sqlite3_bind_int64(sql, 11 + 3 * kind, zone->core.ttls[kind].lower);
	}
	return db_run(db, sql);
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
	sqlite3_stmt *sql = db_sql(db, SQL_ZONE_KEY_ADD);
	if (sql == NULL || db_run_numbers(db, SQL_KEY_GIVEN, key->id, 0) != 0) {
		return -1;
	}
	sqlite3_bind_int64(sql, 1, zone->id);
	sqlite3_bind_int64(sql, 2, key->id);
	sqlite3_bind_int(sql, 3, core->role);
	sqlite3_bind_int(sql, 4, core->keytag);
	sqlite3_bind_int64(sql, 5, core->inception);
	sqlite3_bind_int(sql, 6, core->goal_in);
	sqlite3_bind_int(sql, 7, core->roll);
	if (db_run(db, sql) != 0) {
		return -1;
	}
	zone_key_t info = {
		.id = sqlite3_last_insert_rowid(db->db),
		.token_key = key->id,
		.repository = strdup(key->repository),
		.cka_id = strdup(key->cka_id),
		.public_key = malloc(key->public_key_len),
		.public_key_len = key->public_key_len,
	};
	if (info.repository == NULL || info.cka_id == NULL || info.public_key == NULL ||
	    kasp_zone_add_key(zone, core, &info) != 0) {
		free(info.repository);
		free(info.cka_id);
		free(info.public_key);
		snprintf(db->error, sizeof(db->error), "out of memory");
		return -1;
	}
	memcpy(info.public_key, key->public_key, key->public_key_len);
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
	int64_t id = zone->keys[i].id;
	if (db_run_numbers(db, SQL_RECORD_DROP, id, 0) != 0 ||
	    db_run_numbers(db, SQL_ZONE_KEY_DROP, id, 0) != 0 ||
	    db_run_numbers(db, SQL_KEY_LEFT, zone->keys[i].token_key, 0) != 0) {
		return -1;
	}
	kasp_zone_remove_key(zone, i);
	return 0;
}

static int names(db_t *db, sqlite3_stmt *sql, db_name_f cb, void *ctx)
{
	int ret;
	while ((ret = sqlite3_step(sql)) == SQLITE_ROW) {
		if (cb(ctx, (const char *)sqlite3_column_text(sql, 0)) != 0) {
			break;
		}
	}
	return db_done(db, sql, ret);
}

int db_zones_due(db_t *db, int64_t now, size_t limit, db_name_f cb, void *ctx)
{
	sqlite3_stmt *sql = db_sql(db, SQL_ZONE_DUE);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int64(sql, 1, now);
	sqlite3_bind_int64(sql, 2, (int64_t)limit);
	return names(db, sql, cb, ctx);
}

int db_zones(db_t *db, db_name_f cb, void *ctx)
{
	sqlite3_stmt *sql = db_sql(db, SQL_ZONE_ALL);
	return sql != NULL ? names(db, sql, cb, ctx) : -1;
}

int db_zones_wake(db_t *db, int64_t now)
{
	sqlite3_stmt *sql = db_sql(db, SQL_ZONE_WAKE);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int64(sql, 1, now);
	return db_run(db, sql);
}
