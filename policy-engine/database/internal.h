/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What the store's own files share.
 */
#pragma once

#include <sqlite3.h>

#include "policy-engine/database/db.h"

/*! The prepared statements. */
typedef enum {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_ZONE_ADD,
	SQL_ZONE_POLICY,
	SQL_ZONE_GET,
	SQL_ZONE_SAVE,
	SQL_ZONE_TOOK,
	SQL_ZONE_OF_POLICY,
	SQL_ZONE_DUE,
	SQL_ZONE_ALL,
	SQL_ZONE_WAKE,
	SQL_ZONE_KEYS,
	SQL_ZONE_KEY_ADD,
	SQL_ZONE_KEY_SAVE,
	SQL_ZONE_KEY_DROP,
	SQL_RECORD_GET,
	SQL_RECORD_SAVE,
	SQL_RECORD_DROP,
	SQL_KEY_INTEND,
	SQL_KEY_MADE,
	SQL_KEY_FORGET,
	SQL_KEY_FIND,
	SQL_KEY_BACKUP,
	SQL_KEY_USERS,
	SQL_KEY_INTENDED,
	SQL_KEY_ALL,
	SQL_KEY_UNUSED,
	SQL_KEY_BACKED_UP,
	SQL_KEY_UNUSED_COUNT,
	SQL_KEY_SHARED,
	SQL_KEY_GIVEN,
	SQL_KEY_SHARE,
	SQL_KEY_USED,
	SQL_KEY_LEFT,
	SQL_KEY_RETIRED,
	SQL_KEY_DROP,
	SQL_CLOCK_GET,
	SQL_CLOCK_PUT,
	SQL_BACKUP,
	SQL_ERRAND_GET,
	SQL_ERRAND_PUT,
	SQL_SALT_GET,
	SQL_SALT_PUT,
	SQL_COUNT,
} sql_t;

struct db {
	sqlite3 *db;
	char *path;
	sqlite3_stmt *statements[SQL_COUNT];
	char error[512];
};

/*! \return A statement without bindings, ready to be used; NULL on failure. */
sqlite3_stmt *db_sql(db_t *db, sql_t which);

/*! Runs a statement that gives no rows, and resets it. \return 0, or -1. */
int db_run(db_t *db, sqlite3_stmt *sql);

/*! As db_run(), with one number bound, or two if the statement has two. */
int db_run_numbers(db_t *db, sql_t which, int64_t first, int64_t second);

/*! Resets a statement after its last row. \param ret  Of sqlite3_step(). \return 0, or -1. */
int db_done(db_t *db, sqlite3_stmt *sql, int ret);

/*! Notes why the database failed. \return -1 */
int db_fail(db_t *db);
