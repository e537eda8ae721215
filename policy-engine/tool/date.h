/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Dates of the command line.
 */
#pragma once

#include <stdbool.h>
#include <time.h>

/*! Reads 2026-12-31 or 2026-12-31T12:00:00Z, in UTC. \return Whether it is that; if not, it is
 *  said. */
bool date_read(const char *text, time_t *when);

/*! Reads a date, or a duration from now on as kasp.xml has them (P7D). \return As date_read(). */
bool date_read_from(const char *text, time_t now, time_t *when);
