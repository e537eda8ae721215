/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The question that the tools ask before something that cannot be undone.
 */
#pragma once

#include <stdbool.h>

/*!
 * Asks the person at the terminal. Without a terminal on standard input the answer is no.
 *
 * \param tool      The tool's name, for the message on standard error if the answer is no.
 * \param question  Without the choice of answers.
 * \return Whether the answer was y or yes, in upper or lower case.
 */
bool question_confirmed(const char *tool, const char *question);
