/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/control/zones.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/base/zone-name.h"
#include "policy-engine/control/argument.h"
#include "policy-engine/zone/offer.h"

#define LISTED_MAX 8 /* Zones named in an error. */

/* Copied names of zones: so the lock is free between two zones. */
typedef struct {
	char **names;
	size_t count, size;
} name_list_t;

static int add_name(void *ctx, const char *name)
{
	name_list_t *all = ctx;
	if (all->count == all->size) {
		size_t size = all->size > 0 ? 2 * all->size : 16;
		char **names = reallocarray(all->names, size, sizeof(*names));
		if (names == NULL) {
			return 1;
		}
		all->names = names;
		all->size = size;
	}
	all->names[all->count] = strdup(name);
	if (all->names[all->count] == NULL) {
		return 1;
	}
	all->count++;
	return 0;
}

static void names_deinit(name_list_t *all)
{
	for (size_t i = 0; i < all->count; i++) {
		free(all->names[i]);
	}
	free(all->names);
}

static void get_names(context_t *c, name_list_t *all)
{
	pthread_mutex_lock(&c->desk->lock);
	db_zones(c->desk->db, add_name, all);
	pthread_mutex_unlock(&c->desk->lock);
}

static void refuse_unknown(context_t *c, ctl_request_t *req, const char *zone)
{
	name_list_t all = { 0 };
	char list[1024] = "";
	get_names(c, &all);
	for (size_t i = 0; i < all.count && i < LISTED_MAX; i++) {
		size_t used = strlen(list);
		snprintf(list + used, sizeof(list) - used, "%s%s", i > 0 ? ", " : "", all.names[i]);
	}
	if (all.count == 0) {
		ctl_error(req, zone, "no such zone; the signer has not named any yet");
	} else if (all.count <= LISTED_MAX) {
		ctl_error(req, zone, "no such zone; there are: %s", list);
	} else {
		ctl_error(req, zone, "no such zone; there are %zu: %s, …", all.count, list);
	}
	names_deinit(&all);
}

void control_zones(context_t *c, ctl_request_t *req, const ctl_unit_t *unit, control_zone_f work)
{
	name_list_t all = { 0 };
	if (!argument_given(unit->zone)) {
		get_names(c, &all);
	} else {
		char *name = zone_name_canonical(unit->zone);
		kasp_zone_t zone = { 0 };
		pthread_mutex_lock(&c->desk->lock);
		int found = name != NULL ? db_zone_get(c->desk->db, name, &zone) : 0;
		pthread_mutex_unlock(&c->desk->lock);
		kasp_zone_deinit(&zone);
		if (found <= 0 || add_name(&all, name) != 0) {
			refuse_unknown(c, req, unit->zone);
		}
		free(name);
	}
	for (size_t i = 0; i < all.count; i++) {
		work(c, req, all.names[i], unit);
		ctl_flush(req);
	}
	names_deinit(&all);
}

int control_load(const context_t *c, ctl_request_t *req, const char *name, kasp_zone_t *zone)
{
	int found = db_zone_get(c->desk->db, name, zone);
	if (found < 0) {
		ctl_error(req, name, "%s", db_error(c->desk->db));
	}
	return found;
}

const facts_t *control_facts(const live_zone_t *zone)
{
	static const facts_t nothing = { 0 };
	return zone != NULL ? &zone->facts : &nothing;
}

void control_foresee(const context_t *c, kasp_zone_t *zone, const policy_t *policy,
                     const live_zone_t *live, int64_t now)
{
	const size_t count = zone->core.count;
	core_key_t *keys = calloc(count + 1, sizeof(*keys));
	if (keys == NULL || count == 0 || policy == NULL || policy->defect != NULL) {
		free(keys);
		return;
	}
	core_zone_t then = zone->core;
	then.keys = keys;
	then.unsure = live != NULL && recheck_is_needed(c->desk, live, now);
	memcpy(keys, zone->core.keys, count * sizeof(*keys));
	if (policy_is_offline(policy)) {
		(void)offer_note(&then, zone, zone->bundle);
	}
	core_run(&then, policy, control_facts(live), now, NULL, NULL);
	for (size_t i = 0; i < count; i++) {
		memcpy(zone->core.keys[i].step, keys[i].step, sizeof(keys[i].step));
	}
	free(keys);
}

bool control_needs_zone(ctl_request_t *req, const ctl_unit_t *unit)
{
	bool named = argument_given(unit->zone);
	if (!named) {
		ctl_error(req, NULL, "name the zone");
	}
	return named;
}
