/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A zone's signed version as a file, for servers that read files, and a command that tells them.
 *
 * The file has the version that knotd serves; it is replaced whole or not at all. The command is run until
 * it exits with 0. Nothing waits for either.
 */
#pragma once

#include <pthread.h>

#include "module/base/trouble.h"
#include "module/store/state.h"

/*! What it needs; all is borrowed. */
typedef struct {
	log_t *log;
	store_t *store;
	const knot_dname_t *zone;   /*!< Lower case. */
	int stop_fd;                /*!< Readable when all programs have to end. */
	/*! There is something to do: output_work() has to be called. */
	void (*ready)(void *ctx);
	void *ctx;
} output_args_t;

/*! What conf.xml says. */
typedef struct {
	char *path;                 /*!< With %zone for the zone's name; NULL: there are no files. */
	char *command;              /*!< With %zone and %zonefile; NULL: nobody is told. */
} output_settings_t;

typedef struct {
	output_args_t args;
	trouble_t trouble;
	pthread_mutex_t lock;       /*!< Of what follows. */
	bool off;                   /*!< There are no files, as of the last look. */
	bool has_version;           /*!< knotd serves a version... */
	uint32_t serial;            /*!< ...of this serial. */
	bool written;               /*!< The file has... */
	uint32_t written_serial;    /*!< ...this one... */
	int64_t written_at;         /*!< ...since then, Unix seconds; 0: before knotd started. */
	bool told;                  /*!< The command has exited with 0 since. */

	/* Its task's own. */
	output_settings_t settings; /*!< By which it was written. */
	unsigned failures;          /*!< In a row. */
	int64_t next_ms;            /*!< When it may be written again, sched_now(). */
} output_t;

void output_init(output_t *output, const output_args_t *args);
void output_deinit(output_t *output);

/*** From any thread; none blocks. ***/

/*! What conf.xml says may have changed; what has failed need not wait any more. */
void output_again(output_t *output);

/*! Writes what has become of the version. \return Whether there are files. */
bool output_text(output_t *output, char *out, size_t size);

/*! For the zone's worker: notes which version knotd serves. */
void output_note(output_t *output, const state_t *state);

/*** For a thread that may wait. ***/

/*!
 * Writes the file, and runs the command, if there is need.
 *
 * \param settings  As they are now; taken over.
 * \return When to call again, ms (sched_now()); 0 = no need
 */
int64_t output_work(output_t *output, output_settings_t *settings);

void output_settings_deinit(output_settings_t *settings);
