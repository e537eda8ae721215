/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What a signer from which zones are taken over is to the import.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*! The TTL, in seconds, with which caches may hold what a signer has published that does not say its TTLs: a
 *  week, to which resolvers cut longer ones (RFC 8767, section 4, has that as a sensible limit). */
#define SOURCE_TTL 604800

typedef struct ods_db ods_db_t;

typedef struct source_kind source_kind_t;

/*! What is to be read. All is borrowed. */
typedef struct {
	const source_kind_t *kind;
	const char *path;   /*!< Of OpenDNSSEC kasp.db, of BIND the folder of its keys, else a file. */
	const char *zone;   /*!< The one that is meant; NULL = all. */
	const char *policy; /*!< The engine's policy for the zones; NULL: OpenDNSSEC has their names. */
	uint32_t ttl;       /*!< The largest that caches may hold, of OpenDNSSEC not used. */
	int64_t now;
} source_t;

/*! A signer. */
struct source_kind {
	const char *option; /*!< For --from. */
	const char *name;
	const char *finish; /*!< What to do while a rollover is under way; goes on a sentence. */
	const char *keep;   /*!< What to do if kasp.xml would change what the signer does; so, too. */
	bool has_policies;  /*!< It says policies, TTLs, denial and serials of its zones, and each of its
	                         states is certain. Else what it does not say is taken for what has the
	                         engine wait. */
	/*! Reads it; a zone of which something is wrong has a fault. \param db  Filled on success only.
	 *  \param err  Why it cannot be used at all, and what to do. \return 0, or -1. */
	int (*read)(const source_t *source, ods_db_t *db, char *err, size_t err_size);
};
