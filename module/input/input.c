/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/input/input.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/base/arena.h"
#include "module/input/put.h"

/* Nodes in a transaction when all are stored anew, as many as in a batch that is signed
 * (sign/args.h): others wait to write no longer for the one than for the other. */
#ifndef INPUT_BATCH
#define INPUT_BATCH 20000
#endif

/* When more names than INPUT_CHANGES_MAX differ, and more than one in INPUT_CHANGED_PART, all names
 * are stored anew: so many changes would take too long in one transaction, and too much memory.
 * Fewer, or a smaller part, are worth it, since then only these names are signed. */
#ifndef INPUT_CHANGES_MAX
#define INPUT_CHANGES_MAX 50000
#endif
#define INPUT_CHANGED_PART 8

/*! A node that differs; data_len 0: the node goes. */
typedef struct change {
	struct change *next;
	const uint8_t *key, *data;
	size_t key_len, data_len;
} change_t;

typedef struct {
	store_t *store;
	store_txn_t txn;
	const knot_dname_t *zone;
	const input_new_t *new;
	state_t state;
	uint64_t updates;        /*!< Updates that the caller knew of, and that may be lost. */
	input_result_t *result;
	arena_t arena;
	change_t *changes;       /*!< The last one first. */
	store_cursor_t old;
	int old_ret;             /*!< KNOT_EOK while the cursor is at an entry. */
	uint8_t key[NODE_KEY_MAX];
	size_t key_len;
	uint8_t *data;           /*!< Stored form of the node at hand. */
	size_t data_len, data_size;
	uint32_t serial;         /*!< Of the SOA. */
} replace_t;

static int add_change(replace_t *replace, const uint8_t *key, size_t key_len, const uint8_t *data,
                      size_t data_len)
{
	change_t *change = arena_alloc(&replace->arena, sizeof(*change));
	if (change == NULL) {
		return KNOT_ENOMEM;
	}
	*change = (change_t) {
		.next = replace->changes,
		.key = arena_copy(&replace->arena, key, key_len), .key_len = key_len,
		.data = arena_copy(&replace->arena, data, data_len), .data_len = data_len,
	};
	replace->changes = change;
	replace->result->changed++;
	return change->key != NULL && change->data != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

/*! Takes the next node of the contents into key and data. */
static int take(replace_t *replace)
{
	const knot_dname_t *owner = NULL;
	node_t node;
	int ret = contents_next(replace->new->contents, &owner, &node);
	if (ret != KNOT_EOK) {
		return ret;
	}
	replace->key_len = node_key(owner, replace->key);
	replace->data_len = node_size(&node);
	if (replace->data_len > replace->data_size) {
		free(replace->data);
		replace->data_size = 2 * replace->data_len;
		replace->data = malloc(replace->data_size);
	}
	if (replace->data == NULL) {
		replace->data_size = 0;
		ret = KNOT_ENOMEM;
	} else {
		const node_rrset_t *soa = node_rrset(&node, KNOT_RRTYPE_SOA);
		if (soa != NULL) {
			replace->serial = knot_soa_serial(soa->rrs.rdata);
		}
		node_write(&node, replace->data);
		replace->result->names++;
	}
	node_deinit(&node);
	return ret;
}

static int compare_old(const replace_t *replace)
{
	if (replace->old_ret != KNOT_EOK) {
		return 1;
	}
	const store_cursor_t *old = &replace->old;
	return node_key_compare(old->key, old->key_len, replace->key, replace->key_len);
}

/*! Notes that the old nodes before the one at hand are gone. */
static int pass_old(replace_t *replace)
{
	int ret = KNOT_EOK;
	while (ret == KNOT_EOK && compare_old(replace) < 0) {
		ret = add_change(replace, replace->old.key, replace->old.key_len, NULL, 0);
		replace->old_ret = store_next(&replace->old);
	}
	return ret;
}

static int match(replace_t *replace)
{
	int ret = pass_old(replace);
	if (ret != KNOT_EOK) {
		return ret;
	}
	bool same = false;
	if (compare_old(replace) == 0) {
		same = replace->old.data_len == replace->data_len &&
		       memcmp(replace->old.data, replace->data, replace->data_len) == 0;
		replace->old_ret = store_next(&replace->old);
	}
	return same ? KNOT_EOK : add_change(replace, replace->key, replace->key_len, replace->data,
	                                    replace->data_len);
}

static void rewind_all(replace_t *replace)
{
	contents_rewind(replace->new->contents);
	arena_free(&replace->arena);
	replace->changes = NULL;
	memset(replace->result, 0, sizeof(*replace->result));
}

static bool are_many(const replace_t *replace)
{
	const size_t changed = replace->result->changed;
	return changed > INPUT_CHANGES_MAX &&
	       changed > replace->state.in.names / INPUT_CHANGED_PART;
}

/*! Finds out how the new input differs from the old one. \return KNOT_ELIMIT: by too much */
static int diff(replace_t *replace)
{
	rewind_all(replace);
	int ret = store_cursor(&replace->txn, STORE_INPUT, replace->state.in.nodes, &replace->old);
	if (ret != KNOT_EOK) {
		return ret;
	}
	replace->old_ret = store_next(&replace->old);
	while ((ret = take(replace)) == KNOT_EOK && (ret = match(replace)) == KNOT_EOK) {
		if (are_many(replace)) {
			ret = KNOT_ELIMIT;
			break;
		}
	}
	while (ret == KNOT_ENOENT && replace->old_ret == KNOT_EOK) {
		int added = add_change(replace, replace->old.key, replace->old.key_len, NULL, 0);
		ret = added != KNOT_EOK ? added : ret;
		replace->old_ret = store_next(&replace->old);
	}
	store_cursor_close(&replace->old);
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

/*! Reads the input's part of the state anew, since it may have changed. */
static int reload(replace_t *replace)
{
	int ret = state_reload_input(&replace->txn, replace->zone, &replace->state);
	const bool updated = replace->state.in.updates != replace->updates;
	return ret == KNOT_EOK && updated && !replace->new->over_updates ? KNOT_EAGAIN : ret;
}

/*! Notes what the input is now, and commits. */
static int finish(replace_t *replace)
{
	state_input_t *in = &replace->state.in;
	const state_input_t before = *in;
	*in = *replace->new->origin;
	in->nodes = before.nodes;
	in->next_nodes = before.next_nodes;
	in->count = before.count;
	in->whole = before.whole;
	in->names = replace->result->names;
	in->serial = replace->serial;
	return store_end(&replace->txn,
	                 state_save_input(&replace->txn, replace->zone, &replace->state));
}

static int apply(replace_t *replace)
{
	int ret = KNOT_EOK;
	replace->state.in.count += replace->changes != NULL;
	for (change_t *change = replace->changes; ret == KNOT_EOK && change != NULL;
	     change = change->next) {
		ret = put_node(&replace->txn, &replace->state, change->key, change->key_len,
		               change->data, change->data_len);
	}
	return ret;
}

static int diff_unlocked(replace_t *replace)
{
	int ret = store_read(replace->store, &replace->txn);
	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = reload(replace);
	if (ret == KNOT_EOK) {
		ret = diff(replace);
	}
	store_abort(&replace->txn);
	return ret;
}

/*! Compares before the write transaction, so that others can write; and within it once more, if the
 * input has changed meanwhile. */
static int change_input(replace_t *replace)
{
	int ret = diff_unlocked(replace);
	if (ret == KNOT_EOK) {
		ret = store_write(replace->store, &replace->txn);
	}
	if (ret != KNOT_EOK) {
		return ret;
	}
	const uint64_t compared = replace->state.in.count;
	ret = reload(replace);
	if (ret == KNOT_EOK && replace->state.in.count != compared) {
		ret = diff(replace);
	}
	if (ret == KNOT_EOK) {
		ret = apply(replace);
	}
	if (ret != KNOT_EOK) {
		store_abort(&replace->txn);
		return ret;
	}
	return finish(replace);
}

/*** All nodes anew, beside the old ones; they take their place when all are there. ***/

/*! Removes nodes that an earlier attempt may have left. \return KNOT_ELIMIT if there are more */
static int clear_batch(replace_t *replace)
{
	store_cursor_t cursor;
	size_t left = INPUT_BATCH;
	const uint32_t id = replace->state.in.next_nodes;
	int ret = store_cursor(&replace->txn, STORE_INPUT, id, &cursor);
	while (ret == KNOT_EOK && (ret = store_next(&cursor)) == KNOT_EOK) {
		ret = left-- > 0 ? store_cursor_del(&cursor) : KNOT_ELIMIT;
	}
	store_cursor_close(&cursor);
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

static int fill_batch(replace_t *replace)
{
	const uint32_t id = replace->state.in.next_nodes;
	int ret = KNOT_EOK;
	for (size_t i = 0; ret == KNOT_EOK && i < INPUT_BATCH; i++) {
		ret = take(replace);
		if (ret == KNOT_EOK) {
			const store_key_t key = {
				STORE_INPUT, id, replace->key, replace->key_len
			};
			ret = store_put(&replace->txn, &key, replace->data, replace->data_len);
			replace->result->changed++;
		}
	}
	return ret == KNOT_EOK ? KNOT_ELIMIT : ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

/*! Runs batches, each in a transaction of its own, but leaves the last transaction open. */
static int run_batches(replace_t *replace, int (*batch)(replace_t *replace))
{
	int ret;
	while ((ret = batch(replace)) == KNOT_ELIMIT) {
		ret = store_commit(&replace->txn);
		if (ret == KNOT_EOK) {
			ret = store_write(replace->store, &replace->txn);
		}
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	if (ret != KNOT_EOK) {
		store_abort(&replace->txn);
	}
	return ret;
}

/*! Begins with a transaction that notes the id of the new nodes. */
static int begin_fill(replace_t *replace)
{
	uint32_t id = 0;
	int ret = store_spare_id(replace->store, &id);
	if (ret == KNOT_EOK) {
		ret = store_write(replace->store, &replace->txn);
	}
	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = reload(replace);
	if (ret == KNOT_EOK && replace->state.in.next_nodes == 0) {
		replace->state.in.next_nodes = id;
		ret = state_save_input(&replace->txn, replace->zone, &replace->state);
	}
	if (ret != KNOT_EOK) {
		store_abort(&replace->txn);
	}
	return ret;
}

/*! Has the new nodes take the place of the old ones. */
static int end_fill(replace_t *replace)
{
	state_input_t *in = &replace->state.in;
	int ret = reload(replace);
	if (ret == KNOT_EOK && in->nodes != 0) {
		ret = store_abandon(&replace->txn, in->nodes);
	}
	if (ret != KNOT_EOK) {
		store_abort(&replace->txn);
		return ret;
	}
	const bool abandons = in->nodes != 0;
	in->nodes = in->next_nodes;
	in->next_nodes = 0;
	in->whole = ++in->count;
	ret = finish(replace);
	replace->result->abandoned = ret == KNOT_EOK && abandons;
	return ret;
}

static int fill(replace_t *replace)
{
	int ret = begin_fill(replace);
	if (ret == KNOT_EOK) {
		ret = run_batches(replace, clear_batch);
	}
	if (ret == KNOT_EOK) {
		rewind_all(replace);
		ret = run_batches(replace, fill_batch);
	}
	return ret == KNOT_EOK ? end_fill(replace) : ret;
}

int input_replace(store_t *store, const knot_dname_t *zone, state_t *state,
                  const input_new_t *new, input_result_t *result)
{
	memset(result, 0, sizeof(*result));
	replace_t replace = {
		.store = store, .zone = zone, .new = new, .state = *state, .result = result,
		.updates = state->in.updates,
	};
	int ret = state->in.count == 0 ? KNOT_ELIMIT : change_input(&replace);
	if (ret == KNOT_ELIMIT) {
		ret = fill(&replace);
	}
	if (ret == KNOT_EOK) {
		*state = replace.state;
	}
	arena_free(&replace.arena);
	free(replace.data);
	return ret;
}
