/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Writing JSON.
 */
#pragma once

#include <stdio.h>

/*! Writes a string, NULL as null. Bytes beyond ASCII stay as they are. */
void json_string(FILE *out, const char *text);
