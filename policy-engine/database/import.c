/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* What is noted only when zones come from another signer. The import itself is a room of its own,
 * policy-engine/import/. */

#include <stdio.h>
#include <string.h>

#include "policy-engine/database/sql.h"

/* Fills id and since of a key pair. \return 1 if it is known, 0 if it is not, 2 if the database has
 * another one, -1. */
static int find(db_t *db, db_token_key_t *key)
{
	static const char get[] = "SELECT id, public_key, since FROM token_key"
	                          " WHERE repository = ?1 AND cka_id = ?2";
	enum { ID, PUBLIC_KEY, SINCE };
	sqlite3_stmt *sql = sql_prepare(db, get);
	if (sql == NULL) {
		return -1;
	}
	sql_bind_text(sql, 1, key->repository);
	sql_bind_text(sql, 2, key->cka_id);
	int ret = sqlite3_step(sql);
	bool found = ret == SQLITE_ROW, same = true;
	if (found) {
		size_t len = (size_t)sqlite3_column_bytes(sql, PUBLIC_KEY);
		const void *public_key = sqlite3_column_blob(sql, PUBLIC_KEY);
		same = len == key->public_key_len && memcmp(public_key, key->public_key, len) == 0;
		key->id = sqlite3_column_int64(sql, ID);
		key->since = sqlite3_column_int64(sql, SINCE);
	}
	if (sql_done(db, sql, ret) != 0) {
		return -1;
	}
	if (!same) {
		snprintf(db->error, sizeof(db->error), "database %s: key %s of repository %s "
		         "is another one than that in the token", db->path, key->cka_id,
		         key->repository);
		return 2;
	}
	return found;
}

int db_key_put(db_t *db, db_token_key_t *key, int64_t now)
{
	static const char set_backup[] = "UPDATE token_key SET backup = ?2 WHERE id = ?1";
	int found = find(db, key);
	if (found != 0) {
		return found < 0 ? -1 : found - 1;
	}
	if (db_key_intend(db, key->repository, key->cka_id, key->algorithm, key->bits,
	                  now) != 0 ||
	    db_key_made(db, key->repository, key->cka_id, key->public_key,
	                key->public_key_len) != 0) {
		return -1;
	}
	return find(db, key) == 1
	               ? sql_run_numbers(db, set_backup, key->id, key->backup)
	               : -1;
}

int db_key_users(db_t *db, int64_t token_key, uint64_t elsewhere)
{
	static const char recount[] =
		"UPDATE token_key SET retired = 0, given = ?2 +"
		" (SELECT count(*) FROM zone_key WHERE token_key = token_key.id)"
		" WHERE id = ?1";
	return sql_run_numbers(db, recount, token_key, (int64_t)elsewhere);
}

int db_zone_took(db_t *db, int64_t zone, uint32_t serial)
{
	static const char took[] = "UPDATE zone SET serial_before = ?2 WHERE id = ?1";
	return sql_run_numbers(db, took, zone, serial);
}

int db_zone_formed(db_t *db, int64_t zone, const char *form)
{
	static const char formed[] = "UPDATE zone SET form = ?2 WHERE id = ?1";
	sqlite3_stmt *sql = sql_prepare(db, formed);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int64(sql, 1, zone);
	sql_bind_text(sql, 2, form);
	return sql_run(db, sql);
}

int db_policy_used(db_t *db, const char *policy)
{
	static const char get[] = "SELECT 1 FROM zone WHERE policy = ?1 LIMIT 1";
	sqlite3_stmt *sql = sql_prepare(db, get);
	if (sql == NULL) {
		return -1;
	}
	sql_bind_text(sql, 1, policy);
	int ret = sqlite3_step(sql);
	int found = ret == SQLITE_ROW;
	return sql_done(db, sql, ret) == 0 ? found : -1;
}
