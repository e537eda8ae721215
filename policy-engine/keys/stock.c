/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/keys/stock.h"

#include <stdlib.h>
#include <string.h>

#include "policy-engine/base/event.h"

#define EVERY_S 3600     /* Seconds between two looks; zones come and go meanwhile. */
#define ORDER_MAX 100000 /* Keys of one kind in one look: bounds what a slip in kasp.xml does. */

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
static void add_policy(const desk_t *desk, const policy_t *policy, kinds_t *all)
{
	count_t count = { .policy = policy->name };
	if (policy->defect != NULL || policy_is_unsigned(policy)) {
		return;
	}
	live_each(&desk->live, count_zone, &count);
	uint64_t zones = policy->share_keys && count.zones > 0 ? 1 : count.zones;
	for (size_t i = 0; i < policy->key_count; i++) {
		const policy_key_t *key = &policy->keys[i];
		const kind_t kind = kind_of(key);
		bool by_age = !key->manual_rollover && key->lifetime > 0;
		uint64_t each = by_age ? (desk->conf.generation_period + key->lifetime - 1) /
		                                 key->lifetime
		                       : 1;
		if (key->repository[0] != '\0') {
			kinds_add(all, &kind, each * zones);
		}
	}
}

static int order_kind(keys_t *keys, const kind_need_t *needed)
{
	const kind_t *kind = &needed->kind;
	int64_t have = db_keys_unused_count(keys->desk->db, kind->repository, kind->algorithm,
	                                    kind->bits);
	if (have < 0) {
		return -1;
	}
	uint64_t unused = (uint64_t)have;
	if (unused < needed->need) {
		uint64_t lack = needed->need - unused;
		lack = lack < ORDER_MAX ? lack : ORDER_MAX;
		log_about(LOG_INFO, (about_t){ .event = "key-pair" },
		          "generating %llu keys of algorithm %u in repository %s in "
		          "advance", (unsigned long long)lack, kind->algorithm, kind->repository);
		wants_order(&keys->orders, kind, (unsigned)lack);
	}
	return 0;
}

int stock_pass(keys_t *keys, int64_t now)
{
	desk_t *desk = keys->desk;
	int ret = 0;
	kinds_t all = { 0 };
	pthread_mutex_lock(&desk->lock);
	bool due = now >= keys->stock_at && desk->conf.generation_period > 0 &&
	           !desk->conf.manual_generation && keys->orders.count == 0 &&
	           keys->wants.count == 0;
	for (size_t i = 0; due && i < desk->policies.count; i++) {
		add_policy(desk, &desk->policies.policies[i], &all);
	}
	for (size_t i = 0; i < all.count && ret == 0; i++) {
		ret = order_kind(keys, &all.kinds[i]);
	}
	keys->stock_at = due ? now + EVERY_S : keys->stock_at;
	pthread_mutex_unlock(&desk->lock);
	free(all.kinds);
	return ret;
}
