/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/control/handlers.h"

#include <stdlib.h>

#include "policy-engine/base/event.h"
#include "policy-engine/base/zone-name.h"
#include "policy-engine/control/relay.h"
#include "policy-engine/control/zones.h"

/* Forgets a zone in the database. Under the desk's lock. */
static void drop(const context_t *c, ctl_request_t *req, kasp_zone_t *zone)
{
	db_t *db = c->desk->db;
	const size_t keys = zone->core.count;
	if (db_begin(db) != 0 || db_zone_leave_keys(db, zone) != 0 ||
	    db_zone_drop(db, zone) != 0 || db_commit(db) != 0) {
		ctl_error(req, zone->name, "%s", db_error(db));
		db_rollback(db);
		return;
	}
	log_about(LOG_INFO, (about_t){ .event = "act", .zone = zone->name },
	          "a person has the zone forgotten, with its %zu keys, which stay "
	          "in their tokens", keys);
}

/* Whether the zone is known, and nobody signs it any more. */
static bool may_forget(const context_t *c, ctl_request_t *req, const char *name)
{
	uint64_t revision;
	pthread_mutex_lock(&c->desk->lock);
	const bool live = live_find(&c->desk->live, name) != NULL;
	const int found = db_zone_revision(c->desk->db, name, &revision);
	pthread_mutex_unlock(&c->desk->lock);
	if (live) {
		ctl_error(req, name, "the signer has this zone; take it out of knot.conf first, knotc "
		          "reload, then knotc -f zone-purge %s +orphan for knotd's own copy", name);
	} else if (found < 0) {
		ctl_error(req, name, "%s", db_error(c->desk->db));
	} else if (found == 0) {
		ctl_error(req, name, "no such zone");
	}
	return !live && found > 0;
}

void control_forget(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	const context_t *c = ctx;
	char *name = control_needs_zone(req, unit) ? zone_name_canonical(unit->zone) : NULL;
	const ctl_unit_t purge = { .cmd = "zone-purge", .zone = name, .data = "if-any" };
	/* The module first: from a key set that it has the engine would learn the keys again. */
	if (name != NULL && may_forget(c, req, name) && relay_ask(c, req, &purge)) {
		kasp_zone_t zone = { 0 };
		pthread_mutex_lock(&c->desk->lock);
		if (live_find(&c->desk->live, name) != NULL) {
			ctl_error(req, name, "the signer has this zone again");
		} else if (control_load(c, req, name, &zone) > 0) {
			drop(c, req, &zone);
		}
		pthread_mutex_unlock(&c->desk->lock);
		kasp_zone_deinit(&zone);
	}
	free(name);
}
