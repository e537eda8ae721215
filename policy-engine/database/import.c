/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <stdio.h>
#include <string.h>

#include "policy-engine/database/internal.h"

/* \return 1 and what is known of it, 0 if it is not, -1. */
static int find(db_t *db, db_token_key_t *key)
{
	sqlite3_stmt *sql = db_sql(db, SQL_KEY_FIND);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_text(sql, 1, key->repository, -1, SQLITE_STATIC);
	sqlite3_bind_text(sql, 2, key->cka_id, -1, SQLITE_STATIC);
	int ret = sqlite3_step(sql);
	bool found = ret == SQLITE_ROW, same = true;
	if (found) {
		size_t len = (size_t)sqlite3_column_bytes(sql, 1);
		const void *public_key = sqlite3_column_blob(sql, 1);
		same = len == key->public_key_len && memcmp(public_key, key->public_key, len) == 0;
		key->id = sqlite3_column_int64(sql, 0);
		key->since = sqlite3_column_int64(sql, 2);
	}
	if (db_done(db, sql, ret) != 0) {
		return -1;
	}
	if (!same) {
		snprintf(db->error, sizeof(db->error), "database %s: key %s of repository %s "
		         "is another one than that in the token", db->path, key->cka_id,
		         key->repository);
		return -1;
	}
	return found;
}

int db_key_put(db_t *db, db_token_key_t *key, int64_t now)
{
	int found = find(db, key);
	if (found != 0) {
		return found < 0 ? -1 : 0;
	}
	if (db_key_intend(db, key->repository, key->cka_id, key->algorithm, key->bits,
	                  now) != 0 ||
	    db_key_made(db, key->repository, key->cka_id, key->public_key,
	                key->public_key_len) != 0) {
		return -1;
	}
	return find(db, key) > 0
	               ? db_run_numbers(db, SQL_KEY_BACKUP, key->id, key->backup)
	               : -1;
}

int db_key_users(db_t *db, int64_t token_key, uint64_t elsewhere)
{
	return db_run_numbers(db, SQL_KEY_USERS, token_key, (int64_t)elsewhere);
}

int db_zone_took(db_t *db, int64_t zone, uint32_t serial)
{
	return db_run_numbers(db, SQL_ZONE_TOOK, zone, serial);
}

int db_policy_used(db_t *db, const char *policy)
{
	sqlite3_stmt *sql = db_sql(db, SQL_ZONE_OF_POLICY);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_text(sql, 1, policy, -1, SQLITE_STATIC);
	int ret = sqlite3_step(sql);
	int found = ret == SQLITE_ROW;
	return db_done(db, sql, ret) == 0 ? found : -1;
}
