/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Moments, given as Unix seconds, in words.
 */
#pragma once

#include <stdint.h>

#define WHEN_TEXT_MAX 80 /*!< Bytes that the texts below may need. */

/*! Writes a moment in the form of RFC 3339, in UTC; "never" if it has no date. \return buf */
const char *when_stamp(int64_t when, char buf[WHEN_TEXT_MAX]);

/*! Writes a moment, and how far away it is: "2026-11-24T12:00:00Z (in 3d 4h)". \return buf */
const char *when_text(int64_t when, int64_t now, char buf[WHEN_TEXT_MAX]);
