/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Opens and closes the database. What a transaction is, and how statements run, is in sql.c. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/database/schema.h"
#include "policy-engine/database/sql.h"

/* How long to wait for a lock. Whoever holds it longer is another engine, or as good as one. */
#define BUSY_MS 3000

/* Takes the lock and keeps it: two engines on one database would undo each other's work. */
static int prepare(db_t *db)
{
	sqlite3_busy_timeout(db->db, BUSY_MS);
	if (sql_execute(db, "PRAGMA locking_mode = EXCLUSIVE") != 0 ||
	    sql_execute(db, "PRAGMA journal_mode = WAL") != 0 ||
	    sql_execute(db, "PRAGMA synchronous = FULL") != 0 ||
	    sql_execute(db, "PRAGMA foreign_keys = ON") != 0 ||
	    sql_execute(db, "BEGIN IMMEDIATE; COMMIT") != 0) {
		return -1;
	}
	return schema_check(db);
}

int db_open(db_t **db, const char *path, char *err, size_t err_size)
{
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
