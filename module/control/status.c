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

/* Columns of a zone: some 15, and one for each key. */
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

static void add_keys(void *ctx, const keyset_t *set)
{
	for (size_t i = 0; set != NULL && i < set->key_count; i++) {
		add_key_column(ctx, &set->keys[i]);
	}
}

/*! How a zone is; the first that applies is shown. */
typedef enum {
	HELD,             /*!< A rule of the last gate holds something. */
	SOURCE_TROUBLE,
	KEYS_TROUBLE,
	SIGN_TROUBLE,
	FROZEN,
	SIGNING,
	NOT_SIGNED,
	OK,
} health_t;

/*! What is shown of a zone. Each part is read by itself. Texts are empty if all is well. */
typedef struct {
	char held[HELD_TEXT_MAX], frozen[HELD_TEXT_MAX];
	char source[TROUBLE_MAX], keys[TROUBLE_MAX], sign[TROUBLE_MAX];
	bool signing, refused, checking;
	state_t state;
	int64_t due;
	char *policy;     /*!< To be freed. */
} shown_t;

static void look(zone_t *zone, shown_t *shown)
{
	signer_counters_t counters;
	shown->held[0] = shown->frozen[0] = '\0';
	for (int rule = 0; rule < HELD_FREEZE && shown->held[0] == '\0'; rule++) {
		(void)held_text(&zone->held, rule, shown->held, sizeof(shown->held));
	}
	(void)held_text(&zone->held, HELD_FREEZE, shown->frozen, sizeof(shown->frozen));
	shown->refused = held_is(&zone->held, HELD_REFUSED);
	shown->checking = external_waits(&zone->external);
	trouble_read(&zone->source.trouble, shown->source, sizeof(shown->source));
	keys_trouble(&zone->keys, shown->keys, sizeof(shown->keys));
	trouble_read(&zone->signer.trouble, shown->sign, sizeof(shown->sign));
	shown->signing = signer_read(&zone->signer, &counters);
	pthread_mutex_lock(&zone->lock);
	shown->state = zone->state;
	shown->due = zone->due;
	shown->policy = strdup(zone->settings.policy != NULL ? zone->settings.policy : "");
	pthread_mutex_unlock(&zone->lock);
}

static health_t health(const shown_t *shown)
{
	return shown->held[0] != '\0' ? HELD :
	       shown->source[0] != '\0' ? SOURCE_TROUBLE :
	       shown->keys[0] != '\0' ? KEYS_TROUBLE :
	       shown->sign[0] != '\0' ? SIGN_TROUBLE :
	       shown->frozen[0] != '\0' ? FROZEN :
	       shown->signing ? SIGNING : shown->state.version == 0 ? NOT_SIGNED : OK;
}

/*! Adds the state, and what is wrong beside what the state names. */
static void add_health(columns_t *columns, const shown_t *shown)
{
	const health_t is = health(shown);
	const char *const texts[] = {
		[HELD] = shown->held,
		[SOURCE_TROUBLE] = shown->source, [KEYS_TROUBLE] = shown->keys,
		[SIGN_TROUBLE] = shown->sign, [FROZEN] = shown->frozen,
		[SIGNING] = "signing", [NOT_SIGNED] = "not signed yet", [OK] = "ok",
	};
	add_column(columns, "state", "%s", texts[is]);
	if (is == HELD && shown->source[0] != '\0') {
		add_column(columns, "source", "%s", shown->source);
	}
	if (is != KEYS_TROUBLE && shown->keys[0] != '\0') {
		add_column(columns, "keys", "%s", shown->keys);
	}
	if (is != SIGN_TROUBLE && shown->sign[0] != '\0') {
		add_column(columns, "signing", "%s", shown->sign);
	}
}

/*! Adds what is held beside what the state names. */
static void add_held(columns_t *columns, zone_t *zone)
{
	char text[HELD_TEXT_MAX];
	for (int rule = 0; rule < HELD_RULES; rule++) {
		if (held_text(&zone->held, rule, text, sizeof(text)) &&
		    strcmp(text, columns->columns[0].data) != 0) {
			add_column(columns, "held", "%s", text + strlen("held: "));
		}
	}
}

static void add_primary(columns_t *columns, zone_t *zone)
{
	char checked[32], next[32], expires[32];
	source_primary_t primary;
	if (source_primary(&zone->source, &primary)) {
		add_column(columns, "primary", "%s, checked %s, next %s, expires %s", primary.name,
		           time_text(primary.checked_at, checked, sizeof(checked)),
		           time_text(primary.next, next, sizeof(next)),
		           time_text(primary.expires_at, expires, sizeof(expires)));
	}
}

/*! Adds what is published, and whether knotd serves it. */
static void add_version(columns_t *columns, const shown_t *shown)
{
	char when[32];
	const state_t *state = &shown->state;
	add_column(columns, "serial", "%u", state->serial);
	add_column(columns, "signed", "%s", time_text(state->signed_at, when, sizeof(when)));
	add_column(columns, "served", "%s", state->taken_serial == state->serial &&
	           state->taken_at > 0 ? time_text(state->taken_at, when, sizeof(when))
	           : shown->refused
	           ? "not yet, it was sent to knotd, which does not serve it"
	           : shown->checking
	           ? "not yet, the operator's check has not ended"
	           : "not yet, waiting for knotd to fetch it");
	add_column(columns, "next", "%s", time_text(shown->due, when, sizeof(when)));
}

static void show_zone(void *ctx, zone_t *zone)
{
	columns_t *columns = ctx;
	shown_t shown;
	char warning[TROUBLE_MAX];
	look(zone, &shown);
	add_health(columns, &shown);
	add_held(columns, zone);
	if (zone_warning(zone, warning, sizeof(warning))) {
		add_column(columns, "warning", "%s", warning);
	}
	add_column(columns, "policy", "%s", shown.policy);
	add_primary(columns, zone);
	if (shown.state.in.count > 0) {
		add_column(columns, "serial-in", "%u", shown.state.in.serial);
	}
	if (shown.state.version > 0) {
		add_version(columns, &shown);
	}
	keys_with_set(&zone->keys, add_keys, columns);
	free(shown.policy);
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
	if (server_fault(control->server)[0] != '\0') {
		ctl_error(req, NULL, "%s", server_fault(control->server));
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
	uint32_t serial;
} numbers_t;

static void copy_numbers(void *ctx, zone_t *zone)
{
	numbers_t *numbers = ctx;
	zone_read_counters(zone, &numbers->counters);
	pthread_mutex_lock(&zone->lock);
	numbers->serial = zone->state.serial;
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
	send_number(req, zone, "signatures", numbers.counters.signer.signatures);
	send_number(req, zone, "versions", numbers.counters.signer.versions);
	send_number(req, zone, "loads", numbers.counters.source.loads);
	send_number(req, zone, "load-errors", numbers.counters.source.load_errors);
	send_number(req, zone, "sign-errors", numbers.counters.signer.sign_errors);
	send_number(req, zone, "updates", numbers.counters.source.updates);
	send_number(req, zone, "updates-refused", numbers.counters.source.updates_refused);
	send_number(req, zone, "serial", numbers.serial);
	for (int rule = 0; rule < HELD_RULES; rule++) {
		if (numbers.counters.held & (1u << rule)) {
			ctl_counter(req, zone, "mod-opendnssec", "held", held_name(rule), "1");
		}
	}
}

void status_zone_stats(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	zone_names_t names = { 0 };
	request_for_zones(req, ctx, unit, zone_names_add_zone, &names);
	request_send_each(req, ctx, &names, send_numbers);
}
