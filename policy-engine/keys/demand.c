/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <limits.h>
#include <stdlib.h>

#include "policy-engine/engine/internal.h"
#include "policy-engine/keys/kinds.h"

#define RETRY_S 30 /* For a token that cannot be used. */

/* What the zones of each policy lack, by its entries. */
typedef struct {
	const policies_t *policies;
	uint64_t (*lacks)[POLICY_KEYS_MAX];
} demand_t;

/* Of zones that share their keys, the first one gets one, and the others have it. */
static void count_zone(void *ctx, live_zone_t *zone)
{
	demand_t *demand = ctx;
	const policy_t *policy = zone->wants && zone->facts.policy != NULL
	                                 ? policies_find(demand->policies, zone->facts.policy)
	                                 : NULL;
	for (size_t i = 0; policy != NULL && i < policy->key_count; i++) {
		uint64_t *lacks = &demand->lacks[policy - demand->policies->policies][i];
		if (!policy->share_keys) {
			*lacks += zone->lacks[i];
		} else if (*lacks < zone->lacks[i]) {
			*lacks = zone->lacks[i];
		}
	}
}

/* Adds up what policies lack of the same kind. */
static void add_up(const demand_t *demand, kinds_t *all)
{
	for (size_t p = 0; p < demand->policies->count; p++) {
		const policy_t *policy = &demand->policies->policies[p];
		for (size_t i = 0; i < policy->key_count; i++) {
			if (demand->lacks[p][i] > 0) {
				kinds_add(all, &policy->keys[i], demand->lacks[p][i]);
			}
		}
	}
}

/* Keys without a backup are for those who lack one, too: zones took the others already. */
static int want_kind(engine_t *e, const kind_t *kind, int64_t now)
{
	const policy_key_t *key = kind->key;
	char why[TOKENS_PROBLEM_MAX];
	if (!repos_usable(e->tokens, key->repository, why)) {
		e->want_at = now + RETRY_S;
		return 0;
	}
	int64_t unused = db_keys_unused_count(e->db, key->repository, key->algorithm,
	                                      key->bits);
	if (unused < 0) {
		return -1;
	}
	uint64_t have = (uint64_t)unused + orders_of(e, key);
	uint64_t lack = kind->need > have ? kind->need - have : 0;
	if (lack > 0 && !wants_set(e, key, lack < UINT_MAX ? (unsigned)lack : UINT_MAX)) {
		e->want_at = now + RETRY_S;
	}
	return 0;
}

static int see_demand(engine_t *e, int64_t now)
{
	kinds_t all = { 0 };
	demand_t demand = { .policies = &e->policies };
	demand.lacks = calloc(e->policies.count, sizeof(*demand.lacks));
	if (demand.lacks == NULL) {
		e->want_at = now + RETRY_S;
		return 0;
	}
	live_each(&e->live, count_zone, &demand);
	add_up(&demand, &all);
	free(demand.lacks);
	int ret = 0;
	for (size_t i = 0; i < all.count && ret == 0; i++) {
		ret = want_kind(e, &all.kinds[i], now);
	}
	free(all.kinds);
	return ret;
}

int demand_pass(engine_t *e, int64_t now)
{
	int ret = 0;
	if (now < e->want_at) {
		return 0;
	}
	pthread_mutex_lock(&e->lock);
	for (size_t i = 0; i < e->want_count; i++) {
		e->wants[i].count = e->wants[i].ordered ? e->wants[i].count : 0;
	}
	e->want_at = CORE_NEVER;
	if (!e->conf.manual_generation) {
		ret = see_demand(e, now);
	}
	pthread_mutex_unlock(&e->lock);
	return ret;
}
