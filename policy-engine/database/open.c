/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Opens and closes the database. What a transaction is, and how statements run, is in sql.c. */

#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/trust.h"
#include "policy-engine/database/schema.h"
#include "policy-engine/database/sql.h"

/* How long to wait for a lock. Whoever holds it longer is another engine, or as good as one. */
#define BUSY_MS 3000

/* Bytes of the smallest page of SQLite; a file has whole pages. */
#define PAGE_MIN 512

static bool has_wal(const char *path)
{
	char wal[PATH_MAX];
	struct stat st;
	int len = snprintf(wal, sizeof(wal), "%s-wal", path);
	return len > 0 && (size_t)len < sizeof(wal) && stat(wal, &st) == 0 && st.st_size > 0;
}

/* Refuses what SQLite would take. To SQLite an empty file is a database to be made anew, also if
 * there is a WAL, which it throws away: the zones would get new keys. And what a cut page lacks
 * is 0 to SQLite; only with a WAL that may be no loss, after a crash. */
static int refuse_cut(const char *path, char *err, size_t err_size)
{
	struct stat st;
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
		return 0;
	}
	if (st.st_size == 0) {
		snprintf(err, err_size, "database %s: the file is empty: restore it from a backup; "
		         "if ods-engine never had a zone, remove it", path);
		return -1;
	}
	if (st.st_size % PAGE_MIN != 0 && !has_wal(path)) {
		snprintf(err, err_size, "database %s: the file is damaged, a part of it is "
		         "missing: restore it from a backup, do not delete it, or the zones' keys "
		         "are lost to the engine", path);
		return -1;
	}
	return 0;
}

/* Takes the lock and keeps it: two engines on one database would undo each other's work. Nothing is
 * written before the database is known to be the engine's own, and whole. */
static int prepare(db_t *db)
{
	sqlite3_busy_timeout(db->db, BUSY_MS);
	if (sql_execute(db, "PRAGMA locking_mode = EXCLUSIVE") != 0 ||
	    schema_check(db) != 0 ||
	    sql_execute(db, "PRAGMA journal_mode = WAL") != 0 ||
	    sql_execute(db, "PRAGMA synchronous = FULL") != 0 ||
	    sql_execute(db, "PRAGMA foreign_keys = ON") != 0 ||
	    sql_execute(db, "BEGIN IMMEDIATE; COMMIT") != 0) {
		return -1;
	}
	return schema_bring_up(db);
}

static int refuse_fault(const char *what, const char *path, char *err, size_t err_size)
{
	struct stat st;
	const char *fault = stat(path, &st) == 0 ? trust_fault(&st) : NULL;
	if (fault != NULL) {
		snprintf(err, err_size, "%s %s: %s", what, path, fault);
	}
	return fault != NULL ? -1 : 0;
}

/* Refuses what others can write; also the folder: SQLite takes a journal that lies there. */
static int refuse_others(const char *path, char *err, size_t err_size)
{
	char folder[PATH_MAX];
	if (snprintf(folder, sizeof(folder), "%s", path) >= (int)sizeof(folder)) {
		snprintf(err, err_size, "database %s: the path is too long", path);
		return -1;
	}
	return refuse_fault("database", path, err, err_size) != 0 ? -1
	       : refuse_fault("the database's folder", dirname(folder), err, err_size);
}

int db_open(db_t **db, const char *path, char *err, size_t err_size)
{
	if (refuse_others(path, err, err_size) != 0) {
		return -1;
	}
	if (refuse_cut(path, err, err_size) != 0) {
		return -1;
	}
	db_t *s = calloc(1, sizeof(*s));
	if (s == NULL || (s->path = strdup(path)) == NULL) {
		free(s);
		snprintf(err, err_size, "database %s: out of memory", path);
		return -1;
	}
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	int ret = sqlite3_open_v2(path, &s->db, flags, NULL) == SQLITE_OK ? 0 : sql_fail(s);
	if (ret == 0) {
		ret = prepare(s);
	}
	if (ret != 0) {
		snprintf(err, err_size, "%s", s->error);
		db_close(s);
		return -1;
	}
	*db = s;
	return 0;
}

void db_close(db_t *db)
{
	if (db == NULL) {
		return;
	}
	if (db->db != NULL) {
		db_rollback(db);
	}
	for (size_t i = 0; i < db->prepared_count; i++) {
		sqlite3_finalize(db->prepared[i].sql);
	}
	free(db->prepared);
	sqlite3_close(db->db);
	free(db->path);
	free(db);
}
