/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Questions to the person at the terminal: before something that cannot be undone, and for a secret.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*!
 * Asks the person at the terminal. Without a terminal on standard input the answer is no.
 *
 * \param tool      The tool's name, for the message on standard error if the answer is no.
 * \param question  Without the choice of answers.
 * \return Whether the answer was y or yes, in upper or lower case.
 */
bool question_confirmed(const char *tool, const char *question);

/*!
 * Asks for a secret at the terminal, which does not show it. Without a terminal on standard input, its first
 * line is taken, and nothing is asked.
 *
 * \param question  Without the colon.
 * \param secret    Holds it on success, with a zero at its end; nothing else ever does.
 * \return What went wrong; NULL = nothing.
 */
const char *question_secret(const char *question, char *secret, size_t size);
