/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "module/control/status.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libknot/libknot.h>

static const char *time_text(int64_t when, char *out, size_t size)
{
	struct tm tm;
	time_t clock = when;
	if (when <= 0 || gmtime_r(&clock, &tm) == NULL) {
		return "-";
	}
	strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return out;
}

typedef struct {
	char *type, *data;
} column_t;

#define COLUMNS_MAX 80

typedef struct {
	column_t columns[COLUMNS_MAX];
	size_t count;
} columns_t;

__attribute__((format(printf, 3, 4)))
static void add_column(columns_t *columns, const char *type, const char *fmt, ...)
{
	if (columns->count == COLUMNS_MAX) {
		return;
	}
	column_t *column = &columns->columns[columns->count];
	va_list args;
	va_start(args, fmt);
	column->type = strdup(type);
	if (vasprintf(&column->data, fmt, args) < 0) {
		column->data = NULL;
	}
	va_end(args);
	columns->count++;
}

static void add_key_column(columns_t *columns, const keyset_key_t *key)
{
	char type[32], when[32];
	snprintf(type, sizeof(type), "key %u", key->keytag);
	add_column(columns, type,
	           "%s, algorithm %u, %s, DS %s, DNSKEY %s, RRSIG(DNSKEY) %s, RRSIG %s%s%s%s%s",
	           keyset_role_name(key->role), key->algorithm, key->repository,
	           keyset_state_name(key->state[KEYSET_DS]),
	           keyset_state_name(key->state[KEYSET_DNSKEY]),
	           keyset_state_name(key->state[KEYSET_RRSIG_DNSKEY]),
	           keyset_state_name(key->state[KEYSET_RRSIG]),
	           key->step[0] != '\0' ? ", next: " : "", key->step,
	           key->step_time > 0 ? " at " : "",
	           key->step_time > 0 ? time_text(key->step_time, when, sizeof(when)) : "");
}

/*! What comes first is what an operator has to know first. */
static const char *health(const zone_t *zone)
{
	return zone->serving.error[0] != '\0' ? zone->serving.error :
	       zone->source_error != NULL ? zone->source_error :
	       zone->keys_error != NULL ? zone->keys_error :
	       zone->sign_error != NULL ? zone->sign_error :
	       zone->signing ? "signing" : zone->state.version == 0 ? "not signed yet" : "ok";
}

static void add_primary(columns_t *columns, const zone_t *zone)
{
	char checked[32], next[32], expires[32];
	const fetch_t *fetch = &zone->fetch;
	const state_input_t *in = &fetch->in;
	add_column(columns, "primary", "%s, checked %s, next %s, expires %s",
	           fetch->from[0] != '\0' ? fetch->from : zone->settings.primaries.all[0].id,
	           time_text(in->checked_at, checked, sizeof(checked)),
	           time_text(fetch->next, next, sizeof(next)),
	           time_text(in->from_primary ? in->checked_at + in->expire : 0, expires,
	                     sizeof(expires)));
}

static void show_zone(void *ctx, zone_t *zone)
{
	columns_t *columns = ctx;
	char when[32];
	pthread_mutex_lock(&zone->lock);
	const state_t *state = &zone->state;
	add_column(columns, "state", "%s", health(zone));
	if (health(zone) != zone->keys_error && zone->keys_error != NULL) {
		add_column(columns, "keys", "%s", zone->keys_error);
	}
	if (health(zone) != zone->sign_error && zone->sign_error != NULL) {
		add_column(columns, "signing", "%s", zone->sign_error);
	}
	char warning[256];
	if (zone_warning(zone, warning, sizeof(warning))) {
		add_column(columns, "warning", "%s", warning);
	}
	add_column(columns, "policy", "%s", zone->settings.policy);
	if (zone->settings.primaries.count > 0) {
		add_primary(columns, zone);
	}
	if (state->in.count > 0) {
		add_column(columns, "serial-in", "%u", state->in.serial);
	}
	if (state->version > 0) {
		add_column(columns, "serial", "%u", state->serial);
		add_column(columns, "signed", "%s",
		           time_text(state->signed_at, when, sizeof(when)));
		add_column(columns, "served", "%s", state->taken_serial == state->serial &&
		           state->taken_at > 0 ? time_text(state->taken_at, when, sizeof(when))
		           : zone->serving.error[0] != '\0'
		           ? "not yet, it was sent to knotd, which does not serve it"
		           : "not yet, waiting for knotd to fetch it");
		add_column(columns, "next", "%s", time_text(zone->due, when, sizeof(when)));
	}
	for (size_t i = 0; zone->ring != NULL && i < zone->ring->set.key_count; i++) {
		add_key_column(columns, &zone->ring->set.keys[i]);
	}
	pthread_mutex_unlock(&zone->lock);
}

static void send_columns(ctl_request_t *req, const char *zone, columns_t *columns)
{
	for (size_t i = 0; i < columns->count; i++) {
		column_t *column = &columns->columns[i];
		if (i == 0) {
			ctl_reply(req, zone, column->type, column->data);
		} else {
			ctl_extra(req, column->type, column->data);
		}
		free(column->type);
		free(column->data);
	}
}

static void send_status(ctl_request_t *req, control_t *control, const knot_dname_t *name)
{
	columns_t columns = { .count = 0 };
	knot_dname_txt_storage_t text;
	knot_dname_to_str(text, name, sizeof(text));
	if (zones_with(&control->server->zones, name, show_zone, &columns)) {
		send_columns(req, text, &columns);
	}
}

void status_zone(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	zone_names_t names = { 0 };
	request_for_zones(req, ctx, unit, zone_names_add_zone, &names);
	request_send_each(req, ctx, &names, send_status);
}

void status_server(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	control_t *control = ctx;
	char text[800], reason[640];
	(void)unit;
	tokens_t *tokens = holder_use(&control->server->tokens, reason, sizeof(reason));
	if (control->server->fault[0] != '\0') {
		ctl_error(req, NULL, "%s", control->server->fault);
	} else if (tokens == NULL) {
		ctl_error(req, NULL, "%s", reason);
	} else {
		snprintf(text, sizeof(text), "Running, %s, %zu zones", PACKAGE_STRING,
		         zones_count(&control->server->zones));
		ctl_reply(req, NULL, NULL, text);
	}
	tokens_leave(tokens);
}

/*** Counters. ***/

typedef struct {
	zone_counters_t counters;
	state_t state;
} numbers_t;

static void copy_numbers(void *ctx, zone_t *zone)
{
	numbers_t *numbers = ctx;
	pthread_mutex_lock(&zone->lock);
	numbers->counters = zone->counters;
	numbers->state = zone->state;
	pthread_mutex_unlock(&zone->lock);
}

static void send_number(ctl_request_t *req, const char *zone, const char *item, uint64_t number)
{
	char value[32];
	snprintf(value, sizeof(value), "%" PRIu64, number);
	ctl_counter(req, zone, "mod-opendnssec", item, NULL, value);
}

static void send_numbers(ctl_request_t *req, control_t *control, const knot_dname_t *name)
{
	numbers_t numbers;
	knot_dname_txt_storage_t zone;
	knot_dname_to_str(zone, name, sizeof(zone));
	if (!zones_with(&control->server->zones, name, copy_numbers, &numbers)) {
		return;
	}
	send_number(req, zone, "signatures", numbers.counters.signatures);
	send_number(req, zone, "versions", numbers.counters.versions);
	send_number(req, zone, "loads", numbers.counters.loads);
	send_number(req, zone, "load-errors", numbers.counters.load_errors);
	send_number(req, zone, "sign-errors", numbers.counters.sign_errors);
	send_number(req, zone, "updates", numbers.counters.updates);
	send_number(req, zone, "updates-refused", numbers.counters.updates_refused);
	send_number(req, zone, "serial", numbers.state.serial);
}

void status_zone_stats(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	zone_names_t names = { 0 };
	request_for_zones(req, ctx, unit, zone_names_add_zone, &names);
	request_send_each(req, ctx, &names, send_numbers);
}
