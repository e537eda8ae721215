/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Files of a saved copy: written for their owner alone, and safely on the disk.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Names in a saved copy. */
#define SAVED_DATABASE "kasp.db"
#define SAVED_CONF "conf.xml"
#define SAVED_KASP "kasp.xml"
#define SAVED_KEYSETS "keysets"
#define SAVED_PAIRS "key-pairs"

/*! Makes a new file to write to, mode 0600. \return NULL on failure, with errno. */
FILE *files_create(const char *path);

/*! Closes a file that was written, when it is on the disk. \return 0, or -1 with errno. */
int files_finish(FILE *file);

/*! Copies a file; the new one has mode 0600. \return 0, or -1 and which file, and why. */
int files_copy(const char *from, const char *to, char *err, size_t err_size);

/*! Waits until the names in a folder are on the disk. \return 0, or -1 with errno. */
int files_sync_folder(const char *path);

/*! \return Whether two files can be read, and have the same content. */
bool files_same(const char *one, const char *other);

/*! \return "FOLDER/NAME", to be freed by free(); NULL if out of memory. */
char *files_path(const char *folder, const char *name);
