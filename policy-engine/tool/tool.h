/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What the files of the tool ods share: its subcommands, and their talk to the engine.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "control/server.h"

/*! Exit codes. */
enum { DONE = 0, FAILED = 1, USAGE = 2 };

/*! What a subcommand works with. Arguments and options come after its name, in any order. */
typedef struct {
	const char *conf;    /*!< conf.xml; NULL = not given. */
	const char *socket;  /*!< Of the engine; NULL = as conf.xml says. */
	bool json;           /*!< Print JSON. */
	bool yes;            /*!< Do not ask. */
	bool emergency;      /*!< As fast as is safe. */
	int patience_ms;     /*!< For the engine's answer; 0 = as usual. */
	const char **args;
	int count;
} invocation_t;

typedef struct {
	const char *name;
	const char *args;    /*!< For the help. */
	const char *help;    /*!< One line, or more. */
	int min_args, max_args;
	int (*run)(const invocation_t *run);
} command_t;

/*! conf.xml, if no option names another one. */
#define CONF_FILE "/etc/opendnssec/conf.xml"

/* The subcommands: DONE, FAILED or USAGE, a failure having been printed. */
int tool_keys(const invocation_t *run);
int tool_ds(const invocation_t *run);
int tool_ds_seen(const invocation_t *run);
int tool_ds_gone(const invocation_t *run);
int tool_rollover(const invocation_t *run);
int tool_remove(const invocation_t *run);
int tool_backup(const invocation_t *run);
int tool_generate(const invocation_t *run);
int tool_clock_accept(const invocation_t *run);
int tool_check(const invocation_t *run);

/* The subcommands that have options of their own: their arguments, their own name first. */
int tool_simulate(int argc, char *argv[]);
int tool_import(int argc, char *argv[]);

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
	bool refused; /*!< There were errors; they have been printed. */
} engine_answer_t;

/*!
 * Sends one command to the engine, and reads its answer; errors are printed.
 *
 * \param answer  To be freed by answer_deinit(), in any case.
 * \return DONE, or FAILED if the engine refused something, or cannot be reached.
 */
int tool_ask(const invocation_t *run, const ctl_unit_t *unit, engine_answer_t *answer);

/*! As tool_ask(), and prints the text of the answer, if any. */
int tool_tell(const invocation_t *run, const ctl_unit_t *unit);

/*! \return A column's text; "" if the line has no such. Borrowed. */
const char *line_get(const line_t *line, const char *type);

/*! Prints an answer as a JSON array of objects. */
void answer_print_json(const engine_answer_t *answer);

/*! Prints an answer as a table of the columns it has, with a heading. */
void answer_print_table(const engine_answer_t *answer);

void answer_deinit(engine_answer_t *answer);
