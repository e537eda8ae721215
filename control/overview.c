/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "control/overview.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define TEXTS_MAX 20      /* Groups of a state that have a text: a person does not read more. */
#define CHUNK_MAX 60000   /* Bytes of a long text in one unit; the protocol allows 65535. */

/* A copy of a group. */
typedef struct {
	unsigned state;
	size_t count;
	int64_t rank;
	char *names;              /* Separated by spaces, the most urgent one first. */
} copy_t;

typedef struct {
	const overview_form_t *form;
	copy_t *list;
	size_t count, size;
} copies_t;

static char *copy_names(const tally_group_t *group, const overview_form_t *form)
{
	char *names = NULL;
	size_t size = 0;
	knot_dname_txt_storage_t name;
	FILE *out = open_memstream(&names, &size);
	const size_t count = group->state == form->well ? 1 : group->count;
	for (size_t i = 0; out != NULL && i < count; i++) {
		form->name(group->members[i], name);
		fprintf(out, "%s%s", i > 0 ? " " : "", name);
	}
	if (out == NULL || fclose(out) != 0) {
		free(names);
		return NULL;
	}
	return names;
}

static void copy_group(void *ctx, const tally_group_t *group)
{
	copies_t *copies = ctx;
	if (copies->count == copies->size) {
		const size_t size = copies->size > 0 ? 2 * copies->size : 16;
		copy_t *list = reallocarray(copies->list, size, sizeof(*list));
		if (list == NULL) {
			return;
		}
		copies->list = list;
		copies->size = size;
	}
	char *names = copy_names(group, copies->form);
	if (names != NULL) {
		copies->list[copies->count++] = (copy_t){ group->state, group->count,
		                                          group->members[0]->rank, names };
	}
}

static int compare(const void *a, const void *b)
{
	const copy_t *left = a, *right = b;
	return left->state != right->state ? (left->state < right->state ? -1 : 1)
	       : left->rank != right->rank ? (left->rank < right->rank ? -1 : 1)
	                                   : strcmp(left->names, right->names);
}

/* Sends a long text in columns, each of which ends between two names. */
static void send_names(ctl_request_t *req, char *names)
{
	while (*names != '\0') {
		size_t len = strlen(names);
		if (len > CHUNK_MAX) {
			len = CHUNK_MAX;
			while (names[len] != ' ') {
				len--;
			}
		}
		const bool more = names[len] != '\0';
		names[len] = '\0';
		ctl_extra(req, "names", names);
		names += len + more;
	}
}

static void send_copy(ctl_request_t *req, const overview_form_t *form, copy_t *copy, bool text)
{
	char said[OVERVIEW_TEXT_MAX] = "";
	knot_dname_txt_storage_t first;
	snprintf(first, sizeof(first), "%.*s", (int)strcspn(copy->names, " "), copy->names);
	if (text) {
		form->text(form->ctx, first, said);
	}
	ctl_reply(req, NULL, "group", form->state(copy->state));
	overview_number(req, "zones", (int64_t)copy->count);
	ctl_extra(req, "first", first);
	if (copy->rank != INT64_MAX) {
		overview_number(req, "rank", copy->rank);
	}
	if (said[0] != '\0') {
		ctl_extra(req, "text", said);
	}
	if (copy->state != form->well) {
		send_names(req, copy->names);
	}
	ctl_flush(req);
}

void overview_send(ctl_request_t *req, tally_t *tally, const overview_form_t *form)
{
	copies_t copies = { .form = form };
	tally_each(tally, copy_group, &copies);
	if (copies.count > 0) {
		qsort(copies.list, copies.count, sizeof(*copies.list), compare);
	}
	size_t texts = 0;
	for (size_t i = 0; i < copies.count; i++) {
		copy_t *copy = &copies.list[i];
		texts = i > 0 && copies.list[i - 1].state == copy->state ? texts + 1 : 0;
		send_copy(req, form, copy, texts < TEXTS_MAX);
		free(copy->names);
	}
	free(copies.list);
}

/* -- numbers ------------------------------------------------------------- */

void overview_number(ctl_request_t *req, const char *type, int64_t number)
{
	char text[24];
	snprintf(text, sizeof(text), "%" PRId64, number);
	ctl_extra(req, type, text);
}

void overview_send_disk(ctl_request_t *req, const char *file)
{
	struct stat is;
	struct statvfs disk;
	ctl_reply(req, NULL, "disk", file);
	if (stat(file, &is) == 0 && statvfs(file, &disk) == 0) {
		overview_number(req, "used", (int64_t)is.st_blocks * 512);
		overview_number(req, "free", (int64_t)(disk.f_bavail * disk.f_frsize));
		overview_number(req, "size", (int64_t)(disk.f_blocks * disk.f_frsize));
	}
}

/* -- lines --------------------------------------------------------------- */

static bool make_room(overview_lines_t *lines, size_t more)
{
	if (lines->size - lines->len > more) {
		return true;
	}
	const size_t size = 2 * lines->size + more + 4096;
	char *text = realloc(lines->text, size);
	if (text != NULL) {
		lines->text = text;
		lines->size = size;
	}
	return text != NULL;
}

void overview_add(overview_lines_t *lines, const char *const fields[])
{
	size_t len = 0;
	for (size_t i = 0; fields[i] != NULL; i++) {
		len += strlen(fields[i]) + 1;
	}
	if (len >= CHUNK_MAX || !make_room(lines, len)) {
		return;
	}
	for (size_t i = 0; fields[i] != NULL; i++) {
		for (const char *at = fields[i]; *at != '\0'; at++) {
			lines->text[lines->len++] = *at == '\t' || *at == '\n' ? '?' : *at;
		}
		lines->text[lines->len++] = fields[i + 1] != NULL ? '\t' : '\n';
	}
	lines->text[lines->len] = '\0';
}

void overview_send_lines(ctl_request_t *req, overview_lines_t *lines)
{
	for (size_t at = 0, len; at < lines->len; at += len) {
		len = lines->len - at;
		if (len > CHUNK_MAX) {
			len = CHUNK_MAX;
			while (lines->text[at + len - 1] != '\n') {
				len--;
			}
		}
		const char next = lines->text[at + len];
		lines->text[at + len] = '\0';
		ctl_text(req, NULL, "zones", lines->text + at);
		lines->text[at + len] = next;
		ctl_flush(req);
	}
	free(lines->text);
	*lines = (overview_lines_t){ .text = NULL };
}
