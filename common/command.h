/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Runs a program of the operator's: text in, exit status out, within a time limit.
 */
#pragma once

#include <stddef.h>

/*! Variables of the environment whose names begin so are not passed on to programs. */
#define COMMAND_HIDDEN "MOD_OPENDNSSEC_HIDDEN_"

/*! What to run; all is borrowed. */
typedef struct {
	const char *line;        /*!< Words, separated by blanks: the program and its arguments. */
	const char *const *more; /*!< Further arguments, as they are; ends with NULL. NULL: none. */
	const char *input;       /*!< The program's standard input... */
	int input_fd;            /*!< ...or, if that is NULL, what this has from its beginning on. */
	unsigned limit_s;        /*!< Seconds that the program may take. */
	int stop_fd;             /*!< Readable when the caller has to stop; -1: never. */
} command_t;

/*!
 * Runs a program and waits for its end.
 *
 * No shell is involved. The program runs in a process group of its own, with no signal blocked,
 * none of the caller's files open, and no COMMAND_HIDDEN variable. If it fails, the last line of its
 * output is part of the reason.
 * When the limit is over, or the caller has to stop, the whole group is ended.
 *
 * \param why  On failure: the program and the reason.
 * \return 0 if the program exited with 0, else -1.
 */
int command_run(const command_t *command, char *why, size_t why_size);
