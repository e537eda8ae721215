/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Writing SVG and HTML.
 */
#pragma once

#include <stdio.h>

/*! Writes a text such that it is no markup, in an element or in an attribute. What XML does not
 *  allow, and what would not show, becomes U+FFFD. */
void markup_text(FILE *out, const char *text);
