/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The enforcer's database in MySQL or MariaDB, as mysqldump or mariadb-dump writes it.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

/*! \return Whether a file can be read, has something in it, and is no database of SQLite. */
bool ods_dump_is_one(const char *path);

/*!
 * Reads a dump, with CREATE TABLE and INSERT, into a database in memory.
 *
 * \param sqlite  To be closed by sqlite3_close(), also after a failure; may be NULL then.
 * \param err     Says what is wrong, with file and line.
 * \return 0, or -1.
 */
int ods_dump_open(const char *path, sqlite3 **sqlite, char *err, size_t err_size);
