/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/base/json.h"

void json_string(FILE *out, const char *text)
{
	if (text == NULL) {
		fputs("null", out);
		return;
	}
	fputc('"', out);
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\') {
			fprintf(out, "\\%c", *c);
		} else if ((unsigned char)*c < ' ') {
			fprintf(out, "\\u%04x", (unsigned char)*c);
		} else {
			fputc(*c, out);
		}
	}
	fputc('"', out);
}
