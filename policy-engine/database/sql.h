/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Running SQL statements: what the files that implement db.h have in common.
 *
 * Each of them has the texts of its statements, and beside each text the names of its columns.
 * Functions that return int: 0, or -1 with db_error() saying why.
 */
#pragma once

#include <sqlite3.h>

#include "policy-engine/database/db.h"

/*! A statement that was prepared, and stays so until the database is closed. */
typedef struct {
	const char *text;
	sqlite3_stmt *sql;
} sql_prepared_t;

struct db {
	sqlite3 *db;
	char *path;
	sql_prepared_t *prepared;
	size_t prepared_count;
	char error[512];
};

/*!
 * Gets a statement ready: without bindings, before its first row.
 *
 * \param text  A constant; statements are told apart by its address.
 * \return The statement, which belongs to db; NULL on failure.
 */
sqlite3_stmt *sql_prepare(db_t *db, const char *text);

/*! Binds a text that stays until the statement has run. Parameters count from 1. */
void sql_bind_text(sqlite3_stmt *sql, int parameter, const char *text);

/*! Runs a statement that gives no rows, and resets it. NULL fails. */
int sql_run(db_t *db, sqlite3_stmt *sql);

/*! As sql_run(), with one number bound, or two if the statement has two parameters. */
int sql_run_numbers(db_t *db, const char *text, int64_t first, int64_t second);

/*! Resets a statement after its last row. \param ret  Of sqlite3_step(). */
int sql_done(db_t *db, sqlite3_stmt *sql, int ret);

/*! Runs a statement that gives one row at most, of one number, and resets it.
 *  \return 1; 0 = no row, -1, and number is left alone */
int sql_number(db_t *db, sqlite3_stmt *sql, int64_t *number);

/*! Runs statements that run once: no rows, no parameters. */
int sql_execute(db_t *db, const char *texts);

/*! Notes why the database failed, and what to do. \return -1 */
int sql_fail(db_t *db);

/*! Notes that memory ran out. \return -1 */
int sql_no_memory(db_t *db);
