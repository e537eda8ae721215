/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/base/json.h"

#include "common/text.h"

void json_string(FILE *out, const char *text)
{
	if (text == NULL) {
		fputs("null", out);
		return;
	}
	uint32_t code = 0;
	fputc('"', out);
	while (*text != '\0') {
		const unsigned len = text_char(text, &code);
		if (len == 0) {
			fputs("\\ufffd", out);
		} else if (*text == '"' || *text == '\\') {
			fprintf(out, "\\%c", *text);
		} else if (!text_shows(code)) {
			fprintf(out, "\\u%04x", (unsigned)code);
		} else {
			fwrite(text, 1, len, out);
		}
		text += len > 0 ? len : 1;
	}
	fputc('"', out);
}
