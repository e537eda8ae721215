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

#include "module/base/moment.h"
#include "module/source/foreign.h"
#include "module/zone/health.h"

typedef struct {
	char *type, *data;
} column_t;

/* Columns of a zone: some 15, one for each key, and 21 for those of other operators. */
#define COLUMNS_MAX 100

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
	char type[32], when[MOMENT_MAX];
	snprintf(type, sizeof(type), "key %u", key->keytag);
	add_column(columns, type,
	           "%s, algorithm %u, %s, DS %s, DNSKEY %s, RRSIG(DNSKEY) %s, RRSIG %s%s%s%s%s",
	           keyset_role_name(key->role), key->algorithm,
	           key->repository[0] != '\0' ? key->repository : "offline",
	           keyset_state_name(key->state[KEYSET_DS]),
	           keyset_state_name(key->state[KEYSET_DNSKEY]),
	           keyset_state_name(key->state[KEYSET_RRSIG_DNSKEY]),
	           keyset_state_name(key->state[KEYSET_RRSIG]),
	           key->step[0] != '\0' ? ", next: " : "", key->step,
	           key->step_time > 0 ? " at " : "",
	           key->step_time > 0 ? moment_text(key->step_time, when) : "");
}

static void add_keys(void *ctx, const keyset_t *set)
{
	for (size_t i = 0; set != NULL && i < set->key_count; i++) {
		add_key_column(ctx, &set->keys[i]);
	}
}

/*! Adds how long what is served lasts. */
static void add_lasting(columns_t *columns, const health_look_t *look)
{
	char until[MOMENT_MAX], span[MOMENT_MAX], secondaries[MOMENT_MAX];
	const lasting_t *lasting = &look->lasting;
	const int64_t now = time(NULL);
	if (lasting->until != 0) {
		add_column(columns, "lasts", "signatures last until %s, %s; secondaries until %s, "
		           "if knotd stops now", moment_text(lasting->until, until),
		           moment_span(lasting->until - now, span),
		           moment_text(lasting_secondaries(lasting, &look->shown.in, now),
		                     secondaries));
	}
}

/*! Adds the state, and what is wrong beside what the state names. */
static void add_health(columns_t *columns, const health_look_t *look)
{
	const health_t is = health_of(look);
	const char *const well[HEALTH_STATES] = {
		[HEALTH_SIGNING] = "signing", [HEALTH_NOT_SIGNED] = "not signed yet",
		[HEALTH_OK] = "ok",
	};
	add_column(columns, "state", "%s", well[is] != NULL ? well[is] : health_text(look, is));
	add_lasting(columns, look);
	if (is != HEALTH_OLDER && look->older[0] != '\0') {
		add_column(columns, "store", "%s", look->older);
	}
	if (is < HEALTH_SOURCE && look->source[0] != '\0') {
		add_column(columns, "source", "%s", look->source);
	}
	if (is != HEALTH_KEYS && look->keys[0] != '\0') {
		add_column(columns, "keys", "%s", look->keys);
	}
	if (is != HEALTH_SIGN && look->sign[0] != '\0') {
		add_column(columns, "signing", "%s", look->sign);
	}
	if (is != HEALTH_OUTPUT && look->output[0] != '\0') {
		add_column(columns, "output", "%s", look->output);
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
	char checked[MOMENT_MAX], next[MOMENT_MAX], expires[MOMENT_MAX];
	char text[TROUBLE_MAX];
	source_primary_t primary;
	if (source_primary(&zone->source, &primary)) {
		add_column(columns, "primary", "%s, checked %s, next %s, expires %s", primary.name,
		           moment_text(primary.checked_at, checked),
		           moment_text(primary.next, next),
		           moment_text(primary.expires_at, expires));
	}
	trouble_read(&zone->source.passed_over, text, sizeof(text));
	if (text[0] != '\0') {
		add_column(columns, "primary", "%s", text);
	}
}

static void add_foreign(void *ctx, const char *text)
{
	add_column(ctx, "foreign", "%s", text);
}

static void add_transfer(columns_t *columns, zone_t *zone)
{
	char since[MOMENT_MAX];
	source_transfer_t transfer;
	if (source_transfer(&zone->source, &transfer)) {
		add_column(columns, "transfer", "%s from %s, since %s, %" PRIu64 " octets, %" PRIu64
		           " records so far", transfer.ixfr ? "IXFR" : "AXFR", transfer.from,
		           moment_text(transfer.since, since), transfer.octets, transfer.records);
	}
}

/*! Adds what a secondary has said. */
static void add_secondary(void *ctx, const char *name, const secondary_t *said)
{
	char asked[MOMENT_MAX], answered[MOMENT_MAX];
	moment_text(said->asked_at, asked);
	moment_text(said->answered_at, answered);
	if (said->asked_at == 0) {
		add_column(ctx, "secondary", "%s, not asked yet", name);
	} else if (said->err[0] == '\0') {
		add_column(ctx, "secondary", "%s, serial %u, asked %s", name, said->serial,
		           answered);
	} else if (said->answered_at == 0) {
		add_column(ctx, "secondary", "%s, its serial is not known, %s; asked %s", name,
		           said->err, asked);
	} else {
		add_column(ctx, "secondary", "%s, serial %u at %s, not known since, %s; asked %s",
		           name, said->serial, answered, said->err, asked);
	}
}

/*! Adds what is published, and whether knotd serves it. */
static void add_version(columns_t *columns, const health_look_t *look)
{
	char when[MOMENT_MAX];
	const shown_t *shown = &look->shown;
	add_column(columns, "serial", "%u", shown->serial);
	add_column(columns, "signed", "%s", moment_text(shown->signed_at, when));
	add_column(columns, "served", "%s", shown->taken_serial == shown->serial &&
	           shown->taken_at > 0 ? moment_text(shown->taken_at, when)
	           : look->refused
	           ? "not yet, it was sent to knotd, which does not serve it"
	           : look->checking
	           ? "not yet, the operator's check has not ended"
	           : "not yet, waiting for knotd to fetch it");
	add_column(columns, "next", "%s", moment_text(look->due, when));
}

static void show_zone(void *ctx, zone_t *zone)
{
	columns_t *columns = ctx;
	health_look_t look;
	char warning[TROUBLE_MAX];
	health_look(zone, &look);
	add_health(columns, &look);
	add_held(columns, zone);
	if (zone_warning(zone, warning, sizeof(warning))) {
		add_column(columns, "warning", "%s", warning);
	}
	if (lasting_warning(&look.lasting, warning, sizeof(warning))) {
		add_column(columns, "warning", "%s", warning);
	}
	if (foreign_warning(&zone->source, warning, sizeof(warning))) {
		add_column(columns, "warning", "%s", warning);
	}
	pthread_mutex_lock(&zone->lock);
	const char *policy = zone->settings.policy;
	add_column(columns, "policy", "%s", policy != NULL ? policy : "");
	pthread_mutex_unlock(&zone->lock);
	add_primary(columns, zone);
	add_transfer(columns, zone);
	if (look.shown.in.count > 0) {
		add_column(columns, "serial-in", "%u", look.shown.in.serial);
	}
	if (look.shown.version > 0) {
		add_version(columns, &look);
	}
	if (output_text(&zone->output, warning, sizeof(warning))) {
		add_column(columns, "output", "%s", warning);
	}
	secondaries_each(&zone->secondaries, add_secondary, columns);
	keys_with_set(&zone->keys, add_keys, columns);
	(void)foreign_list(&zone->source, add_foreign, columns);
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

/*! What all zones have in common. */
typedef struct {
	size_t expiring;
	int64_t until;               /*!< When the first zone expires; INT64_MAX = none does. */
	knot_dname_storage_t first;
} sum_t;

static void add_group(void *ctx, const tally_group_t *group)
{
	sum_t *sum = ctx;
	const tally_member_t *first = group->members[0];
	sum->expiring += group->state == HEALTH_EXPIRING ? group->count : 0;
	if (first->rank < sum->until) {
		const knot_dname_t *name = zone_of_tally(first)->name;
		sum->until = first->rank;
		memcpy(sum->first, name, knot_dname_size(name));
	}
}

/*! Writes how long all zones last: when the first one expires, and how many are short of time. */
static void write_lasting(tally_t *tally, char *out, size_t size)
{
	char when[MOMENT_MAX], span[MOMENT_MAX], expiring[64] = "";
	knot_dname_txt_storage_t name;
	sum_t sum = { .until = INT64_MAX };
	out[0] = '\0';
	tally_each(tally, add_group, &sum);
	if (sum.expiring > 0) {
		snprintf(expiring, sizeof(expiring), ", %zu are expiring, see zone-status",
		         sum.expiring);
	}
	if (sum.until != INT64_MAX) {
		snprintf(out, size, "%s, signatures last until %s at least, %s, the first are "
		         "those of %s", expiring, moment_text(sum.until, when),
		         moment_span(sum.until - time(NULL), span),
		         knot_dname_to_str(name, sum.first, sizeof(name)));
	}
}

void status_server(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	control_t *control = ctx;
	zones_t *zones = &control->server->zones;
	char clock[TIMEKEEPER_TEXT_MAX];
	char text[6000], reason[640], lasting[KNOT_DNAME_TXT_MAXLEN + 256], asked[4000];
	(void)unit;
	tokens_t *tokens = holder_use(&control->server->tokens, reason, sizeof(reason));
	if (server_fault(control->server)[0] != '\0') {
		ctl_error(req, NULL, "%s", server_fault(control->server));
	} else if (tokens == NULL) {
		ctl_error(req, NULL, "%s", reason);
	} else {
		write_lasting(&control->server->tally, lasting, sizeof(lasting));
		tokens_text(tokens, asked, sizeof(asked));
		timekeeper_text(control->server->env.timekeeper, clock);
		snprintf(text, sizeof(text), "Running, %s, %zu zones%s%s%s%s", PACKAGE_STRING,
		         zones_count(zones), lasting, asked, clock[0] != '\0' ? ", " : "", clock);
		ctl_reply(req, NULL, NULL, text);
	}
	tokens_leave(tokens);
}

/*** Counters. ***/

typedef struct {
	zone_counters_t counters;
	lasting_t lasting;
	uint32_t serial;
} numbers_t;

static void copy_numbers(void *ctx, zone_t *zone)
{
	numbers_t *numbers = ctx;
	zone_read_counters(zone, &numbers->counters);
	zone_read_lasting(zone, &numbers->lasting);
	pthread_mutex_lock(&zone->lock);
	numbers->serial = zone->shown.serial;
	pthread_mutex_unlock(&zone->lock);
}

/*! \param zone, id  May be NULL. */
static void send_counter(ctl_request_t *req, const char *zone, const char *item, const char *id,
                         uint64_t number)
{
	char value[32];
	snprintf(value, sizeof(value), "%" PRIu64, number);
	ctl_counter(req, zone, "mod-opendnssec", item, id, value);
}

static void send_number(ctl_request_t *req, const char *zone, const char *item, uint64_t number)
{
	send_counter(req, zone, item, NULL, number);
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
	send_number(req, zone, "signatures-until", numbers.lasting.until);
	send_number(req, zone, "alarm-at", lasting_alarm_at(&numbers.lasting));
	send_number(req, zone, "soa-expire", numbers.lasting.expire);
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

static void send_token(void *ctx, const hsm_last_t *last, const char *text)
{
	(void)text;
	send_counter(ctx, NULL, "token-signatures", last->repository, last->signatures);
	send_counter(ctx, NULL, "token-errors", last->repository, last->errors);
	send_counter(ctx, NULL, "token-failing-since", last->repository, last->since);
}

void status_stats(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	control_t *control = ctx;
	char reason[640];
	(void)unit;
	tokens_t *tokens = holder_use(&control->server->tokens, reason, sizeof(reason));
	if (tokens == NULL) {
		ctl_error(req, NULL, "%s", reason);
	} else {
		tokens_each(tokens, send_token, req);
	}
	tokens_leave(tokens);
}
