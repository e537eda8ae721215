/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/tool/todo.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/base/when.h"

#define ROUND_S 300 /* Seconds; the engine makes a round each second, and a slow token holds it up. */

/* Bytes that a disk has left at least, if it is large; of a small one, a part. */
#define DISK_LOW INT64_C(5000000000)
#define DISK_LOW_PART 10
#define DISK_FULL INT64_C(500000000)
#define DISK_FULL_PART 50

/* \return The item; NULL if out of memory. */
static todo_item_t *add(todo_t *todo, level_t level)
{
	if (todo->count == todo->size) {
		const size_t size = 2 * todo->size + 16;
		todo_item_t *items = reallocarray(todo->items, size, sizeof(*items));
		if (items == NULL) {
			return NULL;
		}
		todo->items = items;
		todo->size = size;
	}
	todo_item_t *item = &todo->items[todo->count++];
	*item = (todo_item_t){ .level = level, .state = ZONE_STATES };
	return item;
}

__attribute__((format(printf, 4, 5)))
static void say(todo_t *todo, level_t level, const char *subject, const char *fmt, ...)
{
	todo_item_t *item = add(todo, level);
	va_list args;
	if (item == NULL) {
		return;
	}
	item->subject = subject;
	va_start(args, fmt);
	if (vasprintf(&item->text, fmt, args) < 0) {
		item->text = NULL;
	}
	va_end(args);
}

/* -- the two ------------------------------------------------------------- */

static bool is_linked(const picture_t *picture)
{
	const line_t *line = side_line(&picture->engine, "signer", NULL);
	return line != NULL && line_number(line, "up") != 0;
}

static void see_away(todo_t *todo, const picture_t *picture)
{
	const side_t *module = &picture->module, *engine = &picture->engine;
	if (!module->up) {
		/* If the engine reaches it, it may be just us. */
		say(todo, engine->up && !is_linked(picture) ? LEVEL_CRITICAL : LEVEL_UNKNOWN, "signer",
		    "nothing is known of what is signed and served: %s; is knotd with "
		    "mod-opendnssec running, and may you use its socket?", module->problem);
	}
	if (!engine->up) {
		say(todo, LEVEL_UNKNOWN, "engine", "nothing is known of keys and parents, and "
		    "without the engine no key is replaced: %s; is ods-engine running, and may you "
		    "use its socket?", engine->problem);
	} else if (!is_linked(picture) && module->up) {
		say(todo, LEVEL_WARNING, "engine", "it does not reach the signer, so no key takes a "
		    "step: %s", line_get(side_line(engine, "signer", NULL), "text"));
	}
}

static void see_engine(todo_t *todo, const picture_t *picture)
{
	char when[WHEN_TEXT_MAX];
	const line_t *signer = side_line(&picture->engine, "signer", NULL);
	const line_t *reload = side_line(&picture->engine, "reload", NULL);
	const int64_t looked_at = signer != NULL ? line_number(signer, "looked-at") : 0;
	if (looked_at != 0 && picture->now - looked_at > ROUND_S) {
		say(todo, LEVEL_WARNING, "engine", "it has not ended a round since %s; see how the "
		    "tokens are, and its log", when_stamp(looked_at, when));
	}
	if (reload != NULL) {
		say(todo, LEVEL_WARNING, "engine", "the last reload was refused, the policies of "
		    "before are used: %s", line_get(reload, "reload"));
	}
}

/* -- what each side has -------------------------------------------------- */

static void see_tokens(todo_t *todo, const side_t *side, bool module)
{
	const line_t *line = NULL;
	while ((line = side_line(side, "token", line)) != NULL) {
		const char *name = line_get(line, "token");
		const int64_t unsaved = line_number(line, "unsaved");
		const bool fails = line_number(line, module ? "failing-since" : "failing") != 0;
		if (fails) {
			say(todo, LEVEL_WARNING, "token", "%s, for the %s: %s", name,
			    module ? "signer" : "engine", line_get(line, "text"));
		}
		if (unsaved > 0) {
			say(todo, LEVEL_WARNING, "backup", "%" PRId64 " key pairs of %s have no "
			    "backup: ods backup prepare %s, make one, ods backup commit %s", unsaved,
			    name, name, name);
		}
	}
}

static void see_disk(todo_t *todo, const side_t *side)
{
	const line_t *line = side_line(side, "disk", NULL);
	const int64_t size = line != NULL ? line_number(line, "size") : 0;
	const int64_t left = line != NULL ? line_number(line, "free") : 0;
	const bool full = left < DISK_FULL && left < size / DISK_FULL_PART;
	if (size > 0 && left < DISK_LOW && left < size / DISK_LOW_PART) {
		say(todo, full ? LEVEL_CRITICAL : LEVEL_WARNING, "disk", "the disk of %s has %" PRId64
		    " MB left; when it is full, nothing new is signed or stored",
		    line_get(line, "disk"), left / 1000000);
	}
}

static void see_side(todo_t *todo, const side_t *side, bool module)
{
	const line_t *fault = side_line(side, "fault", NULL);
	const line_t *clock = side_line(side, "clock", NULL);
	if (fault != NULL) {
		say(todo, LEVEL_CRITICAL, "signer", "nothing can be signed: %s",
		    line_get(fault, "fault"));
	}
	if (clock != NULL) {
		say(todo, LEVEL_WARNING, "clock", "of the %s: %s", module ? "signer" : "engine",
		    line_get(clock, "clock"));
	}
	see_tokens(todo, side, module);
	see_disk(todo, side);
}

/* -- zones --------------------------------------------------------------- */

static void see_group(todo_t *todo, const group_t *group)
{
	if (group->level == LEVEL_OK) {
		return;
	}
	todo_item_t *item = add(todo, group->level);
	if (item != NULL) {
		item->state = group->state;
		item->subject = "zone";
		item->zone = group->first;
		item->count = group->count;
		item->text = strdup(group->text);
		item->until = group->engine ? 0 : group->rank;
		item->since = group->engine ? group->rank : 0;
	}
}

/* -- all of it ----------------------------------------------------------- */

/* How urgent a level is: what is not known may be critical. */
static int urgency(level_t level)
{
	static const int order[] = { [LEVEL_OK] = 0, [LEVEL_WARNING] = 1, [LEVEL_UNKNOWN] = 2,
	                             [LEVEL_CRITICAL] = 3 };
	return order[level];
}

/* What is no matter of one zone comes first in its level: it may be the cause of the rest. */
static int compare(const void *a, const void *b)
{
	const todo_item_t *left = a, *right = b;
	const int levels = urgency(right->level) - urgency(left->level);
	const int matters = (left->zone != NULL) - (right->zone != NULL);
	const int states = (int)left->state - (int)right->state;
	const int64_t mine = left->until + left->since, other = right->until + right->since;
	return levels != 0 ? levels : matters != 0 ? matters : states != 0 ? states
	       : mine < other ? -1 : mine > other;
}

int todo_make(todo_t *todo, const picture_t *picture)
{
	*todo = (todo_t){ .level = LEVEL_OK };
	see_away(todo, picture);
	see_engine(todo, picture);
	see_side(todo, &picture->module, true);
	see_side(todo, &picture->engine, false);
	for (size_t i = 0; i < picture->group_count; i++) {
		see_group(todo, &picture->groups[i]);
	}
	for (size_t i = 0; i < todo->count; i++) {
		if (todo->items[i].text == NULL) {
			fprintf(stderr, "ods: out of memory\n");
			return -1;
		}
		if (urgency(todo->items[i].level) > urgency(todo->level)) {
			todo->level = todo->items[i].level;
		}
	}
	if (todo->count > 0) {
		qsort(todo->items, todo->count, sizeof(*todo->items), compare);
	}
	return 0;
}

void todo_deinit(todo_t *todo)
{
	for (size_t i = 0; i < todo->count; i++) {
		free(todo->items[i].text);
	}
	free(todo->items);
}
