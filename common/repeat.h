/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Which lines of a log are written when many say the same of many zones.
 *
 * Lines of a kind are written for the first zones. Then they are counted, and the last of them is
 * written with their number at intervals that double. When a kind has been still for long enough,
 * it begins anew. It is not safe for threads, and reads no clock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define REPEAT_ZONES 30         /*!< Lines of a kind are written for so many zones. */
#define REPEAT_INTERVAL_S 10    /*!< The first interval, seconds. */
#define REPEAT_INTERVAL_MAX_S 3600
#define REPEAT_KINDS 32         /*!< Kinds that are told apart at a time; more: they are written. */
#define REPEAT_TEXT_MAX 2048    /*!< Bytes of a line, its end included. */

/*! A line. Its kind is what is alike in its lines, and its level. */
typedef struct {
	const char *alike;  /*!< Mostly its format. */
	int level;
	const char *event;  /*!< Stays; may be NULL. */
	const char *zone;   /*!< NULL: not of a zone, always written. */
	unsigned keytag;    /*!< 0 = none. */
	const char *text;
} repeat_line_t;

typedef struct {
	uint32_t alike;         /*!< The hash of it. */
	const char *event;
	int level;
	unsigned keytag;
	uint32_t zone_hash;     /*!< Of the last line's zone. */
	unsigned zones;         /*!< Written. */
	unsigned counted;       /*!< Lines not written. */
	int64_t last;           /*!< When the last line came. */
	int64_t due, interval;  /*!< When to write the number, and how long to wait then. */
	char zone[1024], text[REPEAT_TEXT_MAX]; /*!< Of the last line that was not written. */
} repeat_kind_t;

typedef struct {
	repeat_kind_t *kinds[REPEAT_KINDS]; /*!< NULL: a free place. */
} repeat_t;

/*! Writes a line. \param more  So many lines before it, of its kind, were not written. */
typedef void (*repeat_write_f)(void *ctx, const repeat_line_t *line, unsigned more);

void repeat_deinit(repeat_t *repeat);

/*!
 * Takes a line: writes it, or counts it.
 *
 * \param now  Seconds of a clock that is never set.
 */
void repeat_take(repeat_t *repeat, const repeat_line_t *line, int64_t now, repeat_write_f write,
                 void *ctx);

/*! Writes the numbers that are due; all there are if now is INT64_MAX. */
void repeat_pass(repeat_t *repeat, int64_t now, repeat_write_f write, void *ctx);
