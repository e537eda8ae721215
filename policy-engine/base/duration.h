/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Durations of ISO 8601 as KASP uses them: P[n]Y[n]M[n]W[n]DT[n]H[n]M[n]S.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DURATION_MAX 2147483647u /*!< Seconds; beyond it RRSIG times lose their order. */
#define DURATION_TEXT_MAX 48     /*!< Bytes that duration_text() may need. */

/*!
 * Reads a duration; a year has 365 days, a month 31, as in OpenDNSSEC.
 *
 * \param seconds  Written on success only.
 * \param why      What is wrong, as a constant text; written on failure only.
 * \return 0, or -1.
 */
int duration_parse(const char *text, uint32_t *seconds, const char **why);

/*! \return Whether a duration that duration_parse() takes has years or months, whose length varies
 *          elsewhere. */
bool duration_has_calendar(const char *text);

/*!
 * Writes a time span for people: "3d 4h", "90m", "45s"; at most two units.
 *
 * \param buf  At least DURATION_TEXT_MAX bytes.
 * \return buf
 */
const char *duration_text(int64_t seconds, char *buf);
