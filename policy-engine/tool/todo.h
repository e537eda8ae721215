/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What the picture of all zones asks of a person, the most urgent first.
 */
#pragma once

#include "policy-engine/tool/picture.h"

/*! Something to be done. */
typedef struct {
	level_t level;
	zone_state_t state;    /*!< Of the zones; ZONE_STATES: it is no matter of zones... */
	const char *subject;   /*!< ...but of this: "signer", "engine", "token", "disk", "backup",
	                            "clock". */
	const char *zone;      /*!< The first of the zones; NULL = none. Borrowed from the picture. */
	uint64_t count;        /*!< How many zones. */
	char *text;            /*!< What it is, and what to do. */
	int64_t until;         /*!< When it is over with the first zone; 0 = not known. */
	int64_t since;         /*!< Since when it waits; 0 = not known. */
} todo_item_t;

typedef struct {
	todo_item_t *items;
	size_t count, size;
	level_t level;         /*!< Of all: critical, else unknown, else warning. */
} todo_t;

/*! \param todo  To be freed by todo_deinit(), before the picture. \return 0; -1 if out of memory,
 *  which was said. */
int todo_make(todo_t *todo, const picture_t *picture);

void todo_deinit(todo_t *todo);
