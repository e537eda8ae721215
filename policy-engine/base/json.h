/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Writing JSON.
 */
#pragma once

#include <stdio.h>

/*! Writes a string in quotes, or null for NULL. What does not show is
 *  escaped, such that a terminal takes no harm; what is no UTF-8 becomes U+FFFD. */
void json_string(FILE *out, const char *text);
