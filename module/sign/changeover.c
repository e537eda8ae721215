/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/sign/changeover.h"

#include <string.h>

#include <libknot/errcode.h>

#include "module/sign/refresh.h"

/* Entries that a run removes at most, so that other zones do not wait for long to write. */
#define CLEAN_SIZE 50000

uint32_t changeover_algorithms(const keyset_t *set)
{
	uint32_t algorithms = 0;
	for (size_t i = 0; i < set->key_count; i++) {
		if (set->keys[i].sign_zone) {
			algorithms |= UINT32_C(1) << (set->keys[i].algorithm % 32);
		}
	}
	return algorithms;
}

void changeover_adopt(state_t *state, const keyset_t *before, const keyset_t *set)
{
	if (state->revision == set->revision) {
		return;
	}
	if (before == NULL || keyring_walk(before, set)) {
		state->sign_all = true;
	} else if (state->walk.revision == before->revision) {
		state->walk.revision = set->revision; /* The walk goes on. */
	}
}

/*! Removes entries of the first doomed id. */
static int clean_some(store_txn_t *txn, state_t *state, size_t most)
{
	static const store_table_t tables[] = { STORE_SIGNED, STORE_CHAIN, STORE_EXPIRY };
	int ret = KNOT_EOK;
	for (size_t i = 0; ret == KNOT_EOK && i < sizeof(tables) / sizeof(tables[0]); i++) {
		ret = store_clear_some(txn, tables[i], state->doomed[0], &most);
	}
	if (ret == KNOT_EOK && most > 0) {
		memmove(state->doomed, state->doomed + 1,
		        sizeof(state->doomed) - sizeof(state->doomed[0]));
		state->doomed[STATE_DOOMED - 1] = 0;
	}
	return ret;
}

static int doom(store_txn_t *txn, state_t *state, uint32_t id)
{
	int ret = KNOT_EOK;
	while (ret == KNOT_EOK && !state_doom(state, id)) {
		ret = clean_some(txn, state, SIZE_MAX);
	}
	return ret;
}

/*** What is prepared. ***/

static state_chain_t wanted_chain(const keyset_t *set)
{
	state_chain_t chain;
	memset(&chain, 0, sizeof(chain));
	chain.id = !set->passthrough;
	chain.nsec3 = chain.id != 0 && set->nsec3;
	if (chain.nsec3) {
		chain.optout = set->nsec3_optout;
		chain.iterations = set->nsec3_iterations;
		chain.salt_len = set->nsec3_salt_len;
		memcpy(chain.salt, set->nsec3_salt, set->nsec3_salt_len);
	}
	return chain;
}

static int drop_next_chain(store_txn_t *txn, state_t *state)
{
	int ret = doom(txn, state, state->next_chain.id);
	memset(&state->next_chain, 0, sizeof(state->next_chain));
	memset(&state->next_size.chain, 0, sizeof(state->next_size.chain));
	for (uint32_t i = 0; i < state->key_count; i++) {
		state->keys[i].next -= state->keys[i].next_chained;
		state->keys[i].next_chained = 0;
	}
	return ret;
}

static int drop_next_nodes(store_txn_t *txn, state_t *state)
{
	int ret = doom(txn, state, state->next_nodes);
	state->next_nodes = 0;
	memset(&state->next_size.nodes, 0, sizeof(state->next_size.nodes));
	for (uint32_t i = 0; i < state->key_count; i++) {
		state->keys[i].next = state->keys[i].next_chained;
	}
	return ret;
}

/*! What has to be done to what is prepared, for it to be what the key set asks for. */
typedef struct {
	state_chain_t wanted;
	bool drop_chain, drop_nodes;
	bool new_chain, new_nodes;
	bool mixed;                  /*!< As refresh_is_mixed(), or refresh_is_long() */
	bool walk, renew;            /*!< A walk begins; it makes all signatures anew. */
	uint32_t chain_id, nodes_id; /*!< Ids of what is new. */
} switch_t;

bool changeover_goes_on(const state_t *state, const keyset_t *set)
{
	return state->version > 0 && state->passthrough == set->passthrough &&
	       (set->passthrough || (state->algorithms & changeover_algorithms(set)) != 0);
}

/*!
 * Tells whether all nodes are made beside the published ones, and published at once. So they are
 * the first time, after the input was replaced as a whole, when the zone begins or ceases to pass
 * through, and if no algorithm stays: then one part of the zone cannot be as the new key set asks
 * while another part is not.
 */
static bool needs_nodes(const state_t *state, const keyset_t *set)
{
	return !changeover_goes_on(state, set) || state->signed_input < state->in.whole;
}

void changeover_afresh(state_t *state)
{
	state->signed_input = 0;
}

bool changeover_fits(const state_t *state)
{
	return state->signed_input >= state->in.whole ||
	       (state->next_nodes != 0 && state->walk.whole == state->in.whole);
}

static switch_t decide(const sign_args_t *args, const state_t *state)
{
	const keyset_t *set = &args->ring->set;
	switch_t plan = { .wanted = wanted_chain(set) };
	const bool nodes = needs_nodes(state, set), fits = changeover_fits(state);
	const bool chain = plan.wanted.id != 0 &&
	                   (nodes || !state_chain_same(&plan.wanted, &state->chain));
	const bool has_chain = chain && state->next_chain.id != 0 && fits &&
	                       state_chain_same(&plan.wanted, &state->next_chain);
	const bool has_nodes = nodes && state->next_nodes != 0 && fits;
	plan.drop_chain = state->next_chain.id != 0 && !has_chain;
	plan.new_chain = chain && !has_chain;
	plan.drop_nodes = state->next_nodes != 0 && !has_nodes;
	plan.new_nodes = nodes && !has_nodes;

	const bool walking = state->walk.phase != STATE_WALK_NONE;
	const bool renewing = walking && state->walk.renew;
	const bool mixed = refresh_is_mixed(state, set, &args->now);
	const bool lives_long = !mixed && refresh_is_long(state, set, &args->now);
	plan.mixed = mixed || lives_long;
	plan.walk = plan.mixed || plan.new_chain || plan.new_nodes || (args->renew && !renewing) ||
	            (state->sign_all && !(walking && state->walk.revision == set->revision));
	plan.renew = args->renew || renewing || lives_long;
	return plan;
}

/*! Takes ids for what is new; before the transaction, since that can need one of its own. */
static int take_ids(store_t *store, switch_t *plan)
{
	int ret = plan->new_chain ? store_spare_id(store, &plan->chain_id) : KNOT_EOK;
	return ret == KNOT_EOK && plan->new_nodes ? store_spare_id(store, &plan->nodes_id) : ret;
}

static int drop(const switch_t *plan, store_txn_t *txn, state_t *state)
{
	int ret = plan->drop_chain ? drop_next_chain(txn, state) : KNOT_EOK;
	return ret == KNOT_EOK && plan->drop_nodes ? drop_next_nodes(txn, state) : ret;
}

static void begin(const sign_args_t *args, const switch_t *plan, state_t *state)
{
	const keyset_t *set = &args->ring->set;
	if (plan->new_chain) {
		state->next_chain = plan->wanted;
		state->next_chain.id = plan->chain_id;
	}
	if (plan->new_nodes) {
		state->next_nodes = plan->nodes_id;
	}
	if (plan->walk) {
		memset(&state->walk, 0, sizeof(state->walk));
		state->walk.phase = STATE_WALK_NAMES;
		state->walk.revision = set->revision;
		state->walk.whole = state->in.whole;
		state->walk.renew = plan->renew;
		state->sign_all = true;
		/* From now on the walk knows where it has been. */
		if (plan->mixed) {
			state->signed_at = args->now.to;
			state->signed_doubt = args->now.to - args->now.from;
		}
		/* An algorithm that signs no more ceases to sign all of the zone with the walk. */
		state->algorithms &= changeover_algorithms(set);
	}
}

int changeover_run(const sign_args_t *args, state_t *state)
{
	switch_t plan = decide(args, state);
	store_txn_t txn;
	int ret = take_ids(args->store, &plan);
	if (ret != KNOT_EOK) {
		return ret;
	}
	if (!plan.drop_chain && !plan.drop_nodes) {
		begin(args, &plan, state);
		return KNOT_EOK;
	}
	ret = store_write(args->store, &txn);
	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = drop(&plan, &txn, state);
	if (ret == KNOT_EOK) {
		begin(args, &plan, state);
		ret = state_save(&txn, args->zone, state);
	}
	return store_end(&txn, ret);
}

int changeover_switch(store_txn_t *txn, state_t *state, const keyset_t *set)
{
	const bool nodes = state->next_nodes != 0;
	int ret = KNOT_EOK;
	if (nodes) {
		ret = doom(txn, state, state->nodes);
		state->nodes = state->next_nodes;
		state->next_nodes = 0;
		state->size.nodes = state->next_size.nodes;
		memset(&state->next_size.nodes, 0, sizeof(state->next_size.nodes));
		state->passthrough = set->passthrough;
	}
	if (ret == KNOT_EOK && (nodes || state->next_chain.id != 0)) {
		ret = doom(txn, state, state->chain.id);
		state->chain = state->next_chain;
		memset(&state->next_chain, 0, sizeof(state->next_chain));
		state->size.chain = state->next_size.chain;
		memset(&state->next_size.chain, 0, sizeof(state->next_size.chain));
		for (uint32_t i = 0; i < state->key_count; i++) {
			state_key_t *key = &state->keys[i];
			key->signatures = (nodes ? 0 : key->signatures - key->chained) + key->next;
			key->chained = key->next_chained;
			key->next = key->next_chained = 0;
		}
	}
	return ret;
}

int changeover_clean(const sign_args_t *args, state_t *state)
{
	store_txn_t txn;
	if (state->doomed[0] == 0) {
		return KNOT_EOK;
	}
	int ret = store_write(args->store, &txn);
	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = clean_some(&txn, state, CLEAN_SIZE);
	ret = ret == KNOT_EOK ? state_save(&txn, args->zone, state) : ret;
	return store_end(&txn, ret);
}
