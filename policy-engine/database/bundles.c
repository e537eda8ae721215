/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* DNSKEY RRsets signed ahead. The one in force is in the zone's row, too. */

#include <stdlib.h>
#include <string.h>

#include "policy-engine/database/sql.h"

/* A statement with a zone, and one or two numbers. */
static sqlite3_stmt *bundle_sql(db_t *db, const char *text, int64_t zone, int64_t a, int64_t b)
{
	sqlite3_stmt *sql = sql_prepare(db, text);
	if (sql != NULL) {
		sqlite3_bind_int64(sql, 1, zone);
		sqlite3_bind_int64(sql, 2, a);
		sqlite3_bind_int64(sql, 3, b);
	}
	return sql;
}

int db_skr_next(db_t *db, int64_t zone, int64_t *skr)
{
	static const char next[] = "SELECT coalesce(max(skr), 0) + 1 FROM bundle WHERE zone = ?1";
	sqlite3_stmt *sql = sql_prepare(db, next);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int64(sql, 1, zone);
	return sql_number(db, sql, skr) > 0 ? 0 : -1;
}

int db_bundle_put(db_t *db, int64_t zone, const db_bundle_t *bundle)
{
	static const char put[] = "INSERT INTO bundle (zone, skr, at, text) VALUES (?1, ?2, ?3, ?4)";
	sqlite3_stmt *sql = bundle_sql(db, put, zone, bundle->skr, bundle->at);
	if (sql == NULL) {
		return -1;
	}
	sql_bind_text(sql, 4, bundle->text);
	return sql_run(db, sql);
}

int db_bundle_before(db_t *db, int64_t zone, int64_t at, db_bundle_t *bundle)
{
	static const char before[] =
		"SELECT skr, at, text FROM bundle WHERE zone = ?1 AND (skr, at) < (?2, ?3)"
		" AND at < ?4 ORDER BY skr DESC, at DESC LIMIT 1";
	sqlite3_stmt *sql = bundle_sql(db, before, zone, bundle->skr, bundle->at);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int64(sql, 4, at);
	db_bundle_t found = { 0 };
	const int ret = sqlite3_step(sql);
	if (ret == SQLITE_ROW) {
		found.skr = sqlite3_column_int64(sql, 0);
		found.at = sqlite3_column_int64(sql, 1);
		found.text = strdup((const char *)sqlite3_column_text(sql, 2));
	}
	if (sql_done(db, sql, ret) != 0) {
		free(found.text);
		return -1;
	}
	if (ret == SQLITE_ROW && found.text == NULL) {
		return sql_no_memory(db);
	}
	if (ret == SQLITE_ROW) {
		*bundle = found;
	}
	return ret == SQLITE_ROW;
}

int db_bundle_next(db_t *db, int64_t zone, int64_t from, int64_t *at)
{
	static const char next[] = "SELECT at FROM bundle WHERE zone = ?1 AND at >= ?2"
	                           " ORDER BY at LIMIT 1";
	sqlite3_stmt *sql = sql_prepare(db, next);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int64(sql, 1, zone);
	sqlite3_bind_int64(sql, 2, from);
	return sql_number(db, sql, at);
}

int db_bundle_drop(db_t *db, int64_t zone, const db_bundle_t *bundle)
{
	static const char drop[] = "DELETE FROM bundle WHERE zone = ?1 AND (skr, at) = (?2, ?3)";
	sqlite3_stmt *sql = bundle_sql(db, drop, zone, bundle->skr, bundle->at);
	return sql != NULL ? sql_run(db, sql) : -1;
}

int db_bundles_drop(db_t *db, int64_t zone, int64_t skr, int64_t after)
{
	static const char drop[] = "DELETE FROM bundle WHERE zone = ?1 AND skr < ?2 AND at > ?3";
	sqlite3_stmt *sql = bundle_sql(db, drop, zone, skr, after);
	return sql != NULL ? sql_run(db, sql) : -1;
}
