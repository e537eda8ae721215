/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/database/sql.h"

#include <stdio.h>
#include <stdlib.h>

const char *db_error(const db_t *db)
{
	return db->error;
}

int sql_fail(db_t *db)
{
	int code = sqlite3_errcode(db->db);
	const char *remedy = "";
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		remedy = "; another process has it open, most likely a second ods-engine: stop it";
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		remedy = "; the file is damaged: restore it from a backup, do not delete it, or "
		         "the zones' keys are lost to the engine";
		break;
	case SQLITE_FULL:
		remedy = "; make room on the file system";
		break;
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		remedy = "; file and directory have to be writable for the engine's user";
		break;
	default:
		break;
	}
	snprintf(db->error, sizeof(db->error), "database %s: %s%s", db->path,
	         sqlite3_errmsg(db->db), remedy);
	return -1;
}

int sql_no_memory(db_t *db)
{
	snprintf(db->error, sizeof(db->error), "out of memory");
	return -1;
}

/* \return The place of a statement, with a text of NULL if it is a new one; NULL on failure. */
static sql_prepared_t *find(db_t *db, const char *text)
{
	for (size_t i = 0; i < db->prepared_count; i++) {
		if (db->prepared[i].text == text) {
			return &db->prepared[i];
		}
	}
	sql_prepared_t *prepared = reallocarray(db->prepared, db->prepared_count + 1,
	                                        sizeof(*prepared));
	if (prepared == NULL) {
		sql_no_memory(db);
		return NULL;
	}
	db->prepared = prepared;
	prepared[db->prepared_count] = (sql_prepared_t){ 0 };
	return &prepared[db->prepared_count];
}

sqlite3_stmt *sql_prepare(db_t *db, const char *text)
{
	sql_prepared_t *place = find(db, text);
	if (place == NULL) {
		return NULL;
	}
	if (place->text == NULL) {
		if (sqlite3_prepare_v3(db->db, text, -1, SQLITE_PREPARE_PERSISTENT, &place->sql,
		                       NULL) != SQLITE_OK) {
			sql_fail(db);
			return NULL;
		}
		place->text = text;
		db->prepared_count++;
	}
	sqlite3_reset(place->sql);
	sqlite3_clear_bindings(place->sql);
	return place->sql;
}

void sql_bind_text(sqlite3_stmt *sql, int parameter, const char *text)
{
	sqlite3_bind_text(sql, parameter, text, -1, SQLITE_STATIC);
}

int sql_done(db_t *db, sqlite3_stmt *sql, int ret)
{
	int result = ret == SQLITE_DONE || ret == SQLITE_ROW ? 0 : sql_fail(db);
	sqlite3_reset(sql);
	return result;
}

int sql_number(db_t *db, sqlite3_stmt *sql, int64_t *number)
{
	const int ret = sqlite3_step(sql);
	const int found = ret == SQLITE_ROW;
	const int64_t value = found ? sqlite3_column_int64(sql, 0) : 0;
	if (sql_done(db, sql, ret) != 0) {
		return -1;
	}
	*number = found ? value : *number;
	return found;
}

int sql_run(db_t *db, sqlite3_stmt *sql)
{
	return sql != NULL ? sql_done(db, sql, sqlite3_step(sql)) : -1;
}

int sql_run_numbers(db_t *db, const char *text, int64_t first, int64_t second)
{
	sqlite3_stmt *sql = sql_prepare(db, text);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int64(sql, 1, first);
	if (sqlite3_bind_parameter_count(sql) > 1) {
		sqlite3_bind_int64(sql, 2, second);
	}
	return sql_run(db, sql);
}

int sql_execute(db_t *db, const char *texts)
{
	return sqlite3_exec(db->db, texts, NULL, NULL, NULL) == SQLITE_OK ? 0 : sql_fail(db);
}

int db_begin(db_t *db)
{
	static const char begin[] = "BEGIN IMMEDIATE";
	return sql_run(db, sql_prepare(db, begin));
}

int db_commit(db_t *db)
{
	static const char commit[] = "COMMIT";
	return sql_run(db, sql_prepare(db, commit));
}

void db_rollback(db_t *db)
{
	static const char rollback[] = "ROLLBACK";
	if (!sqlite3_get_autocommit(db->db)) {
		sqlite3_stmt *sql = sql_prepare(db, rollback);
		if (sql != NULL) {
			sqlite3_step(sql);
			sqlite3_reset(sql);
		}
	}
}
