/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/base/json.h"

#include <inttypes.h>

#include "common/text.h"

/* How many bytes of a text stay as they are; there may be more behind them. */
static size_t plain_length(const char *text)
{
	size_t len = 0;
	while (text[len] >= ' ' && text[len] <= '~' && text[len] != '"' && text[len] != '\\') {
		len++;
	}
	return len;
}

void json_string(FILE *out, const char *text)
{
	if (text == NULL) {
		fputs("null", out);
		return;
	}
	uint32_t code = 0;
	fputc('"', out);
	while (true) {
		const size_t plain = plain_length(text);
		fwrite(text, 1, plain, out);
		text += plain;
		if (*text == '\0') {
			break;
		}
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

static void name_member(FILE *out, bool more, const char *name)
{
	fputs(more ? ", " : "", out);
	json_string(out, name);
	fputs(": ", out);
}

void json_text(FILE *out, bool more, const char *name, const char *text)
{
	name_member(out, more, name);
	json_string(out, text);
}

void json_number(FILE *out, bool more, const char *name, int64_t number)
{
	name_member(out, more, name);
	fprintf(out, "%" PRId64, number);
}

void json_bool(FILE *out, bool more, const char *name, bool is)
{
	name_member(out, more, name);
	fputs(is ? "true" : "false", out);
}

void json_time(FILE *out, bool more, const char *name, int64_t when)
{
	name_member(out, more, name);
	if (when != 0) {
		fprintf(out, "%" PRId64, when);
	} else {
		fputs("null", out);
	}
}
