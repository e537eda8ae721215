/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/control/handlers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/base/event.h"
#include "policy-engine/base/when.h"
#include "policy-engine/base/zone-name.h"
#include "policy-engine/control/argument.h"
#include "policy-engine/control/context.h"
#include "policy-engine/desk/imported.h"

/* What a command is for. */
typedef struct {
	db_scope_t scope;
	char *name; /* To be freed. */
} target_t;

static const char *scope_text(db_scope_t scope)
{
	static const char *const texts[] = {
		[DB_FREEZE_ALL] = "all zones",
		[DB_FREEZE_POLICY] = "the zones of policy ",
		[DB_FREEZE_ZONE] = "",
		[DB_FREEZE_IMPORT] = "the zones that were imported",
	};
	return texts[scope];
}

/* Reads what the unit names; it has to be known. Under the desk's lock. \return Whether it is. */
static bool read_target(const context_t *c, ctl_request_t *req, const ctl_unit_t *unit,
                        target_t *target)
{
	const bool zone = argument_given(unit->zone), policy = argument_given(unit->type);
	const bool imported = argument_given(unit->item) && strcmp(unit->item, "imported") == 0;
	*target = (target_t){ .scope = zone       ? DB_FREEZE_ZONE
		                       : policy   ? DB_FREEZE_POLICY
		                       : imported ? DB_FREEZE_IMPORT
		                                  : DB_FREEZE_ALL };
	if (zone + policy + imported > 1) {
		ctl_error(req, unit->zone, "a zone, or a policy, or those that were imported");
		return false;
	}
	target->name = zone ? zone_name_canonical(unit->zone) : strdup(policy ? unit->type : "");
	if (target->name == NULL) {
		ctl_error(req, unit->zone, zone ? "not a zone name" : "out of memory");
		return false;
	}
	if (zone && live_find(&c->desk->live, target->name) == NULL) {
		ctl_error(req, unit->zone, "the signer does not have this zone now");
		return false;
	}
	if (policy && policies_find(&c->desk->policies, target->name) == NULL) {
		ctl_error(req, NULL, "there is no policy \"%.100s\" in kasp.xml", target->name);
		return false;
	}
	return true;
}

/* \return Whether the database has it. */
static bool store(const context_t *c, ctl_request_t *req, int changed)
{
	db_t *db = c->desk->db;
	if (changed < 0 || db_commit(db) != 0) {
		ctl_error(req, NULL, "%s", db_error(db));
		db_rollback(db);
		return false;
	}
	c->desk->wake_all = true;
	return true;
}

static about_t about(const target_t *target)
{
	return (about_t){ .event = "freeze",
	                  .zone = target->scope == DB_FREEZE_ZONE ? target->name : NULL };
}

static void freeze(const context_t *c, ctl_request_t *req, const target_t *target, int64_t until)
{
	char when[WHEN_TEXT_MAX];
	const db_freeze_t fresh = { target->scope, target->name, until };
	const int ret = db_begin(c->desk->db) == 0 ? db_freeze_put(c->desk->db, &fresh) : -1;
	if (store(c, req, ret)) {
		log_about(LOG_INFO, about(target),
		          "a person freezes %s%s until %s: no key takes a step",
		          scope_text(target->scope), target->name,
		          until == CORE_NEVER ? "ods thaw" : when_stamp(until, when));
	}
}

/* Zones whose policy waits for a person: that of knot.conf is another one, or kasp.xml has changed it. */
typedef struct {
	const desk_t *desk;
	size_t count;
	bool failed;
} held_t;

static void find_changed(void *ctx, live_zone_t *zone)
{
	held_t *held = ctx;
	const int changed = imported_changed(held->desk, zone->name, NULL);
	zone->changed = changed > 0;
	held->failed = held->failed || changed < 0;
}

static void freeze_held(void *ctx, live_zone_t *zone)
{
	held_t *held = ctx;
	const db_freeze_t freeze = { DB_FREEZE_IMPORT, zone->name, CORE_NEVER };
	const bool waits = zone->held || zone->changed;
	held->count += waits;
	held->failed = held->failed || (waits && db_freeze_put(held->desk->db, &freeze) != 0);
}

/* Thaws what was imported, but for zones whose policy waits. \return As db_freeze_end() */
static int end_imported(const context_t *c, ctl_request_t *req)
{
	held_t held = { .desk = c->desk };
	live_each(&c->desk->live, find_changed, &held);
	const int ended = db_freeze_end(c->desk->db, DB_FREEZE_IMPORT, "");
	live_each(&c->desk->live, freeze_held, &held);
	if (held.count > 0) {
		ctl_error(req, NULL, "%zu imported zones stay frozen, since knot.conf has another policy "
		          "for them than they were imported with, or kasp.xml has changed it, see their "
		          "zone-status", held.count);
	}
	return held.failed ? -1 : ended;
}

/* An imported zone is one that is named, too. \return As db_freeze_end() */
static int end(const context_t *c, ctl_request_t *req, const target_t *target)
{
	db_t *db = c->desk->db;
	if (db_begin(db) != 0) {
		return -1;
	}
	if (target->scope == DB_FREEZE_IMPORT) {
		return end_imported(c, req);
	}
	const int ended = db_freeze_end(db, target->scope, target->name);
	if (ended < 0 || target->scope != DB_FREEZE_ZONE) {
		return ended;
	}
	const int imported = db_freeze_end(db, DB_FREEZE_IMPORT, target->name);
	return imported < 0 ? -1 : ended + imported;
}

static void thaw(const context_t *c, ctl_request_t *req, const target_t *target)
{
	const int ret = end(c, req, target);
	if (!store(c, req, ret)) {
		return;
	}
	if (ret == 0) {
		ctl_error(req, NULL, "%s%s: nobody has frozen that; zone-status says what is frozen",
		          scope_text(target->scope), target->name);
		return;
	}
	log_about(LOG_INFO, about(target),
	          "a person thaws %s%s", scope_text(target->scope), target->name);
}

/* Whether kasp.xml has the policy as it was, or a person has the zone follow it. */
static bool may_change(const context_t *c, ctl_request_t *req, const live_zone_t *live, bool change)
{
	char *text = NULL;
	const int changed = imported_changed(c->desk, live->name, &text);
	const bool may = changed == 0 || (changed > 0 && change);
	if (!may) {
		ctl_error(req, live->name, "%s; change kasp.xml back, or, for its keys or its denial to be "
		          "replaced: ods thaw --change-policy", text != NULL ? text : db_error(c->desk->db));
	}
	free(text);
	return may;
}

/* Has a zone that is to be thawed have the policy that waits for that, if a person says so. \return
 * Whether nothing waits now. */
static bool settle_policy(const context_t *c, ctl_request_t *req, const target_t *target, bool change)
{
	live_zone_t *live = target->scope == DB_FREEZE_ZONE ? live_find(&c->desk->live, target->name)
	                                                    : NULL;
	if (live != NULL && !may_change(c, req, live, change)) {
		return false;
	}
	if (live == NULL || !live->held) {
		return true;
	}
	if (!change) {
		ctl_error(req, live->name, "knot.conf has policy %.100s for it, and it was imported "
		          "with another one; correct its template, or, for its keys or its denial to "
		          "be replaced: ods thaw --change-policy", live->facts.policy);
		return false;
	}
	db_t *db = c->desk->db;
	const bool put = db_begin(db) == 0 &&
	                 db_zone_put(db, live->name, live->facts.policy) >= 0 && db_commit(db) == 0;
	if (!put) {
		ctl_error(req, NULL, "%s", db_error(db));
		db_rollback(db);
		return false;
	}
	live->held = false;
	log_about(LOG_INFO, (about_t){ .event = "act", .zone = live->name },
	          "a person has it changed to policy %s", live->facts.policy);
	return true;
}

static bool is_change(const ctl_unit_t *unit)
{
	return argument_given(unit->item) && strcmp(unit->item, "change-policy") == 0;
}

static void command(context_t *c, ctl_request_t *req, const ctl_unit_t *unit, bool freezes)
{
	target_t target;
	uint64_t until = CORE_NEVER;
	if (argument_given(unit->data) && !argument_number(unit->data, CORE_NEVER, &until)) {
		ctl_error(req, unit->zone, "\"%.40s\" is no time in Unix seconds", unit->data);
		return;
	}
	pthread_mutex_lock(&c->desk->lock);
	const bool known = read_target(c, req, unit, &target);
	if (known && freezes && target.scope == DB_FREEZE_IMPORT) {
		ctl_error(req, NULL, "only an import freezes these; name a zone or a policy");
	} else if (known && freezes) {
		freeze(c, req, &target, (int64_t)until);
	} else if (known && settle_policy(c, req, &target, is_change(unit))) {
		thaw(c, req, &target);
	}
	pthread_mutex_unlock(&c->desk->lock);
	free(target.name);
	desk_wake(c->desk);
}

void control_freeze(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	command(ctx, req, unit, true);
}

void control_thaw(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	command(ctx, req, unit, false);
}
