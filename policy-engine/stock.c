/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <stdlib.h>
#include <string.h>

#include "policy-engine/engine-internal.h"
#include "policy-engine/log.h"
#include "policy-engine/publish.h"

#define EVERY_S 3600
#define ORDER_MAX 100000 /* Keys of one kind at once. */

/* Zones of one policy that the module has. */
typedef struct {
	const char *policy;
	uint64_t zones;
} count_t;

static void count_zone(void *ctx, live_zone_t *zone)
{
	count_t *count = ctx;
	count->zones += zone->facts.policy != NULL &&
	                strcmp(zone->facts.policy, count->policy) == 0;
}

/* A kind of keys: several policies may want the same. */
typedef struct {
	const policy_key_t *key;
	uint64_t need;
} kind_t;

typedef struct {
	kind_t *kinds;
	size_t count;
} kinds_t;

static bool is_same(const policy_key_t *a, const policy_key_t *b)
{
	return a->algorithm == b->algorithm && a->bits == b->bits &&
	       strcmp(a->repository, b->repository) == 0;
}

static void add_need(kinds_t *all, const policy_key_t *key, uint64_t need)
{
	for (size_t i = 0; i < all->count; i++) {
		if (is_same(all->kinds[i].key, key)) {
			all->kinds[i].need += need;
			return;
		}
	}
	kind_t *kinds = reallocarray(all->kinds, all->count + 1, sizeof(*kinds));
	if (kinds != NULL) {
		all->kinds = kinds;
		kinds[all->count++] = (kind_t){ key, need };
	}
}

/* What the zones of a policy will want within the period. */
static void add_policy(engine_t *e, const policy_t *policy, kinds_t *all)
{
	count_t count = { .policy = policy->name };
	if (policy->defect != NULL || policy_is_unsigned(policy)) {
		return;
	}
	live_each(&e->live, count_zone, &count);
	uint64_t zones = policy->share_keys && count.zones > 0 ? 1 : count.zones;
	for (size_t i = 0; i < policy->key_count; i++) {
		const policy_key_t *key = &policy->keys[i];
		bool by_age = !key->manual_rollover && key->lifetime > 0;
		uint64_t each = by_age ? (e->conf.generation_period + key->lifetime - 1) /
		                                 key->lifetime
		                       : 1;
		add_need(all, key, each * zones);
	}
}

static int count_key(void *ctx, const store_token_key_t *key)
{
	(void)key;
	(*(uint64_t *)ctx)++;
	return 0;
}

static int order_kind(engine_t *e, const kind_t *kind)
{
	const policy_key_t *key = kind->key;
	uint64_t unused = 0;
	if (store_keys_unused(e->store, key->repository, key->algorithm, key->bits, count_key,
	                      &unused) != 0) {
		return -1;
	}
	if (unused < kind->need) {
		uint64_t lack = kind->need - unused < ORDER_MAX ? kind->need - unused : ORDER_MAX;
		log_event(LOG_INFO, NULL, "generating %llu keys of algorithm %u in repository %s in "
		          "advance", (unsigned long long)lack, key->algorithm, key->repository);
		orders_add(e, key, (unsigned)lack);
	}
	return 0;
}

int stock_pass(engine_t *e, int64_t now)
{
	int ret = 0;
	kinds_t all = { 0 };
	pthread_mutex_lock(&e->lock);
	bool due = e->signer_up && now >= e->stock_at && e->conf.generation_period > 0 &&
	           !e->conf.manual_generation && e->order_count == 0 && e->want_count == 0;
	for (size_t i = 0; due && i < e->policies.count; i++) {
		add_policy(e, &e->policies.policies[i], &all);
	}
	for (size_t i = 0; i < all.count && ret == 0; i++) {
		ret = order_kind(e, &all.kinds[i]);
	}
	e->stock_at = due ? now + EVERY_S : e->stock_at;
	pthread_mutex_unlock(&e->lock);
	free(all.kinds);
	return ret;
}
