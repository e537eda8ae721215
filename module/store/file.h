/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The file of the store, as LMDB has it open: checked before, and guarded meanwhile.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <lmdb.h>

#include "module/store/folder.h"
#include "module/store/guard.h"

typedef struct {
	folder_t folder;
	char *path;      /*!< Of the folder. */
	MDB_env *env;
	guard_t *guard;  /*!< NULL: the system does not tell where the map is. */
} file_t;

/*!
 * Takes the folder and opens LMDB's environment in it.
 *
 * \param tables  How many there can be.
 * \param err     Path, reason, remedy.
 * \return 0, or an error of LMDB or of the system
 */
int file_open(file_t *file, const char *path, unsigned tables, char *err, size_t err_size);

/*! \param failed  What was in it could not be opened, though file_open() could. */
void file_close(file_t *file, bool failed);

/*! Says why what is in the file cannot be opened. \param ret  Error of LMDB or of the system. */
void file_say(const file_t *file, int ret, char *err, size_t err_size);

/*! \return Whether a part of the file cannot be read any more. */
bool file_lost(const file_t *file);

/*! Makes a file that lacks nothing as long as LMDB takes it to be: it need not be checked for that. */
void file_lengthen(const file_t *file);
