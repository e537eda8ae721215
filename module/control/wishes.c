/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/control/wishes.h"

#include <libknot/libknot.h>

static void wish(void *ctx, zone_t *zone)
{
	zone_wake(zone, *(unsigned *)ctx);
}

typedef struct {
	unsigned wishes;
	bool frozen;
} reload_t;

static void reload(void *ctx, zone_t *zone)
{
	reload_t *reload = ctx;
	reload->frozen = held_is(&zone->held, HELD_FREEZE);
	if (!reload->frozen) {
		zone_wake(zone, reload->wishes);
	}
}

void wishes_reload(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	/* Updates are lost only if the operator names the zone. */
	reload_t zones = { .wishes = SOURCE_READ };
	zones.wishes |= unit->zone != NULL ? SOURCE_REPLACE : 0;
	request_for_zones(req, ctx, unit, reload, &zones);
	if (zones.frozen && unit->zone != NULL) {
		ctl_error(req, unit->zone, "the zone is frozen; zone-thaw looks at its source");
	}
}

typedef struct {
	unsigned wishes;
	bool fetched;
} flush_t;

static void flush(void *ctx, zone_t *zone)
{
	flush_t *flush = ctx;
	flush->fetched = source_is_fetched(&zone->source);
	if (!flush->fetched) {
		zone_wake(zone, flush->wishes);
	}
}

void wishes_flush(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	/* An edited file is overwritten only if the operator names the zone. */
	flush_t zones = { .wishes = SOURCE_FLUSH };
	zones.wishes |= unit->zone != NULL ? SOURCE_OVERWRITE : 0;
	request_for_zones(req, ctx, unit, flush, &zones);
	if (zones.fetched && unit->zone != NULL) {
		ctl_error(req, unit->zone, "the zone comes from a primary, it has no file");
	}
}

void wishes_refresh(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	request_for_zones(req, ctx, unit, wish, &(unsigned){ SOURCE_LOOK });
}

void wishes_sign(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	request_for_zones(req, ctx, unit, wish, &(unsigned){ ZONE_RENEW });
}

void wishes_keys_load(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	control_t *control = ctx;
	char err[640] = "";
	if (server_fault(control->server)[0] == '\0' &&
	    holder_read(&control->server->tokens, err, sizeof(err)) != KNOT_EOK) {
		ctl_error(req, unit->zone, "%s", err);
		return;
	}
	request_for_zones(req, control, unit, wish, &(unsigned){ ZONE_KEYS });
}

void wishes_clock_accept(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	const control_t *control = ctx;
	(void)unit;
	if (server_fault(control->server)[0] != '\0') {
		ctl_error(req, NULL, "%s", server_fault(control->server));
		return;
	}
	log_msg(&control->server->log, LOG_NOTICE, NULL, "a person says that the clock is right");
	timekeeper_accept(control->server->env.timekeeper);
	zones_each(&control->server->zones, wish, &(unsigned){ 0 });
}

void wishes_purge(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	control_t *control = ctx;
	knot_dname_storage_t name;
	if (server_fault(control->server)[0] != '\0') {
		ctl_error(req, unit->zone, "%s", server_fault(control->server));
	} else if (unit->zone == NULL ||
	           knot_dname_from_str(name, unit->zone, sizeof(name)) == NULL) {
		ctl_error(req, unit->zone, "a zone has to be named");
	} else {
		knot_dname_to_lower(name);
		int ret = sweep_zone(&control->server->sweep, name);
		const bool if_any = unit->data != NULL && strcmp(unit->data, "if-any") == 0;
		if (ret != KNOT_EOK && !(ret == KNOT_ENOENT && if_any)) {
			ctl_error(req, unit->zone, "%s",
			          ret == KNOT_EBUSY ? "the zone is configured; take it out of "
			                              "knot.conf or its catalog first" :
			          ret == KNOT_ENOENT ? "there is nothing of it in the store" :
			                               store_strerror(ret));
		}
	}
}
