/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/control/gate.h"

#include <stdio.h>
#include <stdlib.h>

#include <libknot/libknot.h>

#include "module/zone/health.h"

/*! Calls a function for the unit's zone, which cannot go away meanwhile; it may wait for the disk.
 */
static void with_zone(ctl_request_t *req, control_t *control, const char *zone_name,
                      void (*call)(ctl_request_t *req, const char *name, zone_t *zone, void *ctx),
                      void *ctx)
{
	zone_t *zone = request_use_zone(req, control, zone_name);
	if (zone != NULL) {
		call(req, zone_name, zone, ctx);
		zones_drop(&control->server->zones, zone);
	}
}

/*** zone-pass ***/

static void list_rules(char *out, size_t size)
{
	size_t len = 0;
	out[0] = '\0';
	for (int rule = 0; rule < HELD_RULES; rule++) {
		if (held_can_pass(rule) && len < size) {
			len += snprintf(out + len, size - len, "%s%s", len > 0 ? ", " : "",
			                held_name(rule));
		}
	}
}

static void pass(ctl_request_t *req, const char *name, zone_t *zone, void *ctx)
{
	const held_rule_t rule = *(held_rule_t *)ctx;
	if (!held_pass(&zone->held, rule)) {
		ctl_error(req, name, "the rule %s holds nothing of this zone", held_name(rule));
		return;
	}
	zone_wake(zone, SOURCE_LOOK);
}

void gate_pass(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	control_t *control = ctx;
	held_rule_t rule;
	char names[64];
	if (control->server->fault[0] != '\0') {
		ctl_error(req, unit->zone, "%s", control->server->fault);
	} else if (unit->zone == NULL) {
		ctl_error(req, NULL, "a zone has to be named: no rule is overridden for all");
	} else if (unit->data == NULL || !held_find(unit->data, &rule)) {
		list_rules(names, sizeof(names));
		ctl_error(req, unit->zone,
		          "there is no rule '%s'; those that can be overridden: %s",
		          unit->data != NULL ? unit->data : "", names);
	} else if (!held_can_pass(rule)) {
		ctl_error(req, unit->zone,
		          "the rule %s cannot be overridden; zone-status says what "
		          "to do",
		          unit->data);
	} else {
		with_zone(req, control, unit->zone, pass, &rule);
	}
}

/*** zone-freeze, zone-thaw ***/

static void freeze(ctl_request_t *req, const char *name, zone_t *zone, void *ctx)
{
	(void)req;
	(void)name;
	(void)ctx;
	held_set(
		&zone->held, HELD_FREEZE, "input",
		"the unsigned zone stays as it is: its file and primaries are not looked at, updates "
		"are refused, signing goes on; zone-thaw ends this");
	health_count(zone);
}

static void thaw(ctl_request_t *req, const char *name, zone_t *zone, void *ctx)
{
	(void)ctx;
	if (!held_is(&zone->held, HELD_FREEZE)) {
		if (name != NULL) {
			ctl_error(req, name, "the zone is not frozen");
		}
		return;
	}
	held_end(&zone->held, HELD_FREEZE);
	zone_wake(zone, SOURCE_LOOK);
}

/*! For the unit's zone, or for all. */
static void for_zones(control_t *control, ctl_request_t *req, const ctl_unit_t *unit,
                      void (*call)(ctl_request_t *req, const char *name, zone_t *zone, void *ctx))
{
	if (control->server->fault[0] != '\0') {
		ctl_error(req, unit->zone, "%s", control->server->fault);
		return;
	}
	if (unit->zone != NULL) {
		with_zone(req, control, unit->zone, call, NULL);
		return;
	}
	/* The zones are not locked while each waits for the disk. */
	zone_names_t names = { 0 };
	zones_each(&control->server->zones, zone_names_add_zone, &names);
	const knot_dname_t *name = names.data;
	for (size_t i = 0; i < names.count; i++, name += knot_dname_size(name)) {
		zone_t *zone = zones_use(&control->server->zones, name);
		if (zone != NULL) {
			call(req, NULL, zone, NULL);
			zones_drop(&control->server->zones, zone);
		}
	}
	free(names.data);
}

void gate_freeze(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	for_zones(ctx, req, unit, freeze);
}

void gate_thaw(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	for_zones(ctx, req, unit, thaw);
}
