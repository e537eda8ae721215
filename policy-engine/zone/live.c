/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "policy-engine/zone/live.h"

#include <search.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/cause.h"

static int compare(const void *a, const void *b)
{
	return strcmp(((const live_zone_t *)a)->name, ((const live_zone_t *)b)->name);
}

static void zone_free(void *node)
{
	live_zone_t *zone = node;
	facts_deinit(&zone->facts);
	free(zone->survey.why);
	free(zone->tokens);
	free(zone->next);
	free(zone->unlearnt);
	free(zone->ds_problem);
	free(zone->ds_sent);
	free(zone->unseen);
	free(zone->push_problem);
	free(zone->push);
	free(zone->problem);
	free(zone->name);
	free(zone);
}

void live_init(live_t *live)
{
	*live = (live_t){ 0 };
	TAILQ_INIT(&live->dirty);
	TAILQ_INIT(&live->pushes);
	TAILQ_INIT(&live->learns);
	TAILQ_INIT(&live->looks);
	tally_init(&live->tally);
}

live_zone_t *live_find(const live_t *live, const char *name)
{
	live_zone_t key = { .name = (char *)name };
	live_zone_t **node = tfind(&key, &live->tree, compare);
	return node != NULL ? *node : NULL;
}

live_zone_t *live_add(live_t *live, const char *name)
{
	live_zone_t *zone = live_find(live, name);
	if (zone != NULL) {
		return zone;
	}
	zone = calloc(1, sizeof(*zone));
	if (zone == NULL) {
		return NULL;
	}
	zone->name = strdup(name);
	const tally_entry_t entry = { .state = LIVE_BUSY, .cause = "", .rank = INT64_MAX };
	if (zone->name == NULL || !tally_enter(&live->tally, &zone->tally, &entry) ||
	    tsearch(zone, &live->tree, compare) == NULL) {
		tally_leave(&live->tally, &zone->tally);
		zone_free(zone);
		return NULL;
	}
	live->count++;
	return zone;
}

const live_zone_t *live_of_tally(const tally_member_t *member)
{
	return (const live_zone_t *)((const char *)member - offsetof(live_zone_t, tally));
}

const char *live_state_name(live_state_t state)
{
	static const char *const names[LIVE_STATES] = {
		[LIVE_PROBLEM] = "problem", [LIVE_REFUSED] = "refused", [LIVE_PERSON] = "person",
		[LIVE_UNSEEN] = "unseen", [LIVE_FROZEN] = "frozen", [LIVE_BUSY] = "busy",
		[LIVE_OK] = "ok",
	};
	return names[state];
}

live_state_t live_state(const live_zone_t *zone)
{
	const bool expected = zone->passing || (zone->frozen && !zone->urgent);
	return zone->problem != NULL && !expected ? LIVE_PROBLEM
	       : zone->push_problem != NULL ? LIVE_REFUSED
	       : zone->waits ? LIVE_PERSON
	       : zone->unseen != NULL ? LIVE_UNSEEN
	       : zone->frozen ? LIVE_FROZEN
	       : zone->problem != NULL ? LIVE_BUSY : LIVE_OK;
}

void live_count(live_t *live, live_zone_t *zone)
{
	char cause[CAUSE_MAX];
	const live_state_t state = live_state(zone);
	/* What to do at the parent is each zone's own. */
	const char *text = state == LIVE_PROBLEM || state == LIVE_BUSY ? zone->problem
	                   : state == LIVE_REFUSED ? zone->push_problem
	                   : state == LIVE_UNSEEN ? zone->unseen : "";
	cause_common(text, zone->name, cause);
	tally_put(&live->tally, &zone->tally, &(tally_entry_t){
		.state = state, .cause = state == LIVE_PERSON ? zone->name : cause,
		.rank = state == LIVE_PERSON ? zone->waits_since : INT64_MAX,
		.turn = tally_turn(&live->tally) });
}

void live_lacks_nothing(live_zone_t *zone)
{
	memset(zone->lacks, 0, sizeof(zone->lacks));
	zone->wants = false;
}

void live_mark(live_t *live, live_zone_t *zone, bool dirty)
{
	if (dirty && !zone->dirty) {
		TAILQ_INSERT_TAIL(&live->dirty, zone, dirty_link);
	} else if (!dirty && zone->dirty) {
		TAILQ_REMOVE(&live->dirty, zone, dirty_link);
	}
	zone->dirty = dirty;
}

void live_push(live_t *live, live_zone_t *zone, char *text)
{
	if (zone->push != NULL) {
		TAILQ_REMOVE(&live->pushes, zone, push_link);
	}
	free(zone->push);
	zone->push = text;
	if (text != NULL) {
		TAILQ_INSERT_TAIL(&live->pushes, zone, push_link);
	}
}

void live_look(live_t *live, live_zone_t *zone, int64_t at)
{
	if (zone->look_at != 0) {
		TAILQ_REMOVE(&live->looks, zone, look_link);
	}
	zone->look_at = at;
	if (at != 0) {
		TAILQ_INSERT_TAIL(&live->looks, zone, look_link);
	}
}

void live_learn(live_t *live, live_zone_t *zone, int64_t at)
{
	if (zone->learn_at != 0) {
		TAILQ_REMOVE(&live->learns, zone, learn_link);
	}
	zone->learn_at = at;
	if (at != 0) {
		TAILQ_INSERT_TAIL(&live->learns, zone, learn_link);
	}
}

void live_remove(live_t *live, live_zone_t *zone)
{
	live_learn(live, zone, 0);
	live_look(live, zone, 0);
	live_push(live, zone, NULL);
	live_mark(live, zone, false);
	tdelete(zone, &live->tree, compare);
	live->count--;
	tally_leave(&live->tally, &zone->tally);
	key_total_change(&live->keys, &zone->keys, NULL);
	zone_free(zone);
}

typedef struct {
	void (*cb)(void *ctx, live_zone_t *zone);
	void *ctx;
} live_walk_t;

static void visit(const void *node, VISIT which, void *closure)
{
	live_walk_t *walk = closure;
	if (which == postorder || which == leaf) {
		walk->cb(walk->ctx, *(live_zone_t *const *)node);
	}
}

void live_each(const live_t *live, void (*cb)(void *ctx, live_zone_t *zone), void *ctx)
{
	live_walk_t walk = { cb, ctx };
	twalk_r(live->tree, visit, &walk);
}

bool live_set(char **problem, const char *text)
{
	if ((text == NULL && *problem == NULL) ||
	    (text != NULL && *problem != NULL && strcmp(text, *problem) == 0)) {
		return false;
	}
	free(*problem);
	*problem = text != NULL ? strdup(text) : NULL;
	return true;
}

static void uncount(void *ctx, live_zone_t *zone)
{
	live_t *live = ctx;
	tally_leave(&live->tally, &zone->tally);
}

void live_deinit(live_t *live)
{
	live_each(live, uncount, live);
	tally_deinit(&live->tally);
	tdestroy(live->tree, zone_free);
	live_init(live);
}
