/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The folders below which a zone's file, and what it includes, may lie.
 *
 * knotd may read more than the author of a zone file may. So neither a symbolic link nor an
 * $INCLUDE leads out of the zone file's own folder, and those that knot.conf names.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct {
	char **paths;   /*!< Absolute. */
	size_t count;
} folders_t;

/*! Adds a copy. \return KNOT_EOK, KNOT_ENOMEM */
int folders_add(folders_t *folders, const char *path);

/*! Adds copies of all of another's. \return KNOT_EOK, KNOT_ENOMEM */
int folders_add_all(folders_t *folders, const folders_t *from);

bool folders_equal(const folders_t *a, const folders_t *b);

void folders_deinit(folders_t *folders);

/*!
 * Opens a file for reading, if it is below one of the folders when all links are followed. Nobody
 * can have it lead elsewhere meanwhile.
 *
 * \param path  Absolute.
 * \param fd    To be closed. It does not block; it may be anything but a regular file.
 * \param real  The file's path without links, to be freed.
 * \param err   "PATH: reason"; the same of a file elsewhere, whether there is one or not.
 * \return KNOT_EOK, KNOT_EACCES (it is elsewhere), KNOT_ENOMEM, or an error of the system
 */
int folders_open(const folders_t *folders, const char *path, int *fd, char **real, char *err,
                 size_t err_size);
