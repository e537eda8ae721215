/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/keys/demand.h"

#include <limits.h>
#include <stdlib.h>

#include "policy-engine/core/core.h"

/* Seconds until the demand is seen again if a token cannot be used, or memory is out. */
#define RETRY_S 30

/* What the zones of each policy lack, by its entries. */
typedef struct {
	const policies_t *policies;
	uint64_t (*lacks)[POLICY_KEYS_MAX];
} demand_t;

/* Zones that share their keys need as many as the zone that lacks the most. */
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

/* Adds up what the zones of all policies lack of the same kind. */
static void add_up(const demand_t *demand, kinds_t *all)
{
	for (size_t p = 0; p < demand->policies->count; p++) {
		const policy_t *policy = &demand->policies->policies[p];
		for (size_t i = 0; i < policy->key_count; i++) {
			if (demand->lacks[p][i] > 0) {
				const kind_t kind = kind_of(&policy->keys[i]);
				kinds_add(all, &kind, demand->lacks[p][i]);
			}
		}
	}
}

typedef struct {
	const proofs_t *proofs;
	int64_t now, count;
} usable_t;

static int count_usable(void *ctx, const db_token_key_t *key)
{
	usable_t *usable = ctx;
	usable->count += proofs_look(usable->proofs, key->cka_id, usable->now) != PROOF_BAD;
	return 0;
}

/* Counts the unused keys; not those that their token has lost. What a replica lacks has to be copied there,
 * not made anew. \return -1 if the database failed. */
static int64_t count_unused(const keys_t *keys, const kind_t *kind, int64_t now)
{
	db_t *db = keys->desk->db;
	usable_t usable = { .proofs = &keys->proofs, .now = now };
	const hsm_repository_t *conf =
		hsm_conf_repository(&keys->desk->conf.tokens, kind->repository);
	if (!keys->proofs.any_bad || (conf != NULL && conf->replica_count > 0)) {
		return db_keys_unused_count(db, kind->repository, kind->algorithm, kind->bits);
	}
	int ret = db_keys_unused(db, kind->repository, kind->algorithm, kind->bits, count_usable,
	                         &usable);
	return ret == 0 ? usable.count : -1;
}

/* Keys without a backup count, too: the zones that lack keys wait for that backup. */
static int want_kind(keys_t *keys, const kind_need_t *needed, int64_t now)
{
	const kind_t *kind = &needed->kind;
	char why[TOKENS_PROBLEM_MAX];
	if (!repos_usable(keys->tokens, kind->repository, why)) {
		desk_keys_wanted(keys->desk, now + RETRY_S);
		return 0;
	}
	int64_t unused = count_unused(keys, kind, now);
	if (unused < 0) {
		return -1;
	}
	uint64_t have = (uint64_t)unused + wants_ordered(&keys->wants, kind) +
	                wants_ordered(&keys->orders, kind);
	uint64_t lack = needed->need > have ? needed->need - have : 0;
	if (lack > 0 &&
	    !wants_set(&keys->wants, kind, lack < UINT_MAX ? (unsigned)lack : UINT_MAX)) {
		desk_keys_wanted(keys->desk, now + RETRY_S);
	}
	return 0;
}

static int see_demand(keys_t *keys, int64_t now)
{
	const desk_t *desk = keys->desk;
	kinds_t all = { 0 };
	demand_t demand = { .policies = &desk->policies };
	demand.lacks = calloc(desk->policies.count, sizeof(*demand.lacks));
	if (demand.lacks == NULL) {
		desk_keys_wanted(keys->desk, now + RETRY_S);
		return 0;
	}
	live_each(&desk->live, count_zone, &demand);
	add_up(&demand, &all);
	free(demand.lacks);
	int ret = 0;
	for (size_t i = 0; i < all.count && ret == 0; i++) {
		ret = want_kind(keys, &all.kinds[i], now);
	}
	free(all.kinds);
	return ret;
}

int demand_pass(keys_t *keys, int64_t now)
{
	desk_t *desk = keys->desk;
	int ret = 0;
	if (now < desk->keys_wanted_at) {
		return 0;
	}
	pthread_mutex_lock(&desk->lock);
	for (size_t i = 0; i < keys->wants.count; i++) {
		want_t *want = &keys->wants.wants[i];
		want->count = want->ordered ? want->count : 0;
	}
	desk_keys_wanted(desk, CORE_NEVER);
	if (!desk->conf.manual_generation) {
		ret = see_demand(keys, now);
	}
	pthread_mutex_unlock(&desk->lock);
	return ret;
}
