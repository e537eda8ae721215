/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <string.h>

#include "policy-engine/database/internal.h"

static sqlite3_stmt *key_sql(db_t *db, sql_t which, const char *repository,
                             const char *cka_id)
{
	sqlite3_stmt *sql = db_sql(db, which);
	if (sql != NULL) {
		sqlite3_bind_text(sql, 1, repository, -1, SQLITE_STATIC);
		sqlite3_bind_text(sql, 2, cka_id, -1, SQLITE_STATIC);
	}
	return sql;
}

int db_key_intend(db_t *db, const char *repository, const char *cka_id,
                  uint8_t algorithm, unsigned bits, int64_t now)
{
	sqlite3_stmt *sql = key_sql(db, SQL_KEY_INTEND, repository, cka_id);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int(sql, 3, algorithm);
	sqlite3_bind_int64(sql, 4, bits);
	sqlite3_bind_int64(sql, 5, now);
	return db_run(db, sql);
}

int db_key_made(db_t *db, const char *repository, const char *cka_id,
                const uint8_t *public_key, size_t len)
{
	sqlite3_stmt *sql = key_sql(db, SQL_KEY_MADE, repository, cka_id);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_blob64(sql, 3, public_key, len, SQLITE_STATIC);
	return db_run(db, sql);
}

int db_key_forget(db_t *db, const char *repository, const char *cka_id)
{
	return db_run(db, key_sql(db, SQL_KEY_FORGET, repository, cka_id));
}

static int keys(db_t *db, sqlite3_stmt *sql, db_key_f cb, void *ctx)
{
	int ret;
	while ((ret = sqlite3_step(sql)) == SQLITE_ROW) {
		db_token_key_t key = {
			.id = sqlite3_column_int64(sql, 0),
			.repository = (const char *)sqlite3_column_text(sql, 1),
			.cka_id = (const char *)sqlite3_column_text(sql, 2),
			.algorithm = (uint8_t)sqlite3_column_int(sql, 3),
			.bits = (unsigned)sqlite3_column_int(sql, 4),
			.public_key = sqlite3_column_blob(sql, 5),
			.public_key_len = (size_t)sqlite3_column_bytes(sql, 5),
			.backup = (db_backup_t)sqlite3_column_int(sql, 6),
			.given = (unsigned)sqlite3_column_int(sql, 7),
			.since = sqlite3_column_count(sql) > 8 ? sqlite3_column_int64(sql, 8) : 0,
		};
		if (cb(ctx, &key) != 0) {
			break;
		}
	}
	return db_done(db, sql, ret);
}

int db_keys_intended(db_t *db, db_key_f cb, void *ctx)
{
	sqlite3_stmt *sql = db_sql(db, SQL_KEY_INTENDED);
	return sql != NULL ? keys(db, sql, cb, ctx) : -1;
}

int db_keys(db_t *db, db_key_f cb, void *ctx)
{
	sqlite3_stmt *sql = db_sql(db, SQL_KEY_ALL);
	return sql != NULL ? keys(db, sql, cb, ctx) : -1;
}

int db_backup_turn(db_t *db, const char *repository, db_backup_t from,
                   db_backup_t to)
{
	sqlite3_stmt *sql = db_sql(db, SQL_BACKUP);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_text(sql, 1, repository, -1, SQLITE_STATIC);
	sqlite3_bind_int(sql, 2, from);
	sqlite3_bind_int(sql, 3, to);
	return db_run(db, sql) == 0 ? sqlite3_changes(db->db) : -1;
}

static sqlite3_stmt *errand_sql(db_t *db, sql_t which, int64_t zone_key,
                                db_errand_t errand, int64_t since)
{
	sqlite3_stmt *sql = db_sql(db, which);
	if (sql != NULL) {
		sqlite3_bind_int64(sql, 1, zone_key);
		sqlite3_bind_int(sql, 2, errand);
		sqlite3_bind_int64(sql, 3, since);
	}
	return sql;
}

int db_errand_put(db_t *db, int64_t zone_key, db_errand_t errand, int64_t since,
                  int64_t now)
{
	sqlite3_stmt *sql = errand_sql(db, SQL_ERRAND_PUT, zone_key, errand, since);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int64(sql, 4, now);
	return db_run(db, sql);
}

int db_errand_get(db_t *db, int64_t zone_key, db_errand_t errand, int64_t since,
                  int64_t *done)
{
	sqlite3_stmt *sql = errand_sql(db, SQL_ERRAND_GET, zone_key, errand, since);
	if (sql == NULL) {
		return -1;
	}
	int ret = sqlite3_step(sql);
	int found = ret == SQLITE_ROW;
	int64_t when = found ? sqlite3_column_int64(sql, 0) : 0;
	if (db_done(db, sql, ret) != 0) {
		return -1;
	}
	*done = found ? when : *done;
	return found;
}

static sqlite3_stmt *kind_sql(db_t *db, sql_t which, const char *repository,
                              uint8_t algorithm, unsigned bits)
{
	sqlite3_stmt *sql = db_sql(db, which);
	if (sql != NULL) {
		sqlite3_bind_text(sql, 1, repository, -1, SQLITE_STATIC);
		sqlite3_bind_int(sql, 2, algorithm);
		sqlite3_bind_int64(sql, 3, bits);
	}
	return sql;
}

int db_keys_unused(db_t *db, const char *repository, uint8_t algorithm, unsigned bits,
                   db_key_f cb, void *ctx)
{
	sqlite3_stmt *sql = kind_sql(db, SQL_KEY_UNUSED, repository, algorithm, bits);
	return sql != NULL ? keys(db, sql, cb, ctx) : -1;
}

int db_keys_backed_up(db_t *db, const char *repository, uint8_t algorithm, unsigned bits,
                      db_key_f cb, void *ctx)
{
	sqlite3_stmt *sql = kind_sql(db, SQL_KEY_BACKED_UP, repository, algorithm, bits);
	return sql != NULL ? keys(db, sql, cb, ctx) : -1;
}

int64_t db_keys_unused_count(db_t *db, const char *repository, uint8_t algorithm,
                             unsigned bits)
{
	sqlite3_stmt *sql = kind_sql(db, SQL_KEY_UNUSED_COUNT, repository, algorithm, bits);
	if (sql == NULL) {
		return -1;
	}
	int ret = sqlite3_step(sql);
	int64_t count = ret == SQLITE_ROW ? sqlite3_column_int64(sql, 0) : 0;
	return db_done(db, sql, ret) == 0 ? count : -1;
}

int db_keys_shared(db_t *db, const db_share_t *share, const char *repository,
                   uint8_t algorithm, unsigned bits, int64_t zone, db_key_f cb, void *ctx)
{
	sqlite3_stmt *sql = db_sql(db, SQL_KEY_SHARED);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_text(sql, 1, share->policy, -1, SQLITE_STATIC);
	sqlite3_bind_int(sql, 2, share->role);
	sqlite3_bind_int(sql, 3, share->standby);
	sqlite3_bind_int64(sql, 4, share->oldest);
	sqlite3_bind_text(sql, 5, repository, -1, SQLITE_STATIC);
	sqlite3_bind_int(sql, 6, algorithm);
	sqlite3_bind_int64(sql, 7, bits);
	sqlite3_bind_int64(sql, 8, zone);
	return keys(db, sql, cb, ctx);
}

int db_key_share(db_t *db, int64_t token_key, const db_share_t *share, int64_t since)
{
	sqlite3_stmt *sql = db_sql(db, SQL_KEY_SHARE);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int64(sql, 1, token_key);
	sqlite3_bind_text(sql, 2, share->policy, -1, SQLITE_STATIC);
	sqlite3_bind_int(sql, 3, share->role);
	sqlite3_bind_int(sql, 4, share->standby);
	sqlite3_bind_int64(sql, 5, since);
	return db_run(db, sql);
}

int db_key_used(db_t *db, int64_t token_key, int64_t now)
{
	return db_run_numbers(db, SQL_KEY_USED, token_key, now);
}

int db_keys_retired(db_t *db, db_key_f cb, void *ctx)
{
	sqlite3_stmt *sql = db_sql(db, SQL_KEY_RETIRED);
	return sql != NULL ? keys(db, sql, cb, ctx) : -1;
}

int db_key_drop(db_t *db, int64_t token_key)
{
	return db_run_numbers(db, SQL_KEY_DROP, token_key, 0);
}

int db_clock_get(db_t *db, int64_t *seen)
{
	sqlite3_stmt *sql = db_sql(db, SQL_CLOCK_GET);
	if (sql == NULL) {
		return -1;
	}
	int ret = sqlite3_step(sql);
	int found = ret == SQLITE_ROW;
	*seen = found ? sqlite3_column_int64(sql, 0) : *seen;
	return db_done(db, sql, ret) == 0 ? found : -1;
}

int db_clock_put(db_t *db, int64_t seen)
{
	return db_run_numbers(db, SQL_CLOCK_PUT, seen, 0);
}

int db_salt_get(db_t *db, const char *policy, uint8_t salt[DB_SALT_MAX], size_t *len,
                int64_t *since)
{
	sqlite3_stmt *sql = db_sql(db, SQL_SALT_GET);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_text(sql, 1, policy, -1, SQLITE_STATIC);
	int ret = sqlite3_step(sql);
	int found = 0;
	int bytes = ret == SQLITE_ROW ? sqlite3_column_bytes(sql, 0) : 0;
	if (ret == SQLITE_ROW && bytes <= DB_SALT_MAX) {
		if (bytes > 0) {
			memcpy(salt, sqlite3_column_blob(sql, 0), (size_t)bytes);
		}
		*len = (size_t)bytes;
		*since = sqlite3_column_int64(sql, 1);
		found = 1;
	}
	return db_done(db, sql, ret) == 0 ? found : -1;
}

int db_salt_put(db_t *db, const char *policy, const uint8_t *salt, size_t len,
                int64_t since)
{
	sqlite3_stmt *sql = db_sql(db, SQL_SALT_PUT);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_text(sql, 1, policy, -1, SQLITE_STATIC);
	sqlite3_bind_blob64(sql, 2, len > 0 ? (const void *)salt : "", len, SQLITE_STATIC);
	sqlite3_bind_int64(sql, 3, since);
	return db_run(db, sql);
}
