/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "common/tally.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

void tally_init(tally_t *tally)
{
	*tally = (tally_t){ .count = 0 };
	pthread_mutex_init(&tally->lock, NULL);
}

void tally_deinit(tally_t *tally)
{
	pthread_mutex_destroy(&tally->lock);
}

uint64_t tally_turn(tally_t *tally)
{
	pthread_mutex_lock(&tally->lock);
	const uint64_t turn = ++tally->turn;
	pthread_mutex_unlock(&tally->lock);
	return turn;
}

/* -- groups -------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const tally_group_t *left = a, *right = b;
	return left->state != right->state ? (left->state < right->state ? -1 : 1)
	                                   : strcmp(left->cause, right->cause);
}

static void group_free(tally_group_t *group)
{
	free(group->members);
	free(group->cause);
	free(group);
}

/*! Finds a group, or makes it, with room for one more. \return NULL if out of memory. */
static tally_group_t *group_of(tally_t *tally, const tally_entry_t *entry)
{
	const tally_group_t wanted = { .state = entry->state, .cause = (char *)entry->cause };
	tally_group_t **found = tfind(&wanted, &tally->groups, compare);
	tally_group_t *group = found != NULL ? *found : calloc(1, sizeof(*group));
	if (group == NULL) {
		return NULL;
	}
	if (group->count == group->size) {
		const size_t size = group->size > 0 ? 2 * group->size : 1;
		tally_member_t **members = reallocarray(group->members, size, sizeof(*members));
		group->members = members != NULL ? members : group->members;
		group->size = members != NULL ? size : group->size;
	}
	if (found == NULL) {
		group->state = entry->state;
		group->cause = strdup(entry->cause);
		if (group->cause == NULL || group->size == 0 ||
		    tsearch(group, &tally->groups, compare) == NULL) {
			group_free(group);
			return NULL;
		}
	}
	return group->count < group->size ? group : NULL;
}

/* -- heaps --------------------------------------------------------------- */

static void set(tally_group_t *group, size_t at, tally_member_t *member)
{
	group->members[at] = member;
	member->at = at;
}

/*! Moves a member up or down to its place by rank. */
static void settle(tally_group_t *group, tally_member_t *member)
{
	tally_member_t **all = group->members;
	size_t at = member->at;
	for (; at > 0 && all[(at - 1) / 2]->rank > member->rank; at = (at - 1) / 2) {
		set(group, at, all[(at - 1) / 2]);
	}
	for (size_t child = 2 * at + 1; child < group->count; child = 2 * at + 1) {
		child += child + 1 < group->count && all[child + 1]->rank < all[child]->rank;
		if (all[child]->rank >= member->rank) {
			break;
		}
		set(group, at, all[child]);
		at = child;
	}
	set(group, at, member);
}

static void push(tally_t *tally, tally_group_t *group, tally_member_t *member)
{
	member->group = group;
	set(group, group->count++, member);
	settle(group, member);
	tally->count++;
}

/*! Takes a member out of its group. */
static void pop(tally_t *tally, tally_member_t *member)
{
	tally_group_t *group = member->group;
	tally_member_t *last = group->members[--group->count];
	if (last != member) {
		set(group, member->at, last);
		settle(group, last);
	}
	if (group->count == 0) {
		tdelete(group, &tally->groups, compare);
		group_free(group);
	}
	member->group = NULL;
	tally->count--;
}

/* -- members ------------------------------------------------------------- */

bool tally_enter(tally_t *tally, tally_member_t *member, const tally_entry_t *entry)
{
	pthread_mutex_lock(&tally->lock);
	tally_group_t *group = group_of(tally, entry);
	if (group != NULL) {
		member->rank = entry->rank;
		member->turn = entry->turn;
		push(tally, group, member);
	}
	pthread_mutex_unlock(&tally->lock);
	return group != NULL;
}

void tally_put(tally_t *tally, tally_member_t *member, const tally_entry_t *entry)
{
	pthread_mutex_lock(&tally->lock);
	const bool later = member->group != NULL && entry->turn > member->turn;
	tally_group_t *group = later ? group_of(tally, entry) : NULL;
	if (group != NULL) {
		member->rank = entry->rank;
		member->turn = entry->turn;
	}
	if (group != NULL && group == member->group) {
		settle(group, member);
	} else if (group != NULL) {
		pop(tally, member);
		push(tally, group, member);
	}
	pthread_mutex_unlock(&tally->lock);
}

void tally_leave(tally_t *tally, tally_member_t *member)
{
	pthread_mutex_lock(&tally->lock);
	if (member->group != NULL) {
		pop(tally, member);
	}
	pthread_mutex_unlock(&tally->lock);
}

bool tally_read(tally_t *tally, const tally_member_t *member, unsigned *state, int64_t *rank)
{
	pthread_mutex_lock(&tally->lock);
	const bool counted = member->group != NULL;
	if (counted) {
		*state = member->group->state;
		*rank = member->rank;
	}
	pthread_mutex_unlock(&tally->lock);
	return counted;
}

/* -- looking ------------------------------------------------------------- */

typedef struct {
	void (*call)(void *ctx, const tally_group_t *group);
	void *ctx;
} each_t;

static void visit(const void *node, VISIT which, void *closure)
{
	const each_t *each = closure;
	if (which == postorder || which == leaf) {
		each->call(each->ctx, *(tally_group_t *const *)node);
	}
}

void tally_each(tally_t *tally, void (*call)(void *ctx, const tally_group_t *group), void *ctx)
{
	pthread_mutex_lock(&tally->lock);
	twalk_r(tally->groups, visit, &(each_t){ call, ctx });
	pthread_mutex_unlock(&tally->lock);
}
