/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zone/zones.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/zone/health.h"

/*** Zones that have gone away; all with the lock held. ***/

static void add_gone(zones_t *zones, const knot_dname_t *name)
{
	zones_gone_t *gone = calloc(1, sizeof(*gone));
	if (gone == NULL || (gone->name = knot_dname_copy(name, NULL)) == NULL) {
		free(gone); /* The policy engine then looks after a zone too many. */
		return;
	}
	gone->generation = news_next(zones->env->news);
	gone->next = zones->gone;
	zones->gone = gone;
}

/*! Forgets that a zone has gone away; if name is NULL, that any has. */
static void forget_gone(zones_t *zones, const knot_dname_t *name)
{
	zones_gone_t **at = &zones->gone;
	while (*at != NULL) {
		zones_gone_t *gone = *at;
		if (name == NULL || knot_dname_is_equal(gone->name, name)) {
			*at = gone->next;
			knot_dname_free(gone->name, NULL);
			free(gone);
		} else {
			at = &gone->next;
		}
	}
}

/*** The tree. ***/

void zones_init(zones_t *zones, const zone_env_t *env, reap_t *reap)
{
	memset(zones, 0, sizeof(*zones));
	zones->env = env;
	zones->reap = reap;
	pthread_mutex_init(&zones->lock, NULL);
}

void zones_deinit(zones_t *zones)
{
	forget_gone(zones, NULL);
	pthread_mutex_destroy(&zones->lock);
}

size_t zones_count(zones_t *zones)
{
	pthread_mutex_lock(&zones->lock);
	const size_t count = zones->count;
	pthread_mutex_unlock(&zones->lock);
	return count;
}

static int compare(const void *a, const void *b)
{
	const zone_t *left = a, *right = b;
	return knot_dname_cmp(left->name, right->name);
}

/*! With the lock held. */
static zone_t *find(zones_t *zones, const knot_dname_t *name)
{
	knot_dname_storage_t lower;
	memcpy(lower, name, knot_dname_size(name));
	knot_dname_to_lower(lower);
	const zone_t wanted = { .name = lower };
	zone_t **found = tfind(&wanted, &zones->tree, compare);
	return found != NULL ? *found : NULL;
}

/*! Puts a zone into the tree: a new one, or one that is not freed yet. With the lock held. */
static zone_t *put_zone(zones_t *zones, const knot_dname_t *name)
{
	zone_t *zone = reap_return_zone(zones->reap, name);
	const bool fresh = zone == NULL;
	const tally_entry_t unknown = { .state = HEALTH_NOT_SIGNED, .cause = "",
	                                .rank = INT64_MAX };
	zone = fresh ? zone_new(zones->env, name) : zone;
	if (zone == NULL) {
		return NULL;
	}
	if (!tally_enter(zones->env->tally, &zone->tally, &unknown) ||
	    tsearch(zone, &zones->tree, compare) == NULL) {
		tally_leave(zones->env->tally, &zone->tally);
		if (fresh) {
			zone_free(zone);
		} else {
			reap_zone(zones->reap, zone);
		}
		return NULL;
	}
	atomic_store(&zone->stop, false);
	zones->count++;
	forget_gone(zones, zone->name);
	return zone;
}

zone_t *zones_add(zones_t *zones, const knot_dname_t *name)
{
	pthread_mutex_lock(&zones->lock);
	zone_t *zone = find(zones, name);
	zone = zone != NULL ? zone : put_zone(zones, name);
	if (zone != NULL) {
		zone->users++;
	}
	pthread_mutex_unlock(&zones->lock);
	return zone;
}

zone_t *zones_use(zones_t *zones, const knot_dname_t *name)
{
	pthread_mutex_lock(&zones->lock);
	zone_t *zone = find(zones, name);
	if (zone != NULL) {
		zone->users++;
	}
	pthread_mutex_unlock(&zones->lock);
	return zone;
}

void zones_drop(zones_t *zones, zone_t *zone)
{
	knot_dname_storage_t name;
	pthread_mutex_lock(&zones->lock);
	const bool last = --zone->users == 0;
	if (last) {
		memcpy(name, zone->name, knot_dname_size(zone->name));
		tdelete(zone, &zones->tree, compare);
		zones->count--;
		tally_leave(zones->env->tally, &zone->tally);
		add_gone(zones, zone->name);
		atomic_store(&zone->stopped, true);
		atomic_store(&zone->stop, true);
		reap_zone(zones->reap, zone);
	}
	pthread_mutex_unlock(&zones->lock);
	if (last && zones->env->watch != NULL) {
		watch_remove(zones->env->watch, name);
	}
}

bool zones_with(zones_t *zones, const knot_dname_t *name, void (*call)(void *ctx, zone_t *zone),
                void *ctx)
{
	pthread_mutex_lock(&zones->lock);
	zone_t *zone = find(zones, name);
	if (zone != NULL) {
		call(ctx, zone);
	}
	pthread_mutex_unlock(&zones->lock);
	return zone != NULL;
}

typedef struct {
	void (*call)(void *ctx, zone_t *zone);
	void *ctx;
} each_t;

static void visit(const void *node, VISIT which, void *closure)
{
	const each_t *each = closure;
	if (which == postorder || which == leaf) {
		each->call(each->ctx, *(zone_t *const *)node);
	}
}

void zones_each(zones_t *zones, void (*call)(void *ctx, zone_t *zone), void *ctx)
{
	pthread_mutex_lock(&zones->lock);
	twalk_r(zones->tree, visit, &(each_t){ call, ctx });
	pthread_mutex_unlock(&zones->lock);
}

bool zones_has(zones_t *zones, const knot_dname_t *name)
{
	pthread_mutex_lock(&zones->lock);
	const bool has = find(zones, name) != NULL;
	pthread_mutex_unlock(&zones->lock);
	return has;
}

bool zones_without(zones_t *zones, const knot_dname_t *name, void (*call)(void *ctx), void *ctx)
{
	pthread_mutex_lock(&zones->lock);
	const bool none = find(zones, name) == NULL && !reap_has_zone(zones->reap, name);
	if (none) {
		call(ctx);
	}
	pthread_mutex_unlock(&zones->lock);
	return none;
}

void zones_each_gone(zones_t *zones, uint64_t since,
                     void (*call)(void *ctx, const knot_dname_t *name), void *ctx)
{
	pthread_mutex_lock(&zones->lock);
	for (const zones_gone_t *gone = zones->gone; gone != NULL && gone->generation > since;
	     gone = gone->next) {
		call(ctx, gone->name);
	}
	pthread_mutex_unlock(&zones->lock);
}
