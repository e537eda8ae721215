/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Runs a program of the operator's: text in, exit status out, within a time limit.
 */
#pragma once

#include <stddef.h>

/*!
 * Runs a program and waits for its end.
 *
 * No shell is involved: the first word is the program, the others are its arguments. The program
 * runs in a process group of its own, with no signal blocked and none of the caller's files open.
 * If it fails, the last line of its output is part of the reason. When the limit is over, or the
 * caller has to stop, the whole group is ended.
 *
 * \param line     Words, separated by blanks.
 * \param input    The program's standard input.
 * \param limit_s  Seconds that the program may take.
 * \param stop_fd  Readable when the caller has to stop.
 * \param why      On failure: the program and the reason.
 * \return 0 if the program exited with 0, else -1.
 */
int command_run(const char *line, const char *input, unsigned limit_s, int stop_fd, char *why,
                size_t why_size);
