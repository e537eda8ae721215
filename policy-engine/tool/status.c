/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* ods status: how all is, in ten lines, and what a person has to do. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/base/duration.h"
#include "policy-engine/base/when.h"
#include "policy-engine/tool/commands.h"
#include "policy-engine/tool/page.h"
#include "policy-engine/tool/status-json.h"

#define INDENT 11      /* Columns of what stands before a text. */
#define SHOWN_MAX 5    /* Items of a state that are shown each; the others are counted. */

static page_ink_t ink_of(level_t level)
{
	return level == LEVEL_OK ? PAGE_GOOD : level == LEVEL_WARNING ? PAGE_WARNING : PAGE_CRITICAL;
}

static void row(const page_t *page, const char *name, const char *text)
{
	page_ink(page, PAGE_FAINT);
	printf("%-*s", INDENT, name);
	page_ink(page, PAGE_PLAIN);
	page_wrap(page, INDENT, INDENT, text);
}

/* -- the summary --------------------------------------------------------- */

static uint64_t needing(const picture_t *picture)
{
	uint64_t zones = 0;
	for (int state = 0; state < ZONE_STATES; state++) {
		zones += zone_word(state)->level != LEVEL_OK ? picture->counts[state] : 0;
	}
	return zones;
}

static void show_heading(const page_t *page, const picture_t *picture, const todo_t *todo)
{
	static const char *const words[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };
	const uint64_t zones = needing(picture);
	page_ink(page, ink_of(todo->level));
	printf("%s", words[todo->level]);
	page_ink(page, PAGE_PLAIN);
	if (zones > 0) {
		printf(": %" PRIu64 " of %" PRIu64 " zones need somebody\n", zones, picture->zones);
	} else if (todo->count > 0) {
		printf(": no zone needs somebody, but see below\n");
	} else {
		printf(": nothing has to be done\n");
	}
}

static void show_zones(const page_t *page, const picture_t *picture)
{
	char text[1024];
	int len = snprintf(text, sizeof(text), "%" PRIu64 ": %" PRIu64 " well", picture->zones,
	                   picture->counts[ZONE_OK]);
	for (int state = 0; state < ZONE_OK; state++) {
		if (picture->counts[state] > 0) {
			len += snprintf(text + len, sizeof(text) - (size_t)len, ", %" PRIu64 " %s",
			                picture->counts[state], zone_word(state)->many);
		}
	}
	row(page, "zones", text);
}

static void show_first(const page_t *page, const picture_t *picture)
{
	char text[1024], when[WHEN_TEXT_MAX], span[DURATION_TEXT_MAX];
	if (picture->first == NULL) {
		row(page, "lasting", picture->module.up ? "nothing is signed yet" : "not known");
	} else if (picture->until <= picture->now) {
		snprintf(text, sizeof(text), "%s expired at %s", picture->first,
		         when_stamp(picture->until, when));
		row(page, "lasting", text);
	} else {
		snprintf(text, sizeof(text), "without anybody, all zones last for %s, until %s; then %s "
		         "is the first to expire",
		         duration_text(picture->until - picture->now, span),
		         when_stamp(picture->until, when), picture->first);
		row(page, "lasting", text);
	}
}

static void show_side(const page_t *page, const char *name, const side_t *side, const char *more)
{
	char text[1024];
	if (side->up) {
		snprintf(text, sizeof(text), "running, version %s%s",
		         line_get(side_line(side, "version", NULL), "version"), more);
	} else {
		snprintf(text, sizeof(text), "no answer: %s", side->problem);
	}
	row(page, name, text);
}

static void show_engine(const page_t *page, const picture_t *picture)
{
	char more[256] = "", span[DURATION_TEXT_MAX];
	const line_t *line = side_line(&picture->engine, "signer", NULL);
	if (line != NULL) {
		const int64_t looked_at = line_number(line, "looked-at");
		const bool looked = looked_at > 0;
		snprintf(more, sizeof(more), ", signer %s%s%s%s", line_get(line, "signer"),
		         looked ? ", last look " : "",
		         looked ? duration_text(picture->now - looked_at, span) : "",
		         looked ? " ago" : "");
	}
	show_side(page, "engine", &picture->engine, more);
}

/* A token may work for one of the two, and not for the other. */
static void show_tokens(const page_t *page, const picture_t *picture)
{
	char text[2048] = "";
	const side_t *side = picture->module.up ? &picture->module : &picture->engine;
	const line_t *line = NULL;
	size_t len = 0;
	while ((line = side_line(side, "token", line)) != NULL && len < sizeof(text)) {
		const char *made = line_get(line, "signatures");
		const bool fails = line_number(line, "failing-since") != 0 ||
		                   line_number(line, "failing") != 0;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s %s%s%s%s",
		                        len > 0 ? ", " : "", line_get(line, "token"),
		                        fails ? "fails" : "works", made[0] != '\0' ? " (" : "", made,
		                        made[0] != '\0' ? " signatures)" : "");
	}
	row(page, "tokens", text[0] != '\0' ? text : "not known");
}

static void show_disks(const page_t *page, const picture_t *picture)
{
	char text[256] = "", used[PAGE_TEXT_MAX], left[PAGE_TEXT_MAX];
	const side_t *const sides[] = { &picture->module, &picture->engine };
	static const char *const names[] = { "store", "database" };
	size_t len = 0;
	for (int i = 0; i < 2; i++) {
		const line_t *line = side_line(sides[i], "disk", NULL);
		if (line != NULL && line_number(line, "size") > 0) {
			len += (size_t)snprintf(text + len, sizeof(text) - len,
			                        "%s%s %s, %s free", len > 0 ? "; " : "", names[i],
			                        page_bytes(line_number(line, "used"), used),
			                        page_bytes(line_number(line, "free"), left));
		}
	}
	row(page, "disk", text[0] != '\0' ? text : "not known");
}

static void show_backup(const page_t *page, const picture_t *picture)
{
	char text[256], saved[DURATION_TEXT_MAX], backed_up[DURATION_TEXT_MAX];
	const line_t *copy = side_line(&picture->engine, "saved", NULL);
	const line_t *keys = side_line(&picture->engine, "backed-up", NULL);
	if (!picture->engine.up) {
		row(page, "backup", "not known");
		return;
	}
	duration_text(copy != NULL ? picture->now - line_number(copy, "saved") : 0, saved);
	duration_text(keys != NULL ? picture->now - line_number(keys, "backed-up") : 0, backed_up);
	snprintf(text, sizeof(text), "%s%s%s; %s%s%s", copy != NULL ? "last copy (ods save) " : "no "
	         "copy yet (ods save)", copy != NULL ? saved : "", copy != NULL ? " ago" : "",
	         keys != NULL ? "last backup of keys " : "no backup of keys yet",
	         keys != NULL ? backed_up : "", keys != NULL ? " ago" : "");
	row(page, "backup", text);
}

/* -- what to do ---------------------------------------------------------- */

static void show_item(const page_t *page, const todo_item_t *item)
{
	static const char *const words[] = { "OK", "warning", "CRITICAL", "unknown" };
	char text[8192], more[64] = "";
	if (item->count > 1) {
		snprintf(more, sizeof(more), " and %" PRIu64 " more", item->count - 1);
	}
	snprintf(text, sizeof(text), "%s%s: %s", item->zone != NULL ? item->zone : item->subject, more,
	         item->text[0] != '\0' ? item->text : zone_word(item->state)->many);
	page_ink(page, ink_of(item->level));
	printf("%-*s", INDENT, words[item->level]);
	page_ink(page, PAGE_PLAIN);
	page_wrap(page, INDENT, INDENT, text);
}

/* Counts what is not shown of a state. */
static void show_rest(const page_t *page, zone_state_t state, uint64_t zones)
{
	char text[256];
	if (zones > 0) {
		snprintf(text, sizeof(text), "and %" PRIu64 " more %s: ods zones --state %s", zones,
		         zone_word(state)->many, zone_word(state)->name);
		row(page, "", text);
	}
}

static void show_todo(const page_t *page, const todo_t *todo)
{
	unsigned shown = 0;
	uint64_t rest = 0;
	for (size_t i = 0; i < todo->count; i++) {
		const todo_item_t *item = &todo->items[i];
		const bool other = i == 0 || todo->items[i - 1].state != item->state;
		if (other && i > 0) {
			show_rest(page, todo->items[i - 1].state, rest);
		}
		shown = other ? 0 : shown;
		rest = other ? 0 : rest;
		if (item->state == ZONE_STATES || shown++ < SHOWN_MAX) {
			show_item(page, item);
		} else {
			rest += item->count;
		}
	}
	if (todo->count > 0) {
		show_rest(page, todo->items[todo->count - 1].state, rest);
	}
}

static void show(const picture_t *picture, const todo_t *todo)
{
	const page_t page = page_of_output();
	show_heading(&page, picture, todo);
	printf("\n");
	show_zones(&page, picture);
	show_first(&page, picture);
	show_side(&page, "signer", &picture->module, "");
	show_engine(&page, picture);
	show_tokens(&page, picture);
	show_disks(&page, picture);
	show_backup(&page, picture);
	if (todo->count > 0) {
		printf("\n");
		show_todo(&page, todo);
	}
}

/* -- all of it ----------------------------------------------------------- */

int tool_status(const invocation_t *run)
{
	picture_t picture;
	todo_t todo = { 0 };
	int ret = LEVEL_UNKNOWN;
	if (picture_take(&picture, run) == 0 && todo_make(&todo, &picture) == 0) {
		if (run->json) {
			status_json(&picture, &todo);
		} else {
			show(&picture, &todo);
		}
		ret = (int)todo.level;
	}
	todo_deinit(&todo);
	picture_deinit(&picture);
	return ret;
}
