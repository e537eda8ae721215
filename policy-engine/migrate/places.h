/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Where what is made lies, and where the servers will have theirs.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#define PLACES_DIR "/etc/mod-opendnssec" /*!< The folder, if none is named. */

/*! All but listen are to be freed, by places_deinit(). */
typedef struct {
	char *dir;             /*!< The folder that is made; an absolute path. */
	char *conf, *kasp, *knot_conf, *permissions, *check_zones, *import, *plan; /*!< Its files. */
	char *run;             /*!< knotd's rundir. */
	char *journal;         /*!< knotd's database. */
	char *store;           /*!< The module's. */
	char *transfer_socket, *control_socket, *engine_socket, *engine_run;
	char *database, *state; /*!< The engine's, and its folder. */
	const char *listen;    /*!< knotd's address. */
	bool below;            /*!< Whether all of it is below dir: nothing is the system's. */
} places_t;

/*!
 * Makes the paths.
 *
 * \param dir    The folder that is made; NULL = PLACES_DIR.
 * \param below  Whether the servers have all below it, too, and not in /run and /var/lib.
 * \return 0, or -1 if out of memory; places_deinit() frees in any case.
 */
int places_make(const char *dir, bool below, const char *listen, places_t *places);

/*! Makes the folder, and those of the servers if they are below it. \return 0; -1, and says why. */
int places_make_folders(const places_t *places);

/*! Opens a new file, which must not be there yet. \return NULL, and says why. */
FILE *places_create(const char *path, mode_t mode);

/*! Closes it, and sees that all was written. \return 0; -1, and says why. */
int places_finish(FILE *file, const char *path);

void places_deinit(places_t *places);
