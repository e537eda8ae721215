/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The picture of all zones, put together from what the module and the engine say. Each may
 * be
 *        away: then the picture has what the other says.
 */
#pragma once

#include <stdint.h>

#include "policy-engine/tool/ask.h"

/*! How a zone is, by module and engine: the first that applies. */
typedef enum {
	ZONE_EXPIRED,    /*!< It is not served any more, or validators refuse it. */
	ZONE_EXPIRING,
	ZONE_SIGN,       /*!< Signing fails, mostly since keys are away. */
	ZONE_HELD,       /*!< The last gate holds an input, or a version. */
	ZONE_SOURCE,     /*!< It gets no new input. */
	ZONE_OLDER,      /*!< The store is an older copy. */
	ZONE_PROBLEM,    /*!< The engine cannot look after its keys. */
	ZONE_REFUSED,    /*!< The module does not take its key set. */
	ZONE_PARENT,     /*!< A person has to do something at the parent. */
	ZONE_UNSEEN,     /*!< Not all of its DS were seen at the parent. */
	ZONE_OUTPUT,     /*!< Its file cannot be written, or its command fails. */
	ZONE_FROZEN,
	ZONE_UNSIGNED,   /*!< It is not signed yet. */
	ZONE_BUSY,       /*!< Its keys wait for something that comes by itself. */
	ZONE_OK,
	ZONE_STATES,
} zone_state_t;

/*! How bad something is. */
typedef enum { LEVEL_OK, LEVEL_WARNING, LEVEL_CRITICAL, LEVEL_UNKNOWN } level_t;

/*! What is said of a state. */
typedef struct {
	const char *name;      /*!< For options and programs. */
	const char *many;      /*!< Of zones: "3 ...". */
	level_t level;
} zone_word_t;

/*! \return The words of a state. */
const zone_word_t *zone_word(zone_state_t state);

/*! \return The state of that name; ZONE_STATES: there is none. */
zone_state_t zone_state_find(const char *name);

/*! \return The name of a level. */
const char *level_name(level_t level);

/*! What one of the two says. */
typedef struct {
	bool up;
	char problem[512];     /*!< Why it is not. */
	engine_answer_t said;  /*!< To overview; no lines if it is not up. */
} side_t;

/*! Zones that have the same trouble. All is borrowed from what the sides said. */
typedef struct {
	zone_state_t state;
	level_t level;
	const char *first;     /*!< The most urgent one. */
	const char *text;      /*!< What is to be said of it; "" = nothing. */
	uint64_t count;
	int64_t rank;          /*!< Of the module's: when it is over with the first; of the engine's:
	                            since when it waits; 0 = not known. */
	bool engine;           /*!< The engine says so. */
} group_t;

typedef struct {
	int64_t now;
	side_t module, engine;
	group_t *groups;       /*!< Most urgent first; without those that are well. */
	size_t group_count;
	uint64_t zones;        /*!< All. */
	uint64_t counts[ZONE_STATES]; /*!< Zones by their state. */
	const char *first;     /*!< The zone that expires first; NULL = none is known. */
	int64_t until;         /*!< When that is. */
} picture_t;

/*! Asks both. \param picture  To be freed by picture_deinit(). \return 0; -1 if out of memory,
 *  which was said. */
int picture_take(picture_t *picture, const invocation_t *run);

void picture_deinit(picture_t *picture);

/*! \return A line of what a side said whose first column has that type, after another such line
 *  (NULL:
 *          the first); NULL if there is none. */
const line_t *side_line(const side_t *side, const char *type, const line_t *after);

/*! \return What the line's column has as a number; 0 if it has none. */
int64_t line_number(const line_t *line, const char *type);

/*! \return The state that a name of the module's, or of the engine's, stands for. */
zone_state_t zone_state_of(const char *name, bool engine);
