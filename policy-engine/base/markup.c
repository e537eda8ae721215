/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/base/markup.h"

#include "common/text.h"

static const char *entity(uint32_t code)
{
	switch (code) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&apos;";
	default:
		return text_shows(code) ? NULL : "&#xFFFD;";
	}
}

void markup_text(FILE *out, const char *text)
{
	uint32_t code = 0;
	while (*text != '\0') {
		const unsigned len = text_char(text, &code);
		const char *instead = len > 0 ? entity(code) : "&#xFFFD;";
		if (instead != NULL) {
			fputs(instead, out);
		} else {
			fwrite(text, 1, len, out);
		}
		text += len > 0 ? len : 1;
	}
}
