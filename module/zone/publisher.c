/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zone/publisher.h"

#include <libknot/libknot.h>

#include "module/publish/view.h"

typedef struct {
	uint32_t serial;
	bool lets;
} lets_t;

static void lets(void *ctx, zone_t *zone)
{
	lets_t *version = ctx;
	version->lets = !atomic_load(&zone->verdict.shut) &&
	                !atomic_load(&zone->verdict.stale) &&
	                external_lets(&zone->external, version->serial);
}

/*! A version that the last gate has not let through is not there for knotd. */
static int open_zone(void *ctx, const knot_dname_t *zone, view_t **view)
{
	zones_t *zones = ctx;
	if (!zones_has(zones, zone)) {
		return KNOT_ENOZONE;
	}
	if (zones->env->store == NULL) {
		return STORE_LOST;
	}
	view_t *opened = NULL;
	int ret = view_open(zones->env->store, zone, &opened);
	if (ret != KNOT_EOK) {
		return ret;
	}
	lets_t version = { .serial = knot_soa_serial(view_soa(opened)->rrs.rdata) };
	if (!zones_with(zones, zone, lets, &version) || !version.lets) {
		view_close(opened);
		return KNOT_EEMPTYZONE;
	}
	*view = opened;
	return KNOT_EOK;
}

typedef struct {
	uint32_t *serial;
	int ret;
} keep_t;

/*! A zone from a primary is kept only as long as a primary confirms it. */
static void keep(void *ctx, zone_t *zone)
{
	keep_t *keep = ctx;
	source_primary_t primary;
	const bool kept_back = held_is(&zone->held, HELD_CHECK) ||
	                       held_is(&zone->held, HELD_CHAIN) ||
	                       atomic_load(&zone->verdict.stale);
	const bool confirmed = !source_primary(&zone->source, &primary) ||
	                       (kept_back && primary.expires_at > time(NULL));
	if (confirmed && serving_kept(&zone->serving, keep->serial)) {
		keep->ret = KNOT_EOK;
	}
}

static int kept(void *ctx, const knot_dname_t *zone, uint32_t *serial)
{
	keep_t found = { .serial = serial, .ret = KNOT_ENOENT };
	(void)zones_with(ctx, zone, keep, &found);
	return found.ret;
}

static void ask(void *ctx, zone_t *zone)
{
	(void)ctx;
	zone_wake(zone, SOURCE_LOOK);
}

static void asked(void *ctx, const knot_dname_t *zone)
{
	(void)zones_with(ctx, zone, ask, NULL);
}

typedef struct {
	uint32_t serial;
	int64_t ms;
} handed_t;

static void hand(void *ctx, zone_t *zone)
{
	const handed_t *handed = ctx;
	serving_handed(&zone->serving, handed->serial, handed->ms);
}

static void handed(void *ctx, const knot_dname_t *zone, uint32_t serial, int64_t ms)
{
	(void)zones_with(ctx, zone, hand, &(handed_t){ serial, ms });
}

static void take(void *ctx, zone_t *zone)
{
	serving_seen(&zone->serving, *(uint32_t *)ctx);
}

static void taken(void *ctx, const knot_dname_t *zone, uint32_t serial)
{
	(void)zones_with(ctx, zone, take, &serial);
}

static uint8_t update(void *ctx, const knot_pkt_t *message)
{
	/* Uses the zone rather than lock all zones: the disk takes its time. */
	zones_t *zones = ctx;
	zone_t *zone = zones_use(zones, knot_pkt_qname(message));
	if (zone == NULL) {
		return KNOT_RCODE_NOTAUTH;
	}
	updater_t *updater = zones->env->updater;
	const uint8_t rcode = updater != NULL ? updater_update(updater, &zone->source, message)
	                                      : KNOT_RCODE_SERVFAIL;
	zones_drop(zones, zone);
	return rcode;
}

typedef struct {
	const knot_dname_t *name;
	knot_tsig_key_t *key;
	int ret;
} find_key_t;

static void find_key(void *ctx, zone_t *zone)
{
	find_key_t *find = ctx;
	find->ret = source_key(&zone->source, find->name, find->key);
}

static int key_of(void *ctx, const knot_dname_t *zone, const knot_dname_t *name,
                  knot_tsig_key_t *key)
{
	find_key_t find = { .name = name, .key = key, .ret = KNOT_ENOENT };
	(void)zones_with(ctx, zone, find_key, &find);
	return find.ret;
}

publisher_t publisher_of(zones_t *zones)
{
	static const publisher_calls_t calls = {
		.open = open_zone, .kept = kept, .close = view_close, .soa = view_soa,
		.expires_in = view_expires_in, .next = view_next, .seek = view_seek,
		.next_change = view_next_change, .asked = asked, .update = update, .key = key_of,
		.handed = handed, .taken = taken,
	};
	return (publisher_t) { .calls = &calls, .ctx = zones };
}
