/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Text from outside: names, records, errors of peers, files. It may be anything.
 *
 * What is written to a log, a terminal or an answer passes text_tame() once, where it is written. A
 * terminal obeys control characters; one that takes UTF-8 also U+0080 to U+009F. JSON and markup
 * have escapes of their own, by text_char() and text_shows().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*!
 * Reads a character of UTF-8 (RFC 3629).
 *
 * \param code  Set if there is one.
 * \return How many bytes it has, 1 to 4; 0: that is no UTF-8.
 */
static inline unsigned text_char(const char *text, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t *byte = (const uint8_t *)text;
	const unsigned len = byte[0] < 0x80 ? 1 : byte[0] < 0xc2 ? 0 : byte[0] < 0xe0 ? 2 :
	                     byte[0] < 0xf0 ? 3 : byte[0] < 0xf5 ? 4 : 0;
	uint32_t read = len <= 1 ? byte[0] : byte[0] & (0xff >> (len + 1));
	for (unsigned i = 1; i < len; i++) {
		if ((byte[i] & 0xc0) != 0x80) {
			return 0;
		}
		read = read << 6 | (byte[i] & 0x3f);
	}
	if (len == 0 || read < least[len] || read > 0x10ffff || (read >= 0xd800 && read < 0xe000)) {
		return 0;
	}
	*code = read;
	return len;
}

/*! \return Whether a character shows itself, and no more: it neither controls the terminal, nor ends
 *          the line, nor turns the direction of what is around it. */
static inline bool text_shows(uint32_t code)
{
	return code >= 0x20 && !(code >= 0x7f && code < 0xa0) && code != 0x061c &&
	       !(code >= 0x200e && code <= 0x200f) && !(code >= 0x2028 && code <= 0x202e) &&
	       !(code >= 0x2066 && code <= 0x2069) && code != 0xfeff;
}

/*! \return Whether all of a text shows. */
static inline bool text_is_tame(const char *text)
{
	uint32_t code = 0;
	while (*text != '\0') {
		const unsigned len = text_char(text, &code);
		if (len == 0 || !text_shows(code)) {
			return false;
		}
		text += len;
	}
	return true;
}

/*! Replaces what does not show, and what is no UTF-8, by '?': a line then stays one. */
static inline void text_tame(char *text)
{
	while (*text >= ' ' && *text <= '~') {
		text++; /* Nearly all of nearly all texts. */
	}
	char *to = text;
	uint32_t code = 0;
	while (*text != '\0') {
		const unsigned len = text_char(text, &code);
		if (len > 0 && text_shows(code)) {
			memmove(to, text, len);
			to += len;
		} else {
			*to++ = '?';
		}
		text += len > 0 ? len : 1;
	}
	*to = '\0';
}
