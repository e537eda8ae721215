/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What ods asks the engine, and its answers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "control/server.h"
#include "policy-engine/tool/options.h"

/*! A column of an answer. */
typedef struct {
	char *type, *data;
} cell_t;

/*! A line of an answer. */
typedef struct {
	char *zone; /*!< NULL = none. */
	cell_t *cells;
	size_t count;
} line_t;

/*! An answer of the engine. */
typedef struct {
	line_t *lines;
	size_t count;
	bool refused;  /*!< There were errors; they have been printed, or the first one is below. */
	char *problem; /*!< NULL = there were none, or they have been printed. */
	bool quiet;    /*!< Errors are not printed. */
} engine_answer_t;

/*! \return The socket of a command; to be freed by free(). NULL if conf.xml cannot be read, which
 *  is said. */
char *tool_socket(const invocation_t *run);

/*! The engine has another working directory, so it needs the full path; if ods may not see the file, the engine
 *  may yet. \return To be freed by free(); NULL if out of memory. */
char *tool_full_path(const char *path);

/*!
 * Sends one command to the engine, and reads its answer; errors are printed.
 *
 * \param answer  To be freed by answer_deinit(), in any case.
 * \return DONE, or FAILED if the engine refused something, or cannot be reached.
 */
int tool_ask(const invocation_t *run, const ctl_unit_t *unit, engine_answer_t *answer);

/*! As tool_ask(), but prints no error. \param err  Why it failed. */
int tool_try(const invocation_t *run, const ctl_unit_t *unit, engine_answer_t *answer, char *err,
             size_t err_size);

/*! As tool_ask(), and prints the text of the answer, or "OK" if there is none. */
int tool_tell(const invocation_t *run, const ctl_unit_t *unit);

/*! As tool_ask(), and prints the answer: as JSON if that is wanted, else by as_text. */
int tool_show(const invocation_t *run, const ctl_unit_t *unit,
              void (*as_text)(const engine_answer_t *answer));

/*! \return A column's text; "" if the line has no such. Borrowed. */
const char *line_get(const line_t *line, const char *type);

/*! \return How many lines have that text in that column. */
size_t answer_count(const engine_answer_t *answer, const char *type, const char *text);

/*!
 * Adds a line to an answer, as if it had been asked for.
 *
 * \param cells  Columns and their texts, in turn; NULL ends them.
 * \return 0, or -1 if out of memory.
 */
int answer_add(engine_answer_t *answer, const char *zone, const char *const cells[]);

/*! Prints an answer as a JSON array of objects. */
void answer_print_json(const engine_answer_t *answer);

/*! Prints an answer as a table of the columns it has, with a heading. */
void answer_print_table(const engine_answer_t *answer);

void answer_deinit(engine_answer_t *answer);
