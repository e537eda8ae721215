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
 * No shell is involved: the first word is the program, the others its arguments. It runs in a
 * process group of its own, with no signal blocked and no file of ours open; what it writes is
 * read, and the last line of that is part of the reason if it fails. When the limit is over, or
 * we are to stop, the group is ended.
 *
 * \param line     Words, separated by blanks.
 * \param input    What it gets as standard input.
 * \param limit_s  Seconds it may take.
 * \param stop_fd  Readable when we are to stop.
 * \param why      On failure: program and reason.
 * \return 0 if it exited with 0, else -1.
 */
int command_run(const char *line, const char *input, unsigned limit_s, int stop_fd, char *why,
                size_t why_size);
