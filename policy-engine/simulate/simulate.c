/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/simulate/simulate.h"

#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 256  /* Of the zone at a time, without those that were forgotten. */

/* The signatures that a key has in the zone. */
typedef struct {
	facts_key_t facts;
	int64_t leave;      /* When the last one leaves, if the key signs no more; else 0. */
} signatures_t;

typedef struct {
	const simulate_t *plan;
	timeline_t *out;
	const policy_t *policy;
	int64_t now;
	core_key_t keys[KEYS_MAX];
	core_zone_t zone;
	signatures_t signatures[KEYS_MAX]; /* In the order of keys. */
	facts_key_t facts_keys[KEYS_MAX];
	facts_t facts;
	uint32_t max_ttl;   /* Of the zone, as the module says. */
	bool news;          /* The facts have changed. */
	size_t next_order;
	bool failed;        /* Out of memory. */
} world_t;

/* -- what is written down ------------------------------------------------ */

/* Makes room for one more entry of an array, whose room is always a power of two. */
static void *grow(world_t *w, void *array, size_t count, size_t size)
{
	if ((count & (count - 1)) != 0) {
		return array;
	}
	void *larger = reallocarray(array, count > 0 ? 2 * count : 1, size);
	w->failed = w->failed || larger == NULL;
	return larger;
}

static void add_event(world_t *w, timeline_event_t event)
{
	timeline_t *out = w->out;
	timeline_event_t *events = grow(w, out->events, out->event_count, sizeof(*events));
	if (events != NULL) {
		event.at = w->now;
		out->events = events;
		out->events[out->event_count++] = event;
	}
}

/* Ends the span that goes on, and begins another one unless the record is in no cache. */
static void change_span(world_t *w, spans_t *spans, keyset_state_t state)
{
	if (spans->count > 0 && spans->spans[spans->count - 1].to == w->plan->to) {
		spans->spans[spans->count - 1].to = w->now;
	}
	if (state == KEYSET_HIDDEN || state == KEYSET_NA) {
		return;
	}
	span_t *larger = grow(w, spans->spans, spans->count, sizeof(*larger));
	if (larger != NULL) {
		spans->spans = larger;
		spans->spans[spans->count++] = (span_t){ state, w->now, w->plan->to };
	}
}

/* In the simulation a key's tag is its number. */
static size_t index_of(const core_key_t *key)
{
	return key->keytag - 1u;
}

static void note_change(void *ctx, const core_key_t *key, keyset_record_t record,
                        keyset_state_t from)
{
	world_t *w = ctx;
	timeline_key_t *line = &w->out->keys[index_of(key)];
	keyset_state_t state = key->record[record].state;
	add_event(w, (timeline_event_t){ .key = index_of(key), .kind = TIMELINE_STATE,
	                                 .record = record, .before = from, .after = state });
	change_span(w, &line->records[record], state);
	if (record == KEYSET_DS && core_ds_waits(key)) {
		change_span(w, &line->parent, state);
	}
}

static void note_plan(void *ctx, plan_event_t event, size_t key, const policy_key_t *entry)
{
	(void)entry;
	world_t *w = ctx;
	size_t index = key < w->zone.count ? index_of(&w->keys[key]) : SIZE_MAX;
	if (event == PLAN_UNFINISHED || event == PLAN_TOO_MANY) {
		return; /* Noted again and again; the picture shows it. */
	}
	if (index != SIZE_MAX && (event == PLAN_REPLACED || event == PLAN_UNWANTED)) {
		w->out->keys[index].leaving = w->now;
	}
	add_event(w, (timeline_event_t){ .key = index, .kind = TIMELINE_PLAN, .plan = event });
}

/* -- the keys ------------------------------------------------------------ */

/* Writes down one more key. \return Its number, which is its tag here; 0 on failure. */
static uint16_t add_key(world_t *w, const timeline_key_t *key)
{
	timeline_t *out = w->out;
	if (w->zone.count == KEYS_MAX || out->key_count == UINT16_MAX) {
		return 0;
	}
	timeline_key_t *keys = grow(w, out->keys, out->key_count, sizeof(*keys));
	if (keys == NULL) {
		return 0;
	}
	out->keys = keys;
	keys[out->key_count] = *key;
	keys[out->key_count].number = (unsigned)out->key_count + 1;
	keys[out->key_count++].from = w->now;
	return (uint16_t)out->key_count;
}

static bool introduce(void *ctx, const plan_want_t *want)
{
	world_t *w = ctx;
	const policy_key_t *entry = want->entry;
	uint16_t number = add_key(w, &(timeline_key_t){ .role = entry->role,
	                                                .algorithm = entry->algorithm,
	                                                .bits = entry->bits });
	if (number == 0) {
		return false;
	}
	core_key_t *key = &w->keys[w->zone.count];
	core_key_init(key, entry->role, entry->algorithm, number, want->roll, w->now);
	key->bits = entry->bits;
	key->repository = entry->repository;
	w->signatures[w->zone.count] = (signatures_t){
		.facts = { .algorithm = key->algorithm, .keytag = key->keytag },
	};
	w->zone.count++;
	return true;
}

/* What the signer says of a key that the zone begins with. */
static facts_key_t known_facts(const facts_t *facts, const core_key_t *key, uint16_t number)
{
	facts_key_t found = { .algorithm = key->algorithm };
	for (size_t i = 0; i < facts->key_count; i++) {
		if (facts->keys[i].algorithm == key->algorithm &&
		    facts->keys[i].keytag == key->keytag) {
			found = facts->keys[i];
		}
	}
	found.keytag = number;
	return found;
}

/* Takes over the zone that the simulation begins with. */
static void begin(world_t *w, const core_zone_t *zone, const facts_t *facts)
{
	w->zone = *zone;
	w->zone.keys = w->keys;
	w->zone.count = 0;
	w->zone.offline = false; /* Whoever signs ahead does it as is due. */
	w->facts = *facts;
	w->max_ttl = facts->max_ttl;
	w->facts.policy = NULL;
	w->facts.keys = w->facts_keys;
	w->facts.key_count = 0;
	w->out->continued = true;
	for (size_t i = 0; i < zone->count && !w->failed; i++) {
		const core_key_t *key = &zone->keys[i];
		if (key->standby && policy_is_offline(w->policy)) {
			continue; /* It comes when its turn is, as any new one does here. */
		}
		uint16_t number = add_key(w, &(timeline_key_t){
			.keytag = key->keytag, .role = key->role, .algorithm = key->algorithm,
			.bits = key->bits, .leaving = key->goal_in ? 0 : w->now,
		});
		if (number == 0) {
			return;
		}
		w->signatures[w->zone.count].facts = known_facts(facts, key, number);
		w->keys[w->zone.count] = *key;
		w->keys[w->zone.count].keytag = number;
		w->zone.count++;
		timeline_key_t *line = &w->out->keys[number - 1];
		for (int r = 0; r < KEYSET_RECORDS; r++) {
			change_span(w, &line->records[r], key->record[r].state);
		}
		if (core_ds_waits(key)) {
			change_span(w, &line->parent, key->record[KEYSET_DS].state);
		}
	}
}

static void forget(void *ctx, size_t key)
{
	world_t *w = ctx;
	w->out->keys[index_of(&w->keys[key])].to = w->now;
	w->zone.count--;
	memmove(&w->keys[key], &w->keys[key + 1], (w->zone.count - key) * sizeof(w->keys[0]));
	memmove(&w->signatures[key], &w->signatures[key + 1],
	        (w->zone.count - key) * sizeof(w->signatures[0]));
}

/* -- the signer ---------------------------------------------------------- */

/* How long the last signature of a key stays, until it is due to be replaced. */
static int64_t fading_s(const policy_t *policy)
{
	int64_t validity = policy->validity_denial > policy->validity_default
	                           ? policy->validity_denial
	                           : policy->validity_default;
	return validity + policy->jitter - policy->refresh;
}

static void sign(world_t *w, size_t i)
{
	const core_key_t *key = &w->keys[i];
	signatures_t *signatures = &w->signatures[i];
	if (core_in_zone(key, KEYSET_RRSIG)) {
		*signatures = (signatures_t){ .facts = signatures->facts };
		signatures->facts.signatures = 1;
		signatures->facts.last_gone = 0;
	} else if (signatures->facts.signatures > 0 && signatures->leave == 0) {
		/* Only a key that is published may leave signatures behind. */
		signatures->leave = w->now + (core_in_zone(key, KEYSET_DNSKEY)
		                                      ? fading_s(w->policy) : 0);
	}
	if (signatures->leave != 0 &&
	    (signatures->leave <= w->now || !core_in_zone(key, KEYSET_DNSKEY) ||
	     core_replaces(&w->zone, key))) {
		w->news = true;
		signatures->facts.signatures = 0;
		signatures->facts.last_gone = w->now;
		signatures->leave = 0;
	}
}

/* Publishes the newest key set. \return When the next signatures leave. */
static int64_t publish(world_t *w)
{
	int64_t next = CORE_NEVER;
	if (w->facts.revision < w->zone.revision) {
		w->facts.revision = w->facts.pending = w->zone.revision;
		w->facts.revision_since = w->now;
		w->news = true;
	}
	w->facts.published = w->now;
	w->facts.max_ttl = w->max_ttl > w->policy->max_zone_ttl ? w->max_ttl : w->policy->max_zone_ttl;
	w->facts.key_count = 0;
	for (size_t i = 0; i < w->zone.count; i++) {
		sign(w, i);
		const facts_key_t *facts = &w->signatures[i].facts;
		if (facts->signatures > 0 || facts->last_gone > 0) {
			w->facts_keys[w->facts.key_count++] = *facts; /* It has, or had, any. */
		}
		if (w->signatures[i].leave != 0 && w->signatures[i].leave < next) {
			next = w->signatures[i].leave;
		}
	}
	w->facts.keys = w->facts_keys;
	return next;
}

/* -- the parent ---------------------------------------------------------- */

/* The parent does what it was asked to do parent_delay ago. \return When there is more to do. */
static int64_t serve_ds(world_t *w)
{
	int64_t next = CORE_NEVER;
	for (size_t i = 0; i < w->zone.count; i++) {
		core_key_t *key = &w->keys[i];
		const core_record_t *ds = &key->record[KEYSET_DS];
		if (!core_ds_waits(key)) {
			continue;
		}
		int64_t done = ds->since + w->plan->parent_delay;
		if (done > w->now) {
			next = done < next ? done : next;
		} else if (core_ds_confirm(key, ds->state == KEYSET_RUMOURED, w->now)) {
			change_span(w, &w->out->keys[index_of(key)].parent, KEYSET_HIDDEN);
		}
	}
	return next;
}

/* -- the operator -------------------------------------------------------- */

static int64_t follow_orders(world_t *w)
{
	while (w->next_order < w->plan->order_count) {
		const simulate_order_t *order = &w->plan->orders[w->next_order];
		if (order->at > w->now) {
			return order->at;
		}
		if (order->what == SIMULATE_POLICY) {
			w->policy = order->policy;
		} else {
			core_request_roll(&w->zone, order->role, order->what == SIMULATE_EMERGENCY,
			                  w->now);
		}
		add_event(w, (timeline_event_t){ .key = SIZE_MAX, .kind = TIMELINE_ORDER,
		                                 .order = order });
		w->next_order++;
	}
	return CORE_NEVER;
}

/* -- the clock ----------------------------------------------------------- */

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Does all that is to be done now. \return When there is more. */
static int64_t step(world_t *w)
{
	const plan_ops_t ops = {
		.introduce = introduce, .forget = forget, .note = note_plan, .ctx = w
	};
	int64_t next = follow_orders(w);
	next = min64(next, serve_ds(w));
	core_observe(&w->zone, &w->facts);
	uint64_t revision;
	int64_t engine;
	do {
		revision = w->zone.revision;
		engine = plan_run(&w->zone, w->policy, w->now, &ops);
		engine = min64(engine, core_run(&w->zone, w->policy, &w->facts, w->now,
		                                note_change, w));
	} while (w->zone.revision != revision && !w->failed);
	w->news = false;
	next = min64(next, publish(w));
	if (w->news) {
		return w->now + 1; /* The engine hears of the new facts. */
	}
	/* A DS that was asked for just now. */
	return min64(min64(next, engine), serve_ds(w));
}

int simulate(const simulate_t *plan, timeline_t *timeline)
{
	*timeline = (timeline_t){ .from = plan->from, .to = plan->to,
	                          .policy = strdup(plan->policy->name) };
	world_t *w = calloc(1, sizeof(*w));
	if (w == NULL || timeline->policy == NULL) {
		free(w);
		return -1;
	}
	w->plan = plan;
	w->out = timeline;
	w->policy = plan->policy;
	w->zone.keys = w->keys;
	w->now = plan->from;
	if (plan->zone != NULL) {
		begin(w, plan->zone, plan->facts);
	}
	for (int64_t now = plan->from; now <= plan->to && !w->failed;) {
		w->now = now;
		int64_t next = step(w);
		now = next > now ? next : now + 1;
	}
	int ret = w->failed ? -1 : 0;
	free(w);
	return ret;
}

void timeline_deinit(timeline_t *timeline)
{
	for (size_t i = 0; i < timeline->key_count; i++) {
		for (int r = 0; r < KEYSET_RECORDS; r++) {
			free(timeline->keys[i].records[r].spans);
		}
		free(timeline->keys[i].parent.spans);
	}
	free(timeline->keys);
	free(timeline->events);
	free(timeline->policy);
	*timeline = (timeline_t){ 0 };
}
