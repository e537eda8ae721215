/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "tests/unit/cache-ceremony.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libdnssec/error.h>
#include <libknot/descriptor.h>

#include "policy-engine/ceremony/check.h"
#include "policy-engine/ceremony/ksr.h"
#include "policy-engine/engine/bundle.h"
#include "policy-engine/engine/response.h"
#include "policy-engine/zone/offer.h"
#include "tests/unit/ceremony-room.h"

#define ZSKS 64
#define KSKS 8
#define AHEAD_MAX 40  /* ZSKs on standby. */
#define REQUESTS 80   /* Bundles of a request. */
#define KEYS 6        /* Of one bundle. */

/* What a ceremony does. */
typedef enum {
	RIGHT,
	/* What has to be refused: */
	SHORT,    /* Signatures end before caches can have the next bundle. */
	UNRIPE,   /* They begin after their bundle. */
	UNSORTED, /* They begin at any time before their bundle. */
	TTL,      /* The DNSKEY RRset has a larger TTL than the policy says. */
	GAP,      /* It begins when what is published has ended. */
	FAST,     /* The KSK is replaced before the DS of the next one can be known. */
	FOREIGN,  /* It has a ZSK of nobody. */
	/* What is not noticed before it is due: */
	HASTY,    /* Each set of ZSKs comes with the bundle before. */
	LACKING,  /* Any ZSKs are in it. */
	KINDS,
} kind_t;

/* When the KSK after the one in use is published, and is alone. */
typedef struct {
	size_t current;
	bool rolls;
	int64_t comes, alone;
} schedule_t;

/* A bundle that is asked for. */
typedef struct {
	int64_t at;
	dnssec_key_t *zsks[KEYS];
} request_t;

struct ceremony {
	run_t r;
	desk_t desk;
	char dir[40];
	kasp_zone_t zone;
	world_room_t room;
	policy_t effective;
	bundle_seen_t seen;
	dnssec_key_t *zsks[ZSKS], *ksks[KSKS], *foreign;
	bool tags[65536];      /* That keys have. */
	size_t zsk_next;
	unsigned ahead;
	schedule_t schedule;
	bool odd;              /* What was taken may have to wait. */
	bool retries;          /* The last response was refused: the next is right. */
	unsigned taken, refused;
};

static uint64_t dice(ceremony_t *c, uint64_t n)
{
	return run_dice(&c->r, n);
}

/* -- the engine's zone --------------------------------------------------- */

/* The world's keys are the zone's: one by one. */
static void to_zone(ceremony_t *c)
{
	const world_t *w = &c->r.w;
	core_key_t *keys = c->zone.core.keys;
	ck_assert_uint_eq(c->zone.core.count, w->zone.count);
	c->zone.core = w->zone;
	c->zone.core.keys = keys;
	if (w->zone.count > 0) {
		memcpy(keys, w->keys, w->zone.count * sizeof(*keys));
	}
}

/* Takes over what the engine did, with KSKs that are new. */
static void from_zone(ceremony_t *c)
{
	world_t *w = &c->r.w;
	const size_t before = w->zone.count;
	for (size_t i = before; i < c->zone.core.count; i++) {
		ck_assert(world_add(w, &c->zone.core.keys[i]));
	}
	w->zone = c->zone.core;
	w->zone.keys = w->keys;
	if (before > 0) {
		memcpy(w->keys, c->zone.core.keys, before * sizeof(w->keys[0]));
	}
}

static void blame(ceremony_t *c, const char *what, const char *why)
{
	world_t *w = &c->r.w;
	if (w->failure[0] == '\0') {
		snprintf(w->failure, sizeof(w->failure), "at %lld: %s%s", (long long)w->now, what, why);
	}
}

/* Says whether what is published may end without anybody here to blame. */
static void judge(ceremony_t *c)
{
	world_t *w = &c->r.w;
	int64_t next;
	const skr_span_t span = skr_span(bundle_text(c->zone.bundle), ROOM_ZONE, w->now);
	const bool more = c->seen.waits ||
	                  db_bundle_next(c->desk.db, c->zone.id, w->now + 1, &next) > 0;
	const bool too_late = !more && w->now + skr_overlap(&c->effective) + 3600 > span.until;
	w->excused = w->excused || too_late || (c->seen.waits && c->odd);
	if (!more && span.until != 0 && w->now > span.until - DAY && !c->seen.urgent) {
		blame(c, "nobody is told that the signatures end", "");
	}
}

static const policy_t *follow(void *ctx, int64_t *next)
{
	ceremony_t *c = ctx;
	run_t *r = &c->r;
	to_zone(c);
	c->zone.core.ahead = c->ahead;
	c->effective = *r->w.policy;
	c->effective.keys_ttl = bundle_ttl(&c->zone, r->w.policy);
	const bundle_look_t look = { &c->desk, &c->zone, &c->effective, &r->w.facts, r->w.now, false };
	ck_assert_int_eq(bundle_follow(&look, &c->seen), 0);
	from_zone(c);
	judge(c);
	if (c->seen.look && !r->in_vain && r->check > r->w.now) {
		r->check = r->w.now + (int64_t)dice(c, 30);
	}
	*next = c->seen.next;
	return &c->effective;
}

static bool give(void *ctx, core_key_t *key)
{
	ceremony_t *c = ctx;
	dnssec_binary_t public = { 0 };
	char id[20];
	if (key->role != KEYSET_ZSK || c->zsk_next == ZSKS) {
		return false;
	}
	dnssec_key_t *made = c->zsks[c->zsk_next];
	ck_assert_int_eq(dnssec_key_get_pubkey(made, &public), DNSSEC_EOK);
	snprintf(id, sizeof(id), "%zu", c->zsk_next++);
	db_token_key_t pair = {
		.repository = key->repository, .cka_id = id, .algorithm = key->algorithm,
		.bits = key->bits, .public_key = public.data, .public_key_len = public.size,
	};
	key->keytag = dnssec_key_get_keytag(made);
	ck_assert_int_eq(db_key_put(c->desk.db, &pair, c->r.w.now), 0);
	ck_assert_int_eq(db_zone_give_key(c->desk.db, &c->zone, &pair, key), 0);
	*key = c->zone.core.keys[c->zone.core.count - 1];
	return true;
}

static void take(void *ctx, size_t key)
{
	ceremony_t *c = ctx;
	ck_assert_int_eq(db_zone_take_key(c->desk.db, &c->zone, key), 0);
}

static mask_t slot_of(ceremony_t *c, uint16_t keytag)
{
	const int slot = world_slot(&c->r.w, keytag);
	if (slot < 0) {
		blame(c, "a key is published that is forgotten", "");
	}
	return slot >= 0 ? (mask_t)1 << slot : 0;
}

static void offer(void *ctx, order_t *order)
{
	ceremony_t *c = ctx;
	to_zone(c);
	char *text = offer_text(&c->zone, &c->effective.cds);
	const char *at = text;
	bundle_record_t record;
	bundle_key_t key;
	if (text[0] != '\0') {
		order->publish = order->sign_dnskey = order->sign_cds = 0;
		const skr_span_t span = skr_span(text, ROOM_ZONE, c->r.w.now);
		order->good = (world_good_t){ span.from, span.until };
		order->dnskey_ttl = offer_ttl(&c->zone);
	}
	while (bundle_next(&at, &record) == 1) {
		const uint16_t by = record.rdata[RRSIG_KEYTAG] << 8 | record.rdata[RRSIG_KEYTAG + 1];
		if (bundle_key(&record, &key)) {
			order->publish |= slot_of(c, key.keytag);
		} else if (record.type == KNOT_RRTYPE_RRSIG) {
			const uint16_t over = bundle_covered(&record);
			order->sign_dnskey |= over == KNOT_RRTYPE_DNSKEY ? slot_of(c, by) : 0;
			order->sign_cds |= over == KNOT_RRTYPE_CDS ? slot_of(c, by) : 0;
		}
	}
	free(text);
}

/* -- requests ------------------------------------------------------------ */

static dnssec_key_t *find_zsk(const ceremony_t *c, unsigned keytag)
{
	for (size_t i = 0; i < c->zsk_next; i++) {
		if (dnssec_key_get_keytag(c->zsks[i]) == keytag) {
			return c->zsks[i];
		}
	}
	return NULL;
}

/* Reads what ods ksr would print. \return How many bundles it asks for. */
static size_t read_request(const ceremony_t *c, char *text, request_t *requests)
{
	size_t count = 0, keys = 0;
	char *rest = NULL;
	for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		long long at;
		unsigned keytag;
		const char *id = strstr(line, "id = ");
		if (sscanf(line, ";; KeySigningRequest 1.0 %lld", &at) == 1) {
			ck_assert_uint_lt(count, REQUESTS);
			requests[count++] = (request_t){ .at = at };
			keys = 0;
		} else if (id != NULL && sscanf(id, "id = %u", &keytag) == 1) {
			ck_assert_uint_lt(keys, KEYS - 1);
			requests[count - 1].zsks[keys] = find_zsk(c, keytag);
			ck_assert_ptr_nonnull(requests[count - 1].zsks[keys++]);
		}
	}
	return count;
}

/* \return How many bundles are asked for; 0: the ZSKs are not there yet. */
static size_t ask(ceremony_t *c, int64_t from, int64_t until, request_t *requests)
{
	const world_t *w = &c->r.w;
	char *text = NULL;
	unsigned needed = 0;
	to_zone(c);
	const ksr_t ksr = { &c->zone, w->policy, &w->facts, w->now, from, until };
	ck_assert_int_eq(ksr_make(&ksr, &text, &needed), 0);
	c->ahead = text == NULL && needed <= AHEAD_MAX ? needed : 0;
	const size_t count = text != NULL ? read_request(c, text, requests) : 0;
	free(text);
	return count;
}

/* -- responses ----------------------------------------------------------- */

/* How a response is signed. */
typedef struct {
	kind_t kind;
	schedule_t schedule;
	int64_t step, lasts; /* From one bundle to the next; signatures. */
} signing_t;

/* Whom a bundle has as KSKs, which all sign it. */
static size_t add_ksks(const ceremony_t *c, const schedule_t *s, int64_t at, dnssec_key_t **keys)
{
	size_t count = 0;
	if (!s->rolls || at < s->alone) {
		keys[count++] = c->ksks[s->current];
	}
	if (s->rolls && at >= s->comes) {
		keys[count++] = c->ksks[s->current + 1];
	}
	return count;
}

static char *sign(ceremony_t *c, const signing_t *how, int64_t at, const request_t *request)
{
	const uint32_t ttl = c->r.w.policy->keys_ttl;
	room_bundle_t what = {
		.from = at - 3600, .until = at + how->lasts, .ttl = ttl,
	};
	size_t count = add_ksks(c, &how->schedule, at, what.by);
	memcpy(what.keys, what.by, sizeof(what.by));
	for (size_t i = 0; request->zsks[i] != NULL && count < KEYS - 1; i++) {
		if (how->kind != LACKING || dice(c, 2) == 0 || request->zsks[i + 1] == NULL) {
			what.keys[count++] = request->zsks[i];
		}
	}
	if (how->kind == FOREIGN && count < KEYS - 1) {
		what.keys[count++] = c->foreign;
	}
	if (how->kind == UNSORTED) {
		what.from = at - (int64_t)dice(c, 2 * 86400);
	}
	if (how->kind == UNRIPE) {
		what.from = at + 1 + (int64_t)dice(c, 3600);
	}
	what.ttl += how->kind == TTL ? 1 + (uint32_t)dice(c, 3600) : 0;
	what.cds = dice(c, 2) == 0 ? what.by[0] : NULL;
	return room_sign(&what);
}

static void add(skr_t *skr, int64_t at, char *text)
{
	skr->bundles = reallocarray(skr->bundles, skr->count + 1, sizeof(*skr->bundles));
	ck_assert_ptr_nonnull(skr->bundles);
	if (skr->count > 0) {
		skr->bundles[skr->count - 1].until = at;
	}
	skr->bundles[skr->count++] = (skr_bundle_t){ at, at, (unsigned)skr->count, text };
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The next time after a bundle's that another one begins, at the latest when the ZSKs change. */
static int64_t next_time(const signing_t *how, int64_t at, int64_t end)
{
	const schedule_t *s = &how->schedule;
	int64_t next = sooner(at + how->step, end);
	next = s->rolls && s->comes > at ? sooner(next, s->comes) : next;
	return s->rolls && s->alone > at ? sooner(next, s->alone) : next;
}

static void respond(ceremony_t *c, const signing_t *how, const request_t *requests, size_t count,
                    skr_t *skr)
{
	for (size_t i = 0; i < count; i++) {
		const bool last = i + 1 == count;
		const request_t *keys = how->kind == HASTY && !last ? &requests[i + 1] : &requests[i];
		int64_t at = requests[i].at;
		do {
			add(skr, at, sign(c, how, at, keys));
			at = last ? at : next_time(how, at, requests[i + 1].at);
		} while (!last && at < requests[i + 1].at);
	}
}

/* -- ceremonies ---------------------------------------------------------- */

/* Seconds from when a KSK is published until the DS of it can be the only one. */
static int64_t handover(const policy_t *p)
{
	return skr_overlap(p) + p->publish_safety + p->parent_registration + p->parent_propagation +
	       p->parent_ds_ttl;
}

static schedule_t plan_ksk(ceremony_t *c, kind_t kind, int64_t from, int64_t until)
{
	const world_t *w = &c->r.w;
	const int64_t wait = handover(w->policy);
	schedule_t s = c->schedule;
	const int slot = world_slot(w, dnssec_key_get_keytag(c->ksks[s.current]));
	const bool leaves = slot >= 0 && (w->published.order.publish & (mask_t)1 << slot) != 0;
	if (s.rolls && c->retries && leaves && s.alone < from + 2 * wait + DAY) {
		s.alone = from + 2 * wait + DAY; /* The engine was late with the one that comes. */
	} else if (s.rolls && s.alone <= from) {
		s = (schedule_t){ .current = s.current + 1 };
	}
	if (!s.rolls && s.current + 1 < KSKS && w->published.order.publish != 0 &&
	    (kind == FAST || dice(c, 2) == 0)) {
		s.rolls = true;
		s.comes = from + (int64_t)dice(c, (uint64_t)(until - from));
		s.alone = s.comes + 2 * wait + DAY;
		if (kind == FAST) {
			s.comes = from + (int64_t)dice(c, (uint64_t)(until - from) / 2);
			const int64_t both = dice(c, 2) == 0 ? 0 : (int64_t)dice(c, (uint64_t)wait);
			s.alone = sooner(s.comes + both, until - 1);
		}
	}
	return s;
}

static signing_t plan(ceremony_t *c, int64_t from, int64_t until)
{
	const policy_t *p = c->r.w.policy;
	const uint64_t overlap = (uint64_t)skr_overlap(p);
	signing_t how = { .kind = c->retries || dice(c, 2) == 0 ? RIGHT : (kind_t)dice(c, KINDS) };
	how.step = (until - from) / (2 + (int64_t)dice(c, 5)) + 1;
	how.lasts = how.step + (int64_t)(overlap + p->refresh + dice(c, overlap + 1));
	if (how.kind == SHORT) {
		how.lasts = how.step + (int64_t)dice(c, overlap);
	}
	how.schedule = plan_ksk(c, how.kind, from, until);
	return how;
}

/* \return Until when what is to be published is good. */
static int64_t last_until(const ceremony_t *c)
{
	db_bundle_t last = { .skr = INT64_MAX, .at = INT64_MAX };
	if (db_bundle_before(c->desk.db, c->zone.id, INT64_MAX, &last) != 1) {
		return 0;
	}
	const int64_t until = skr_span(last.text, ROOM_ZONE, last.at).until;
	free(last.text);
	return until;
}

/* \return Whether the engine took it. */
static bool hand_over(ceremony_t *c, const signing_t *how, const skr_t *skr)
{
	char why[400] = "";
	to_zone(c);
	const response_t to = { &c->desk, &c->zone, c->r.w.policy, c->r.w.now };
	const bool taken = response_take(&to, skr, why, sizeof(why)) == 0;
	from_zone(c);
	c->taken += taken;
	c->refused += !taken;
	if (taken) {
		c->schedule = how->schedule;
		c->odd = how->kind >= HASTY || (c->odd && how->kind != RIGHT);
	} else if (how->kind == RIGHT && c->r.calm && !c->odd) {
		blame(c, "what is right is refused: ", why);
	}
	return taken;
}

/* \return When the next ceremony is: mostly in time. */
static int64_t next_ceremony(ceremony_t *c, int64_t until)
{
	const int64_t left = until - c->r.w.now, end = last_until(c);
	switch (dice(c, 6)) {
	case 0:
		return c->r.w.now + 1 + (int64_t)dice(c, (uint64_t)left + 1);
	case 1:
		return until + (int64_t)dice(c, (uint64_t)(end - until) * 2);
	default:
		return until - (int64_t)dice(c, (uint64_t)left / 4 + 1);
	}
}

static int64_t hold(void *ctx)
{
	ceremony_t *c = ctx;
	run_t *r = &c->r;
	const int64_t now = r->w.now;
	request_t requests[REQUESTS];
	int64_t next;
	skr_t skr = { 0 };
	if (now < r->engine_up) {
		return r->engine_up;
	}
	(void)follow(c, &next);
	const int64_t span = r->schemes[r->scheme].keys[1].lifetime / 4;
	const int64_t until = now + span + (int64_t)dice(c, 8 * (uint64_t)span);
	signing_t how = plan(c, now, until);
	int64_t from = now;
	if (how.kind == GAP && last_until(c) > now) {
		from = last_until(c) - (int64_t)dice(c, (uint64_t)skr_overlap(r->w.policy) + 1);
		from = from < now ? now : sooner(from, until - 1);
	}
	const size_t count = ask(c, from, until, requests);
	if (count == 0) {
		return now + 1 + (int64_t)dice(c, 3600);
	}
	respond(c, &how, requests, count, &skr);
	const bool taken = hand_over(c, &how, &skr);
	skr_deinit(&skr);
	c->retries = !taken;
	return taken ? next_ceremony(c, until) : now + 60;
}

/* -- all of it ----------------------------------------------------------- */

static void wake(void *ctx)
{
	(void)ctx;
}

/* \return A key with a tag that no other has. */
static dnssec_key_t *new_key(ceremony_t *c, bool ksk)
{
	dnssec_key_t *key = room_key(ksk);
	while (c->tags[dnssec_key_get_keytag(key)]) {
		dnssec_key_free(key);
		key = room_key(ksk);
	}
	c->tags[dnssec_key_get_keytag(key)] = true;
	return key;
}

ceremony_t *ceremony_open(void)
{
	char path[60], err[256] = "";
	ceremony_t *c = calloc(1, sizeof(*c));
	ck_assert_ptr_nonnull(c);
	strcpy(c->dir, "/tmp/test-cache.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(c->dir));
	snprintf(path, sizeof(path), "%s/db", c->dir);
	desk_init(&c->desk, wake, NULL);
	ck_assert_msg(db_open(&c->desk.db, path, err, sizeof(err)) == 0, "%s", err);
	for (size_t i = 0; i < ZSKS; i++) {
		c->zsks[i] = new_key(c, false);
	}
	for (size_t i = 0; i < KSKS; i++) {
		c->ksks[i] = new_key(c, true);
	}
	c->foreign = new_key(c, false);
	c->room = (world_room_t){ follow, give, take, offer, hold, c };
	return c;
}

void ceremony_close(ceremony_t *c)
{
	char command[80];
	for (size_t i = 0; i < ZSKS; i++) {
		dnssec_key_free(c->zsks[i]);
	}
	for (size_t i = 0; i < KSKS; i++) {
		dnssec_key_free(c->ksks[i]);
	}
	dnssec_key_free(c->foreign);
	desk_deinit(&c->desk);
	snprintf(command, sizeof(command), "rm -r %s", c->dir);
	ck_assert_int_eq(system(command), 0);
	free(c);
}

static void set_keys(ceremony_t *c)
{
	run_t *r = &c->r;
	scheme_t *s = &r->schemes[0];
	static const policy_roll_t ksk[] = { POLICY_ROLL_DOUBLE_SIGNATURE, POLICY_ROLL_DOUBLE_RRSET };
	static const policy_roll_t zsk[] = { POLICY_ROLL_PRE_PUBLICATION, POLICY_ROLL_DOUBLE_SIGNATURE };
	s->keys[0] = (policy_key_t){ .role = KEYSET_KSK, .algorithm = 13, .bits = 256, .repository = "",
	                             .roll = ksk[dice(c, 2)] };
	s->keys[1] = (policy_key_t){ .role = KEYSET_ZSK, .algorithm = 13, .bits = 256,
	                             .repository = "one", .roll = zsk[dice(c, 2)] };
	s->keys[1].lifetime = (uint32_t)(r->longest + (int64_t)dice(c, (uint64_t)r->longest));
	s->policy.key_count = 2;
	s->policy.cds = (keyset_cds_t){ .sha256 = true, .cdnskey = true };
}

static void begin(ceremony_t *c, uint64_t seed)
{
	static const int64_t scales[] = { 60, 3600, 86400 };
	run_t *r = &c->r;
	run_start(r, seed);
	r->w.room = &c->room;
	r->scale = scales[dice(c, 3)];
	r->longest = 0;
	r->w.zone_propagation = run_span(r);
	r->w.parent_propagation = run_span(r);
	run_times(r, &r->schemes[0].policy);
	set_keys(c);
	r->calm = seed % 2 == 0;
	r->w.late = !r->calm;
	if (r->calm) {
		r->event = WORLD_NEVER;
		r->parent_pace = 60;
		r->w.watched = r->w.unseen = false;
	}
	r->ceremony = r->w.now + 1;
	c->zsk_next = 0;
	c->ahead = 0;
	c->schedule = (schedule_t){ .rolls = false };
	c->odd = c->retries = false;
}

const char *ceremony_years(ceremony_t *c, uint64_t seed)
{
	world_t *w = &c->r.w;
	ck_assert_int_eq(db_begin(c->desk.db), 0);
	ck_assert_int_ge(db_zone_put(c->desk.db, ROOM_ZONE, "p"), 0);
	ck_assert_int_eq(db_zone_get(c->desk.db, ROOM_ZONE, &c->zone), 1);
	begin(c, seed);
	run_go_on(&c->r, w->now + 8 * (int64_t)c->r.schemes[0].keys[1].lifetime, false);
	int64_t next;
	(void)follow(c, &next);
	const int64_t until = w->published.order.good.until;
	if (until != 0 && until <= w->now && !w->excused && !w->late) {
		blame(c, "the signatures of DNSKEY have ended, and are still published", "");
	}
	kasp_zone_deinit(&c->zone);
	c->zone = (kasp_zone_t){ 0 };
	db_rollback(c->desk.db);
	return w->failure;
}

void ceremony_count(const ceremony_t *c, unsigned *taken, unsigned *refused)
{
	*taken = c->taken;
	*refused = c->refused;
}
