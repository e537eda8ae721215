/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Writing JSON.
 */
#pragma once

#include <stdio.h>

/*! Writes a string in quotes, or null for NULL. Bytes beyond ASCII stay as they are. */
void json_string(FILE *out, const char *text);
