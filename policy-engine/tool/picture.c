/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/tool/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LAST_S 86400     /* Seconds: less is left only if for days nobody has looked. */
#define PATIENCE_MS 5000 /* For each of the two: a monitor does not wait for long. */

/* -- words --------------------------------------------------------------- */

static const zone_word_t words[ZONE_STATES] = {
	[ZONE_EXPIRED] = { "expired", "expired", LEVEL_CRITICAL },
	[ZONE_EXPIRING] = { "expiring", "expiring", LEVEL_WARNING },
	[ZONE_SIGN] = { "sign", "not signed on", LEVEL_WARNING },
	[ZONE_HELD] = { "held", "held", LEVEL_WARNING },
	[ZONE_SOURCE] = { "source", "without new input", LEVEL_WARNING },
	[ZONE_OLDER] = { "older", "from an older store", LEVEL_WARNING },
	[ZONE_PROBLEM] = { "problem", "with a problem of their keys", LEVEL_WARNING },
	[ZONE_REFUSED] = { "refused", "whose key set is refused", LEVEL_WARNING },
	[ZONE_PARENT] = { "parent", "waiting for a person at the parent", LEVEL_WARNING },
	[ZONE_UNSEEN] = { "unseen", "whose DS was not seen", LEVEL_WARNING },
	[ZONE_OUTPUT] = { "output", "whose file or command fails", LEVEL_WARNING },
	[ZONE_FROZEN] = { "frozen", "frozen", LEVEL_OK },
	[ZONE_UNSIGNED] = { "unsigned", "not signed yet", LEVEL_OK },
	[ZONE_BUSY] = { "busy", "waiting for new keys", LEVEL_OK },
	[ZONE_OK] = { "ok", "well", LEVEL_OK },
};

const zone_word_t *zone_word(zone_state_t state)
{
	return &words[state];
}

zone_state_t zone_state_find(const char *name)
{
	zone_state_t state = 0;
	while (state < ZONE_STATES && strcmp(words[state].name, name) != 0) {
		state++;
	}
	return state;
}

zone_state_t zone_state_of(const char *name, bool engine)
{
	if (engine && strcmp(name, "person") == 0) {
		return ZONE_PARENT;
	}
	if (!engine && strcmp(name, "keys") == 0) {
		return ZONE_SIGN;
	}
	const zone_state_t state = zone_state_find(name);
	return state < ZONE_STATES ? state : ZONE_PROBLEM; /* Of a newer version. */
}

const char *level_name(level_t level)
{
	static const char *const names[] = { "ok", "warning", "critical", "unknown" };
	return names[level];
}

/* -- sides --------------------------------------------------------------- */

const line_t *side_line(const side_t *side, const char *type, const line_t *after)
{
	const line_t *line = after != NULL ? after + 1 : side->said.lines;
	const line_t *end = side->said.lines + side->said.count;
	for (; line != NULL && line < end; line++) {
		if (line->count > 0 && line->cells[0].type != NULL &&
		    strcmp(line->cells[0].type, type) == 0) {
			return line;
		}
	}
	return NULL;
}

int64_t line_number(const line_t *line, const char *type)
{
	return strtoll(line_get(line, type), NULL, 10);
}

static void ask_side(side_t *side, const invocation_t *run, bool module)
{
	invocation_t to = *run;
	to.module = module;
	to.socket = module ? NULL : run->socket;
	to.patience_ms = PATIENCE_MS;
	const ctl_unit_t unit = { .cmd = "overview" };
	side->up = tool_try(&to, &unit, &side->said, side->problem, sizeof(side->problem)) == DONE;
}

/* -- groups -------------------------------------------------------------- */

static int compare_groups(const void *a, const void *b)
{
	const group_t *left = a, *right = b;
	return left->state != right->state ? (left->state < right->state ? -1 : 1)
	       : left->rank != right->rank ? (left->rank < right->rank ? -1 : 1)
	                                   : strcmp(left->first, right->first);
}

static zone_state_t group_state(const picture_t *picture, const line_t *line, bool engine)
{
	const zone_state_t state = zone_state_of(line_get(line, "group"), engine);
	const int64_t rank = line_number(line, "rank");
	return state == ZONE_EXPIRING && rank != 0 && rank <= picture->now ? ZONE_EXPIRED : state;
}

/* In its last day a zone that comes to its end is critical. */
static level_t group_level(const picture_t *picture, zone_state_t state, int64_t rank)
{
	return state == ZONE_EXPIRING && rank - picture->now < LAST_S ? LEVEL_CRITICAL
	                                                              : words[state].level;
}

static size_t count_groups(const side_t *side)
{
	size_t count = 0;
	const line_t *line = NULL;
	while ((line = side_line(side, "group", line)) != NULL) {
		count++;
	}
	return count;
}

static void add_groups(picture_t *picture, const side_t *side, bool engine)
{
	const line_t *line = NULL;
	while ((line = side_line(side, "group", line)) != NULL) {
		group_t group = {
			.state = group_state(picture, line, engine), .engine = engine,
			.first = line_get(line, "first"), .text = line_get(line, "text"),
			.count = (uint64_t)line_number(line, "zones"),
			.rank = line_number(line, "rank"),
		};
		group.level = group_level(picture, group.state, group.rank);
		if (!engine && group.rank != 0 &&
		    (picture->first == NULL || group.rank < picture->until)) {
			picture->first = group.first;
			picture->until = group.rank;
		}
		if (group.state != ZONE_OK) {
			picture->groups[picture->group_count++] = group;
		}
	}
}

/* -- counts -------------------------------------------------------------- */

/* A zone that is not well, with the state that one side says. */
typedef struct {
	const char *name;
	zone_state_t state;
} named_t;

typedef struct {
	named_t *list;
	size_t count, size;
} named_list_t;

static int compare_named(const void *a, const void *b)
{
	const named_t *left = a, *right = b;
	const int names = strcmp(left->name, right->name);
	return names != 0 ? names : (int)left->state - (int)right->state;
}

static int add_named(named_list_t *all, const char *name, zone_state_t state)
{
	if (all->count == all->size) {
		const size_t size = 2 * all->size + 64;
		named_t *list = reallocarray(all->list, size, sizeof(*list));
		if (list == NULL) {
			return -1;
		}
		all->list = list;
		all->size = size;
	}
	all->list[all->count++] = (named_t){ name, state };
	return 0;
}

/* Takes the names of a line apart; they stay where they are. */
static int add_names(named_list_t *all, const line_t *line, zone_state_t state)
{
	int ret = 0;
	for (size_t i = 0; i < line->count && ret == 0; i++) {
		const cell_t *cell = &line->cells[i];
		char *at = cell->type != NULL && strcmp(cell->type, "names") == 0 ? cell->data : NULL;
		while (at != NULL && ret == 0) {
			char *name = strsep(&at, " ");
			ret = add_named(all, name, state);
		}
	}
	return ret;
}

static int name_side(named_list_t *all, const picture_t *picture, const side_t *side, bool engine)
{
	int ret = 0;
	const line_t *line = NULL;
	while (ret == 0 && (line = side_line(side, "group", line)) != NULL) {
		ret = add_names(all, line, group_state(picture, line, engine));
	}
	return ret;
}

/* Counts each zone once, though both sides may name it. */
static int count_zones(picture_t *picture)
{
	named_list_t all = { 0 };
	if (name_side(&all, picture, &picture->module, false) != 0 ||
	    name_side(&all, picture, &picture->engine, true) != 0) {
		free(all.list);
		return -1;
	}
	if (all.count > 0) {
		qsort(all.list, all.count, sizeof(*all.list), compare_named);
	}
	uint64_t troubled = 0;
	for (size_t i = 0; i < all.count; i++) {
		if (i == 0 || strcmp(all.list[i - 1].name, all.list[i].name) != 0) {
			picture->counts[all.list[i].state]++;
			troubled++;
		}
	}
	picture->counts[ZONE_OK] = picture->zones > troubled ? picture->zones - troubled : 0;
	free(all.list);
	return 0;
}

/* -- all of it ----------------------------------------------------------- */

static uint64_t zones_of(const side_t *side)
{
	const line_t *line = side_line(side, "zones", NULL);
	return line != NULL ? (uint64_t)line_number(line, "zones") : 0;
}

int picture_take(picture_t *picture, const invocation_t *run)
{
	*picture = (picture_t){ .now = time(NULL) };
	ask_side(&picture->module, run, true);
	ask_side(&picture->engine, run, false);
	picture->zones = zones_of(picture->module.up ? &picture->module : &picture->engine);
	const size_t count = count_groups(&picture->module) + count_groups(&picture->engine);
	picture->groups = calloc(count + 1, sizeof(*picture->groups));
	if (picture->groups == NULL || count_zones(picture) != 0) {
		fprintf(stderr, "ods: out of memory\n");
		return -1;
	}
	add_groups(picture, &picture->module, false);
	add_groups(picture, &picture->engine, true);
	qsort(picture->groups, picture->group_count, sizeof(*picture->groups), compare_groups);
	return 0;
}

void picture_deinit(picture_t *picture)
{
	free(picture->groups);
	answer_deinit(&picture->module.said);
	answer_deinit(&picture->engine.said);
}
