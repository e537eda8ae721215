/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/control/handlers.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "policy-engine/base/event.h"
#include "policy-engine/base/when.h"
#include "policy-engine/control/argument.h"
#include "policy-engine/control/row.h"
#include "policy-engine/control/zones.h"
#include "policy-engine/core/plan.h"
#include "policy-engine/signer/query.h"
#include "policy-engine/simulate/timeline.h"

#define WHY_MAX 400

/* What a person asks for. */
typedef struct {
	bool by_tag;        /* The key of that tag is to go, as soon as is safe. */
	uint16_t keytag;
	keyset_role_t role; /* If not by_tag: all keys of the role are to be replaced. */
	bool emergency;
	bool lost;          /* The key pair of that tag is gone for good. */
} order_t;

static bool read_order(const ctl_unit_t *unit, order_t *order)
{
	const char *text = unit->type != NULL ? unit->type : "";
	uint64_t tag;
	const char *how = unit->data != NULL ? unit->data : "";
	*order = (order_t){ .emergency = strcmp(how, "emergency") == 0,
	                    .lost = strcmp(how, "lost") == 0 };
	if (argument_number(text, UINT16_MAX, &tag)) {
		order->by_tag = true;
		order->keytag = (uint16_t)tag;
		return true;
	}
	return !order->lost && keyset_role_parse(text, &order->role) == 0;
}

/* -- doing it ------------------------------------------------------------ */

static void list_keys(const core_zone_t *zone, char *out, size_t size)
{
	size_t used = 0;
	for (size_t i = 0; i < zone->count && used < size; i++) {
		used += (size_t)snprintf(out + used, size - used, "%s%s %u", i > 0 ? ", " : "",
		                         keyset_role_name(zone->keys[i].role),
		                         zone->keys[i].keytag);
	}
	if (zone->count == 0) {
		snprintf(out, size, "no keys yet");
	}
}

static core_key_t *find_key(core_zone_t *zone, uint16_t keytag, char why[WHY_MAX])
{
	for (size_t i = 0; i < zone->count; i++) {
		if (zone->keys[i].keytag == keytag) {
			return &zone->keys[i];
		}
	}
	char keys[WHY_MAX / 2];
	list_keys(zone, keys, sizeof(keys));
	snprintf(why, WHY_MAX, "there is no key %u; the zone has: %s", keytag, keys);
	return NULL;
}

/* Orders that a key goes. A key in use is replaced first. */
static int remove_key(core_zone_t *zone, core_key_t *key, int64_t now, char why[WHY_MAX])
{
	if (!key->goal_in) {
		snprintf(why, WHY_MAX, "%s %u is on its way out already; zone-status says what it "
		         "waits for", keyset_role_name(key->role), key->keytag);
		return -1;
	}
	if (key->standby) {
		key->goal_in = false;
		return 0;
	}
	return core_request_roll(zone, key->role, true, now) ? 0 : -1;
}

/* Notes that a key pair is gone. */
static int lose_key(core_zone_t *zone, const policy_t *policy, const core_key_t *key,
                    char why[WHY_MAX])
{
	const char *problem = policy != NULL && policy->defect == NULL
	                              ? plan_lose(zone, policy, (size_t)(key - zone->keys))
	                              : "its policy cannot be used";
	if (problem == NULL) {
		return 0;
	}
	snprintf(why, WHY_MAX, "%s. If that cannot be awaited: restore the token's backup, or have "
	         "the DS removed at the parent, so that the zone is insecure before what knotd "
	         "serves expires", problem);
	return -1;
}

/* \param policy  Of the zone; NULL = none. */
static int apply(core_zone_t *zone, const policy_t *policy, const order_t *order, int64_t now,
                 char why[WHY_MAX])
{
	if (policy != NULL && policy_is_offline(policy)) {
		snprintf(why, WHY_MAX, "its KSK is offline: keys come and go with what was signed ahead; "
		         "ods ksr asks for that anew");
		return -1;
	}
	if (order->by_tag) {
		core_key_t *key = find_key(zone, order->keytag, why);
		return key == NULL   ? -1
		       : order->lost ? lose_key(zone, policy, key, why)
		                     : remove_key(zone, key, now, why);
	}
	if (core_request_roll(zone, order->role, order->emergency, now)) {
		return 0;
	}
	char keys[WHY_MAX / 2];
	list_keys(zone, keys, sizeof(keys));
	snprintf(why, WHY_MAX, "there is no %s to be replaced; the zone has: %s",
	         keyset_role_name(order->role), keys);
	return -1;
}

/* When the rollover begins; a key that is as young as the order goes a second later. */
static int64_t start(const core_zone_t *zone, int64_t now)
{
	int64_t at = now;
	for (size_t i = 0; i < sizeof(zone->requests) / sizeof(zone->requests[0]); i++) {
		at = zone->requests[i].at > at ? zone->requests[i].at : at;
	}
	return at;
}

static void roll(context_t *c, ctl_request_t *req, const char *name, const ctl_unit_t *unit)
{
	order_t order;
	kasp_zone_t zone = { 0 };
	int64_t now = time(NULL);
	char why[WHY_MAX] = "";
	read_order(unit, &order);
	pthread_mutex_lock(&c->desk->lock);
	int found = control_load(c, req, name, &zone);
	const policy_t *policy = found > 0 ? policies_find(&c->desk->policies, zone.policy) : NULL;
	if (found > 0 && apply(&zone.core, policy, &order, now, why) != 0) {
		ctl_error(req, name, "%s", why);
	} else if (found > 0 && desk_save_zone(c->desk, &zone, now) != 0) {
		ctl_error(req, name, "%s", db_error(c->desk->db));
	} else if (found > 0) {
		log_about(LOG_INFO, (about_t){ .event = "act", .zone = name, .keytag = order.keytag },
		          order.lost ? "a person says that key %s is gone"
		          : order.by_tag ? "a person asks to be rid of key %s"
		                         : "a person asks for a new %s%s",
		          unit->type, order.emergency ? ", in an emergency" : "");
	}
	pthread_mutex_unlock(&c->desk->lock);
	kasp_zone_deinit(&zone);
}

static bool check_order(ctl_request_t *req, const ctl_unit_t *unit)
{
	order_t order;
	if (!control_needs_zone(req, unit)) {
		return false;
	}
	if (!read_order(unit, &order)) {
		ctl_error(req, unit->zone, "\"%.40s\": say what is to be replaced, ksk, zsk or csk, "
		          "or the tag of a key that is to go", unit->type != NULL ? unit->type : "");
		return false;
	}
	return true;
}

void control_rollover(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	const context_t *c = ctx;
	if (check_order(req, unit)) {
		control_zones(ctx, req, unit, roll);
		desk_wake(c->desk);
	}
}

/* -- the plan of a rollover ---------------------------------------------- */

/* Seconds after which a rollover is surely over, if nothing delays it. */
static int64_t horizon(const policy_t *p)
{
	return 4 * ((int64_t)p->resign + p->refresh + p->validity_default + p->validity_denial +
	            p->jitter + p->max_zone_ttl + p->keys_ttl + p->retire_safety +
	            p->publish_safety + p->zone_propagation + p->soa_ttl + p->soa_minimum +
	            p->parent_propagation + p->parent_ds_ttl + p->parent_registration +
	            p->parent_soa_ttl + p->parent_soa_minimum) + 3600;
}

/* Whether a key comes because of the order. */
static bool is_coming(const timeline_t *timeline, const timeline_key_t *key)
{
	return key->keytag == 0 && key->from == timeline->from;
}

/* When the last cache forgets a key; the end of the simulation if none is in sight. */
static int64_t gone_at(const timeline_t *timeline, const timeline_key_t *key)
{
	int64_t last = timeline->from;
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		const spans_t *spans = &key->records[r];
		int64_t to = spans->count > 0 ? spans->spans[spans->count - 1].to : last;
		last = to > last ? to : last;
	}
	return last;
}

/* Whether a key is on its way out that caches may know. */
static bool is_leaving(const timeline_t *timeline, const timeline_key_t *key)
{
	return key->keytag != 0 && key->leaving == timeline->from &&
	       gone_at(timeline, key) > timeline->from;
}

/* When all of a key's records are known everywhere. */
static int64_t settled_at(const timeline_t *timeline, const timeline_key_t *key)
{
	int64_t last = timeline->from;
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		const spans_t *spans = &key->records[r];
		for (size_t i = 0; i < spans->count; i++) {
			const span_t *span = &spans->spans[i];
			bool first = span->state == KEYSET_OMNIPRESENT && span->from > last;
			last = first ? span->from : last;
		}
	}
	return last;
}

/* When no validator accepts anything by a key any more. */
static int64_t harmless_at(const timeline_t *timeline, const timeline_key_t *key)
{
	const spans_t *ds = &key->records[KEYSET_DS];
	if (key->role == KEYSET_ZSK) {
		return gone_at(timeline, key);
	}
	return ds->count > 0 ? ds->spans[ds->count - 1].to : timeline->from;
}

static void row(ctl_request_t *req, const char *zone, int64_t at, int64_t now, const char *text)
{
	char when[WHEN_TEXT_MAX];
	row_t row = { .req = req, .zone = zone };
	row_column(&row, "when", at == 0 ? "" : at <= now ? "now" : when_text(at, now, when));
	row_column(&row, "what", text);
}

static void print_harmless(ctl_request_t *req, const char *zone, const timeline_t *timeline,
                           const timeline_key_t *key)
{
	char text[100];
	int64_t at = harmless_at(timeline, key);
	bool never = at == timeline->to;
	snprintf(text, sizeof(text), "%s %u  %s by any validator", keyset_role_name(key->role),
	         key->keytag, never ? "is still accepted" : "is not accepted any more");
	row(req, zone, at, timeline->from, text);
}

static void print_plan(ctl_request_t *req, const char *zone, const timeline_t *timeline)
{
	char text[TIMELINE_EVENT_MAX];
	int64_t last = timeline->from;
	for (size_t i = 0; i < timeline->key_count; i++) {
		const timeline_key_t *key = &timeline->keys[i];
		int64_t at = is_leaving(timeline, key)  ? gone_at(timeline, key)
		             : is_coming(timeline, key) ? settled_at(timeline, key)
		                                        : last;
		last = at > last ? at : last;
	}
	for (size_t i = 0; i < timeline->event_count; i++) {
		const timeline_event_t *event = &timeline->events[i];
		const timeline_key_t *key = event->key < timeline->key_count
		                                    ? &timeline->keys[event->key] : NULL;
		if (key != NULL && event->at <= last &&
		    (is_leaving(timeline, key) || is_coming(timeline, key))) {
			row(req, zone, event->at, timeline->from,
			    timeline_event(timeline, event, text));
		}
	}
	for (size_t i = 0; i < timeline->key_count; i++) {
		if (is_leaving(timeline, &timeline->keys[i])) {
			print_harmless(req, zone, timeline, &timeline->keys[i]);
		}
	}
}

/* Answers what the order would do to a zone; changes this copy of the zone. */
static void plan_order(const context_t *c, ctl_request_t *req, kasp_zone_t *zone,
                       const order_t *order)
{
	timeline_t timeline = { 0 };
	const int64_t now = time(NULL);
	char why[WHY_MAX] = "";
	const policy_t *policy = policies_find(&c->desk->policies, zone->policy);
	if (policy == NULL || policy->defect != NULL) {
		ctl_error(req, zone->name, "its policy %s cannot be used", zone->policy);
		return;
	}
	if (apply(&zone->core, policy, order, now, why) != 0) {
		ctl_error(req, zone->name, "%s", why);
		return;
	}
	if (core_is_given_up(&zone->core)) {
		row(req, zone->name, now, now, "no key that resolvers know can sign the zone any "
		    "more: nothing of it changes until its DS has gone from the parent and from "
		    "caches; then it gets new keys, and is insecure until they have a DS");
	}
	const int64_t from = start(&zone->core, now);
	const simulate_t what = { .policy = policy, .zone = &zone->core, .from = from,
	                          .facts = control_facts(live_find(&c->desk->live, zone->name)),
	                          .to = from + horizon(policy) };
	if (simulate(&what, &timeline) == 0) {
		print_plan(req, zone->name, &timeline);
	} else {
		ctl_error(req, zone->name, "out of memory");
	}
	timeline_deinit(&timeline);
}

/* Says until when what is public is good: what a lost key signed is not signed anew. */
static void plan_limit(const context_t *c, ctl_request_t *req, const char *name)
{
	query_served_t served = { 0 };
	char err[256];
	const int64_t now = time(NULL);
	pthread_mutex_lock(&c->desk->lock);
	char *path = strdup(c->desk->conf.signer_socket);
	pthread_mutex_unlock(&c->desk->lock);
	if (path != NULL && query_served(path, name, &served, err, sizeof(err)) == 0) {
		if (served.expires > now) {
			row(req, name, served.expires, now, "the first signature that knotd serves "
			    "expires: if no new key has taken over by then, the zone is bogus, "
			    "unless its DS has gone from the parent and from caches before");
		}
	}
	query_served_deinit(&served);
	free(path);
}

static void plan(context_t *c, ctl_request_t *req, const char *name, const ctl_unit_t *unit)
{
	order_t order;
	kasp_zone_t zone = { 0 };
	read_order(unit, &order);
	pthread_mutex_lock(&c->desk->lock);
	int found = control_load(c, req, name, &zone);
	if (found > 0) {
		plan_order(c, req, &zone, &order);
	} else if (found == 0) {
		ctl_error(req, name, "the zone is gone");
	}
	pthread_mutex_unlock(&c->desk->lock);
	kasp_zone_deinit(&zone);
	if (found > 0 && order.lost) {
		plan_limit(c, req, name);
	}
}

void control_plan(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	if (check_order(req, unit)) {
		control_zones(ctx, req, unit, plan);
	}
}
