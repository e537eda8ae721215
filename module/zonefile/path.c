/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "module/zonefile/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#define FILE_MAX 1024 /* Bytes of a path, without the storage before it; Knot's own limit. */
#define INDEX_MAX 255 /* Of a character or label in a formatter, at most; Knot's own limit. */

typedef struct {
	char text[FILE_MAX];
	size_t len;
	bool failed;
} out_t;

/* A slash in a label becomes another character: it would be a folder in the path. */
static void put(out_t *out, const char *text, size_t len, bool name)
{
	if (len >= sizeof(out->text) - out->len) {
		out->failed = true;
		return;
	}
	for (size_t i = 0; i < len; i++) {
		out->text[out->len++] = name && text[i] == '/' ? '_' : text[i];
	}
	out->text[out->len] = '\0';
}

static bool read_number(const char **pos, unsigned *number)
{
	if (**pos < '0' || **pos > '9') {
		return false;
	}
	char *end;
	unsigned long value = strtoul(*pos, &end, 10);
	if (value > INDEX_MAX) {
		return false;
	}
	*number = value;
	*pos = end;
	return true;
}

/* Reads "[N]" or "[N-M]"; last is NULL if a range is not allowed. */
static bool read_index(const char **pos, unsigned *first, unsigned *last)
{
	if (*(*pos)++ != '[' || !read_number(pos, first)) {
		return false;
	}
	if (last != NULL) {
		*last = *first;
		if (**pos == '-') {
			(*pos)++;
			if (!read_number(pos, last) || *last < *first) {
				return false;
			}
		}
	}
	return *(*pos)++ == ']';
}

/* The name without the dot at its end; of the root zone, that is nothing. */
static void put_name(out_t *out, const knot_dname_t *zone)
{
	knot_dname_txt_storage_t name;
	if (knot_dname_to_str(name, zone, sizeof(name)) == NULL) {
		out->failed = true;
		return;
	}
	put(out, name, strlen(name) - 1, true);
}

static void put_chars(out_t *out, const knot_dname_t *zone, unsigned first, unsigned last)
{
	knot_dname_txt_storage_t name;
	if (knot_dname_to_str(name, zone, sizeof(name)) == NULL) {
		out->failed = true;
		return;
	}
	size_t len = strlen(name);
	if (first < len) {
		put(out, name + first, (last < len ? last + 1 : len) - first, true);
	}
}

/* Labels count from the right; a label that does not exist is empty. */
static void put_label(out_t *out, const knot_dname_t *zone, unsigned index)
{
	size_t labels = knot_dname_labels(zone, NULL);
	if (index >= labels) {
		return;
	}
	for (size_t skip = labels - index - 1; skip > 0; skip--) {
		zone += *zone + 1;
	}
	uint8_t label[KNOT_DNAME_MAXLABELLEN + 2] = { 0 };
	memcpy(label, zone, *zone + 1);
	put_name(out, label);
}

/* \return What is behind the formatter at pos, NULL if it is malformed. */
static const char *put_formatter(out_t *out, const char *pos, const knot_dname_t *zone)
{
	unsigned first, last;
	switch (*pos++) {
	case '%':
		put(out, "%", 1, false);
		return pos;
	case 's':
		put_name(out, zone);
		return pos;
	case 'c':
		if (!read_index(&pos, &first, &last)) {
			return NULL;
		}
		put_chars(out, zone, first, last);
		return pos;
	case 'l':
		if (!read_index(&pos, &first, NULL)) {
			return NULL;
		}
		put_label(out, zone, first);
		return pos;
	case '\0':
		return pos - 1; /* Ignored by knotd, as any other letter. */
	default:
		return pos;
	}
}

char *zonefile_path(const char *file, const char *storage, const knot_dname_t *zone)
{
	out_t out = { .len = 0 };
	const char *pos = file != NULL ? file : "%s.zone";
	while (pos != NULL && *pos != '\0') {
		size_t len = strcspn(pos, "%");
		put(&out, pos, len, false);
		pos += len;
		if (*pos == '%') {
			pos = put_formatter(&out, pos + 1, zone);
		}
	}
	if (pos == NULL || out.failed) {
		return NULL;
	}

	char *path = NULL;
	if (out.text[0] == '/') {
		return strdup(out.text);
	}
	return asprintf(&path, "%s/%s", storage, out.text) > 0 ? path : NULL;
}
