/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A moment as a text, and out of 32 bits.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define MOMENT_MAX 32 /*!< Bytes that hold such a text, its end included. */

/*! \return Unix seconds of a time that an RRSIG has (RFC 4034, section 3.1.5), or that is kept like that.
 *  \param near  A time within half of 2^32 seconds of it. */
static inline int64_t moment_near(uint32_t when, int64_t near)
{
	return near + (int32_t)(when - (uint32_t)near);
}

/*! Writes a moment as RFC 3339 has it, in UTC. \param when  Unix seconds. \return Whether it has a
 *  date; if not, out is not to be used. */
static inline bool moment_write(int64_t when, char out[MOMENT_MAX])
{
	struct tm tm;
	const time_t clock = when;
	return gmtime_r(&clock, &tm) != NULL &&
	       strftime(out, MOMENT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0;
}
