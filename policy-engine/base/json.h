/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Writing JSON.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*! Writes a string in quotes, or null for NULL. What does not show is
 *  escaped, such that a terminal takes no harm; what is no UTF-8 becomes U+FFFD. */
void json_string(FILE *out, const char *text);

/*! Write a member of an object: its name, and its value. \param more  A comma comes first. */
void json_text(FILE *out, bool more, const char *name, const char *text);
void json_number(FILE *out, bool more, const char *name, int64_t number);
void json_bool(FILE *out, bool more, const char *name, bool is);

/*! As json_number(), a time in Unix seconds; null for 0: it is not known. */
void json_time(FILE *out, bool more, const char *name, int64_t when);
