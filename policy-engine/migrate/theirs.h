/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Policies by which we sign as BIND, Knot or PowerDNS does: so no rollover begins with the move.
 *
 * They come from the keys that the signer has, and from what its server says of the zones.
 */
#pragma once

#include <stdio.h>
#include <sys/socket.h>

#include "policy-engine/import/source-kinds.h"

/*! What is to be read. All is borrowed. */
typedef struct {
	source_t source;                       /*!< Its policy does not matter. */
	const struct sockaddr_storage *server; /*!< It serves the zones, signed. */
	const char *repository;                /*!< Where the keys will be. */
} theirs_t;

/*!
 * Writes a kasp.xml, with a policy for all zones that are signed in the same way. What is wrong is printed to
 * standard error.
 *
 * \return How many zones are left out; -1: all of them, and nothing is written.
 */
int theirs_write(FILE *out, const theirs_t *what);
