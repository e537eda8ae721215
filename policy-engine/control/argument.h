/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Reads the fields of a command's unit: whether a field is given, and numbers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*! \return Whether a field is given. A client leaves out a field, or sends it empty, if the person
 *          did not give it. */
bool argument_given(const char *text);

/*! Reads a decimal number without a sign.
 *
 * \param max     The largest number that is allowed.
 * \param number  Set if the field is such a number; otherwise left alone.
 * \return Whether it is one.
 */
bool argument_number(const char *text, uint64_t max, uint64_t *number);
