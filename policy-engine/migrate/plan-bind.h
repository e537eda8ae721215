/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Writes what is to be done to leave BIND: the plan, and a script that imports.
 */
#pragma once

#include "policy-engine/migrate/layout.h"
#include "policy-engine/migrate/places.h"
#include "policy-engine/migrate/theirs.h"

/*! What is to be made. All is borrowed. */
typedef struct {
	theirs_t theirs;        /*!< tell is not used. */
	const char *server;     /*!< Its server, as a person says it. */
	const char *named_conf; /*!< What named-checkconf -p prints. */
	const char *view;       /*!< NULL: all. */
	const char *conf;       /*!< The engine's conf.xml; an absolute path. */
	const char *output;     /*!< As migrate_t, as all that follow. */
	bool below;
	const char *listen;
} from_bind_t;

/*! What is known of the zones of a BIND. */
typedef struct {
	const from_bind_t *what;
	layout_t layout;
	size_t keyed;       /*!< How many zones have keys. */
	notes_t left_out;   /*!< What of named.conf is left out. */
	notes_t bare;       /*!< Zones that are not signed, and keys without a zone. */
	places_t places;
	char *kasp;         /*!< The policies: a kasp.xml. */
} plan_bind_t;

/*! Writes the plan. */
void plan_bind_write(FILE *out, const plan_bind_t *plan);

/*! Writes a script that calls ods import for each zone that moves, with the options that it is given. */
void plan_bind_write_import(FILE *out, const plan_bind_t *plan);
