/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/engine/enforce.h"

#include <stdlib.h>
#include <string.h>

#include "policy-engine/engine/look.h"

#define PASS_MAX 500 /* Zones in one transaction; the control socket has no lock meanwhile. */

/* The zones of one pass. */
typedef struct {
	const live_t *live;
	char *names[PASS_MAX];
	size_t count;
	bool failed;
} list_t;

static int list_add(void *ctx, const char *name)
{
	list_t *list = ctx;
	if (list->count == PASS_MAX) {
		return 1;
	}
	list->names[list->count] = strdup(name);
	list->failed = list->names[list->count] == NULL;
	list->count += !list->failed;
	return list->failed;
}

/* A zone that is dirty is in the list already. */
static int list_due(void *ctx, const char *name)
{
	const list_t *list = ctx;
	const live_zone_t *zone = live_find(list->live, name);
	return zone != NULL && zone->dirty ? 0 : list_add(ctx, name);
}

static void list_all_dirty(list_t *list)
{
	const live_zone_t *zone;
	TAILQ_FOREACH(zone, &list->live->dirty, dirty_link) {
		if (list_add(list, zone->name) != 0) {
			break;
		}
	}
}

static int look_at_all(parts_t *parts, const list_t *list, int64_t now)
{
	if (db_begin(parts->desk.db) != 0) {
		return -1;
	}
	for (size_t i = 0; i < list->count; i++) {
		if (look_at_zone(parts, list->names[i], now) < 0) {
			return -1;
		}
	}
	return db_commit(parts->desk.db);
}

int enforce_pass(parts_t *parts, int64_t now, bool *more)
{
	desk_t *desk = &parts->desk;
	if (desk->wake_all) {
		if (db_zones_wake(desk->db, now) != 0) {
			return -1;
		}
		desk->wake_all = false;
	}
	list_t *list = calloc(1, sizeof(*list));
	if (list == NULL) {
		return 0;
	}
	list->live = &desk->live;
	list_all_dirty(list);
	int ret = db_zones_due(desk->db, now, PASS_MAX, list_due, list);
	*more = *more || list->count == PASS_MAX;
	if (ret == 0 && list->count > 0) {
		ret = look_at_all(parts, list, now);
	}
	if (ret != 0) {
		db_rollback(desk->db);
	}
	for (size_t i = 0; i < list->count; i++) {
		free(list->names[i]);
	}
	free(list);
	return ret;
}
