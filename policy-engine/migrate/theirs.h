/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Policies by which we sign as BIND, Knot or PowerDNS does: so no rollover begins with the move.
 *
 * They come from the keys that the signer has, and from what its server says of the zones.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include "policy-engine/import/ods-db.h"
#include "policy-engine/import/source-kinds.h"

/*! What was found of a zone. */
typedef struct {
	const char *name;    /*!< Canonical. */
	const char *why;     /*!< Why it is left out; NULL: it is not. */
	size_t number;       /*!< Of its policy, which THEIRS_POLICY makes the name of. */
	bool csk;            /*!< It has a CSK. */
	uint32_t serial;
	const ods_zone_t *keys;
} theirs_zone_t;

#define THEIRS_POLICY "%s-%zu" /*!< A policy's name, of the signer's option and the number. */

/*! What is to be read. All is borrowed. */
typedef struct {
	source_t source;                       /*!< Its policy does not matter. */
	const struct sockaddr_storage *server; /*!< It serves the zones, signed. */
	const char *repository;                /*!< Where the keys will be. */
	/*! Is told of each zone; zone is good until it returns. NULL: those that are left out are printed to standard
	 *  error. */
	void (*tell)(void *ctx, const theirs_zone_t *zone);
	void *ctx;
} theirs_t;

/*!
 * Writes a kasp.xml, with a policy for all zones that are signed in the same way. What is wrong is printed to
 * standard error.
 *
 * \return How many zones are left out; -1: all of them, and nothing is written.
 */
int theirs_write(FILE *out, const theirs_t *what);
