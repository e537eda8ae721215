/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Which zones of an OpenDNSSEC, or a BIND, move, and the templates of knot.conf that they have then.
 */
#pragma once

#include "policy-engine/migrate/addns.h"
#include "policy-engine/migrate/opendnssec.h"

#define LAYOUT_TEXT_MAX 600 /*!< Bytes of what is said of a zone. */

/*! Servers that zones have in common: an addns.xml, or what a named.conf says in several places. */
typedef struct {
	char *path;            /*!< Its name for people. */
	peers_t peers;
	char *fault;           /*!< Why it cannot be used; NULL = it can. */
} layout_file_t;

/*! What the zones of a template have in common. */
typedef struct {
	char *id;              /*!< Of the template. */
	char *section;         /*!< Of the module's section. */
	bool first;            /*!< Of those that have the section. */
	const char *policy;    /*!< Its name. */
	size_t number;         /*!< Of the policy, among all. */
	bool validates;        /*!< Knot can validate what we sign by the policy. */
	const layout_file_t *from, *to; /*!< NULL = files. */
	char *storage;         /*!< Folder of its first zone's file; NULL = there are none. */
	size_t zones;          /*!< How many it has. */
} layout_template_t;

/*! A zone. */
typedef struct {
	const char *name;      /*!< Canonical, or as it was written. */
	const char *file;      /*!< The unsigned zone; NULL: it comes by transfers. */
	uint32_t serial;       /*!< The last one of the signer, if it is not fresh. */
	size_t template;       /*!< Its index, if the zone moves. */
	bool moves;
	bool fresh;            /*!< It has no keys yet: nothing is to be imported. */
	char keys[LAYOUT_TEXT_MAX]; /*!< Its keys, and what is next for them. */
	char why[LAYOUT_TEXT_MAX];  /*!< Why it does not move. */
} layout_zone_t;

typedef struct {
	const char *signer;    /*!< Its name. */
	const char *group;     /*!< Begins ids of files in knot.conf. */
	const char *untold;    /*!< What to do for zones of which it does not say to whom they go. */
	layout_file_t *files;
	size_t file_count;
	layout_template_t *templates;
	size_t template_count;
	layout_zone_t *zones;
	size_t zone_count;
	notes_t left_out;      /*!< Parts of addns.xml that are left out, and why. */
} layout_t;

/*!
 * Lays out knot.conf.
 *
 * \param layout  Borrows from from; layout_deinit() frees its contents, also after a failure.
 * \return 0, or -1 if out of memory.
 */
int layout_make(opendnssec_t *from, int64_t now, layout_t *layout);

/*! \return The template for a zone that moves, which has what like has, made if there is none; NULL if out of memory.
 *          Until the next is made. */
layout_template_t *layout_template(layout_t *layout, layout_zone_t *zone, const layout_template_t *like);

/*! \return Whether knot.conf can have the path of a file. */
bool layout_has_path(const char *path);

/*! Frees the contents, not layout itself. */
void layout_deinit(layout_t *layout);
