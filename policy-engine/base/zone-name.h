/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The names of zones.
 */
#pragma once

/*!
 * Writes a zone's name in its one form: lower case, trailing dot, escapes as Knot writes them.
 *
 * \return To be freed by free(); NULL if it is not a domain name, or out of memory.
 */
char *zone_name_canonical(const char *text);
