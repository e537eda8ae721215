/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/migrate/notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes over line. */
static void add(notes_t *notes, char *line)
{
	char **lines = reallocarray(notes->lines, notes->count + 1, sizeof(*lines));
	if (lines == NULL || line == NULL) {
		notes->lines = lines != NULL ? lines : notes->lines;
		notes->failed = true;
		free(line);
		return;
	}
	lines[notes->count++] = line;
	notes->lines = lines;
}

void notes_add(notes_t *notes, const char *format, ...)
{
	char *line = NULL;
	va_list args;
	va_start(args, format);
	if (vasprintf(&line, format, args) < 0) {
		line = NULL;
	}
	va_end(args);
	add(notes, line);
}

void notes_once(notes_t *notes, const char *line)
{
	for (size_t i = 0; i < notes->count; i++) {
		if (strcmp(notes->lines[i], line) == 0) {
			return;
		}
	}
	add(notes, strdup(line));
}

void notes_deinit(notes_t *notes)
{
	for (size_t i = 0; i < notes->count; i++) {
		free(notes->lines[i]);
	}
	free(notes->lines);
	*notes = (notes_t){ 0 };
}
