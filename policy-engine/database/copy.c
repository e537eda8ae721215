/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Copies of a database in use. The file alone is none: what is new is in the WAL beside it. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy-engine/database/sql.h"

#define SOME_PAGES 500 /* Of 4 KiB; copied at a time. */

struct db_copy {
	db_t *from;
	sqlite3 *to;
	sqlite3_backup *backup;
	bool whole;
};

/* Notes why the copy failed. */
static void fail(db_t *db, const char *path, const char *why)
{
	snprintf(db->error, sizeof(db->error), "%.300s: %.150s", path, why);
}

/* \return 0, or -1. */
static int make_file(db_t *db, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		fail(db, path, strerror(errno));
		return -1;
	}
	return close(fd);
}

db_copy_t *db_copy_begin(db_t *db, const char *path)
{
	db_copy_t *copy = calloc(1, sizeof(*copy));
	if (copy == NULL || make_file(db, path) != 0) {
		free(copy);
		return NULL;
	}
	copy->from = db;
	int ret = sqlite3_open_v2(path, &copy->to, SQLITE_OPEN_READWRITE, NULL);
	copy->backup =
		ret == SQLITE_OK ? sqlite3_backup_init(copy->to, "main", db->db, "main") : NULL;
	if (copy->backup == NULL) {
		fail(db, path, sqlite3_errmsg(copy->to));
		db_copy_end(copy);
		return NULL;
	}
	return copy;
}

int db_copy_some(db_copy_t *copy)
{
	int ret = sqlite3_backup_step(copy->backup, SOME_PAGES);
	copy->whole = ret == SQLITE_DONE;
	if (ret != SQLITE_DONE && ret != SQLITE_OK) {
		fail(copy->from, "the copy of the database", sqlite3_errstr(ret));
		return -1;
	}
	return !copy->whole;
}

int db_copy_end(db_copy_t *copy)
{
	if (copy == NULL) {
		return -1;
	}
	bool whole = sqlite3_backup_finish(copy->backup) == SQLITE_OK && copy->whole;
	/* So that the copy is one file. */
	whole = whole && sqlite3_exec(copy->to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) ==
	                         SQLITE_OK;
	if (copy->whole && !whole) {
		fail(copy->from, "the copy of the database", sqlite3_errmsg(copy->to));
	}
	sqlite3_close(copy->to);
	free(copy);
	return whole ? 0 : -1;
}

bool db_is_free(const char *path)
{
	sqlite3 *db = NULL;
	int ret = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);
	if (ret == SQLITE_OK) {
		ret = sqlite3_exec(db, "BEGIN IMMEDIATE; ROLLBACK", NULL, NULL, NULL);
	}
	sqlite3_close(db);
	return (ret & 0xff) != SQLITE_BUSY && (ret & 0xff) != SQLITE_LOCKED;
}
