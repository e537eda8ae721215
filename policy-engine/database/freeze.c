/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* What a person has frozen: zones, those of a policy, or all. */

#include <stdlib.h>
#include <string.h>

#include "policy-engine/database/sql.h"

int db_freeze_put(db_t *db, const db_freeze_t *freeze)
{
	static const char put[] = "INSERT INTO freeze VALUES (?1, ?2, ?3)"
	                          " ON CONFLICT (scope, name) DO UPDATE SET until = ?3";
	sqlite3_stmt *sql = sql_prepare(db, put);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int(sql, 1, freeze->scope);
	sql_bind_text(sql, 2, freeze->name);
	sqlite3_bind_int64(sql, 3, freeze->until);
	return sql_run(db, sql);
}

int db_freeze_end(db_t *db, db_scope_t scope, const char *name)
{
	static const char end[] = "DELETE FROM freeze WHERE scope = ?1 AND (name = ?2"
	                          " OR (?1 = 3 AND ?2 = ''))";
	sqlite3_stmt *sql = sql_prepare(db, end);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int(sql, 1, scope);
	sql_bind_text(sql, 2, name);
	return sql_run(db, sql) == 0 ? sqlite3_changes(db->db) : -1;
}

/* Looks for one, by its key: thousands of zones that were imported have one each, and SQLite takes a hundred
 * times as long for all four at once. \return 1 and its end, 0, -1. */
static int look_up(db_t *db, db_scope_t scope, const char *name, int64_t now, int64_t *until)
{
	static const char get[] = "SELECT until FROM freeze WHERE scope = ?1 AND name = ?2 AND until > ?3";
	sqlite3_stmt *sql = sql_prepare(db, get);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int(sql, 1, scope);
	sql_bind_text(sql, 2, name);
	sqlite3_bind_int64(sql, 3, now);
	return sql_number(db, sql, until);
}

int db_freeze_get(db_t *db, const char *zone, const char *policy, int64_t now,
                  db_scope_t *scope, int64_t *until)
{
	const struct {
		db_scope_t scope;
		const char *name;
	} keys[] = {
		{ DB_FREEZE_ALL, "" },
		{ DB_FREEZE_POLICY, policy },
		{ DB_FREEZE_ZONE, zone },
		{ DB_FREEZE_IMPORT, zone },
	};
	int any = 0;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		int64_t end = 0;
		const int found = look_up(db, keys[i].scope, keys[i].name, now, &end);
		if (found < 0) {
			return -1;
		}
		if (found > 0 && (any == 0 || end > *until)) {
			*scope = keys[i].scope;
			*until = end;
			any = 1;
		}
	}
	return any;
}

int db_freeze_imported(db_t *db, const char *zone, db_imported_t *by)
{
	static const char get[] =
		"SELECT policy, form FROM zone JOIN freeze ON freeze.name = zone.name AND scope = 3"
		" WHERE zone.name = ?1";
	sqlite3_stmt *sql = sql_prepare(db, get);
	if (sql == NULL) {
		return -1;
	}
	sql_bind_text(sql, 1, zone);
	int ret = sqlite3_step(sql);
	const bool found = ret == SQLITE_ROW;
	db_imported_t read = { NULL };
	if (found) {
		read = (db_imported_t){ strdup((const char *)sqlite3_column_text(sql, 0)),
		                        strdup((const char *)sqlite3_column_text(sql, 1)) };
	}
	if (sql_done(db, sql, ret) != 0 || (found && (read.policy == NULL || read.form == NULL))) {
		free(read.policy);
		free(read.form);
		return -1;
	}
	*by = read;
	return found;
}
