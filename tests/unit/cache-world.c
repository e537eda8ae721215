/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "tests/unit/cache-world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "policy-engine/core/mutant.h"

#define WORLD_ALL ((1u << WORLD_SETS) - 1)

uint64_t world_random(world_t *w, uint64_t n)
{
	uint64_t x = w->random += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return n > 0 ? (x ^ (x >> 31)) % n : 0;
}

static mask_t bit(int slot)
{
	return (mask_t)1 << slot;
}

/* The first of a mask's bits from i on; WORLD_SLOTS = there is none. */
static int next_bit(mask_t mask, int i)
{
	mask_t rest = i < WORLD_SLOTS ? mask >> i << i : 0;
	return rest != 0 ? __builtin_ctzll(rest) : WORLD_SLOTS;
}

#define EACH_BIT(i, mask) \
	int i = next_bit(mask, 0); i < WORLD_SLOTS; i = next_bit(mask, i + 1)

/* -- what validates ------------------------------------------------------ */

static void fail(world_t *w, const char *what, mask_t ds, const content_t *dnskey, mask_t data)
{
	if (w->failure[0] != '\0') {
		return;
	}
	int used = snprintf(w->failure, sizeof(w->failure), "at %lld: %s; DS", (long long)w->now,
	                    what);
	const mask_t masks[] = { ds, dnskey->keys, dnskey->signers, data };
	static const char *const names[] = { "", "; DNSKEY", "; signed by", "; data signed by" };
	for (size_t m = 0; m < 4; m++) {
		used += snprintf(w->failure + used, sizeof(w->failure) - (size_t)used, "%s",
		                 names[m]);
		for (int i = 0; i < WORLD_SLOTS && used < 350; i++) {
			if ((masks[m] & bit(i)) != 0) {
				used += snprintf(w->failure + used,
				                 sizeof(w->failure) - (size_t)used, " %u/%u",
				                 w->tags[i], w->algorithms[i]);
			}
		}
	}
}

/* For each algorithm of the first set there is a key that is in both. */
static bool covers(const world_t *w, mask_t first, mask_t second)
{
	for (EACH_BIT(i, first)) {
		bool found = false;
		for (EACH_BIT(k, first & second)) {
			found = found || w->algorithms[k] == w->algorithms[i];
		}
		if (!found) {
			return false;
		}
	}
	return true;
}

/* What caches hold of the three kinds may meet in one cache in any combination. */
static void check_caches(world_t *w)
{
	for (size_t d = 0; d < w->ds_caches.count; d++) {
		mask_t ds = w->ds_caches.contents[d].keys;
		for (size_t k = 0; k < w->dnskey_caches.count && ds != 0; k++) {
			const content_t *dnskey = &w->dnskey_caches.contents[k];
			if (!covers(w, ds, dnskey->keys & dnskey->signers)) {
				fail(w, "no chain", ds, dnskey, 0);
			}
			for (size_t s = 0; s < w->data_caches.count; s++) {
				mask_t data = w->data_caches.contents[s].signers;
				if (!covers(w, dnskey->keys, data)) {
					fail(w, "no signature", ds, dnskey, data);
				}
			}
			/* What was signed ahead has CDS by KSKs alone: if one takes the place of another at
			 * once, who has the DNSKEY RRset of before waits for that to end. */
			for (size_t s = 0; s < w->cds_caches.count && w->room == NULL; s++) {
				mask_t cds = w->cds_caches.contents[s].signers;
				if (cds != 0 && !covers(w, dnskey->keys, cds)) {
					fail(w, "no signature of CDS", ds, dnskey, cds);
				}
			}
		}
	}
	w->checks++;
}

/* -- caches -------------------------------------------------------------- */

static content_t *find_content(caches_t *c, const content_t *what)
{
	for (size_t i = 0; i < c->count; i++) {
		const content_t *one = &c->contents[i];
		if (one->keys == what->keys && one->signers == what->signers &&
		    one->good.from == what->good.from && one->good.until == what->good.until) {
			return &c->contents[i];
		}
	}
	return NULL;
}

/* What was there until now, some caches have for that long. */
static void supersede(world_t *w, caches_t *c, const content_t *what, int64_t last)
{
	content_t *content = find_content(c, what);
	int64_t until = w->now + last;
	if (what->good.until != 0 && what->good.until < until && !w->excused && !w->late && w->failure[0] == '\0') {
		snprintf(w->failure, sizeof(w->failure), "at %lld: the signatures of DNSKEY ended at "
		         "%lld, caches have it until %lld", (long long)w->now,
		         (long long)what->good.until, (long long)until);
	}
	if (content != NULL && (content->until == WORLD_NEVER || content->until < until)) {
		content->until = until;
	}
}

static void appear(world_t *w, caches_t *c, const content_t *what)
{
	content_t *content = find_content(c, what);
	if (what->good.from > w->now && w->failure[0] == '\0') {
		snprintf(w->failure, sizeof(w->failure), "at %lld: DNSKEY is good from %lld on only",
		         (long long)w->now, (long long)what->good.from);
	}
	if (content == NULL && c->count < WORLD_CONTENTS) {
		content = &c->contents[c->count++];
		content->least = 0;
	}
	if (content == NULL) {
		snprintf(w->failure, sizeof(w->failure), "the model is too small");
		return;
	}
	*content = (content_t){ what->keys, what->signers, what->good, WORLD_NEVER,
	                        content->least };
}

static void forget_old(world_t *w, caches_t *c)
{
	for (size_t i = 0; i < c->count;) {
		if (c->contents[i].until <= w->now) {
			c->contents[i] = c->contents[--c->count];
		} else {
			i++;
		}
	}
}

static uint32_t absence(uint32_t ttl, uint32_t minimum)
{
	return ttl < minimum ? ttl : minimum;
}

static void forget_all_old(world_t *w)
{
	forget_old(w, &w->ds_caches);
	forget_old(w, &w->dnskey_caches);
	forget_old(w, &w->data_caches);
	forget_old(w, &w->cds_caches);
}

/* -- keys ---------------------------------------------------------------- */

int world_slot(const world_t *w, uint16_t tag)
{
	for (int i = 0; i < WORLD_SLOTS; i++) {
		if (w->tags[i] == tag) {
			return i;
		}
	}
	return -1;
}

/* The slots that something still refers to. */
static mask_t bits_in_use(const world_t *w)
{
	const caches_t *all[] = { &w->ds_caches, &w->dnskey_caches, &w->data_caches,
	                          &w->cds_caches };
	mask_t used = w->ds | w->pending.publish | w->pending.sign_zone | w->built.dnskey.signers |
	              w->built.cds;
	for (size_t c = 0; c < 4; c++) {
		for (size_t i = 0; i < all[c]->count; i++) {
			used |= all[c]->contents[i].keys | all[c]->contents[i].signers;
		}
	}
	for (size_t i = 0; i < WORLD_SETS; i++) {
		used |= w->built.sets[i].signers;
	}
	for (size_t i = 0; i < w->zone.count; i++) {
		int slot = world_slot(w, w->keys[i].keytag);
		/* What was signed ahead may bring back a key that has left. */
		if (slot >= 0 && (w->keys[i].goal_in || !core_is_hidden(&w->keys[i]) || w->room != NULL)) {
			used |= bit(slot);
		}
	}
	return used;
}

bool world_add(world_t *w, const core_key_t *key)
{
	mask_t used = bits_in_use(w);
	int slot = 0;
	while (slot < WORLD_SLOTS && (used & bit(slot)) != 0) {
		slot++;
	}
	if (slot == WORLD_SLOTS || w->zone.count == WORLD_KEYS) {
		return false;
	}
	w->keys[w->zone.count++] = *key;
	w->tags[slot] = key->keytag;
	w->algorithms[slot] = key->algorithm;
	w->counts[slot] = 0;
	w->last_gone[slot] = 0;
	w->counted &= ~bit(slot);
	w->ds_confirmed &= ~bit(slot);
	w->lost &= ~bit(slot);
	w->introduced++;
	return true;
}

static bool introduce(void *ctx, const plan_want_t *want)
{
	world_t *w = ctx;
	unsigned token = strcmp(want->entry->repository, "one") == 0 ? 1 : 2;
	if ((w->tokens_away & token) != 0) {
		return false;
	}
	core_key_t key;
	core_key_init(&key, want->entry->role, want->entry->algorithm, w->last_tag + 1,
	              want->roll, w->now);
	key.bits = want->entry->bits;
	key.repository = want->entry->repository;
	if ((w->room != NULL && !w->room->give(w->room->ctx, &key)) || !world_add(w, &key)) {
		return false;
	}
	w->last_tag++;
	return true;
}

static void forget(void *ctx, size_t key)
{
	world_t *w = ctx;
	if (!core_is_hidden(&w->keys[key]) || w->keys[key].goal_in) {
		snprintf(w->failure, sizeof(w->failure), "forgot key %u", w->keys[key].keytag);
	}
	if (w->room != NULL) {
		w->room->take(w->room->ctx, key);
	}
	memmove(&w->keys[key], &w->keys[key + 1],
	        (w->zone.count - key - 1) * sizeof(w->keys[0]));
	w->zone.count--;
}

/* Checks that what a record's state says of caches is true. */
static void check_state(world_t *w, const core_key_t *key, keyset_record_t record,
                        const caches_t *caches)
{
	keyset_state_t state = key->record[record].state;
	int slot = world_slot(w, key->keytag);
	if (slot < 0 || (state != KEYSET_OMNIPRESENT && state != KEYSET_HIDDEN)) {
		return;
	}
	if (key->dead && record == KEYSET_RRSIG && state == KEYSET_OMNIPRESENT) {
		return; /* There are those of the KSK in their place. */
	}
	mask_t fading = 0;
	for (size_t i = 0; i < w->zone.count; i++) {
		const core_record_t *rrsig = &w->keys[i].record[KEYSET_RRSIG];
		if (rrsig->state == KEYSET_UNRETENTIVE &&
		    rrsig->since >= key->record[record].since) {
			fading |= bit(world_slot(w, w->keys[i].keytag));
		}
	}
	for (size_t i = 0; i < caches->count; i++) {
		const content_t *content = &caches->contents[i];
		bool by_keys = record == KEYSET_DS || record == KEYSET_DNSKEY;
		mask_t there = by_keys ? content->keys : content->signers;
		bool has = (there & bit(slot)) != 0;
		/* Beside others that began to fade later, signatures may be missing again. */
		bool excused = (record == KEYSET_RRSIG && (there & fading) != 0) ||
		               (record == KEYSET_DS && (w->lost & bit(slot)) != 0) ||
		               (record == KEYSET_DS && there == 0 && w->lost_all);
		if (has != (state == KEYSET_OMNIPRESENT) && !(excused && !has)) {
			snprintf(w->failure, sizeof(w->failure), "at %lld: record %d of key %u is "
			         "not %s", (long long)w->now, record, key->keytag,
			         keyset_state_name(state));
		}
	}
}

int64_t world_engine(world_t *w)
{
	static const keyset_record_t records[] = { KEYSET_DS, KEYSET_DNSKEY, KEYSET_RRSIG_DNSKEY,
	                                           KEYSET_RRSIG };
	plan_ops_t ops = { .introduce = introduce, .forget = forget, .ctx = w };
	int64_t planned, next;
	uint64_t revision;
	core_observe(&w->zone, &w->facts);
	w->zone.unsure = w->seen != w->now;
	int64_t bundle = CORE_NEVER;
	const policy_t *policy = w->room != NULL ? w->room->follow(w->room->ctx, &bundle) : w->policy;
	do {
		revision = w->zone.revision;
		planned = plan_run(&w->zone, policy, w->now, &ops);
		next = core_run(&w->zone, policy, &w->facts, w->now, NULL, NULL);
	} while (w->zone.revision != revision);
	next = bundle < next ? bundle : next;
	w->may_be_insecure = w->may_be_insecure || policy_is_unsigned(w->policy);
	for (size_t i = 0; i < w->zone.count; i++) {
		if (core_ds_waits(&w->keys[i]) && w->keys[i].record[KEYSET_DS].since == w->now) {
			w->unseen = w->waits_anew = true;
		}
	}

	forget_all_old(w);
	const caches_t *caches[] = { &w->ds_caches, &w->dnskey_caches, &w->dnskey_caches,
	                             &w->data_caches };
	for (size_t i = 0; i < w->zone.count && w->failure[0] == '\0'; i++) {
		for (size_t r = 0; r < 4; r++) {
			check_state(w, &w->keys[i], records[r], caches[r]);
		}
	}
	return planned < next ? planned : next;
}

/* As the module does; without its rule, by the keys that sign DNSKEY alone. */
static bool signs_cds(const world_t *w, const core_key_t *key)
{
	keyset_key_t info = { .sign_dnskey = core_in_zone(key, KEYSET_RRSIG_DNSKEY),
	                      .sign_zone = core_signs_zone(&w->zone, key) };
	return keyset_signs(&info, CORE_RULE(MUTANT_CDS) ? KNOT_RRTYPE_CDS : KNOT_RRTYPE_DNSKEY);
}

bool world_order(world_t *w, order_t *order)
{
	*order = (order_t){ .revision = w->zone.revision, .dnskey_ttl = w->policy->keys_ttl };
	for (size_t i = 0; i < w->zone.count; i++) {
		const core_key_t *key = &w->keys[i];
		int slot = world_slot(w, key->keytag);
		if (slot < 0) {
			continue;
		}
		order->publish |= core_in_zone(key, KEYSET_DNSKEY) ? bit(slot) : 0;
		order->sign_dnskey |= core_in_zone(key, KEYSET_RRSIG_DNSKEY) ? bit(slot) : 0;
		order->sign_zone |= core_signs_zone(&w->zone, key) ? bit(slot) : 0;
		order->sign_cds |= signs_cds(w, key) ? bit(slot) : 0;
		order->replace |= core_replaces(&w->zone, key) ? bit(slot) : 0;
	}
	if (w->room != NULL) {
		w->room->offer(w->room->ctx, order);
	}
	bool any = (order->publish | order->sign_dnskey | order->sign_zone) != 0;
	if (any && ((order->publish & order->sign_dnskey) == 0 ||
	            (order->publish & order->sign_zone) == 0 ||
	            (order->sign_dnskey & ~order->publish) != 0)) {
		snprintf(w->failure, sizeof(w->failure), "at %lld: the signer would refuse key set "
		         "%llu", (long long)w->now, (unsigned long long)order->revision);
	}
	if ((w->pending.dnskey_ttl != order->dnskey_ttl || w->pending.replace != order->replace ||
	     w->pending.good.until != order->good.until || w->pending.good.from != order->good.from ||
	     (w->room != NULL && w->pending.sign_cds != order->sign_cds)) &&
	    w->pending.revision == order->revision) {
		order->revision = ++w->zone.revision; /* As publish.c does. */
	}
	w->ordered = *order;
	return order->revision > w->pending.revision;
}

/* -- signer -------------------------------------------------------------- */

static int64_t draw_due(world_t *w)
{
	const policy_t *p = w->policy;
	return w->now + p->validity_default - p->refresh - p->jitter +
	       (int64_t)world_random(w, 2 * (uint64_t)p->jitter + 1);
}

/* The good signatures of an RRset by keys of the slot's algorithm. */
static mask_t of_algorithm(const world_t *w, mask_t keys, int slot)
{
	mask_t same = 0;
	for (EACH_BIT(i, keys)) {
		same |= w->algorithms[i] == w->algorithms[slot] ? bit(i) : 0;
	}
	return same;
}

/* As in module/sign/signatures.c. The signature of a key that is published and signs no more stays
 * until it is due, or until there is one of a published key that signs. As long as it stays, it is
 * enough for all published keys of the algorithm. Signatures of keys that are neither published nor
 * sign go at once, and so do those that are to be replaced. */
static void sign_set(world_t *w, signed_set_t *set, mask_t publish, mask_t active, mask_t replace)
{
	mask_t good = 0, stay = 0, fresh = 0;
	for (EACH_BIT(i, set->signers & (publish | active) & ~replace)) {
		good |= set->due[i] > w->now ? bit(i) : 0;
	}
	for (EACH_BIT(i, good)) {
		bool replaced = (of_algorithm(w, good, i) & active & publish) != 0;
		stay |= (active & bit(i)) != 0 || !replaced ? bit(i) : 0;
	}
	for (EACH_BIT(i, active & ~good)) {
		mask_t fading = of_algorithm(w, stay, i) & ~active;
		if ((publish & bit(i)) == 0 || fading == 0) {
			fresh |= bit(i);
			set->due[i] = draw_due(w);
		}
	}
	set->signers = stay | fresh;
}

static void count_signatures(world_t *w)
{
	for (int i = 0; i < WORLD_SLOTS; i++) {
		w->counts[i] = 0;
		for (size_t s = 0; s < WORLD_SETS; s++) {
			w->counts[i] += (w->built.sets[s].signers & bit(i)) != 0;
		}
		if (w->counts[i] > 0) {
			w->last_gone[i] = 0;
			w->counted |= bit(i);
		} else if ((w->counted & bit(i)) != 0 && w->last_gone[i] == 0) {
			w->last_gone[i] = -1;
		}
	}
}

/* Signatures that have long been there are of any age. */
static void spread(world_t *w, signed_set_t *set)
{
	for (EACH_BIT(i, set->signers)) {
		if (set->due[i] <= w->now) {
			uint64_t span = w->policy->validity_default - w->policy->refresh +
			                w->policy->jitter;
			set->due[i] = w->now + 1 + (int64_t)world_random(w, span);
		}
	}
}

static bool same_keys(const order_t *a, const order_t *b)
{
	return a->publish == b->publish && a->sign_zone == b->sign_zone &&
	       (b->replace & ~a->replace) == 0 &&
	       a->sign_dnskey == b->sign_dnskey;
}

/* The key set while the signer is bringing it into the zone: keys of the last key set stay as long
 * as their signatures. */
static order_t partly(const world_t *w)
{
	order_t order = w->pending;
	for (int i = 0; i < WORLD_SLOTS; i++) {
		bool needed = w->counts[i] > 0 && (w->built.order.publish & bit(i)) != 0 &&
		              w->room == NULL; /* What was signed ahead is taken as it is. */
		order.publish |= needed ? bit(i) : 0;
	}
	order.revision = w->built.order.revision;
	return order;
}

/* Whether the signer's key set has a key sign the zone that is gone: then it does nothing. */
static bool is_stuck(const world_t *w)
{
	mask_t gone = 0;
	for (size_t i = 0; i < w->zone.count; i++) {
		int slot = world_slot(w, w->keys[i].keytag);
		gone |= w->keys[i].dead && slot >= 0 ? bit(slot) : 0;
	}
	return ((w->pending.sign_zone | w->pending.sign_dnskey) & gone) != 0;
}

bool world_die(world_t *w)
{
	size_t first = world_random(w, WORLD_KEYS);
	for (size_t i = 0; i < w->zone.count; i++) {
		size_t which = (first + i) % w->zone.count;
		const core_key_t *key = &w->keys[which];
		bool signs = core_in_zone(key, KEYSET_RRSIG) ||
		             (plan_is_mourning(&w->zone) && core_in_zone(key, KEYSET_RRSIG_DNSKEY));
		bool comes = key->goal_in && !core_in_zone(key, KEYSET_RRSIG) &&
		             core_in_zone(key, KEYSET_DNSKEY);
		if (!key->dead && (signs || comes) &&
		    plan_lose(&w->zone, w->policy, which) == NULL) {
			/* With all keys gone, the parent has to take the DS back. */
			w->may_be_insecure = w->may_be_insecure || core_is_given_up(&w->zone);
			return true;
		}
	}
	return false;
}

bool world_build(world_t *w)
{
	version_t before = w->built;
	version_t *v = &w->built;
	const order_t *pending = &w->pending;
	if (is_stuck(w)) {
		return false;
	}
	if (w->walked == WORLD_ALL && pending->revision != v->order.revision &&
	    !same_keys(&w->walking, pending)) {
		if (world_due(w) == WORLD_NEVER) {
			for (size_t i = 0; i < WORLD_SETS; i++) {
				spread(w, &v->sets[i]);
			}
			spread(w, &v->dnskey);
		}
	}
	if (!same_keys(&w->walking, pending)) {
		w->walked = 0;
		w->walking = *pending;
	}
	/* From unsigned to signed, and back, in one version. */
	bool at_once = w->hurry || v->order.publish == 0 || pending->publish == 0;
	for (size_t i = 0; i < WORLD_SETS; i++) {
		bool edited = v->sets[i].signers == 0;
		if (at_once || edited || (w->walked & 1u << i) != 0 || world_random(w, 2) == 0) {
			sign_set(w, &v->sets[i], pending->publish, pending->sign_zone,
			         pending->replace);
			w->walked |= 1u << i;
		}
	}
	count_signatures(w);
	v->order = w->walked == WORLD_ALL ? *pending : partly(w);
	if (v->order.publish != before.order.publish ||
	    v->order.dnskey_ttl != before.order.dnskey_ttl) {
		v->dnskey.signers = 0;
	}
	if (w->room != NULL) {
		v->dnskey.signers = pending->sign_dnskey;
	} else {
		sign_set(w, &v->dnskey, pending->publish, pending->sign_dnskey, 0);
	}
	v->cds = pending->publish != 0 ? pending->sign_cds : 0;
	w->max_ttl = v->ttl > w->max_ttl ? v->ttl : w->max_ttl;
	if (v->order.publish != 0 && v->order.dnskey_ttl > w->max_ttl) {
		w->max_ttl = v->order.dnskey_ttl; /* Of CDS. */
	}
	w->fresh = w->fresh || memcmp(&before, v, sizeof(before)) != 0;
	return w->fresh;
}

bool world_is_walking(const world_t *w)
{
	return w->walked != WORLD_ALL;
}

/* Whether the RRset has signatures of keys that sign no more. */
static bool fades(const signed_set_t *set, mask_t active)
{
	return (set->signers & ~active) != 0;
}

int64_t world_due(const world_t *w)
{
	int64_t due = WORLD_NEVER;
	for (size_t s = 0; s <= WORLD_SETS; s++) {
		const signed_set_t *set = s < WORLD_SETS ? &w->built.sets[s] : &w->built.dnskey;
		mask_t active = s < WORLD_SETS ? w->built.order.sign_zone
		                               : w->built.order.sign_dnskey;
		for (EACH_BIT(i, fades(set, active) ? set->signers : 0)) {
			due = set->due[i] < due ? set->due[i] : due;
		}
	}
	return due;
}

void world_edit(world_t *w, uint32_t ttl)
{
	if (is_stuck(w)) {
		return;
	}
	w->built.sets[world_random(w, WORLD_SETS)].signers = 0;
	w->built.ttl = ttl;
	world_build(w);
}

/* The parent wants CDS signed by a key that its DS leads to (RFC 7344, section 4.1). */
static void check_cds(world_t *w)
{
	const version_t *v = &w->published;
	mask_t leads = v->order.publish & v->dnskey.signers & w->ds;
	if (w->ds != 0 && v->cds != 0 && (v->cds & leads) == 0 && w->failure[0] == '\0') {
		snprintf(w->failure, sizeof(w->failure), "at %lld: the parent cannot take CDS",
		         (long long)w->now);
	}
}

static content_t dnskeys_of(const version_t *v)
{
	return (content_t){ .keys = v->order.publish, .signers = v->dnskey.signers,
	                    .good = v->order.good };
}

/* Caches learn of the new version; the old one is forgotten some day. */
static void spread_version(world_t *w, const version_t *old, const version_t *new)
{
	int64_t ttl = (int64_t)w->zone_propagation;
	uint32_t gone = absence(w->policy->soa_ttl, w->policy->soa_minimum);
	uint32_t keys_ttl = old->order.publish != 0 ? old->order.dnskey_ttl : gone;
	const content_t dnskeys = dnskeys_of(old), next = dnskeys_of(new);
	supersede(w, &w->dnskey_caches, &dnskeys, ttl + keys_ttl);
	supersede(w, &w->cds_caches, &(content_t){ .signers = old->cds }, ttl + keys_ttl);
	for (size_t i = 0; i < WORLD_SETS; i++) {
		supersede(w, &w->data_caches, &(content_t){ .signers = old->sets[i].signers },
		          ttl + old->ttl);
	}
	appear(w, &w->dnskey_caches, &next);
	appear(w, &w->cds_caches, &(content_t){ .signers = new->cds });
	for (size_t i = 0; i < WORLD_SETS; i++) {
		appear(w, &w->data_caches, &(content_t){ .signers = new->sets[i].signers });
	}
	w->excused = w->excused && new->order.good.until == old->order.good.until;
}

void world_publish(world_t *w)
{
	const version_t *old = &w->published, *new = &w->built;
	spread_version(w, old, new);
	if (new->order.revision != old->order.revision || w->revision_since == 0) {
		w->revision_since = w->now;
	}
	for (int i = 0; i < WORLD_SLOTS; i++) {
		w->last_gone[i] = w->last_gone[i] < 0 ? w->now : w->last_gone[i];
	}
	w->published = *new;
	w->fresh = false;
	forget_all_old(w);
	check_caches(w);
	check_cds(w);
}

void world_ask(world_t *w)
{
	bool taken = w->published.order.revision == w->built.order.revision;
	w->facts = (facts_t){
		.revision = w->built.order.revision,
		.revision_since = taken ? w->revision_since : 0,
		.max_ttl = w->max_ttl,
		.keys = w->facts_keys,
	};
	for (int i = 0; i < WORLD_SLOTS; i++) {
		if ((w->counted & bit(i)) != 0) {
			w->facts_keys[w->facts.key_count++] = (facts_key_t){
				.algorithm = w->algorithms[i],
				.keytag = w->tags[i],
				.signatures = w->counts[i],
				.last_gone = w->last_gone[i] > 0 ? w->last_gone[i] : 0,
			};
		}
	}
}

/* -- parent -------------------------------------------------------------- */

/* What the engine wants of the parent: the DS that are to come, and those that are to go. */
static void wishes(const world_t *w, mask_t *in, mask_t *out)
{
	*in = *out = 0;
	for (size_t i = 0; i < w->zone.count; i++) {
		int slot = world_slot(w, w->keys[i].keytag);
		keyset_state_t ds = w->keys[i].record[KEYSET_DS].state;
		if (slot >= 0 && (ds == KEYSET_RUMOURED || ds == KEYSET_OMNIPRESENT)) {
			*in |= bit(slot) & ~w->ds & ~w->lost;
		} else if (slot >= 0 && ds == KEYSET_UNRETENTIVE) {
			*out |= bit(slot) & w->ds;
		}
	}
}

/* Whether some server of the parent has these DS. */
static bool is_served(const world_t *w, mask_t ds)
{
	for (size_t k = 0; k < WORLD_SERVERS; k++) {
		if (w->servers[k].ds == ds) {
			return true;
		}
	}
	return false;
}

/* A server has other DS, or other TTLs, from now on. */
static void change_server(world_t *w, size_t k, server_t next)
{
	server_t *server = &w->servers[k];
	content_t *old = find_content(&w->ds_caches, &(content_t){ .keys = server->ds });
	int64_t least = w->now + w->parent_propagation +
	                (server->ds != 0 ? server->ttl : server->absence);
	if (old != NULL && old->least < least) {
		old->least = least;
	}
	mask_t before = server->ds;
	*server = next;
	w->unseen = w->unseen || (next.ds != 0 ? next.ttl > w->told.ttl
	                                       : next.absence > w->told.absence);
	appear(w, &w->ds_caches, &(content_t){ .keys = next.ds });
	if (old != NULL && !is_served(w, before)) {
		old->until = old->least;
	}
}

/* The server gets the DS that the parent is to have. The TTL may be lowered together with that. */
static void update_server(world_t *w, size_t k)
{
	server_t *server = &w->servers[k];
	if (!w->watched) {
		server->ttl = w->policy->parent_ds_ttl;
		server->absence = absence(w->policy->parent_soa_ttl, w->policy->parent_soa_minimum);
	}
	server_t next = { w->ds, server->ttl, server->absence };
	if (w->watched && world_random(w, 3) == 0) {
		next.ttl = (uint32_t)world_random(w, (uint64_t)server->ttl + 1);
	}
	change_server(w, k, next);
}

/* everywhere: all servers of the parent follow at once. */
static void change_ds(world_t *w, mask_t ds, bool everywhere)
{
	w->ds = ds;
	for (size_t k = 0; k < WORLD_SERVERS && (k == 0 || everywhere || !w->watched); k++) {
		update_server(w, k);
	}
	forget_all_old(w);
	w->lost_all = (w->lost_all || (ds == 0 && w->lost != 0)) &&
	              find_content(&w->ds_caches, &(content_t){ 0 }) != NULL;
}

/* The first server that is behind the primary; WORLD_SERVERS = there is none. */
static size_t lagging(const world_t *w)
{
	size_t k = 0;
	while (k < WORLD_SERVERS && w->servers[k].ds == w->ds) {
		k++;
	}
	return k;
}

bool world_lags(const world_t *w)
{
	return lagging(w) < WORLD_SERVERS && !w->unseen;
}

void world_sync(world_t *w)
{
	if (world_lags(w)) {
		update_server(w, lagging(w));
		forget_all_old(w);
		check_caches(w);
	}
}

void world_change_ttls(world_t *w, uint32_t ttl, uint32_t absence_ttl)
{
	size_t k = world_random(w, WORLD_SERVERS);
	if (w->unseen) {
		return;
	}
	change_server(w, k, (server_t){ w->servers[k].ds, ttl, absence_ttl });
}

bool world_leave(world_t *w)
{
	for (size_t i = 0; i < w->ds_caches.count; i++) {
		if (w->ds_caches.contents[i].keys != 0) {
			return false;
		}
	}
	const version_t unsigned_one = { .ttl = w->published.ttl };
	spread_version(w, &w->published, &unsigned_one);
	w->published = w->built = unsigned_one;
	w->away = true;
	w->left_at = w->now;
	return true;
}

bool world_parent(world_t *w, bool all)
{
	mask_t in, out, before = w->ds;
	if ((w->away && CORE_RULE(MUTANT_ERRAND)) || (w->watched && w->unseen)) {
		return false;
	}
	wishes(w, &in, &out);
	mask_t todo = in | out;
	while (!all && (todo & (todo - 1)) != 0) { /* Until any one of them is left. */
		todo &= world_random(w, 2) == 0 ? todo - 1 : todo & -todo;
	}
	if (todo == 0) {
		return false;
	}
	change_ds(w, (w->ds & ~(out & todo)) | (in & todo), false);
	if (before != 0 && w->ds == 0 && !w->may_be_insecure) {
		snprintf(w->failure, sizeof(w->failure), "at %lld: the last DS was taken away",
		         (long long)w->now);
	}
	check_caches(w);
	check_cds(w);
	return true;
}

/* Whether each of these DS leads to all DNSKEY RRsets that are published or ordered. */
static bool all_lead(const world_t *w, mask_t ds)
{
	const order_t *orders[] = { &w->ordered, &w->pending, &w->walking, &w->built.order };
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		if ((ds & ~(orders[i]->publish & orders[i]->sign_dnskey)) != 0) {
			return false;
		}
	}
	for (size_t i = 0; i < w->dnskey_caches.count; i++) {
		const content_t *dnskey = &w->dnskey_caches.contents[i];
		if ((ds & ~(dnskey->keys & dnskey->signers)) != 0) {
			return false;
		}
	}
	return true;
}

bool world_lose(world_t *w)
{
	mask_t in, out, gone = 0, counts = 0;
	wishes(w, &in, &out);
	for (size_t i = 0; i < w->zone.count; i++) {
		int slot = world_slot(w, w->keys[i].keytag);
		counts |= slot >= 0 && core_ds_counts(&w->keys[i]) ? bit(slot) & w->ds : 0;
	}
	bool all = world_random(w, 2) == 0;
	for (EACH_BIT(i, counts)) {
		gone |= all || gone == 0 || world_random(w, 2) == 0 ? bit(i) : 0;
	}
	mask_t left = w->ds & ~gone;
	if (gone == 0 || !all_lead(w, left | in) || (w->watched && w->unseen)) {
		return false;
	}
	/* Of a DS that is left the engine may not have been told yet. */
	w->may_be_insecure = w->may_be_insecure || (left & counts & ~out) == 0;
	w->lost |= gone;
	w->seen = 0;
	change_ds(w, left, true);
	check_caches(w);
	return true;
}

/* -- the engine looks at the parent -------------------------------------- */

#define ZONE "\7example\3net"
#define PARENT "\3net"
#define MESSAGE_MAX 8192
#define DS_LEN 36 /* Bytes of a DS by SHA-256. */

/* The answers of all servers that conf.xml names. */
typedef struct {
	ds_answer_t answers[WORLD_SERVERS + 1];
	size_t count;
	bool whole;
} answers_t;

static void make_ds(const world_t *w, int slot, uint8_t rdata[DS_LEN])
{
	memset(rdata, w->tags[slot] & 0xff, DS_LEN);
	rdata[0] = (uint8_t)(w->tags[slot] >> 8);
	rdata[1] = (uint8_t)w->tags[slot];
	rdata[2] = w->algorithms[slot];
	rdata[3] = 2;
}

static void put_soa(knot_pkt_t *pkt, const char *owner, uint32_t ttl)
{
	uint8_t rdata[22] = { 0 }; /* Two names of the root, and five numbers. */
	knot_wire_write_u32(rdata + 18, ttl);
	knot_rrset_t *soa = knot_rrset_new((const knot_dname_t *)owner, KNOT_RRTYPE_SOA,
	                                   KNOT_CLASS_IN, ttl, NULL);
	knot_rrset_add_rdata(soa, rdata, sizeof(rdata), NULL);
	knot_pkt_begin(pkt, KNOT_AUTHORITY);
	knot_pkt_put(pkt, KNOT_COMPR_HINT_NONE, soa, 0);
	knot_rrset_free(soa, NULL);
}

static void put_ds(const world_t *w, knot_pkt_t *pkt, const server_t *server)
{
	knot_rrset_t *ds = knot_rrset_new((const knot_dname_t *)ZONE, KNOT_RRTYPE_DS,
	                                  KNOT_CLASS_IN, server->ttl, NULL);
	for (EACH_BIT(i, server->ds)) {
		uint8_t rdata[DS_LEN];
		make_ds(w, i, rdata);
		knot_rrset_add_rdata(ds, rdata, sizeof(rdata), NULL);
	}
	knot_pkt_begin(pkt, KNOT_ANSWER);
	knot_pkt_put(pkt, KNOT_COMPR_HINT_NONE, ds, 0);
	knot_rrset_free(ds, NULL);
}

/* server: NULL = one that has the zone itself, or, at odd times, one that does not know it. */
static void ask(const world_t *w, const server_t *server, answers_t *all)
{
	char why[200];
	knot_pkt_t *pkt = knot_pkt_new(NULL, MESSAGE_MAX, NULL);
	knot_pkt_put_question(pkt, (const knot_dname_t *)ZONE, KNOT_CLASS_IN, KNOT_RRTYPE_DS);
	knot_wire_set_id(pkt->wire, 7);
	knot_wire_set_qr(pkt->wire);
	knot_wire_set_aa(pkt->wire);
	if (server == NULL && w->now % 2 != 0) {
		knot_wire_set_rcode(pkt->wire, KNOT_RCODE_NXDOMAIN);
		put_soa(pkt, PARENT, 0);
	} else if (server == NULL) {
		put_soa(pkt, ZONE, 0);
	} else if (server->ds == 0) {
		put_soa(pkt, PARENT, server->absence);
	} else {
		put_ds(w, pkt, server);
	}
	const reply_t message = { pkt->wire, pkt->size, (const knot_dname_t *)ZONE, 7 };
	bool good = ds_answer_parse(&message, &all->answers[all->count], why, sizeof(why)) == 0;
	all->count += good;
	all->whole = all->whole && good;
	knot_pkt_free(pkt);
}

static void ask_all(const world_t *w, answers_t *all)
{
	all->count = 0;
	all->whole = true;
	if (w->asks != WORLD_ASKS_PARENT) {
		ask(w, NULL, all);
	}
	for (size_t k = 0; k < WORLD_SERVERS && w->asks != WORLD_ASKS_CHILD; k++) {
		ask(w, &w->servers[k], all);
	}
}

static parent_verdict_t verdict(const world_t *w, const answers_t *all, int slot,
                                parent_wish_t wish)
{
	verdict_ds_t ds = { .wish = wish, .keytag = w->tags[slot],
	                    .algorithm = w->algorithms[slot], .ds_len = { 0, DS_LEN, 0 } };
	verdict_tally_t tally = { 0 };
	make_ds(w, slot, ds.ds[1]);
	for (size_t i = 0; i < all->count; i++) {
		verdict_count(&ds, &all->answers[i], &tally);
	}
	return verdict_reach(&ds, &tally, all->whole);
}

static void see_ttls(world_t *w, const answers_t *all)
{
	core_shown_t shown = { 0 };
	for (size_t i = 0; i < all->count; i++) {
		const ds_answer_t *answer = &all->answers[i];
		shown.ttl = answer->ttl > shown.ttl ? answer->ttl : shown.ttl;
		shown.absence = answer->absence > shown.absence ? answer->absence : shown.absence;
	}
	core_see_parent(&w->zone, w->policy, &shown, all->whole, w->now);
	w->told.ttl = shown.ttl > w->told.ttl || all->whole ? shown.ttl : w->told.ttl;
	w->told.absence = shown.absence > w->told.absence || all->whole ? shown.absence
	                                                                : w->told.absence;
	w->unseen = w->unseen && w->asks == WORLD_ASKS_CHILD;
	w->waits_anew = false;
}

static void look_at_all(world_t *w)
{
	answers_t *all = calloc(1, sizeof(*all));
	bool seen = all != NULL;
	if (all == NULL) {
		return;
	}
	ask_all(w, all);
	see_ttls(w, all);
	for (size_t i = 0; i < w->zone.count; i++) {
		int slot = world_slot(w, w->keys[i].keytag);
		if (slot < 0 || !core_ds_counts(&w->keys[i])) {
			continue;
		}
		parent_verdict_t said = verdict(w, all, slot, PARENT_STAYS);
		if (said == PARENT_GONE) {
			core_ds_lose(&w->zone, i, w->now);
			w->lost &= ~bit(slot);
		}
		seen = seen && (said == PARENT_YES || said == PARENT_GONE);
	}
	if (seen) {
		w->seen = w->now;
		w->lost = 0;
	}
	free(all);
}

void world_look(world_t *w)
{
	if (w->watched) {
		look_at_all(w);
		return;
	}
	w->seen = w->now;
	for (size_t i = 0; i < w->zone.count; i++) {
		int slot = world_slot(w, w->keys[i].keytag);
		if (slot >= 0 && (w->ds & bit(slot)) == 0) {
			core_ds_lose(&w->zone, i, w->now);
		}
	}
	w->lost = 0;
}

/* Whether it is so, or said to be so. */
static bool is_confirmed(const world_t *w, const answers_t *all, int slot, bool there)
{
	if (!w->watched) {
		return there == (slot >= 0 && (w->ds & bit(slot)) != 0);
	}
	return slot >= 0 &&
	       verdict(w, all, slot, there ? PARENT_COMES : PARENT_GOES) == PARENT_YES;
}

void world_confirm(world_t *w)
{
	answers_t *all = calloc(1, sizeof(*all));
	if (all != NULL && w->watched) {
		ask_all(w, all);
		see_ttls(w, all);
	}
	for (size_t i = 0; i < w->zone.count && all != NULL; i++) {
		core_key_t *key = &w->keys[i];
		bool there = key->record[KEYSET_DS].state == KEYSET_RUMOURED;
		if (core_ds_waits(key) &&
		    is_confirmed(w, all, world_slot(w, key->keytag), there) &&
		    core_ds_confirm(key, there, w->now) && there &&
		    !policy_is_unsigned(w->policy) && !core_is_given_up(&w->zone)) {
			w->may_be_insecure = false;
		}
	}
	free(all);
}

bool world_parent_waits(const world_t *w)
{
	for (size_t i = 0; i < w->zone.count && !w->watched; i++) {
		if (core_ds_waits(&w->keys[i])) {
			return true;
		}
	}
	mask_t in, out;
	wishes(w, &in, &out);
	return (in | out) != 0;
}

bool world_is_settled(const world_t *w)
{
	for (size_t i = 0; i < w->zone.count; i++) {
		const core_key_t *key = &w->keys[i];
		if (key->goal_in ? !core_is_settled(key) : !core_is_hidden(key)) {
			return false;
		}
	}
	for (size_t i = 0; i < w->policy->key_count && !w->policy->passthrough; i++) {
		unsigned found = 0;
		for (size_t k = 0; k < w->zone.count; k++) {
			found += plan_entry(w->policy, &w->keys[k]) == &w->policy->keys[i];
		}
		if (found != w->policy->keys[i].standby + 1) {
			return false;
		}
	}
	return true;
}

void world_init(world_t *w, uint64_t seed, const policy_t *policy)
{
	*w = (world_t){ .random = seed, .policy = policy };
	w->zone.keys = w->keys;
	w->may_be_insecure = true;
	w->zone_propagation = policy->zone_propagation;
	w->parent_propagation = policy->parent_propagation;
	w->now = 1000000000;
	w->walked = WORLD_ALL;
	const content_t none = { 0 };
	appear(w, &w->ds_caches, &none);
	appear(w, &w->dnskey_caches, &none);
	appear(w, &w->data_caches, &none);
	appear(w, &w->cds_caches, &none);
}
