/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/sign/batch.h"

#include <stdio.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/rr/serial.h"
#include "module/sign/changeover.h"
#include "module/sign/expiry.h"
#include "module/sign/refresh.h"
#include "module/sign/walk.h"

/* How many nodes a batch looks at, at most, for each node that it may change: so a batch ends soon
 * also where a walk finds little to change. */
#define SEEN_FACTOR 10

/*! What it takes to collect a batch. */
typedef struct {
	batch_t *batch;
	store_txn_t txn;
	affected_t affected;
	chain_t published, next;  /*!< Each zeroed if there is no such chain. */
	uint32_t nodes;           /*!< Id of the nodes that are made. */
	bool reuses;              /*!< Signatures of the published nodes serve for the new nodes. */
	uint8_t apex[NODE_KEY_MAX];
	size_t apex_len;
	size_t most;              /*!< Changes of the batch, at most. */
	bool begun;               /*!< The walk begins with this batch. */
	uint32_t due_by;          /*!< Signatures that expire by then are due. */
	refresh_t refresh;        /*!< What is taken from the queue of the nodes... */
	refresh_t chain_refresh;  /*!< ...and from that of the published chain. */
} collect_t;

int batch_init(batch_t *batch, const sign_args_t *args, state_t *state)
{
	memset(batch, 0, sizeof(*batch));
	batch->args = args;
	batch->state = state;
	batch->walk = state->walk;
	batch->unseen = state->next_nodes != 0;
	batch->refreshed_at = state->refreshed_at;
	build_init(&batch->build, args->zone, args->ring, state, &args->now);
	return denial_init(&batch->denial);
}

void batch_deinit(batch_t *batch)
{
	changes_deinit(&batch->changes);
	denial_deinit(&batch->denial);
	build_deinit(&batch->build);
}

/*** Names. ***/

static int read_input(collect_t *collect, build_node_t *bn)
{
	return store_find_node(&collect->txn, &(store_key_t) {
		STORE_INPUT, collect->batch->state->in.nodes, bn->key, bn->key_len
	}, &bn->input);
}

static int read_old(collect_t *collect, build_node_t *bn)
{
	return store_find_node(&collect->txn, &(store_key_t) {
		STORE_SIGNED, collect->nodes, bn->key, bn->key_len
	}, &bn->old);
}

static int read_published(collect_t *collect, build_node_t *bn)
{
	return !collect->reuses ? KNOT_EOK : store_find_node(&collect->txn, &(store_key_t) {
		STORE_SIGNED, collect->batch->state->nodes, bn->key, bn->key_len
	}, &bn->published);
}

/*! Tells a chain what is at a name. */
static int chain_name(collect_t *collect, chain_t *chain, const build_node_t *bn)
{
	denial_t *denial = &collect->batch->denial;
	if (chain->params == NULL) {
		return KNOT_EOK;
	}
	int ret = denial_types(denial, chain->params, &bn->node, bn->kind,
	                       knot_dname_is_equal(bn->owner, collect->batch->args->zone));
	return ret == KNOT_EOK ? chain_set(chain, bn->owner, denial->data, denial->len) : ret;
}

static void see_ttls(batch_t *batch, const node_t *node)
{
	for (uint16_t i = 0; i < node->count; i++) {
		uint32_t ttl = node->rrsets[i].ttl;
		batch->max_ttl = ttl > batch->max_ttl ? ttl : batch->max_ttl;
	}
}

/*!
 * Makes a node, keeps it if it changes, and frees it.
 * \param walked  The walk has come to it, and no change of the input: it is new only to the next
 *                chain.
 */
static int make(collect_t *collect, build_node_t *bn, bool walked)
{
	batch_t *batch = collect->batch;
	const size_t first_job = batch->build.job_count;
	int ret = read_published(collect, bn);
	if (ret == KNOT_EOK) {
		ret = build_node(&batch->build, bn, &batch->state->chain);
	}
	if (ret == KNOT_EOK) {
		see_ttls(batch, &bn->node);
		ret = walked ? KNOT_EOK : chain_name(collect, &collect->published, bn);
	}
	if (ret == KNOT_EOK) {
		ret = chain_name(collect, &collect->next, bn);
	}
	if (ret == KNOT_EOK && bn->changed) {
		ret = changes_keep_node(&batch->changes, &batch->build, bn, collect->nodes,
		                        first_job);
	}
	arena_free(&batch->build.scratch);
	build_node_deinit(bn);
	return ret;
}

static bool is_apex(const collect_t *collect, const uint8_t *key, size_t key_len)
{
	return node_key_same(key, key_len, collect->apex, collect->apex_len);
}

static int make_affected(collect_t *collect)
{
	affected_t *affected = &collect->affected;
	const state_walk_t *walk = &collect->batch->walk;
	int ret = KNOT_EOK;
	/* The walk leaves out these names: if it renews signatures, theirs are renewed here. */
	build_redo(&collect->batch->build, walk->renew && walk->phase == STATE_WALK_NAMES,
	           collect->refresh.expires_by);
	for (size_t i = 0; ret == KNOT_EOK && i < affected->count; i++) {
		const affected_key_t *name = &affected->keys[i];
		knot_dname_storage_t owner;
		build_node_t bn = { .key = name->key, .key_len = name->key_len, .owner = owner };
		if (is_apex(collect, name->key, name->key_len)) {
			continue;
		}
		ret = node_key_owner(name->key, name->key_len, owner) > 0
		      ? affected_kind(affected, name, &bn.kind) : KNOT_EMALF;
		if (ret == KNOT_EOK) {
			ret = read_input(collect, &bn);
		}
		if (ret == KNOT_EOK) {
			ret = read_old(collect, &bn);
		}
		if (ret == KNOT_EOK) {
			ret = make(collect, &bn, false);
		} else {
			build_node_deinit(&bn);
		}
	}
	return ret;
}

/*** The walk. ***/

static void set_place(state_walk_t *walk, const uint8_t *key, size_t key_len)
{
	memcpy(walk->place, key, key_len);
	walk->place_len = key_len;
}

static int walk_names(collect_t *collect)
{
	batch_t *batch = collect->batch;
	state_walk_t *state = &batch->walk;
	walk_t walk;
	const uint8_t *key = NULL;
	size_t key_len = 0, left = SEEN_FACTOR * batch->args->batch;
	bool more = true;
	build_redo(&batch->build, state->renew, collect->due_by);
	int ret = walk_open(&walk, &collect->affected, state->place, state->place_len);
	while (ret == KNOT_EOK && (more = walk_at(&walk, &key, &key_len)) &&
	       batch->changes.count < collect->most && left-- > 0) {
		knot_dname_storage_t owner;
		build_node_t bn;
		ret = walk_take(&walk, &bn, owner);
		if (ret != KNOT_EOK || is_apex(collect, bn.key, bn.key_len) ||
		    affected_has(&collect->affected, bn.key, bn.key_len)) {
			build_node_deinit(&bn);
		} else {
			ret = make(collect, &bn, true);
		}
	}
	if (ret == KNOT_EOK && more) {
		set_place(state, key, key_len);
	} else if (ret == KNOT_EOK) {
		state->phase = STATE_WALK_CHAIN;
		state->place_len = 0;
	}
	walk_close(&walk);
	return ret;
}

/*! Goes through the entries of the next chain, or, if there is none, of the published one. */
static int walk_chain(collect_t *collect)
{
	batch_t *batch = collect->batch;
	state_walk_t *state = &batch->walk;
	chain_t *chain = collect->next.params != NULL ? &collect->next : &collect->published;
	size_t touched = batch->changes.count;
	store_cursor_t cursor = { 0 };
	int ret = KNOT_ENOENT;
	if (chain->params != NULL) {
		ret = store_cursor(&collect->txn, STORE_CHAIN, chain->params->id, &cursor);
		if (ret == KNOT_EOK) {
			ret = store_seek(&cursor, state->place, state->place_len);
		}
	}
	while (ret == KNOT_EOK && touched++ < collect->most) {
		ret = chain_touch(chain, cursor.key, cursor.key_len);
		ret = ret == KNOT_EOK ? store_next(&cursor) : ret;
	}
	if (ret == KNOT_EOK) {
		set_place(state, cursor.key, cursor.key_len);
		chain->done = state->place;
		chain->done_len = state->place_len;
	} else if (ret == KNOT_ENOENT) {
		batch->complete = true;
		chain->complete = true;
		ret = KNOT_EOK;
	}
	store_cursor_close(&cursor);
	return ret;
}

static int go_on(collect_t *collect)
{
	batch_t *batch = collect->batch;
	int ret = KNOT_EOK;
	if (batch->walk.phase == STATE_WALK_NAMES) {
		ret = walk_names(collect);
	}
	if (ret == KNOT_EOK && batch->walk.phase == STATE_WALK_CHAIN) {
		ret = walk_chain(collect);
	}
	return ret;
}

/*! Finds which signatures are to be made anew because of their age. */
static int find_refresh(collect_t *collect)
{
	batch_t *batch = collect->batch;
	const state_t *state = batch->state;
	const keyset_t *set = &batch->args->ring->set;
	const int64_t now = batch->args->now.to;
	collect->due_by = refresh_due_by(set, now);
	collect->refresh.expires_by = collect->chain_refresh.expires_by = collect->due_by;
	if (batch->unseen || set->passthrough) {
		batch->refreshed_at = now;
		return KNOT_EOK;
	}
	const refresh_queue_t nodes = {
		.id = state->nodes, .part = &state->size.nodes, .validity = set->validity_default,
		.most = collect->most,
	};
	const refresh_queue_t chain = {
		.id = state->chain.id, .part = &state->size.chain, .validity = set->validity_denial,
		.most = collect->most,
	};
	int ret = refresh_find(&collect->txn, state, set, &nodes, now, &collect->refresh);
	if (ret == KNOT_EOK) {
		ret = refresh_find(&collect->txn, state, set, &chain, now, &collect->chain_refresh);
	}
	if (now >= refresh_since(state, set, now) + set->resign) {
		const int64_t a = collect->refresh.behind, b = collect->chain_refresh.behind;
		batch->refreshed_at = now - (a > b ? a : b);
	}
	return ret;
}

/*! Touches the entries of the published chain whose signatures expire. */
static int touch_due(collect_t *collect)
{
	chain_t *chain = &collect->published;
	size_t most = collect->chain_refresh.most;
	expiry_walk_t walk;
	if (chain->params == NULL) {
		return KNOT_EOK;
	}
	int ret = expiry_open(&walk, &collect->txn, chain->params->id, collect->batch->args->now.to);
	while (ret == KNOT_EOK && most-- > 0 && (ret = expiry_next(&walk)) == KNOT_EOK &&
	       expiry_by(expiry_time(walk.cursor.key), collect->chain_refresh.expires_by)) {
		uint8_t key[NODE_KEY_MAX] = { 0 };
		size_t key_len = expiry_node(walk.cursor.key, walk.cursor.key_len, key);
		ret = chain_touch(chain, key, chain->params->nsec3 ? ENTRY_HASH_LEN : key_len);
	}
	expiry_close(&walk);
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

/*** The apex. ***/

static int read_apex(collect_t *collect, build_node_t *bn)
{
	*bn = (build_node_t) {
		.key = collect->apex, .key_len = collect->apex_len,
		.owner = collect->batch->args->zone, .kind = KIND_AUTH,
	};
	int ret = read_input(collect, bn);
	ret = ret == KNOT_EOK ? read_old(collect, bn) : ret;
	return ret == KNOT_EOK ? read_published(collect, bn) : ret;
}

static int build_apex(collect_t *collect, build_node_t *bn, const state_chain_t *chain)
{
	build_t *build = &collect->batch->build;
	build_redo(build, collect->batch->walk.renew && collect->begun, collect->due_by);
	return build_node(build, bn, chain);
}

/*! Builds the apex to see whether it changes, apart from the serial, and tells the chains its
 * types. */
static int try_apex(collect_t *collect, const state_chain_t *chain, bool *changed)
{
	batch_t *batch = collect->batch;
	const size_t first_job = batch->build.job_count;
	build_node_t bn;
	int ret = read_apex(collect, &bn);
	batch->build.serial = batch->state->serial;
	ret = ret == KNOT_EOK ? build_apex(collect, &bn, chain) : ret;
	if (ret == KNOT_EOK) {
		*changed = bn.changed;
		ret = chain_name(collect, &collect->published, &bn);
	}
	if (ret == KNOT_EOK) {
		ret = chain_name(collect, &collect->next, &bn);
	}
	batch->build.job_count = first_job;
	arena_free(&batch->build.scratch);
	build_node_deinit(&bn);
	return ret;
}

/*!
 * A zone that passes through keeps its serial. If it was published under a higher serial before, it
 * gets a higher one, unless it has signatures or a digest, which this would break.
 */
static keyset_serial_t serial_policy(const keyset_t *set, const node_t *apex, uint32_t input,
                                     const uint32_t *last)
{
	if (!set->passthrough) {
		return set->serial;
	}
	return last == NULL || serial_greater(input, *last) || node_is_signed(apex)
	       ? KEYSET_SERIAL_KEEP : KEYSET_SERIAL_COUNTER;
}

/*! \return Whether knotd, or a secondary, has a later version than the store: the store, or an older
 * copy of it, has lost that one. */
static bool is_behind(const batch_t *batch)
{
	const uint32_t *served = batch->args->served;
	return batch->state->version > 0 &&
	       (batch->args->shown != NULL ||
	        (served != NULL && serial_greater(*served, batch->state->serial)));
}

/*! \return The serial above which the new version's has to be; NULL if there is none. */
static const uint32_t *last_serial(const collect_t *collect)
{
	const sign_args_t *args = collect->batch->args;
	const state_t *state = collect->batch->state;
	const keyset_t *set = &args->ring->set;
	const uint32_t *last = state->version > 0 ? &state->serial
	                       : set->taken_over  ? &set->serial_before
	                                          : NULL;
	return args->served != NULL && (last == NULL || serial_greater(*args->served, *last))
	       ? args->served : last;
}

/*! Makes the apex with the serial of the new version. */
static int make_apex(collect_t *collect, const state_chain_t *chain, char *err, size_t err_size)
{
	batch_t *batch = collect->batch;
	const state_t *state = batch->state;
	const keyset_t *set = &batch->args->ring->set;
	const size_t first_job = batch->build.job_count;
	const serial_shown_t *shown = batch->args->shown;
	const uint32_t *last = last_serial(collect);
	serial_basis_t basis = {
		.input = state->in.serial, .last = last, .shown = shown,
		.now = batch->args->now.from,
	};
	build_node_t bn;
	int ret = read_apex(collect, &bn);
	if (state->version == 0 && set->passthrough && last != NULL && *last == basis.input &&
	    node_is_signed(&bn.input)) {
		basis.last = NULL; /* What knotd serves is the input, as it is. */
	}
	basis.policy = serial_policy(set, &bn.input, basis.input,
	                             shown != NULL ? &shown->serial : last);
	if (ret == KNOT_EOK && serial_next(&basis, &batch->build.serial, err, err_size) != 0) {
		ret = KNOT_ESOAINVAL;
	}
	ret = ret == KNOT_EOK ? build_apex(collect, &bn, chain) : ret;
	if (ret == KNOT_EOK) {
		see_ttls(batch, &bn.node);
		batch->apex = batch->changes.count;
		ret = changes_keep_node(&batch->changes, &batch->build, &bn, collect->nodes,
		                        first_job);
	}
	arena_free(&batch->build.scratch);
	build_node_deinit(&bn);
	return ret;
}

/*** All of it. ***/

static int open_chains(collect_t *collect)
{
	const batch_t *batch = collect->batch;
	const state_t *state = batch->state;
	int ret = KNOT_EOK;
	if (!batch->unseen && state->chain.id != 0) {
		ret = chain_open(&collect->published, &collect->txn, &state->chain,
		                 batch->args->zone);
		collect->published.complete = true;
	}
	if (ret == KNOT_EOK && state->next_chain.id != 0) {
		ret = chain_open(&collect->next, &collect->txn, &state->next_chain,
		                 batch->args->zone);
		if (collect->reuses && state_chain_same(&state->next_chain, &state->chain)) {
			collect->next.published = &state->chain;
		}
		if (batch->walk.phase == STATE_WALK_CHAIN) {
			collect->next.done = batch->walk.place;
			collect->next.done_len = batch->walk.place_len;
		}
	}
	return ret;
}

static int make_entries(collect_t *collect, chain_t *chain)
{
	batch_t *batch = collect->batch;
	if (chain->params == NULL) {
		return KNOT_EOK;
	}
	int ret = chain_link(chain);
	build_redo(&batch->build, batch->walk.renew && batch->walk.phase == STATE_WALK_CHAIN,
	           chain == &collect->published ? collect->chain_refresh.expires_by
	                                        : collect->due_by);
	return ret == KNOT_EOK ? changes_make_entries(&batch->changes, &batch->build, chain,
	                                              &batch->max_ttl) : ret;
}

/*! Tells whether a change is in anything but the next chain, and thus published. */
static bool is_visible(const batch_t *batch)
{
	for (size_t i = 0; i < batch->changes.count; i++) {
		if (batch->changes.list[i].id != batch->state->next_chain.id) {
			return true;
		}
	}
	return false;
}

static int collect_apex_and_chains(collect_t *collect, char *err, size_t err_size)
{
	batch_t *batch = collect->batch;
	const state_t *state = batch->state;
	const bool switches = batch->complete && state->next_chain.id != 0;
	const bool whole = collect->begun && batch->complete;
	const state_chain_t *chain = switches ? &state->next_chain : &state->chain;
	bool changed = false;
	batch->build.partly = !batch->unseen && !whole && batch->walk.phase != STATE_WALK_NONE &&
	                      batch->walk.phase != STATE_WALK_LAST;
	if (batch->unseen && !batch->complete) {
		return make_entries(collect, &collect->next);
	}
	int ret = try_apex(collect, chain, &changed);
	if (ret == KNOT_EOK && !switches) {
		/* With a switch the published chain goes: it is not changed any more. */
		ret = make_entries(collect, &collect->published);
	}
	if (ret == KNOT_EOK) {
		ret = make_entries(collect, &collect->next);
	}
	batch->publish = changed || switches || batch->unseen || is_visible(batch) ||
	                 is_behind(batch) || state->signed_input != state->in.count;
	return ret == KNOT_EOK && batch->publish ? make_apex(collect, chain, err, err_size) : ret;
}

static int collect_all(collect_t *collect, char *err, size_t err_size)
{
	batch_t *batch = collect->batch;
	const state_t *state = batch->state;
	affected_init(&collect->affected, &collect->txn, state, collect->nodes, batch->args->zone);
	int ret = open_chains(collect);
	if (ret == KNOT_EOK) {
		ret = find_refresh(collect);
	}
	if (ret == KNOT_EOK) {
		ret = affected_find(&collect->affected, collect->refresh.expires_by,
		                    collect->refresh.most, batch->args->now.to);
	}
	if (ret == KNOT_EOK) {
		ret = make_affected(collect);
	}
	if (ret == KNOT_EOK) {
		ret = touch_due(collect);
	}
	if (ret == KNOT_EOK) {
		ret = go_on(collect);
	}
	return ret == KNOT_EOK ? collect_apex_and_chains(collect, err, err_size) : ret;
}

int batch_collect(batch_t *batch, char *err, size_t err_size)
{
	const state_t *state = batch->state;
	const keyset_t *set = &batch->args->ring->set;
	collect_t collect = {
		.batch = batch,
		.nodes = batch->unseen ? state->next_nodes : state->nodes,
		/* If the serial has to be the input's, there can be only one version of it. */
		.most = batch->unseen || set->serial != KEYSET_SERIAL_KEEP
		        ? batch->args->batch : SIZE_MAX,
		.begun = state->walk.phase == STATE_WALK_NAMES && state->walk.place_len == 0,
	};
	collect.apex_len = node_key(batch->args->zone, collect.apex);
	int ret = store_read(batch->args->store, &collect.txn);
	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = state_reload_input(&collect.txn, batch->args->zone, batch->state);
	batch->input = state->in.count;
	batch->stale = !changeover_fits(state);
	collect.reuses = batch->unseen && !set->passthrough && changeover_goes_on(state, set);
	if (ret == KNOT_EOK && !batch->stale) {
		ret = collect_all(&collect, err, err_size);
	}
	if (ret == KNOT_EEXIST) {
		snprintf(err, err_size, "NSEC3: two names of the zone have the same hash; give the "
		         "policy another salt in kasp.xml");
	}
	if (ret == KNOT_DNSSEC_ENOKEY) {
		snprintf(err, err_size, "the DNSKEY RRset has changed, or its signature has expired: "
		         "it has to be signed, but %s", batch->build.lack);
	}
	chain_close(&collect.published);
	chain_close(&collect.next);
	affected_deinit(&collect.affected);
	store_abort(&collect.txn);
	return ret;
}
