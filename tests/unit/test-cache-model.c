/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Zones live for ten years with random policies and events. At each instant every combination of
 * what caches could hold has to validate. Then each rule of the key timing is put out of force, and
 * some zone has to break. CACHE_MODEL_RUNS says how many zones, CACHE_MODEL_SEED the first seed. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/core/mutant.h"
#include "tests/unit/cache-world.h"
#include "tests/unit/check-main.h"

#define RUNS 400
#define MUTANT_RUNS 3000
#define YEAR (365 * (int64_t)86400)
#define DAY (int64_t)86400

core_mutant_t core_mutant = MUTANT_NONE;

/* -- policies ------------------------------------------------------------ */

typedef struct {
	policy_t policy;
	policy_key_t keys[6];
} scheme_t;

/* A world, and when what happens next; WORLD_NEVER = nothing of that kind is due. */
typedef struct {
	world_t w;
	scheme_t schemes[2];
	unsigned scheme;
	int64_t scale;          /* Of the policy's durations. */
	int64_t longest;        /* Sum of the policy's delays, at most. */
	int64_t look, push, build, publish, ask, parent, sync, confirm, check, event;
	int64_t engine_up, signer_up, token_up;
	int64_t parent_pace;
	bool in_vain;           /* Servers that are none of the parent's were asked. To ask again
	                           does not help. */
	bool calm;              /* No more events. */
} run_t;

static uint64_t dice(run_t *r, uint64_t n)
{
	return world_random(&r->w, n);
}

static uint32_t span(run_t *r)
{
	return dice(r, 6) == 0 ? 0 : (uint32_t)(dice(r, 10 * (uint64_t)r->scale));
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
	return rolls[role][dice(r, role == KEYSET_CSK ? 5 : 3)];
}

static void add_key(run_t *r, scheme_t *s, keyset_role_t role, uint8_t algorithm)
{
	static char *const repositories[] = { "one", "two" };
	policy_key_t *key = &s->keys[s->policy.key_count];
	*key = (policy_key_t){
		.role = role,
		.algorithm = algorithm,
		.bits = 1 + (unsigned)dice(r, 2),
		.repository = repositories[dice(r, 2)],
		.standby = dice(r, 5) == 0 ? 1 + (unsigned)dice(r, 2) : 0,
		.manual_rollover = dice(r, 4) == 0,
		.roll = random_roll(r, role),
		.lifetime = (uint32_t)(10 * YEAR / (3 + (int64_t)dice(r, 25)) + r->longest),
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
	uint64_t first = dice(r, 3);
	uint8_t a = algorithms[first], b = algorithms[(first + 1) % 3];
	s->policy.key_count = 0;
	uint64_t shape = dice(r, 10);
	if (shape == 0 || shape > 4) {
		add_key(r, s, KEYSET_KSK, a);
		add_key(r, s, KEYSET_ZSK, a);
	} else if (shape == 1 || shape == 2) {
		add_key(r, s, KEYSET_CSK, a);
	}
	if (shape == 3 || shape == 5) {
		add_key(r, s, KEYSET_ZSK, b);
		add_key(r, s, KEYSET_KSK, b);
	} else if (shape == 4) {
		add_key(r, s, KEYSET_KSK, a);
		add_key(r, s, KEYSET_ZSK, a);
		add_key(r, s, KEYSET_ZSK, a);
	} else if (shape == 6) {
		add_key(r, s, KEYSET_CSK, b);
	}
}

static void random_times(run_t *r, policy_t *p)
{
	p->keys_ttl = span(r);
	p->publish_safety = span(r);
	p->retire_safety = span(r);
	p->zone_propagation = r->w.zone_propagation + (dice(r, 2) == 0 ? span(r) : 0);
	p->parent_propagation = r->w.parent_propagation + (dice(r, 2) == 0 ? span(r) : 0);
	p->parent_registration = dice(r, 2) == 0 ? span(r) : 0;
	p->soa_ttl = span(r);
	p->soa_minimum = span(r);
	p->nsec3 = dice(r, 2) == 0;
	p->nsec3_ttl = span(r);
	p->max_zone_ttl = span(r);
	p->parent_ds_ttl = span(r);
	p->parent_soa_ttl = span(r);
	p->parent_soa_minimum = span(r);
	p->resign = 1 + span(r);
	p->refresh = p->resign + 1 + span(r);
	p->validity_default = p->validity_denial = p->refresh + 2 + span(r);
	p->jitter = (uint32_t)dice(r, p->validity_default - p->refresh);
	p->purge = dice(r, 3) == 0 ? 0 : 1 + span(r);
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
	uint64_t what = dice(r, 10);
	if (what < 7) {
		random_times(r, &s->policy);
	}
	if (what == 8) {
		s->policy.passthrough = dice(r, 2) == 0;
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

static int64_t later(run_t *r)
{
	uint64_t kind = r->calm ? 0 : dice(r, 20);
	uint64_t most = kind < 15 ? 30 : kind < 19 ? 10 * (uint64_t)r->scale : 5 * DAY;
	return r->w.now + (int64_t)dice(r, most);
}

static int64_t outage(run_t *r)
{
	return r->w.now + (int64_t)dice(r, dice(r, 3) == 0 ? 60 * DAY : 20 * (uint64_t)r->scale);
}

static uint32_t random_ttl(run_t *r)
{
	/* The zone's TTL may be larger than the policy's. */
	return dice(r, 4) == 0 ? span(r) : (uint32_t)dice(r, r->w.policy->max_zone_ttl + 1);
}

/* The parent's servers, or what conf.xml says of them, change. */
static void change_parent(run_t *r)
{
	world_t *w = &r->w;
	if (!w->watched) {
		return;
	}
	if (dice(r, 3) == 0) {
		w->asks = (world_asks_t)dice(r, WORLD_ASKS);
	} else {
		world_change_ttls(w, span(r), span(r));
	}
	r->in_vain = false;
	r->check = earliest(r->check, later(r));
	r->confirm = earliest(r->confirm, later(r));
}

static void happen(run_t *r)
{
	world_t *w = &r->w;
	r->event = w->now + (int64_t)dice(r, dice(r, 2) == 0 ? YEAR : 10 * (uint64_t)r->scale);
	switch (dice(r, 14)) {
	case 0:
	case 1:
		if (!plan_is_mourning(&w->zone)) { /* Else it would wait until that is over. */
			change_policy(r);
		}
		break;
	case 2:
	case 3:
		if (dice(r, 2) > 0 || !world_die(w)) {
			core_request_roll(&w->zone, (keyset_role_t)dice(r, 3), dice(r, 2) == 0,
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
		r->parent_pace = (int64_t)dice(r, dice(r, 2) == 0 ? 90 * DAY : 60);
		break;
	case 8:
		if (world_lose(w)) {
			r->check = earliest(r->check, w->now + (int64_t)dice(r, 2 * YEAR));
		}
		break;
	case 9:
	case 10:
	case 11:
		change_parent(r);
		break;
	case 12:
		if (dice(r, 4) == 0 && world_leave(w)) {
			r->event = WORLD_NEVER;
		}
		break;
	default:
		world_edit(w, random_ttl(r));
		r->publish = later(r);
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
	r->engine_up = later(r);
	r->w.facts = (facts_t){ 0 };
	r->look = r->engine_up;
	r->ask = r->engine_up;
}

/* Says when the parent acts, and when its servers follow. */
static void rearm_parent(run_t *r)
{
	world_t *w = &r->w;
	if (r->sync == WORLD_NEVER && w->watched && world_lags(w)) {
		r->sync = later(r);
	}
	if (r->parent == WORLD_NEVER && !(w->watched && w->unseen) && world_parent_waits(w)) {
		r->parent = w->now + 1 + (int64_t)dice(r, (uint64_t)r->parent_pace);
	}
}

static void engine(run_t *r)
{
	world_t *w = &r->w;
	if (w->now < r->engine_up) {
		r->look = r->ask = r->engine_up;
		return;
	}
	if (!r->calm && dice(r, 30) == 0) {
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
		r->check = earliest(r->check, later(r));
	}
	if (w->watched && w->unseen && !r->in_vain) {
		r->confirm = earliest(r->confirm, later(r));
	}
	order_t order;
	if (world_order(w, &order) && r->push == WORLD_NEVER) {
		r->push = later(r);
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
			r->build = earliest(r->build, later(r));
		}
	}
	if (r->build <= w->now) {
		bool built = world_build(w);
		r->publish = built ? earliest(r->publish, later(r)) : r->publish;
		/* What a key that is gone should sign is due all the time. */
		bool soon = world_is_walking(w) || (!built && world_due(w) <= w->now);
		r->build = soon ? later(r) : world_due(w);
	}
	if (r->publish <= w->now) {
		world_publish(w);
		r->publish = WORLD_NEVER;
		r->ask = earliest(r->ask, later(r));
	}
}

static void parent(run_t *r)
{
	world_t *w = &r->w;
	if (r->parent <= w->now) {
		world_parent(w, r->calm || dice(r, 2) == 0);
		r->confirm = earliest(r->confirm, later(r));
		r->parent = WORLD_NEVER;
	}
	if (r->sync <= w->now) {
		world_sync(w);
		r->sync = WORLD_NEVER;
		r->confirm = earliest(r->confirm, later(r));
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

static int64_t next_time(const run_t *r)
{
	const int64_t all[] = { r->look, r->push, r->build, r->publish, r->ask, r->parent,
	                        r->sync, r->confirm, r->check, r->event };
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

static void tick(run_t *r)
{
	if (r->event <= r->w.now) {
		happen(r);
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

/* Goes on until a time; with settle, only until all keys are settled. */
static void go_on(run_t *r, int64_t end, bool settle)
{
	world_t *w = &r->w;
	unsigned idle = 0;
	while (w->failure[0] == '\0' && !(settle && world_is_settled(w))) {
		int64_t next = next_time(r);
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
		tick(r);
	}
}

static void start(run_t *r, uint64_t seed)
{
	static const int64_t scales[] = { 1, 60, 3600, 86400, 7 * 86400 };
	memset(r, 0, sizeof(*r));
	r->w.random = seed;
	r->scale = scales[dice(r, 5)];
	r->w.zone_propagation = span(r);
	r->w.parent_propagation = span(r);
	scheme_t *s = &r->schemes[0];
	s->policy = (policy_t){ .name = "p", .keys = s->keys };
	random_times(r, &s->policy);
	random_keys(r, s);
	uint32_t zone = r->w.zone_propagation, parent_too = r->w.parent_propagation;
	world_init(&r->w, r->w.random, &s->policy);
	r->w.zone_propagation = zone;
	r->w.parent_propagation = parent_too;
	r->w.built.ttl = r->w.published.ttl = r->w.max_ttl = random_ttl(r);
	r->push = r->build = r->publish = r->ask = r->parent = r->confirm = WORLD_NEVER;
	r->check = r->sync = WORLD_NEVER;
	r->w.watched = r->w.unseen = dice(r, 2) == 0;
	for (size_t k = 0; k < WORLD_SERVERS && r->w.watched; k++) {
		r->w.servers[k] = (server_t){ 0, span(r), span(r) };
	}
	r->look = r->event = r->w.now;
	r->parent_pace = dice(r, 4) == 0 ? 2 * YEAR : 60;
}

/* From now on nothing goes wrong, and all has to come to rest. */
static void calm_down(run_t *r)
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

/* Ten years with a seed. \return Whether all was well; if not, w.failure says what was wrong. */
static bool ten_years(run_t *r, uint64_t seed)
{
	start(r, seed);
	go_on(r, r->w.now + 10 * YEAR, false);
	if (r->w.away) {
		return r->w.failure[0] == '\0';
	}
	if (r->w.failure[0] == '\0') {
		calm_down(r);
		go_on(r, r->w.now + 20 * r->longest + 30 * DAY, true);
	}
	if (r->w.failure[0] == '\0' && !world_is_settled(&r->w)) {
		snprintf(r->w.failure, sizeof(r->w.failure), "does not come to an end");
	}
	return r->w.failure[0] == '\0';
}

/* Helps to find out why a run failed. */
static void print_keys(const run_t *r)
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

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

/* -- rollover types ------------------------------------------------------ */

/* What tells a rollover type from the others. */
typedef struct {
	unsigned published;  /* Keys of the role in one DNSKEY RRset, at most. */
	unsigned signers;    /* Signatures of one RRset, at most. */
	bool early_ds;       /* The DS is there before the DNSKEY is known everywhere. */
	bool fades;          /* The old key stays published while its signatures are replaced. */
} traits_t;

static const struct {
	keyset_role_t role;
	policy_roll_t roll;
	traits_t traits;
} types[] = {
	{ KEYSET_KSK, POLICY_ROLL_DOUBLE_SIGNATURE, { 2, 1, false, false } },
	{ KEYSET_KSK, POLICY_ROLL_DOUBLE_DS, { 1, 1, true, false } },
	{ KEYSET_KSK, POLICY_ROLL_DOUBLE_RRSET, { 2, 1, true, false } },
	{ KEYSET_ZSK, POLICY_ROLL_PRE_PUBLICATION, { 2, 1, false, true } },
	{ KEYSET_ZSK, POLICY_ROLL_DOUBLE_SIGNATURE, { 2, 2, false, false } },
	{ KEYSET_ZSK, POLICY_ROLL_DOUBLE_RRSET, { 1, 2, false, false } },
	{ KEYSET_CSK, POLICY_ROLL_PRE_PUBLICATION, { 2, 1, false, true } },
	{ KEYSET_CSK, POLICY_ROLL_DOUBLE_SIGNATURE, { 2, 2, false, false } },
	{ KEYSET_CSK, POLICY_ROLL_SINGLE_SIGNATURE, { 2, 1, true, true } },
	{ KEYSET_CSK, POLICY_ROLL_DOUBLE_DS, { 1, 2, true, false } },
	{ KEYSET_CSK, POLICY_ROLL_DOUBLE_RRSET, { 2, 2, true, false } },
};
#define TYPES (sizeof(types) / sizeof(types[0]))

/* The keys of a role that came after the one with a tag. */
static mask_t keys_of(const world_t *w, keyset_role_t role, uint16_t after)
{
	mask_t keys = 0;
	for (size_t i = 0; i < w->zone.count; i++) {
		int slot = world_slot(w, w->keys[i].keytag);
		if (w->keys[i].role == role && slot >= 0 && w->keys[i].keytag > after) {
			keys |= (mask_t)1 << slot;
		}
	}
	return keys;
}

static unsigned larger(unsigned a, mask_t keys)
{
	unsigned b = (unsigned)__builtin_popcountll(keys);
	return a > b ? a : b;
}

/* Notes the traits that show now. old_ds: what was at the parent before the rollover. */
static void see(const world_t *w, keyset_role_t role, uint16_t after, mask_t old_ds, traits_t *seen)
{
	const order_t *order = &w->published.order;
	mask_t fresh = keys_of(w, role, after);
	seen->published = larger(seen->published, order->publish & keys_of(w, role, 0));
	for (size_t i = 0; i < WORLD_SETS; i++) {
		seen->signers = larger(seen->signers, w->published.sets[i].signers);
	}
	mask_t old = keys_of(w, role, 0) & ~fresh;
	seen->fades = seen->fades || (role != KEYSET_KSK &&
	                              (old & order->publish & ~order->sign_zone) != 0);
	for (size_t i = 0; i < w->dnskey_caches.count; i++) {
		mask_t lacks = fresh & ~w->dnskey_caches.contents[i].keys;
		seen->early_ds = seen->early_ds || ((w->ds & ~old_ds) & lacks) != 0;
	}
}

static void set_up(run_t *r, keyset_role_t role, policy_roll_t roll)
{
	static const policy_t usual = {
		.name = "p", .keys_ttl = 3600, .publish_safety = 60, .retire_safety = 60,
		.zone_propagation = 300, .soa_ttl = 3600, .soa_minimum = 900,
		.max_zone_ttl = 7200, .parent_ds_ttl = 86400, .parent_propagation = 600,
		.parent_soa_ttl = 7200, .parent_soa_minimum = 7200, .resign = 7200,
		.refresh = 3 * 86400, .validity_default = 14 * 86400,
		.validity_denial = 14 * 86400, .jitter = 43200, .purge = 1000,
	};
	start(r, 1);
	scheme_t *s = &r->schemes[0];
	s->policy = usual;
	s->policy.keys = s->keys;
	add_key(r, s, role, 13);
	if (role != KEYSET_CSK) {
		add_key(r, s, role == KEYSET_KSK ? KEYSET_ZSK : KEYSET_KSK, 13);
	}
	for (size_t i = 0; i < s->policy.key_count; i++) {
		s->keys[i].standby = 0;
		s->keys[i].manual_rollover = true;
	}
	s->keys[0].roll = roll;
	r->w.zone_propagation = usual.zone_propagation;
	r->w.parent_propagation = usual.parent_propagation;
	r->w.built.ttl = r->w.published.ttl = usual.max_zone_ttl;
	r->event = WORLD_NEVER;
	r->parent_pace = 60;
	r->w.watched = false;
	r->w.hurry = r->calm = true;
	r->longest = 60 * DAY;
}

/* Replaces the key of a role once. \return How long it took, -1 if it did not come to an end. */
static int64_t roll_once(run_t *r, keyset_role_t role, bool emergency, traits_t *seen)
{
	world_t *w = &r->w;
	go_on(r, w->now + r->longest, true);
	if (w->failure[0] != '\0' || !world_is_settled(w)) {
		return -1;
	}
	int64_t begin = w->now += 30 * DAY; /* Caches are at rest, and signatures of any age. */
	uint16_t after = w->last_tag;
	mask_t old_ds = w->ds;
	core_request_roll(&w->zone, role, emergency, begin);
	r->look = begin;
	*seen = (traits_t){ 0 };
	do {
		w->now = earliest(next_time(r), begin + r->longest);
		tick(r);
		see(w, role, after, old_ds, seen);
	} while (w->failure[0] == '\0' && w->now < begin + r->longest && !world_is_settled(w));
	return w->failure[0] == '\0' && world_is_settled(w) ? w->now - begin : -1;
}

static bool has_traits(run_t *r, size_t type)
{
	traits_t seen;
	const traits_t *want = &types[type].traits;
	set_up(r, types[type].role, types[type].roll);
	return roll_once(r, types[type].role, false, &seen) >= 0 &&
	       seen.published == want->published && seen.signers == want->signers &&
	       seen.early_ds == want->early_ds && seen.fades == want->fades;
}

START_TEST(test_types)
{
	run_t *r = calloc(1, sizeof(*r));
	ck_assert_ptr_nonnull(r);
	ck_assert_msg(has_traits(r, (size_t)_i), "%s", r->w.failure);
	free(r);
}
END_TEST

/* In an emergency no rollover type takes longer than caches and the parent need. */
START_TEST(test_emergency)
{
	run_t *r = calloc(1, sizeof(*r));
	traits_t seen;
	ck_assert_ptr_nonnull(r);
	const policy_t *p = &r->schemes[0].policy;
	set_up(r, types[_i].role, types[_i].roll);
	int64_t took = roll_once(r, types[_i].role, true, &seen);
	ck_assert_msg(took >= 0, "%s", r->w.failure);
	ck_assert(!seen.fades);
	int64_t zone = 2 * ((int64_t)p->max_zone_ttl + p->keys_ttl + 600) + 3600;
	int64_t parent = 2 * ((int64_t)p->parent_ds_ttl + p->parent_propagation) + 3600;
	ck_assert_int_le(took, types[_i].role == KEYSET_ZSK ? zone : zone + parent);
	free(r);
}
END_TEST

/* The same while an earlier rollover is not over, whose signatures would be replaced slowly. */
START_TEST(test_emergency_amid_rollover)
{
	run_t *r = calloc(1, sizeof(*r));
	ck_assert_ptr_nonnull(r);
	world_t *w = &r->w;
	const policy_t *p = &r->schemes[0].policy;
	set_up(r, KEYSET_ZSK, POLICY_ROLL_PRE_PUBLICATION);
	go_on(r, w->now + r->longest, true);
	w->now += 30 * DAY;
	core_request_roll(&w->zone, KEYSET_ZSK, false, w->now);
	r->look = w->now;
	go_on(r, w->now + DAY, false); /* The new one signs by now, the old one's signatures fade. */
	ck_assert(!world_is_settled(w) && (w->published.order.publish &
	          ~w->published.order.sign_zone & ~w->published.order.sign_dnskey) != 0);
	int64_t begin = ++w->now;
	core_request_roll(&w->zone, KEYSET_ZSK, true, begin);
	r->look = begin;
	go_on(r, begin + r->longest, true);
	ck_assert_msg(w->failure[0] == '\0' && world_is_settled(w), "%s", w->failure);
	int64_t caches = (int64_t)p->max_zone_ttl + p->keys_ttl + 600;
	ck_assert_int_le(w->now - begin, 2 * caches + 3600);
	free(r);
}
END_TEST

/* -- the rules ----------------------------------------------------------- */

/* If any of its rules is out of force, the key timing has to break some zone. */
START_TEST(test_mutant)
{
	run_t *r = calloc(1, sizeof(*r));
	ck_assert_ptr_nonnull(r);
	core_mutant = (core_mutant_t)_i;
	bool caught = false;
	for (size_t i = 0; i < TYPES && !caught; i++) {
		caught = !has_traits(r, i);
	}
	uint64_t seed = 0;
	while (seed < MUTANT_RUNS && !caught) {
		caught = !ten_years(r, ++seed);
	}
	core_mutant = MUTANT_NONE;
	printf("without rule %d, seed %llu (0 = a plain rollover): %s\n", _i,
	       (unsigned long long)seed, r->w.failure);
	ck_assert_msg(caught, "nothing goes wrong without rule %d", _i);
	free(r);
}
END_TEST

START_TEST(test_ten_years)
{
	uint64_t runs = from_environment("CACHE_MODEL_RUNS", RUNS);
	uint64_t seed = from_environment("CACHE_MODEL_SEED", 1);
	run_t *r = malloc(sizeof(*r));
	ck_assert_ptr_nonnull(r);
	unsigned long long keys = 0, checks = 0;
	for (uint64_t i = 0; i < runs; i++) {
		bool well = ten_years(r, seed + i);
		if (!well) {
			print_keys(r);
		}
		ck_assert_msg(well, "CACHE_MODEL_SEED=%llu: %s",
		              (unsigned long long)(seed + i), r->w.failure);
		keys += r->w.introduced;
		checks += r->w.checks;
	}
	printf("seeds %llu to %llu: %llu keys, all caches checked %llu times\n",
	       (unsigned long long)seed, (unsigned long long)(seed + runs - 1), keys, checks);
	free(r);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cache-model");
	TCase *tc = tcase_create("types");
	tcase_set_timeout(tc, 600);
	tcase_add_loop_test(tc, test_types, 0, (int)TYPES);
	tcase_add_loop_test(tc, test_emergency, 0, (int)TYPES);
	tcase_add_test(tc, test_emergency_amid_rollover);
	suite_add_tcase(suite, tc);

	tc = tcase_create("rules");
	tcase_set_tags(tc, "missing-rules");
	tcase_set_timeout(tc, 600);
	tcase_add_loop_test(tc, test_mutant, MUTANT_NONE + 1, MUTANT_COUNT);
	suite_add_tcase(suite, tc);

	tc = tcase_create("model");
	tcase_set_timeout(tc, 36000);
	tcase_add_test(tc, test_ten_years);
	suite_add_tcase(suite, tc);

	return check_main(suite);
}
