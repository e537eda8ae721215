/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What a named.conf says of zones: where they come from, and to whom they go.
 */
#pragma once

#include "policy-engine/migrate/notes.h"
#include "policy-engine/migrate/peers.h"

#define NAMED_WHY_MAX 300 /*!< Bytes of why a zone is left out. */

/*! A zone that BIND has from a file or from primaries. */
typedef struct {
	char *name;            /*!< Canonical. */
	char *view;            /*!< NULL: there are no views. */
	char *file;            /*!< The unsigned zone; NULL: it comes by transfers, or is left out. */
	char *key_dir;         /*!< Where named has its keys; NULL: not said. */
	bool signs;            /*!< named is told to sign it. */
	size_t from, to;       /*!< Indices of groups; SIZE_MAX: none. */
	char why[NAMED_WHY_MAX]; /*!< Why it is left out; "": it is not. */
	unsigned line;
} named_zone_t;

/*! Servers that zones have in common: those of from have primaries and notifiers, those of to the others. */
typedef struct {
	char *text;            /*!< What they say, to compare. */
	peers_t peers;
} named_group_t;

typedef struct {
	named_zone_t *zones;   /*!< By name. */
	size_t zone_count;
	named_group_t *groups;
	size_t group_count;
	peers_t keys;          /*!< All keys; it has no peers. */
	notes_t left_out;      /*!< What is left out, and why. */
} named_conf_t;

/*!
 * Reads what named-checkconf -p prints, or a named.conf without include.
 *
 * \param view  The one whose zones are meant; NULL: all.
 * \param conf  Filled on success only; named_conf_deinit() frees its contents.
 * \return 0; -1 with err.
 */
int named_conf_read(const char *path, const char *view, named_conf_t *conf, char *err, size_t err_size);

/*! Frees the contents, not conf itself; secrets are wiped. */
void named_conf_deinit(named_conf_t *conf);
