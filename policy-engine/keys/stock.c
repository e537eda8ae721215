/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <stdlib.h>
#include <string.h>

#include "policy-engine/base/event.h"
#include "policy-engine/engine/internal.h"
#include "policy-engine/keys/kinds.h"
#include "policy-engine/signer/compose.h"

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
		kinds_add(all, key, each * zones);
	}
}

static int order_kind(engine_t *e, const kind_t *kind)
{
	const policy_key_t *key = kind->key;
	int64_t have = db_keys_unused_count(e->db, key->repository, key->algorithm, key->bits);
	if (have < 0) {
		return -1;
	}
	uint64_t unused = (uint64_t)have;
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
