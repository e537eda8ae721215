/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "tests/unit/cache-run.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- policies ------------------------------------------------------------ */

uint64_t run_dice(run_t *r, uint64_t n)
{
	return world_random(&r->w, n);
}

uint32_t run_span(run_t *r)
{
	return run_dice(r, 6) == 0 ? 0 : (uint32_t)(run_dice(r, 10 * (uint64_t)r->scale));
}

static policy_roll_t random_roll(run_t *r, keyset_role_t role)
{
	static const policy_roll_t rolls[3][5] = {
		{ POLICY_ROLL_DOUBLE_SIGNATURE, POLICY_ROLL_DOUBLE_DS, POLICY_ROLL_DOUBLE_RRSET },
		{ POLICY_ROLL_PRE_PUBLICATION, POLICY_ROLL_DOUBLE_SIGNATURE,
		  POLICY_ROLL_DOUBLE_RRSET },
		{ POLICY_ROLL_PRE_PUBLICATION, POLICY_ROLL_DOUBLE_SIGNATURE,
		  POLICY_ROLL_DOUBLE_RRSET, POLICY_ROLL_DOUBLE_DS, POLICY_ROLL_SINGLE_SIGNATURE },
	};
	return rolls[role][run_dice(r, role == KEYSET_CSK ? 5 : 3)];
}

void run_add_key(run_t *r, scheme_t *s, keyset_role_t role, uint8_t algorithm)
{
	static char *const repositories[] = { "one", "two" };
	policy_key_t *key = &s->keys[s->policy.key_count];
	*key = (policy_key_t){
		.role = role,
		.algorithm = algorithm,
		.bits = 1 + (unsigned)run_dice(r, 2),
		.repository = repositories[run_dice(r, 2)],
		.standby = run_dice(r, 5) == 0 ? 1 + (unsigned)run_dice(r, 2) : 0,
		.manual_rollover = run_dice(r, 4) == 0,
		.roll = random_roll(r, role),
		.lifetime = (uint32_t)(10 * YEAR / (3 + (int64_t)run_dice(r, 25)) + r->longest),
	};
	for (size_t i = 0; i < s->policy.key_count; i++) {
		if (s->keys[i].role == role && s->keys[i].algorithm == algorithm) {
			key->bits = s->keys[i].bits + 1;
		}
	}
	s->policy.key_count++;
}

static void random_keys(run_t *r, scheme_t *s)
{
	static const uint8_t algorithms[] = { 8, 13, 15 };
	uint64_t first = run_dice(r, 3);
	uint8_t a = algorithms[first], b = algorithms[(first + 1) % 3];
	s->policy.key_count = 0;
	uint64_t shape = run_dice(r, 10);
	if (shape == 0 || shape > 4) {
		run_add_key(r, s, KEYSET_KSK, a);
		run_add_key(r, s, KEYSET_ZSK, a);
	} else if (shape == 1 || shape == 2) {
		run_add_key(r, s, KEYSET_CSK, a);
	}
	if (shape == 3 || shape == 5) {
		run_add_key(r, s, KEYSET_ZSK, b);
		run_add_key(r, s, KEYSET_KSK, b);
	} else if (shape == 4) {
		run_add_key(r, s, KEYSET_KSK, a);
		run_add_key(r, s, KEYSET_ZSK, a);
		run_add_key(r, s, KEYSET_ZSK, a);
	} else if (shape == 6) {
		run_add_key(r, s, KEYSET_CSK, b);
	}
}

void run_times(run_t *r, policy_t *p)
{
	p->keys_ttl = run_span(r) + (r->w.room != NULL);
	p->publish_safety = run_span(r);
	p->retire_safety = run_span(r);
	const uint32_t late = r->w.room != NULL ? 900 : 0; /* A bundle is never published at its second. */
	p->zone_propagation = r->w.zone_propagation + (run_dice(r, 2) == 0 ? run_span(r) : 0) + late;
	p->parent_propagation = r->w.parent_propagation + (run_dice(r, 2) == 0 ? run_span(r) : 0);
	p->parent_registration = run_dice(r, 2) == 0 ? run_span(r) : 0;
	p->soa_ttl = run_span(r);
	p->soa_minimum = run_span(r);
	p->nsec3 = run_dice(r, 2) == 0;
	p->nsec3_ttl = run_span(r);
	p->max_zone_ttl = run_span(r);
	p->parent_ds_ttl = run_span(r);
	p->parent_soa_ttl = run_span(r);
	p->parent_soa_minimum = run_span(r);
	p->resign = 1 + run_span(r) + late;
	p->refresh = p->resign + 1 + run_span(r);
	p->validity_default = p->validity_denial = p->refresh + 2 + run_span(r);
	p->jitter = (uint32_t)run_dice(r, p->validity_default - p->refresh);
	p->purge = run_dice(r, 3) == 0 ? 0 : 1 + run_span(r);
	int64_t sum = 2 * ((int64_t)p->keys_ttl + p->publish_safety + p->retire_safety +
	                   p->zone_propagation + p->parent_propagation + p->parent_registration +
	                   p->soa_ttl + p->max_zone_ttl + p->parent_ds_ttl + p->parent_soa_ttl +
	                   p->validity_default + p->jitter) + 40 * r->scale;
	r->longest = sum > r->longest ? sum : r->longest;
}

/* The zone gets another policy. The signer's work is not changed by that alone. */
static void change_policy(run_t *r)
{
	const scheme_t *old = &r->schemes[r->scheme];
	scheme_t *s = &r->schemes[!r->scheme];
	*s = *old;
	s->policy.keys = s->keys;
	s->policy.passthrough = false;
	uint64_t what = run_dice(r, r->w.room != NULL ? 4 : 10);
	if (what < 7) {
		run_times(r, &s->policy);
	}
	if (what == 8) {
		s->policy.passthrough = run_dice(r, 2) == 0;
		s->policy.key_count = s->policy.passthrough ? s->policy.key_count : 0;
	} else if (what > 3 || s->policy.key_count == 0) {
		random_keys(r, s);
	}
	r->scheme = !r->scheme;
	r->w.policy = &s->policy;
}

/* -- events -------------------------------------------------------------- */

static int64_t earliest(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t run_later(run_t *r)
{
	uint64_t kind = r->calm ? 0 : run_dice(r, 20);
	uint64_t most = kind < 15 ? 30 : kind < 19 ? 10 * (uint64_t)r->scale : 5 * DAY;
	return r->w.now + (int64_t)run_dice(r, most);
}

static int64_t outage(run_t *r)
{
	return r->w.now + (int64_t)run_dice(r, run_dice(r, 3) == 0 ? 60 * DAY : 20 * (uint64_t)r->scale);
}

static uint32_t random_ttl(run_t *r)
{
	/* The zone's TTL may be larger than the policy's. */
	return run_dice(r, 4) == 0 ? run_span(r) : (uint32_t)run_dice(r, r->w.policy->max_zone_ttl + 1);
}

/* The parent's servers, or what conf.xml says of them, change. */
static void change_parent(run_t *r)
{
	world_t *w = &r->w;
	if (!w->watched) {
		return;
	}
	if (run_dice(r, 3) == 0) {
		w->asks = (world_asks_t)run_dice(r, WORLD_ASKS);
	} else {
		world_change_ttls(w, run_span(r), run_span(r));
	}
	r->in_vain = false;
	r->check = earliest(r->check, run_later(r));
	r->confirm = earliest(r->confirm, run_later(r));
}

static void happen(run_t *r)
{
	world_t *w = &r->w;
	r->event = w->now + (int64_t)run_dice(r, run_dice(r, 2) == 0 ? YEAR : 10 * (uint64_t)r->scale);
	switch (run_dice(r, 14)) {
	case 0:
	case 1:
		if (!plan_is_mourning(&w->zone)) { /* Else it would wait until that is over. */
			change_policy(r);
		}
		break;
	case 2:
	case 3:
		if (w->room == NULL && (run_dice(r, 2) > 0 || !world_die(w))) {
			core_request_roll(&w->zone, (keyset_role_t)run_dice(r, 3), run_dice(r, 2) == 0,
			                  w->now);
		}
		break;
	case 4:
		r->token_up = outage(r);
		break;
	case 5:
		r->signer_up = outage(r);
		break;
	case 6:
		r->engine_up = outage(r);
		w->facts = (facts_t){ 0 };
		break;
	case 7:
		r->parent_pace = (int64_t)run_dice(r, run_dice(r, 2) == 0 ? 90 * DAY : 60);
		break;
	case 8:
		if (world_lose(w)) {
			r->check = earliest(r->check, w->now + (int64_t)run_dice(r, 2 * YEAR));
		}
		break;
	case 9:
	case 10:
	case 11:
		change_parent(r);
		break;
	case 12:
		if (w->room == NULL && run_dice(r, 4) == 0 && world_leave(w)) {
			r->event = WORLD_NEVER;
		}
		break;
	default:
		world_edit(w, random_ttl(r));
		r->publish = run_later(r);
		break;
	}
	r->look = w->now;
}

/* An engine that is killed before it could commit has done nothing. */
static void die(run_t *r)
{
	world_t *saved = malloc(sizeof(*saved));
	ck_assert_ptr_nonnull(saved);
	*saved = r->w;
	world_engine(&r->w);
	r->w = *saved;
	free(saved);
	r->engine_up = run_later(r);
	r->w.facts = (facts_t){ 0 };
	r->look = r->engine_up;
	r->ask = r->engine_up;
}

/* Says when the parent acts, and when its servers follow. */
static void rearm_parent(run_t *r)
{
	world_t *w = &r->w;
	if (r->sync == WORLD_NEVER && w->watched && world_lags(w)) {
		r->sync = run_later(r);
	}
	if (r->parent == WORLD_NEVER && !(w->watched && w->unseen) && world_parent_waits(w)) {
		r->parent = w->now + 1 + (int64_t)run_dice(r, (uint64_t)r->parent_pace);
	}
}

static void engine(run_t *r)
{
	world_t *w = &r->w;
	if (w->now < r->engine_up) {
		r->look = r->ask = r->engine_up;
		return;
	}
	if (!r->calm && w->room == NULL && run_dice(r, 30) == 0) {
		die(r);
		return;
	}
	w->tokens_away = w->now < r->token_up ? 1 + (unsigned)(r->token_up % 3) : 0;
	r->look = world_engine(w);
	if (w->tokens_away != 0) {
		r->look = earliest(r->look, r->token_up);
	}
	r->in_vain = r->in_vain && !w->waits_anew;
	if (core_needs_look(&w->zone) && !r->in_vain) {
		r->check = earliest(r->check, run_later(r));
	}
	if (w->watched && w->unseen && !r->in_vain) {
		r->confirm = earliest(r->confirm, run_later(r));
	}
	order_t order;
	if (world_order(w, &order) && r->push == WORLD_NEVER) {
		r->push = run_later(r);
	}
	rearm_parent(r);
}

static void signer(run_t *r)
{
	world_t *w = &r->w;
	int64_t next = earliest(earliest(r->push, r->build), r->publish);
	if (next <= w->now && w->now < r->signer_up) {
		r->push = r->push == WORLD_NEVER ? WORLD_NEVER : r->signer_up;
		r->build = r->build == WORLD_NEVER ? WORLD_NEVER : r->signer_up;
		r->publish = r->publish == WORLD_NEVER ? WORLD_NEVER : r->signer_up;
		return;
	}
	order_t order;
	if (r->push <= w->now) {
		r->push = WORLD_NEVER;
		if (w->now < r->engine_up) {
			r->push = r->engine_up;
		} else if (world_order(w, &order)) {
			w->pending = order;
			r->build = earliest(r->build, run_later(r));
		}
	}
	if (r->build <= w->now) {
		bool built = world_build(w);
		r->publish = built ? earliest(r->publish, run_later(r)) : r->publish;
		/* What a key that is gone should sign is due all the time. */
		bool soon = world_is_walking(w) || (!built && world_due(w) <= w->now);
		r->build = soon ? run_later(r) : world_due(w);
	}
	if (r->publish <= w->now) {
		world_publish(w);
		r->publish = WORLD_NEVER;
		r->ask = earliest(r->ask, run_later(r));
	}
}

static void parent(run_t *r)
{
	world_t *w = &r->w;
	if (r->parent <= w->now) {
		world_parent(w, r->calm || run_dice(r, 2) == 0);
		r->confirm = earliest(r->confirm, run_later(r));
		r->parent = WORLD_NEVER;
	}
	if (r->sync <= w->now) {
		world_sync(w);
		r->sync = WORLD_NEVER;
		r->confirm = earliest(r->confirm, run_later(r));
	}
	if (r->confirm <= w->now && w->now < r->engine_up) {
		r->confirm = r->engine_up;
	} else if (r->confirm <= w->now) {
		world_confirm(w);
		r->confirm = WORLD_NEVER;
		r->look = w->now;
		r->in_vain = w->asks != WORLD_ASKS_PARENT;
	}
	if (r->check <= w->now && w->now < r->engine_up) {
		r->check = r->engine_up;
	} else if (r->check <= w->now) {
		world_look(w);
		r->check = WORLD_NEVER;
		r->look = w->now;
		r->in_vain = w->asks != WORLD_ASKS_PARENT;
	}
	rearm_parent(r);
}

int64_t run_next(const run_t *r)
{
	const int64_t all[] = { r->look, r->push, r->build, r->publish, r->ask, r->parent,
	                        r->sync, r->confirm, r->check, r->event, r->ceremony };
	int64_t next = WORLD_NEVER;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		next = earliest(next, all[i]);
	}
	return next > r->w.now ? next : r->w.now;
}

/* A zone that left: neither engine nor signer has it, but somebody may still act at the parent. */
static void tick_away(run_t *r)
{
	r->look = r->push = r->build = r->publish = r->ask = r->confirm = r->check = WORLD_NEVER;
	r->event = WORLD_NEVER;
	parent(r);
}

void run_tick(run_t *r)
{
	if (r->event <= r->w.now) {
		happen(r);
	}
	if (r->ceremony <= r->w.now) {
		r->ceremony = r->w.room->hold(r->w.room->ctx);
		r->look = r->w.now;
	}
	if (r->w.away) {
		tick_away(r);
		return;
	}
	if (r->look <= r->w.now) {
		engine(r);
	}
	signer(r);
	parent(r);
	if (r->ask <= r->w.now) {
		r->ask = WORLD_NEVER;
		if (r->w.now >= r->engine_up) {
			world_ask(&r->w);
			r->look = r->w.now;
		}
	}
}

void run_go_on(run_t *r, int64_t end, bool settle)
{
	world_t *w = &r->w;
	unsigned idle = 0;
	while (w->failure[0] == '\0' && !(settle && world_is_settled(w))) {
		int64_t next = run_next(r);
		if (next > end || (w->away && w->now > w->left_at + 100 * DAY)) {
			w->now = end;
			return;
		}
		idle = next == w->now ? idle + 1 : 0;
		if (idle > 1000) {
			snprintf(w->failure, sizeof(w->failure), "at %lld: runs in circles",
			         (long long)w->now);
		}
		w->now = next;
		run_tick(r);
	}
}

void run_start(run_t *r, uint64_t seed)
{
	static const int64_t scales[] = { 1, 60, 3600, 86400, 7 * 86400 };
	memset(r, 0, sizeof(*r));
	r->w.random = seed;
	r->scale = scales[run_dice(r, 5)];
	r->w.zone_propagation = run_span(r);
	r->w.parent_propagation = run_span(r);
	scheme_t *s = &r->schemes[0];
	s->policy = (policy_t){ .name = "p", .keys = s->keys };
	run_times(r, &s->policy);
	random_keys(r, s);
	uint32_t zone = r->w.zone_propagation, parent_too = r->w.parent_propagation;
	world_init(&r->w, r->w.random, &s->policy);
	r->w.zone_propagation = zone;
	r->w.parent_propagation = parent_too;
	r->w.built.ttl = r->w.published.ttl = r->w.max_ttl = random_ttl(r);
	r->push = r->build = r->publish = r->ask = r->parent = r->confirm = WORLD_NEVER;
	r->check = r->sync = r->ceremony = WORLD_NEVER;
	r->w.watched = r->w.unseen = run_dice(r, 2) == 0;
	for (size_t k = 0; k < WORLD_SERVERS && r->w.watched; k++) {
		r->w.servers[k] = (server_t){ 0, run_span(r), run_span(r) };
	}
	r->look = r->event = r->w.now;
	r->parent_pace = run_dice(r, 4) == 0 ? 2 * YEAR : 60;
}

void run_calm_down(run_t *r)
{
	scheme_t *s = &r->schemes[r->scheme];
	for (size_t i = 0; i < s->policy.key_count; i++) {
		s->keys[i].manual_rollover = true;
	}
	r->calm = true;
	r->event = WORLD_NEVER;
	r->engine_up = r->signer_up = r->token_up = r->w.now;
	r->parent_pace = 60;
	r->w.asks = WORLD_ASKS_PARENT;
	r->in_vain = false;
	r->look = r->w.now;
	r->ask = r->w.now;
	r->check = r->confirm = r->w.now;
	r->push = r->push == WORLD_NEVER ? WORLD_NEVER : r->w.now;
	r->build = r->build == WORLD_NEVER ? WORLD_NEVER : earliest(r->build, r->w.now);
	r->publish = r->publish == WORLD_NEVER ? WORLD_NEVER : r->w.now;
	r->parent = r->parent == WORLD_NEVER ? WORLD_NEVER : r->w.now;
}

bool run_ten_years(run_t *r, uint64_t seed)
{
	run_start(r, seed);
	run_go_on(r, r->w.now + 10 * YEAR, false);
	if (r->w.away) {
		return r->w.failure[0] == '\0';
	}
	if (r->w.failure[0] == '\0') {
		run_calm_down(r);
		run_go_on(r, r->w.now + 20 * r->longest + 30 * DAY, true);
	}
	if (r->w.failure[0] == '\0' && !world_is_settled(&r->w)) {
		snprintf(r->w.failure, sizeof(r->w.failure), "does not come to an end");
	}
	return r->w.failure[0] == '\0';
}

void run_print_keys(const run_t *r)
{
	static const char *const waits[] = { "-", "time", "publish", "replaced", "parent", "chain",
	                                     "signed", "secure", "order", "partner", "changes",
	                                     "look" };
	for (size_t i = 0; i < r->w.zone.count; i++) {
		const core_key_t *key = &r->w.keys[i];
		if (!key->goal_in && core_is_hidden(key)) {
			continue;
		}
		printf("%s %u/%u %s%s roll %d:", keyset_role_name(key->role), key->keytag,
		       key->algorithm, !key->goal_in ? "out" : key->standby ? "standby" : "in",
		       key->dead ? " dead" : "", key->roll);
		for (int k = 0; k < KEYSET_RECORDS; k++) {
			const core_record_t *record = &key->record[k];
			printf(" %c%llu/%llu%s:%s", "-hrou"[record->state],
			       (unsigned long long)record->came,
			       (unsigned long long)record->revision,
			       record->public_at != 0 ? "p" : "", waits[key->step[k].wait]);
		}
		printf("\n");
	}
}

uint64_t run_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}
