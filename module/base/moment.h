/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Moments and spans of time, in words.
 */
#pragma once

#include "common/moment.h"

/*! Writes a moment as RFC 3339 has it, in UTC. \param when  Unix seconds; 0 or less: "-".
 *  \return out */
const char *moment_text(int64_t when, char out[MOMENT_MAX]);

/*! Writes a span in its two largest units, as "3 d 4 h". \param seconds  Less than 0: 0.
 *  \return out */
const char *moment_span(int64_t seconds, char out[MOMENT_MAX]);
