/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/tool/past.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 24 /* Bytes of a role, a record or a state. */

/* \return The text of a line's member, to be freed; NULL if it has none. The lines are our own: between
 *         name and text there is a colon and a blank, and a quote in a text has a backslash before it. */
static char *member(const char *line, const char *name)
{
	char mark[32];
	snprintf(mark, sizeof(mark), "\"%s\": \"", name);
	const char *at = strstr(line, mark);
	char *text = at != NULL ? malloc(strlen(at) + 1) : NULL, *to = text;
	if (text == NULL) {
		return NULL;
	}
	for (at += strlen(mark); *at != '"' && *at != '\0'; at++) {
		if (at[0] == '\\' && at[1] == 'u') {
			*to++ = '?'; /* What would not show. */
			at += strnlen(at, 6) - 1;
		} else {
			at += at[0] == '\\' && at[1] != '\0';
			*to++ = *at;
		}
	}
	*to = '\0';
	return text;
}

/* Fills what is said of a key's record: "ksk 12345 DNSKEY". \return Whether it is that. */
static bool read_state(past_note_t *note, const char *what, const char *before, const char *after)
{
	char role[WORD_MAX], record[WORD_MAX];
	unsigned tag;
	if (what == NULL || before == NULL || after == NULL ||
	    sscanf(what, "%23s %u %23s", role, &tag, record) != 3 || tag > UINT16_MAX) {
		return false;
	}
	note->keytag = (uint16_t)tag;
	return keyset_record_parse(record, &note->record) == 0 &&
	       keyset_role_parse(role, &note->role) == 0 &&
	       keyset_state_parse(before, &note->before) == 0 &&
	       keyset_state_parse(after, &note->after) == 0;
}

static char *words(const char *line, const char *action, const char *what, const char *before,
                   const char *after)
{
	char *who = member(line, "who"), *why = member(line, "why"), *text = NULL;
	const bool state = before != NULL && after != NULL && strlen(before) < WORD_MAX &&
	                   strlen(after) < WORD_MAX;
	if (asprintf(&text, "%s%s%s%s%s%s%s%s%s, by %s", action, what != NULL ? ": " : "",
	             what != NULL ? what : "", state ? ", " : "", state ? before : "",
	             state ? " -> " : "", state ? after : "", why != NULL ? "; " : "",
	             why != NULL ? why : "", who != NULL ? who : "?") < 0) {
		text = NULL;
	}
	free(who);
	free(why);
	return text;
}

static int add(past_t *past, const past_note_t *note)
{
	if (past->count == past->size) {
		const size_t size = 2 * past->size + 256;
		past_note_t *notes = reallocarray(past->notes, size, sizeof(*notes));
		if (notes == NULL) {
			return -1;
		}
		past->notes = notes;
		past->size = size;
	}
	past->notes[past->count] = *note;
	past->notes[past->count].number = past->count;
	past->count++;
	return 0;
}

/* Takes a line, if it is about a zone and late enough. \return 0, or -1 if out of memory. */
static int take(past_t *past, const char *line, int64_t from)
{
	const char *at = strstr(line, "\"time\": ");
	past_note_t note = { .at = at != NULL ? strtoll(at + 8, NULL, 10) : 0 };
	note.zone = note.at >= from ? member(line, "zone") : NULL;
	if (note.zone == NULL) {
		return 0;
	}
	char *action = member(line, "action"), *what = member(line, "what");
	char *before = member(line, "before"), *after = member(line, "after");
	int ret = -1;
	if (action != NULL) {
		note.is_state = strcmp(action, "key-state") == 0 &&
		                read_state(&note, what, before, after);
		note.text = words(line, action, what, before, after);
		ret = note.text != NULL ? add(past, &note) : -1;
	}
	if (ret != 0) {
		free(note.text);
		free(note.zone);
	}
	free(action);
	free(what);
	free(before);
	free(after);
	return ret;
}

static int compare(const void *a, const void *b)
{
	const past_note_t *left = a, *right = b;
	const int zones = strcmp(left->zone, right->zone);
	return zones != 0 ? zones : left->at != right->at ? (left->at > right->at ? 1 : -1)
	       : left->number > right->number ? 1 : -1;
}

int past_read(past_t *past, const char *path, int64_t from)
{
	char *line = NULL;
	size_t size = 0;
	*past = (past_t){ .count = 0 };
	FILE *in = fopen(path, "re");
	if (in == NULL) {
		return -1;
	}
	int ret = 0;
	while (ret == 0 && getline(&line, &size, in) > 0) {
		ret = take(past, line, from);
	}
	if (ret != 0) {
		errno = ENOMEM;
	}
	ret = ferror(in) ? -1 : ret;
	free(line);
	fclose(in);
	if (past->count > 0) {
		qsort(past->notes, past->count, sizeof(past->notes[0]), compare);
	}
	return ret;
}

const past_note_t *past_of(const past_t *past, const char *zone, size_t *count)
{
	size_t low = 0, high = past->count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (strcmp(past->notes[middle].zone, zone) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	for (high = low; high < past->count && strcmp(past->notes[high].zone, zone) == 0;) {
		high++;
	}
	*count = high - low;
	return past->notes + low;
}

void past_deinit(past_t *past)
{
	for (size_t i = 0; i < past->count; i++) {
		free(past->notes[i].zone);
		free(past->notes[i].text);
	}
	free(past->notes);
	*past = (past_t){ .count = 0 };
}
