/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The way from OpenDNSSEC to here: a plan, and a folder with all that the servers need.
 *
 * Offline: no server is asked, and nothing of OpenDNSSEC is changed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*! What is to be made. All is borrowed. */
typedef struct {
	const char *conf;     /*!< OpenDNSSEC's conf.xml. */
	const char *database; /*!< kasp.db, instead of the one that conf.xml names; may be NULL. */
	const char *output;   /*!< The folder to be made; NULL = only the plan, to standard output. */
	bool below;           /*!< The servers have all their files and sockets below it, too. */
	const char *listen;   /*!< knotd's address, as knot.conf has it. */
} migrate_t;

/*!
 * Makes it. What is wrong is printed to standard error.
 *
 * \param moving  How many zones move.
 * \param total   Of how many.
 * \return 0; -1: nothing, or not all, was made.
 */
int migrate_run(const migrate_t *what, size_t *moving, size_t *total);
