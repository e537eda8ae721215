/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/tool/status-json.h"

#include <stdio.h>

#include "policy-engine/base/json.h"

/* \return A column of the side's line of that type; NULL if there is none. */
static const char *said(const side_t *side, const char *type)
{
	const line_t *line = side_line(side, type, NULL);
	return line != NULL ? line_get(line, type) : NULL;
}

static void write_zones(const picture_t *picture)
{
	printf(" \"zones\": {");
	json_number(stdout, false, "total", (int64_t)picture->zones);
	json_number(stdout, true, "well", (int64_t)picture->counts[ZONE_OK]);
	printf(", \"states\": {");
	for (int state = 0; state < ZONE_STATES; state++) {
		json_number(stdout, state > 0, zone_word(state)->name,
		            (int64_t)picture->counts[state]);
	}
	printf("}},\n \"first\": ");
	if (picture->first != NULL) {
		printf("{");
		json_text(stdout, false, "zone", picture->first);
		json_time(stdout, true, "until", picture->until);
		printf("},\n");
	} else {
		printf("null,\n");
	}
}

static void write_tokens(const side_t *side, bool module)
{
	const line_t *line = NULL;
	bool more = false;
	printf(",\n  \"tokens\": [");
	while ((line = side_line(side, "token", line)) != NULL) {
		const int64_t fails = line_number(line, module ? "failing-since" : "failing");
		printf("%s{", more ? ",\n   " : "");
		json_text(stdout, false, "name", line_get(line, "token"));
		json_bool(stdout, true, "works", fails == 0);
		json_text(stdout, true, "text", line_get(line, "text"));
		if (module) {
			json_time(stdout, true, "failing_since", fails);
			json_number(stdout, true, "signatures", line_number(line, "signatures"));
			json_number(stdout, true, "errors", line_number(line, "errors"));
		} else {
			json_number(stdout, true, "without_backup", line_number(line, "unsaved"));
		}
		printf("}");
		more = true;
	}
	printf("]");
}

static void write_disk(const side_t *side)
{
	const line_t *line = side_line(side, "disk", NULL);
	printf(",\n  \"disk\": ");
	if (line != NULL) {
		printf("{");
		json_text(stdout, false, "file", line_get(line, "disk"));
		json_number(stdout, true, "used", line_number(line, "used"));
		json_number(stdout, true, "free", line_number(line, "free"));
		json_number(stdout, true, "size", line_number(line, "size"));
		printf("}");
	} else {
		printf("null");
	}
}

static void write_side(const char *name, const side_t *side)
{
	printf(" \"%s\": {", name);
	json_bool(stdout, false, "up", side->up);
	json_text(stdout, true, "problem", side->up ? NULL : side->problem);
	json_text(stdout, true, "version", said(side, "version"));
	json_text(stdout, true, "clock", said(side, "clock"));
}

static void write_module(const side_t *side)
{
	write_side("signer", side);
	json_text(stdout, true, "fault", said(side, "fault"));
	write_tokens(side, true);
	write_disk(side);
	printf("},\n");
}

static int64_t moment(const side_t *side, const char *type)
{
	const line_t *line = side_line(side, type, NULL);
	return line != NULL ? line_number(line, type) : 0;
}

static void write_engine(const side_t *side)
{
	const line_t *signer = side_line(side, "signer", NULL);
	write_side("engine", side);
	json_bool(stdout, true, "connected", signer != NULL && line_number(signer, "up") != 0);
	json_time(stdout, true, "looked_at", signer != NULL ? line_number(signer, "looked-at") : 0);
	json_text(stdout, true, "reload_refused", said(side, "reload"));
	json_time(stdout, true, "saved_at", moment(side, "saved"));
	json_time(stdout, true, "keys_backed_up_at", moment(side, "backed-up"));
	write_tokens(side, false);
	write_disk(side);
	printf("},\n");
}

static void write_item(const todo_item_t *item)
{
	printf("{");
	json_text(stdout, false, "level", level_name(item->level));
	json_text(stdout, true, "subject", item->subject);
	json_text(stdout, true, "state",
	          item->state < ZONE_STATES ? zone_word(item->state)->name : NULL);
	json_text(stdout, true, "zone", item->zone);
	json_number(stdout, true, "zones", (int64_t)item->count);
	json_time(stdout, true, "until", item->until);
	json_time(stdout, true, "since", item->since);
	json_text(stdout, true, "text", item->text);
	printf("}");
}

void status_json(const picture_t *picture, const todo_t *todo)
{
	printf("{");
	json_number(stdout, false, "schema", STATUS_SCHEMA);
	json_time(stdout, true, "time", picture->now);
	json_text(stdout, true, "level", level_name(todo->level));
	printf(",\n");
	write_zones(picture);
	write_module(&picture->module);
	write_engine(&picture->engine);
	printf(" \"to_do\": [");
	for (size_t i = 0; i < todo->count; i++) {
		printf("%s", i > 0 ? ",\n  " : "\n  ");
		write_item(&todo->items[i]);
	}
	printf("]}\n");
}
