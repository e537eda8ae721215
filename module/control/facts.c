/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/control/facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "keyset/facts.h"
#include "module/store/acts.h"

static void write_facts(void *ctx, zone_t *zone)
{
	char **text = ctx;
	facts_key_t keys[STATE_KEYS];
	pthread_mutex_lock(&zone->lock);
	const shown_t *shown = &zone->shown;
	facts_t facts = {
		.policy = zone->settings.policy,
		.revision = shown->revision,
		.revision_since =
			shown->taken_revision == shown->revision ? shown->revision_since : 0,
		.pending = keys_pending(&zone->keys),
		.serial = shown->serial,
		.published = shown->taken_at,
		.max_ttl = shown->max_ttl,
		.chain = held_stops(&zone->held, HELD_CHAIN),
		.unsure = zone->unsure,
		.keys = keys,
		.key_count = shown->key_count,
	};
	for (uint32_t i = 0; i < shown->key_count; i++) {
		const state_key_t *key = &shown->keys[i];
		keys[i] = (facts_key_t) {
			.algorithm = key->algorithm, .keytag = key->keytag,
			.signatures = key->signatures,
			.last_gone = key->last_gone > 0 ? key->last_gone : 0,
			.last_gone_serial = key->last_gone_serial,
		};
	}
	*text = facts_write(&facts);
	pthread_mutex_unlock(&zone->lock);
}

static void send_facts(ctl_request_t *req, control_t *control, const knot_dname_t *name)
{
	char *text = NULL;
	knot_dname_txt_storage_t zone;
	knot_dname_to_str(zone, name, sizeof(zone));
	if (zones_with(&control->server->zones, name, write_facts, &text) && text != NULL) {
		ctl_text(req, zone, "facts", text);
	}
	free(text);
}

static void add_gone(void *ctx, const knot_dname_t *name)
{
	zone_names_add(ctx, name);
}

static void add_changed(void *ctx, news_item_t *item)
{
	zone_names_add_zone(ctx, zone_of_news(item));
}

static void send_gone(ctl_request_t *req, control_t *control, const knot_dname_t *name)
{
	knot_dname_txt_storage_t text;
	(void)control;
	ctl_reply(req, knot_dname_to_str(text, name, sizeof(text)), "gone", "");
}

void facts_command(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	control_t *control = ctx;
	if (server_fault(control->server)[0] != '\0') {
		ctl_error(req, NULL, "%s", server_fault(control->server));
		return;
	}
	atomic_store(&control->engine, ctl_peer(req));
	/* "GENERATION-INSTANCE"; after a generation of another process everything is news. */
	char *end = NULL;
	uint64_t since = strtoull(unit->data != NULL ? unit->data : "0", &end, 10);
	since = *end == '-' && strcmp(end + 1, control->instance) == 0 ? since : 0;
	const uint64_t now = news_now(&control->server->news);
	zone_names_t names = { 0 };
	news_each(&control->server->news, since, add_changed, &names);
	request_send_each(req, control, &names, send_facts);
	zone_names_t gone = { 0 };
	zones_each_gone(&control->server->zones, since, add_gone, &gone);
	request_send_each(req, control, &gone, send_gone);

	char generation[64];
	snprintf(generation, sizeof(generation), "%" PRIu64 "-%s", now, control->instance);
	ctl_reply(req, NULL, "generation", generation);
	char acts[24];
	snprintf(acts, sizeof(acts), "%" PRIu64, acts_last(control->server->env.store));
	ctl_reply(req, NULL, "acts", acts);
}
