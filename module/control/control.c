/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libknot/libknot.h>

#include "config.h"
#include "keyset/facts.h"
#include "module/zone/server.h"

/* What is sent is put together with the zone locked, and sent when it is not: a client that does
 * not read must not hold up a zone. */

/*** Zones by name. ***/

/*! Names of zones, one behind the other. */
typedef struct {
	knot_dname_t *data;
	size_t len, size, count;
} zone_names_t;

static void append(zone_names_t *names, const knot_dname_t *name)
{
	size_t len = knot_dname_size(name);
	if (names->size - names->len < len) {
		size_t size = names->size * 2 + 4096;
		knot_dname_t *data = realloc(names->data, size);
		if (data == NULL) {
			return;
		}
		names->data = data;
		names->size = size;
	}
	memcpy(names->data + names->len, name, len);
	names->len += len;
	names->count++;
}

static void add_name(void *ctx, zone_t *zone)
{
	append(ctx, zone->name);
}

static void no_such_zone(ctl_request_t *req, server_t *server, const char *name)
{
	zone_names_t names = { 0 };
	char list[256] = "";
	size_t len = 0;
	server_each_zone(server, add_name, &names);
	const knot_dname_t *at = names.data;
	for (size_t i = 0; i < names.count; i++, at += knot_dname_size(at)) {
		knot_dname_txt_storage_t text;
		knot_dname_to_str(text, at, sizeof(text));
		if (len + strlen(text) + 8 > sizeof(list)) {
			snprintf(list + len, sizeof(list) - len, ", ...");
			break;
		}
		len += snprintf(list + len, sizeof(list) - len, "%s%s", len > 0 ? ", " : "", text);
	}
	ctl_error(req, name, "no such zone; %zu signed here%s%s", names.count, len > 0 ? ": " : "",
	          list);
	free(names.data);
}

/*! Sends something of each zone that is still there, and frees the names. */
static void send_each(ctl_request_t *req, server_t *server, zone_names_t *names,
                      void (*send)(ctl_request_t *req, server_t *server, const knot_dname_t *name))
{
	const knot_dname_t *at = names->data;
	for (size_t i = 0; i < names->count; i++, at += knot_dname_size(at)) {
		send(req, server, at);
	}
	free(names->data);
}

/*! Calls a function for the unit's zone, or for all if it names none. */
static void for_zones(ctl_request_t *req, server_t *server, const ctl_unit_t *unit,
                      void (*call)(void *ctx, zone_t *zone), void *ctx)
{
	knot_dname_storage_t name;
	if (server->fault[0] != '\0') {
		ctl_error(req, unit->zone, "%s", server->fault);
	} else if (unit->zone == NULL) {
		server_each_zone(server, call, ctx);
	} else if (knot_dname_from_str(name, unit->zone, sizeof(name)) == NULL ||
	           !server_with_zone(server, name, call, ctx)) {
		no_such_zone(req, server, unit->zone);
	}
}

/*** Wishes. ***/

static void wish(void *ctx, zone_t *zone)
{
	zone_wake(zone, *(unsigned *)ctx);
}

static void do_reload(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	/* Only who names a zone may mean that its updates are to go. */
	const unsigned replace = unit->zone != NULL ? ZONE_REPLACE : 0;
	for_zones(req, ctx, unit, wish, &(unsigned){ ZONE_SOURCE | replace });
}

typedef struct {
	unsigned wishes;
	bool fetched;
} flush_t;

static void flush(void *ctx, zone_t *zone)
{
	flush_t *flush = ctx;
	pthread_mutex_lock(&zone->lock);
	flush->fetched = zone->settings.primaries.count > 0;
	pthread_mutex_unlock(&zone->lock);
	if (!flush->fetched) {
		zone_wake(zone, flush->wishes);
	}
}

static void do_flush(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	/* Only who names a zone may mean that an edited file is to go. */
	flush_t zones = { .wishes = ZONE_FLUSH | (unit->zone != NULL ? ZONE_OVERWRITE : 0) };
	for_zones(req, ctx, unit, flush, &zones);
	if (zones.fetched && unit->zone != NULL) {
		ctl_error(req, unit->zone, "the zone comes from a primary, it has no file");
	}
}

static void do_refresh(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	for_zones(req, ctx, unit, wish, &(unsigned){ ZONE_LOOK });
}

static void do_sign(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	for_zones(req, ctx, unit, wish, &(unsigned){ ZONE_RENEW });
}

/*! Keys are looked for anew; so are the tokens, whose PIN may be right now. */
static void do_keys_load(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	server_t *server = ctx;
	char err[640] = "";
	if (server->fault[0] == '\0' && server_read_conf(server, err, sizeof(err)) != KNOT_EOK) {
		ctl_error(req, unit->zone, "%s", err);
		return;
	}
	for_zones(req, server, unit, wish, &(unsigned){ ZONE_KEYS });
}

/*! Removes what the store has of a zone that is not configured any more. */
static void do_purge(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	server_t *server = ctx;
	knot_dname_storage_t name;
	if (server->fault[0] != '\0') {
		ctl_error(req, unit->zone, "%s", server->fault);
	} else if (unit->zone == NULL || knot_dname_from_str(name, unit->zone, sizeof(name)) == NULL) {
		ctl_error(req, unit->zone, "a zone has to be named");
	} else {
		knot_dname_to_lower(name);
		int ret = sweep_zone(server, name);
		if (ret != KNOT_EOK) {
			ctl_error(req, unit->zone, "%s",
			          ret == KNOT_EBUSY ? "the zone is configured; take it out of "
			                              "knot.conf or its catalog first" :
			          ret == KNOT_ENOENT ? "there is nothing of it in the store" :
			                               store_strerror(ret));
		}
	}
}

/*** Status. ***/

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

static void send_status(ctl_request_t *req, server_t *server, const knot_dname_t *name)
{
	columns_t columns = { .count = 0 };
	knot_dname_txt_storage_t text;
	knot_dname_to_str(text, name, sizeof(text));
	if (server_with_zone(server, name, show_zone, &columns)) {
		send_columns(req, text, &columns);
	}
}

static void do_zone_status(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	zone_names_t names = { 0 };
	for_zones(req, ctx, unit, add_name, &names);
	send_each(req, ctx, &names, send_status);
}

static void do_status(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	server_t *server = ctx;
	char text[800], reason[640];
	(void)unit;
	tokens_t *tokens = server_tokens(server, reason, sizeof(reason));
	if (server->fault[0] != '\0') {
		ctl_error(req, NULL, "%s", server->fault);
	} else if (tokens == NULL) {
		ctl_error(req, NULL, "%s", reason);
	} else {
		pthread_mutex_lock(&server->lock);
		size_t zones = server->zone_count;
		pthread_mutex_unlock(&server->lock);
		snprintf(text, sizeof(text), "Running, %s, %zu zones", PACKAGE_STRING, zones);
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

static void send_numbers(ctl_request_t *req, server_t *server, const knot_dname_t *name)
{
	numbers_t numbers;
	knot_dname_txt_storage_t zone;
	knot_dname_to_str(zone, name, sizeof(zone));
	if (!server_with_zone(server, name, copy_numbers, &numbers)) {
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

static void do_zone_stats(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	zone_names_t names = { 0 };
	for_zones(req, ctx, unit, add_name, &names);
	send_each(req, ctx, &names, send_numbers);
}

/*** The policy engine's commands. ***/

static void add_keyset(server_t *server, ctl_request_t *req, const ctl_unit_t *unit)
{
	knot_dname_storage_t name;
	if (unit->zone == NULL || unit->data == NULL) {
		ctl_error(req, unit->zone, "a zone and a key set are needed");
		return;
	}
	if (server->fault[0] != '\0') {
		ctl_error(req, unit->zone, "%s", server->fault);
		return;
	}
	/* As a user of the zone, not with the server locked: the store may keep us waiting. */
	zone_t *zone = knot_dname_from_str(name, unit->zone, sizeof(name)) != NULL
	               ? server_use_zone(server, name) : NULL;
	if (zone == NULL) {
		no_such_zone(req, server, unit->zone);
		return;
	}
	if (pushes_add(&server->pushes, zone, unit->data) != KNOT_EOK) {
		ctl_error(req, unit->zone, "out of memory");
		server_drop_zone(server, zone);
	}
}

/*! Stores all key sets of a block at once, and answers when they are on the disk. */
static void store_keysets(server_t *server, ctl_request_t *req)
{
	pushes_t *pushes = &server->pushes;
	if (pushes->count > 0) {
		pushes_store(pushes, server->store);
	}
	for (size_t i = 0; i < pushes->count; i++) {
		const push_t *push = &pushes->list[i];
		knot_dname_txt_storage_t zone;
		if (push->ret != KNOT_EOK) {
			ctl_error(req, knot_dname_to_str(zone, push->zone->name, sizeof(zone)), "%s",
			          push->err);
		}
		server_drop_zone(server, push->zone);
	}
	pushes_deinit(pushes);
}

static void do_keyset(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	add_keyset(ctx, req, unit);
	if (!unit->more) {
		store_keysets(ctx, req);
	}
}

/*! Revision of the stored key set, which may be newer than what is signed with. */
static uint64_t stored_revision(zone_t *zone)
{
	if (zone->pending_known) {
		return zone->pending;
	}
	store_txn_t txn;
	const void *text = NULL;
	size_t len = 0;
	keyset_t set;
	char err[256];
	uint64_t revision = 0;
	if (store_read(zone->server->store, &txn) != KNOT_EOK) {
		return 0;
	}
	if (store_get(&txn, STORE_KEYSET, zone->name, &text, &len) == KNOT_EOK &&
	    keyset_read(text, &set, err, sizeof(err)) == 0) {
		revision = set.revision;
		keyset_deinit(&set);
	}
	store_abort(&txn);
	zone->pending = revision;
	zone->pending_known = true;
	return revision;
}

static void write_facts(void *ctx, zone_t *zone)
{
	char **text = ctx;
	facts_key_t keys[STATE_KEYS];
	pthread_mutex_lock(&zone->lock);
	const state_t *state = &zone->state;
	facts_t facts = {
		.policy = zone->settings.policy,
		.revision = state->revision,
		.revision_since =
			state->taken_revision == state->revision ? state->revision_since : 0,
		.pending = stored_revision(zone),
		.serial = state->serial,
		.published = state->taken_at,
		.max_ttl = state->max_ttl,
		.keys = keys,
		.key_count = state->key_count,
	};
	for (uint32_t i = 0; i < state->key_count; i++) {
		const state_key_t *key = &state->keys[i];
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

static void send_facts(ctl_request_t *req, server_t *server, const knot_dname_t *name)
{
	char *text = NULL;
	knot_dname_txt_storage_t zone;
	knot_dname_to_str(zone, name, sizeof(zone));
	if (server_with_zone(server, name, write_facts, &text) && text != NULL) {
		ctl_reply(req, zone, "facts", text);
	}
	free(text);
}

/*! Names of the zones that have gone away since a generation, one behind the other. */
static zone_names_t gone_since(server_t *server, uint64_t since)
{
	zone_names_t names = { 0 };
	pthread_mutex_lock(&server->lock);
	for (server_gone_t *gone = server->gone; gone != NULL && gone->generation > since;
	     gone = gone->next) {
		append(&names, gone->name);
	}
	pthread_mutex_unlock(&server->lock);
	return names;
}

static void send_gone(ctl_request_t *req, server_t *server, const knot_dname_t *name)
{
	knot_dname_txt_storage_t text;
	(void)server;
	ctl_reply(req, knot_dname_to_str(text, name, sizeof(text)), "gone", "");
}

static void do_facts(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	server_t *server = ctx;
	if (server->fault[0] != '\0') {
		ctl_error(req, NULL, "%s", server->fault);
		return;
	}
	/* "GENERATION-INSTANCE"; of another process we know nothing, so everything is news. */
	char *end = NULL;
	uint64_t since = strtoull(unit->data != NULL ? unit->data : "0", &end, 10);
	since = *end == '-' && strcmp(end + 1, server->instance) == 0 ? since : 0;
	const uint64_t now = news_now(&server->news);
	zone_names_t names = { 0 };
	news_each(&server->news, since, add_name, &names);
	send_each(req, server, &names, send_facts);
	zone_names_t gone = gone_since(server, since);
	send_each(req, server, &gone, send_gone);

	char generation[64];
	snprintf(generation, sizeof(generation), "%" PRIu64 "-%s", now, server->instance);
	ctl_reply(req, NULL, "generation", generation);
}

const ctl_command_t server_commands[] = {
	{ "status", do_status },
	{ "zone-status", do_zone_status },
	{ "zone-stats", do_zone_stats },
	{ "zone-reload", do_reload },
	{ "zone-refresh", do_refresh },
	{ "zone-sign", do_sign },
	{ "zone-keys-load", do_keys_load },
	{ "zone-flush", do_flush },
	{ "zone-purge", do_purge },
	{ "zone-keyset", do_keyset },
	{ "zone-facts", do_facts },
	{ NULL, NULL },
};
