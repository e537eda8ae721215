/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/input.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/arena.h"

/*! A node that differs; data_len 0: it goes. */
typedef struct change {
	struct change *next;
	const uint8_t *key, *data;
	size_t key_len, data_len;
} change_t;

typedef struct {
	store_txn_t txn;
	state_t state;
	input_result_t *result;
	arena_t arena;
	change_t *changes;       /*!< Last first. */
	store_cursor_t old;
	int old_ret;             /*!< KNOT_EOK while the cursor is at an entry. */
	uint8_t key[NODE_KEY_MAX];
	size_t key_len;
	uint8_t *data;           /*!< Stored form of the node at hand. */
	size_t data_len, data_size;
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

/*! Takes the next node of the file into key and data. */
static int take(replace_t *replace, zonefile_t *zf)
{
	const knot_dname_t *owner = NULL;
	node_t node;
	int ret = zonefile_next(zf, &owner, &node);
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
			replace->state.in.serial = knot_soa_serial(soa->rrs.rdata);
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

/*! Finds out how the file differs from the input there is. */
static int diff(replace_t *replace, zonefile_t *zf)
{
	int ret = store_cursor(&replace->txn, STORE_INPUT, replace->state.id, &replace->old);
	if (ret != KNOT_EOK) {
		return ret;
	}
	replace->old_ret = store_next(&replace->old);
	while ((ret = take(replace, zf)) == KNOT_EOK && (ret = match(replace)) == KNOT_EOK) {
	}
	while (ret == KNOT_ENOENT && replace->old_ret == KNOT_EOK) {
		int added = add_change(replace, replace->old.key, replace->old.key_len, NULL, 0);
		ret = added != KNOT_EOK ? added : ret;
		replace->old_ret = store_next(&replace->old);
	}
	store_cursor_close(&replace->old);
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

static int apply(replace_t *replace)
{
	const uint32_t id = replace->state.id;
	int ret = KNOT_EOK;
	if (replace->changes != NULL) {
		replace->state.in.count++;
	}
	for (change_t *change = replace->changes; ret == KNOT_EOK && change != NULL;
	     change = change->next) {
		ret = change->data_len > 0
		      ? store_put(&replace->txn, STORE_INPUT, id, change->key, change->key_len,
		                  change->data, change->data_len)
		      : store_del(&replace->txn, STORE_INPUT, id, change->key, change->key_len);
		if (ret == KNOT_EOK) {
			ret = store_put(&replace->txn, STORE_DIRTY, id, change->key,
			                change->key_len, &replace->state.in.count,
			                sizeof(replace->state.in.count));
		}
	}
	return ret;
}

/*! The first input goes straight into the store: there is nothing to compare it with. */
static int fill(replace_t *replace, zonefile_t *zf)
{
	const uint32_t id = replace->state.id;
	replace->state.in.count++;
	replace->state.sign_all = true;
	int ret = store_clear(&replace->txn, STORE_INPUT, id);
	while (ret == KNOT_EOK && (ret = take(replace, zf)) == KNOT_EOK) {
		ret = store_put(&replace->txn, STORE_INPUT, id, replace->key, replace->key_len,
		                replace->data, replace->data_len);
		replace->result->changed++;
	}
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

static int run(replace_t *replace, const knot_dname_t *zone, zonefile_t *zf)
{
	int ret = KNOT_EOK;
	if (replace->state.id == 0) {
		/* The id is needed for the tables' keys. */
		ret = state_save(&replace->txn, zone, &replace->state);
	}
	if (ret == KNOT_EOK && replace->state.in.count == 0) {
		ret = fill(replace, zf);
	} else if (ret == KNOT_EOK) {
		ret = diff(replace, zf);
		if (ret == KNOT_EOK) {
			ret = apply(replace);
		}
	}
	replace->state.in.names = replace->result->names;
	if (ret == KNOT_EOK && replace->state.sign_all) {
		ret = state_save(&replace->txn, zone, &replace->state);
	}
	return ret == KNOT_EOK ? state_save_input(&replace->txn, zone, &replace->state) : ret;
}

int input_replace(store_t *store, const knot_dname_t *zone, state_t *state, zonefile_t *zf,
                  const state_file_t *file, input_result_t *result)
{
	memset(result, 0, sizeof(*result));
	replace_t replace = { .state = *state, .result = result };
	int ret = store_write(store, &replace.txn);
	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = state_reload_input(&replace.txn, zone, &replace.state);
	if (ret == KNOT_EOK) {
		replace.state.in.file = *file;
		replace.state.in.updates = 0;
		ret = run(&replace, zone, zf);
	}
	if (ret == KNOT_EOK) {
		ret = store_commit(&replace.txn);
	} else {
		store_abort(&replace.txn);
	}
	if (ret == KNOT_EOK) {
		*state = replace.state;
	}
	arena_free(&replace.arena);
	free(replace.data);
	return ret;
}
