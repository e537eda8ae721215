/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Key pairs: generated, unused, shared, retired. What a zone has of a key is in zones.c. */

#include <string.h>

#include "policy-engine/database/sql.h"

/* What keys() reads of a key pair, and in this order. */
#define COLUMNS "id, repository, cka_id, algorithm, bits, public_key, backup, given"
enum {
	PAIR_ID,
	PAIR_REPOSITORY,
	PAIR_CKA_ID,
	PAIR_ALGORITHM,
	PAIR_BITS,
	PAIR_PUBLIC_KEY,
	PAIR_BACKUP,
	PAIR_GIVEN,
	PAIR_SINCE, /* Only of those that zones share. */
};

/* Key pairs of a kind that no zone has. */
#define UNUSED_OF_KIND \
	" FROM token_key WHERE repository = ?1 AND algorithm = ?2 AND bits = ?3 AND given = 0" \
	" AND retired = 0 AND public_key IS NOT NULL"

static sqlite3_stmt *key_sql(db_t *db, const char *text, const char *repository,
                             const char *cka_id)
{
	sqlite3_stmt *sql = sql_prepare(db, text);
	if (sql != NULL) {
		sql_bind_text(sql, 1, repository);
		sql_bind_text(sql, 2, cka_id);
	}
	return sql;
}

int db_key_known(db_t *db, const char *repository, const char *cka_id)
{
	static const char known[] = "SELECT 1 FROM token_key WHERE repository = ?1 AND cka_id = ?2";
	sqlite3_stmt *sql = key_sql(db, known, repository, cka_id);
	if (sql == NULL) {
		return -1;
	}
	const int ret = sqlite3_step(sql);
	return sql_done(db, sql, ret) != 0 ? -1 : ret == SQLITE_ROW;
}

int db_key_intend(db_t *db, const char *repository, const char *cka_id,
                  uint8_t algorithm, unsigned bits, int64_t now)
{
	static const char intend[] =
		"INSERT INTO token_key (repository, cka_id, algorithm, bits, created)"
		" VALUES (?1, ?2, ?3, ?4, ?5)";
	sqlite3_stmt *sql = key_sql(db, intend, repository, cka_id);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int(sql, 3, algorithm);
	sqlite3_bind_int64(sql, 4, bits);
	sqlite3_bind_int64(sql, 5, now);
	return sql_run(db, sql);
}

int db_key_made(db_t *db, const char *repository, const char *cka_id,
                const uint8_t *public_key, size_t len)
{
	static const char made[] = "UPDATE token_key SET public_key = ?3"
	                           " WHERE repository = ?1 AND cka_id = ?2";
	sqlite3_stmt *sql = key_sql(db, made, repository, cka_id);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_blob64(sql, 3, public_key, len, SQLITE_STATIC);
	return sql_run(db, sql);
}

int db_key_forget(db_t *db, const char *repository, const char *cka_id)
{
	static const char drop[] = "DELETE FROM token_key WHERE repository = ?1 AND cka_id = ?2"
	                           " AND public_key IS NULL";
	return sql_run(db, key_sql(db, drop, repository, cka_id));
}

static int keys(db_t *db, sqlite3_stmt *sql, db_key_f cb, void *ctx)
{
	int ret;
	while ((ret = sqlite3_step(sql)) == SQLITE_ROW) {
		db_token_key_t key = {
			.id = sqlite3_column_int64(sql, PAIR_ID),
			.repository = (const char *)sqlite3_column_text(sql, PAIR_REPOSITORY),
			.cka_id = (const char *)sqlite3_column_text(sql, PAIR_CKA_ID),
			.algorithm = (uint8_t)sqlite3_column_int(sql, PAIR_ALGORITHM),
			.bits = (unsigned)sqlite3_column_int(sql, PAIR_BITS),
			.public_key = sqlite3_column_blob(sql, PAIR_PUBLIC_KEY),
			.public_key_len = (size_t)sqlite3_column_bytes(sql, PAIR_PUBLIC_KEY),
			.backup = (db_backup_t)sqlite3_column_int(sql, PAIR_BACKUP),
			.given = (unsigned)sqlite3_column_int(sql, PAIR_GIVEN),
			.since = sqlite3_column_count(sql) > PAIR_SINCE
			                 ? sqlite3_column_int64(sql, PAIR_SINCE)
			                 : 0,
		};
		if (cb(ctx, &key) != 0) {
			break;
		}
	}
	return sql_done(db, sql, ret);
}

int db_keys_intended(db_t *db, db_key_f cb, void *ctx)
{
	static const char intended[] = "SELECT " COLUMNS " FROM token_key WHERE public_key IS NULL"
	                               " ORDER BY id";
	sqlite3_stmt *sql = sql_prepare(db, intended);
	return sql != NULL ? keys(db, sql, cb, ctx) : -1;
}

int db_keys(db_t *db, db_key_f cb, void *ctx)
{
	static const char all[] = "SELECT " COLUMNS " FROM token_key WHERE public_key IS NOT NULL"
	                          " AND repository <> '' ORDER BY repository, id";
	sqlite3_stmt *sql = sql_prepare(db, all);
	return sql != NULL ? keys(db, sql, cb, ctx) : -1;
}

int db_backup_turn(db_t *db, const char *repository, db_backup_t from,
                   db_backup_t to)
{
	static const char turn[] =
		"UPDATE token_key SET backup = ?3 WHERE repository = ?1 AND backup = ?2"
		" AND public_key IS NOT NULL";
	sqlite3_stmt *sql = sql_prepare(db, turn);
	if (sql == NULL) {
		return -1;
	}
	sql_bind_text(sql, 1, repository);
	sqlite3_bind_int(sql, 2, from);
	sqlite3_bind_int(sql, 3, to);
	return sql_run(db, sql) == 0 ? sqlite3_changes(db->db) : -1;
}

static sqlite3_stmt *kind_sql(db_t *db, const char *text, const char *repository,
                              uint8_t algorithm, unsigned bits)
{
	sqlite3_stmt *sql = sql_prepare(db, text);
	if (sql != NULL) {
		sql_bind_text(sql, 1, repository);
		sqlite3_bind_int(sql, 2, algorithm);
		sqlite3_bind_int64(sql, 3, bits);
	}
	return sql;
}

int db_keys_unused(db_t *db, const char *repository, uint8_t algorithm, unsigned bits,
                   db_key_f cb, void *ctx)
{
	static const char unused[] = "SELECT " COLUMNS UNUSED_OF_KIND " ORDER BY id";
	sqlite3_stmt *sql = kind_sql(db, unused, repository, algorithm, bits);
	return sql != NULL ? keys(db, sql, cb, ctx) : -1;
}

int db_keys_backed_up(db_t *db, const char *repository, uint8_t algorithm, unsigned bits,
                      db_key_f cb, void *ctx)
{
	static const char backed_up[] =
		"SELECT " COLUMNS UNUSED_OF_KIND " AND backup = 2 ORDER BY id";
	sqlite3_stmt *sql = kind_sql(db, backed_up, repository, algorithm, bits);
	return sql != NULL ? keys(db, sql, cb, ctx) : -1;
}

int64_t db_keys_unused_count(db_t *db, const char *repository, uint8_t algorithm,
                             unsigned bits)
{
	static const char count_of_kind[] = "SELECT count(*)" UNUSED_OF_KIND;
	sqlite3_stmt *sql = kind_sql(db, count_of_kind, repository, algorithm, bits);
	if (sql == NULL) {
		return -1;
	}
	int64_t count = 0;
	return sql_number(db, sql, &count) >= 0 ? count : -1;
}

int64_t db_keys_unsaved_count(db_t *db, const char *repository)
{
	static const char count[] = "SELECT count(*) FROM token_key WHERE repository = ?1"
	                            " AND backup <> 2 AND retired = 0 AND public_key IS NOT NULL";
	sqlite3_stmt *sql = sql_prepare(db, count);
	if (sql == NULL) {
		return -1;
	}
	sql_bind_text(sql, 1, repository);
	int64_t found = 0;
	return sql_number(db, sql, &found) >= 0 ? found : -1;
}

int db_keys_shared(db_t *db, const db_share_t *share, int64_t zone, db_key_f cb, void *ctx)
{
	static const char shared[] =
		"SELECT " COLUMNS ", since FROM token_key WHERE policy = ?1 AND role = ?2"
		" AND standby = ?3 AND since >= ?4 AND retired = 0 AND repository = ?5"
		" AND algorithm = ?6 AND bits = ?7 AND NOT EXISTS"
		" (SELECT 1 FROM zone_key WHERE zone = ?8 AND token_key = token_key.id)"
		" ORDER BY since DESC, id DESC";
	sqlite3_stmt *sql = sql_prepare(db, shared);
	if (sql == NULL) {
		return -1;
	}
	sql_bind_text(sql, 1, share->policy);
	sqlite3_bind_int(sql, 2, share->role);
	sqlite3_bind_int(sql, 3, share->standby);
	sqlite3_bind_int64(sql, 4, share->oldest);
	sql_bind_text(sql, 5, share->repository);
	sqlite3_bind_int(sql, 6, share->algorithm);
	sqlite3_bind_int64(sql, 7, share->bits);
	sqlite3_bind_int64(sql, 8, zone);
	return keys(db, sql, cb, ctx);
}

int db_key_share(db_t *db, int64_t token_key, const db_share_t *share, int64_t since)
{
	static const char update[] =
		"UPDATE token_key SET policy = ?2, role = ?3, standby = ?4, since = ?5"
		" WHERE id = ?1";
	sqlite3_stmt *sql = sql_prepare(db, update);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int64(sql, 1, token_key);
	sql_bind_text(sql, 2, share->policy);
	sqlite3_bind_int(sql, 3, share->role);
	sqlite3_bind_int(sql, 4, share->standby);
	sqlite3_bind_int64(sql, 5, since);
	return sql_run(db, sql);
}

int db_key_used(db_t *db, int64_t token_key, int64_t now)
{
	static const char used[] = "UPDATE token_key SET standby = 0, since = ?2"
	                           " WHERE id = ?1 AND standby = 1";
	return sql_run_numbers(db, used, token_key, now);
}

int db_keys_retired(db_t *db, db_key_f cb, void *ctx)
{
	static const char retired[] =
		"SELECT " COLUMNS " FROM token_key WHERE retired = 1 ORDER BY id";
	sqlite3_stmt *sql = sql_prepare(db, retired);
	return sql != NULL ? keys(db, sql, cb, ctx) : -1;
}

int db_key_drop(db_t *db, int64_t token_key)
{
	static const char drop[] = "DELETE FROM token_key WHERE id = ?1 AND retired = 1";
	return sql_run_numbers(db, drop, token_key, 0);
}
