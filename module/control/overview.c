/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "module/control/overview.h"

#include <inttypes.h>
#include <stdio.h>

#include <libknot/libknot.h>

#include "control/overview.h"
#include "module/zone/health.h"

/*** Groups. ***/

static const char *state_name(unsigned state)
{
	return health_name(state);
}

static void write_name(const tally_member_t *member, knot_dname_txt_storage_t out)
{
	knot_dname_to_str(out, zone_of_tally(member)->name, sizeof(knot_dname_txt_storage_t));
}

static void write_zone_text(void *ctx, zone_t *zone)
{
	char *out = ctx;
	health_look_t look;
	health_look(zone, &look);
	snprintf(out, OVERVIEW_TEXT_MAX, "%s", health_text(&look, health_of(&look)));
}

static void write_text(void *ctx, const char *zone, char out[OVERVIEW_TEXT_MAX])
{
	control_t *control = ctx;
	knot_dname_storage_t name;
	if (knot_dname_from_str(name, zone, sizeof(name)) != NULL) {
		(void)zones_with(&control->server->zones, name, write_zone_text, out);
	}
}

/*** What zones share. ***/

static void send_token(void *ctx, const hsm_last_t *last, const char *text)
{
	ctl_request_t *req = ctx;
	ctl_reply(req, NULL, "token", last->repository);
	ctl_extra(req, "text", text);
	overview_number(req, "failing-since",
	                last->since != 0 ? last->since : last->waits_since);
	overview_number(req, "signatures", (int64_t)last->signatures);
	overview_number(req, "errors", (int64_t)last->errors);
}

static void send_tokens(ctl_request_t *req, control_t *control)
{
	char reason[640];
	tokens_t *tokens = holder_use(&control->server->tokens, reason, sizeof(reason));
	if (tokens != NULL) {
		tokens_each(tokens, send_token, req);
	} else {
		ctl_reply(req, NULL, "fault", reason);
	}
	tokens_leave(tokens);
}

void module_overview(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	control_t *control = ctx;
	server_t *server = control->server;
	char text[24], clock[TIMEKEEPER_TEXT_MAX] = "", store[4096];
	(void)unit;
	const overview_form_t form = { .well = HEALTH_OK, .state = state_name,
	                               .name = write_name, .text = write_text, .ctx = control };
	ctl_reply(req, NULL, "version", PACKAGE_VERSION);
	snprintf(text, sizeof(text), "%zu", zones_count(&server->zones));
	ctl_reply(req, NULL, "zones", text);
	if (server_fault(server)[0] != '\0') {
		ctl_reply(req, NULL, "fault", server_fault(server));
	} else {
		send_tokens(req, control);
		timekeeper_text(server->env.timekeeper, clock);
	}
	if (clock[0] != '\0') {
		ctl_reply(req, NULL, "clock", clock);
	}
	snprintf(store, sizeof(store), "%s/data.mdb", server->conf.storage);
	overview_send_disk(req, store);
	overview_send(req, &server->tally, &form);
}

/*** Zones. ***/

#define NUMBER_MAX 24

static const char *number(int64_t number, char buf[NUMBER_MAX])
{
	snprintf(buf, NUMBER_MAX, "%" PRId64, number);
	return buf;
}

static void add_zone(void *ctx, zone_t *zone)
{
	overview_lines_t *lines = ctx;
	knot_dname_txt_storage_t name;
	char serial[NUMBER_MAX], until[NUMBER_MAX], due[NUMBER_MAX], in[NUMBER_MAX];
	char checked[NUMBER_MAX], expire[NUMBER_MAX], versions[NUMBER_MAX], made[NUMBER_MAX];
	unsigned state = HEALTH_NOT_SIGNED;
	int64_t ends = INT64_MAX;
	signer_counters_t counters;
	(void)tally_read(zone->env->tally, &zone->tally, &state, &ends);
	(void)signer_read(&zone->signer, &counters);
	knot_dname_to_str(name, zone->name, sizeof(name));
	pthread_mutex_lock(&zone->lock);
	const state_input_t *input = &zone->shown.in;
	overview_add(lines, (const char *[]){
		name, health_name(state), number(zone->shown.taken_serial, serial),
		number(ends != INT64_MAX ? ends : 0, until), number(zone->due, due),
		number(input->serial, in),
		number(input->from_primary ? input->checked_at : 0, checked),
		number(zone->lasting.expire, expire), number((int64_t)counters.versions, versions),
		number((int64_t)counters.signatures, made),
		zone->settings.policy != NULL ? zone->settings.policy : "", NULL });
	pthread_mutex_unlock(&zone->lock);
}

void module_zones(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	overview_lines_t lines = { .text = NULL };
	request_for_zones(req, ctx, unit, add_zone, &lines);
	overview_send_lines(req, &lines);
}
