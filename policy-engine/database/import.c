/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <stdio.h>
#include <string.h>

#include "policy-engine/database/internal.h"

/* \return 1 and what is known of it, 0 if it is not, -1. */
static int find(store_t *store, store_token_key_t *key)
{
	sqlite3_stmt *sql = store_sql(store, SQL_KEY_FIND);
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
	if (store_done(store, sql, ret) != 0) {
		return -1;
	}
	if (!same) {
		snprintf(store->error, sizeof(store->error), "database %s: key %s of repository %s "
		         "is another one than that in the token", store->path, key->cka_id,
		         key->repository);
		return -1;
	}
	return found;
}

int store_key_put(store_t *store, store_token_key_t *key, int64_t now)
{
	int found = find(store, key);
	if (found != 0) {
		return found < 0 ? -1 : 0;
	}
	if (store_key_intend(store, key->repository, key->cka_id, key->algorithm, key->bits,
	                     now) != 0 ||
	    store_key_made(store, key->repository, key->cka_id, key->public_key,
	                   key->public_key_len) != 0) {
		return -1;
	}
	return find(store, key) > 0
	               ? store_run_numbers(store, SQL_KEY_BACKUP, key->id, key->backup)
	               : -1;
}

int store_key_users(store_t *store, int64_t token_key, uint64_t elsewhere)
{
	return store_run_numbers(store, SQL_KEY_USERS, token_key, (int64_t)elsewhere);
}

int store_zone_took(store_t *store, int64_t zone, uint32_t serial)
{
	return store_run_numbers(store, SQL_ZONE_TOOK, zone, serial);
}

int store_policy_used(store_t *store, const char *policy)
{
	sqlite3_stmt *sql = store_sql(store, SQL_ZONE_OF_POLICY);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_text(sql, 1, policy, -1, SQLITE_STATIC);
	int ret = sqlite3_step(sql);
	int found = ret == SQLITE_ROW;
	return store_done(store, sql, ret) == 0 ? found : -1;
}
