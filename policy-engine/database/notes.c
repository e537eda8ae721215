/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* What the engine notes beside zones and keys: errands that are done, when the clock was believed
 * last, when something was done last, salts. */

#include <string.h>

#include "policy-engine/database/sql.h"

static sqlite3_stmt *errand_sql(db_t *db, const char *text, int64_t zone_key,
                                db_errand_t errand, int64_t since)
{
	sqlite3_stmt *sql = sql_prepare(db, text);
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
	static const char put[] =
		"INSERT INTO errand VALUES (?1, ?2, ?3, ?4)"
		" ON CONFLICT (zone_key, errand) DO UPDATE SET since = ?3, done = ?4";
	sqlite3_stmt *sql = errand_sql(db, put, zone_key, errand, since);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int64(sql, 4, now);
	return sql_run(db, sql);
}

int db_errand_get(db_t *db, int64_t zone_key, db_errand_t errand, int64_t since,
                  int64_t *done)
{
	static const char get[] = "SELECT done FROM errand WHERE zone_key = ?1 AND errand = ?2"
	                          " AND since = ?3";
	sqlite3_stmt *sql = errand_sql(db, get, zone_key, errand, since);
	if (sql == NULL) {
		return -1;
	}
	return sql_number(db, sql, done);
}

int db_clock_get(db_t *db, clock_mark_t *mark)
{
	static const char get[] = "SELECT seen, uptime, start = ?1 FROM clock";
	enum { SEEN, UPTIME, SAME_START };
	char start[CLOCK_START_MAX];
	sqlite3_stmt *sql = sql_prepare(db, get);
	if (sql == NULL) {
		return -1;
	}
	clock_start(start);
	sql_bind_text(sql, 1, start);
	int ret = sqlite3_step(sql);
	int found = ret == SQLITE_ROW;
	clock_mark_t is = *mark;
	if (found) {
		bool same = sqlite3_column_int(sql, SAME_START) && start[0] != '\0';
		is.seen = sqlite3_column_int64(sql, SEEN);
		is.uptime = same ? sqlite3_column_int64(sql, UPTIME) : -1;
	}
	if (sql_done(db, sql, ret) != 0) {
		return -1;
	}
	*mark = is;
	return found;
}

int db_clock_put(db_t *db, const clock_mark_t *mark)
{
	static const char put[] = "INSERT INTO clock VALUES (1, ?1, ?2, ?3) ON CONFLICT (id)"
	                          " DO UPDATE SET seen = ?1, uptime = ?2, start = ?3";
	char start[CLOCK_START_MAX];
	sqlite3_stmt *sql = sql_prepare(db, put);
	if (sql == NULL) {
		return -1;
	}
	clock_start(start);
	sqlite3_bind_int64(sql, 1, mark->seen);
	sqlite3_bind_int64(sql, 2, mark->uptime);
	sql_bind_text(sql, 3, start);
	return sql_run(db, sql);
}

static const char *moment_name(db_moment_t what)
{
	static const char *const names[] = { [DB_MOMENT_SAVED] = "saved",
	                                     [DB_MOMENT_BACKED_UP] = "backed up",
	                                     [DB_MOMENT_ACT] = "act" };
	return names[what];
}

int db_moment_get(db_t *db, db_moment_t what, int64_t *at)
{
	sqlite3_stmt *sql = sql_prepare(db, "SELECT at FROM moment WHERE what = ?1");
	if (sql == NULL) {
		return -1;
	}
	sql_bind_text(sql, 1, moment_name(what));
	return sql_number(db, sql, at);
}

int db_moment_put(db_t *db, db_moment_t what, int64_t at)
{
	static const char put[] = "INSERT INTO moment VALUES (?1, ?2)"
	                          " ON CONFLICT (what) DO UPDATE SET at = ?2";
	sqlite3_stmt *sql = sql_prepare(db, put);
	if (sql == NULL) {
		return -1;
	}
	sql_bind_text(sql, 1, moment_name(what));
	sqlite3_bind_int64(sql, 2, at);
	return sql_run(db, sql);
}

int db_salt_get(db_t *db, const char *policy, uint8_t salt[DB_SALT_MAX], size_t *len,
                int64_t *since)
{
	static const char get[] = "SELECT salt, since FROM salt WHERE policy = ?1";
	enum { SALT, SINCE };
	sqlite3_stmt *sql = sql_prepare(db, get);
	if (sql == NULL) {
		return -1;
	}
	sql_bind_text(sql, 1, policy);
	int ret = sqlite3_step(sql);
	int found = 0;
	int bytes = ret == SQLITE_ROW ? sqlite3_column_bytes(sql, SALT) : 0;
	if (ret == SQLITE_ROW && bytes <= DB_SALT_MAX) {
		if (bytes > 0) {
			memcpy(salt, sqlite3_column_blob(sql, SALT), (size_t)bytes);
		}
		*len = (size_t)bytes;
		*since = sqlite3_column_int64(sql, SINCE);
		found = 1;
	}
	return sql_done(db, sql, ret) == 0 ? found : -1;
}

int db_salt_put(db_t *db, const char *policy, const uint8_t *salt, size_t len,
                int64_t since)
{
	static const char put[] = "INSERT INTO salt VALUES (?1, ?2, ?3)"
	                          " ON CONFLICT (policy) DO UPDATE SET salt = ?2, since = ?3";
	sqlite3_stmt *sql = sql_prepare(db, put);
	if (sql == NULL) {
		return -1;
	}
	sql_bind_text(sql, 1, policy);
	sqlite3_bind_blob64(sql, 2, len > 0 ? (const void *)salt : "", len, SQLITE_STATIC);
	sqlite3_bind_int64(sql, 3, since);
	return sql_run(db, sql);
}
