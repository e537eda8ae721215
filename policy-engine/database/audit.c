/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Notes for the audit that are not in its file yet, and where the file ends. */

#include <stdio.h>

#include "policy-engine/database/sql.h"

int db_audit_add(db_t *db, const char *members)
{
	sqlite3_stmt *sql = sql_prepare(db, "INSERT INTO audit (members) VALUES (?1)");
	if (sql == NULL) {
		return -1;
	}
	sql_bind_text(sql, 1, members);
	return sql_run(db, sql);
}

int db_audit_each(db_t *db, db_audit_f cb, void *ctx)
{
	enum { ID, MEMBERS };
	sqlite3_stmt *sql = sql_prepare(db, "SELECT id, members FROM audit ORDER BY id");
	if (sql == NULL) {
		return -1;
	}
	int ret;
	while ((ret = sqlite3_step(sql)) == SQLITE_ROW) {
		const char *members = (const char *)sqlite3_column_text(sql, MEMBERS);
		if (cb(ctx, sqlite3_column_int64(sql, ID), members != NULL ? members : "") != 0) {
			break;
		}
	}
	return sql_done(db, sql, ret == SQLITE_ROW ? SQLITE_DONE : ret);
}

int db_audit_head(db_t *db, uint64_t *seq, char *hash, size_t hash_size)
{
	enum { SEQ, HASH };
	sqlite3_stmt *sql = sql_prepare(db, "SELECT seq, hash FROM audit_end");
	if (sql == NULL) {
		return -1;
	}
	const int ret = sqlite3_step(sql);
	const int found = ret == SQLITE_ROW;
	if (found) {
		*seq = (uint64_t)sqlite3_column_int64(sql, SEQ);
		snprintf(hash, hash_size, "%s", (const char *)sqlite3_column_text(sql, HASH));
	}
	return sql_done(db, sql, ret) == 0 ? found : -1;
}

int db_audit_done(db_t *db, int64_t last, uint64_t seq, const char *hash)
{
	static const char put[] = "INSERT INTO audit_end VALUES (1, ?1, ?2)"
	                          " ON CONFLICT (id) DO UPDATE SET seq = ?1, hash = ?2";
	sqlite3_stmt *sql = sql_prepare(db, "DELETE FROM audit WHERE id <= ?1");
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int64(sql, 1, last);
	if (sql_run(db, sql) != 0 || (sql = sql_prepare(db, put)) == NULL) {
		return -1;
	}
	sqlite3_bind_int64(sql, 1, (int64_t)seq);
	sql_bind_text(sql, 2, hash);
	return sql_run(db, sql);
}
