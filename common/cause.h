/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What the causes of the same trouble have in common, for all zones that have it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define CAUSE_MAX 256 /*!< Bytes that hold it, its end included; the rest is left out. */

/*! \return Whether a word of a text differs between zones: it has a digit, as key tags, serials and
 *          moments have, or the zone's name. */
static inline bool cause_differs(const char *word, size_t len, const char *zone, size_t zone_len)
{
	return strcspn(word, "0123456789") < len ||
	       (zone_len > 0 && memmem(word, len, zone, zone_len) != NULL);
}

/*! Writes a cause without the words that differ between zones. \param zone  The zone's name, with
 *  or without its last dot; "" = none. */
static inline void cause_common(const char *text, const char *zone, char common[CAUSE_MAX])
{
	const size_t dotted = strlen(zone);
	const size_t zone_len = dotted > 0 && zone[dotted - 1] == '.' ? dotted - 1 : dotted;
	size_t len = 0;
	while (*text != '\0' && len < CAUSE_MAX - 1) {
		const size_t word = strcspn(text, " "), space = strspn(text + word, " ");
		if (!cause_differs(text, word, zone, zone_len) && len + word + 1 < CAUSE_MAX) {
			memcpy(common + len, text, word);
			len += word;
			common[len++] = ' ';
		}
		text += word + space;
	}
	common[len] = '\0';
}
