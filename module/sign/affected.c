/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/sign/affected.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/sign/expiry.h"

void affected_init(affected_t *affected, store_txn_t *txn, const state_t *state, uint32_t nodes,
                   const knot_dname_t *apex)
{
	memset(affected, 0, sizeof(*affected));
	affected->txn = txn;
	affected->zone_id = state->id;
	affected->input = state->in.nodes;
	affected->nodes = nodes;
	affected->apex_len = node_key(apex, affected->apex);
}

void affected_deinit(affected_t *affected)
{
	arena_free(&affected->arena);
	free(affected->keys);
	memset(affected, 0, sizeof(*affected));
}

static bool is_apex(const affected_t *affected, const uint8_t *key, size_t key_len)
{
	return node_key_same(key, key_len, affected->apex, affected->apex_len);
}

static int add(affected_t *affected, const uint8_t *key, size_t key_len)
{
	if (affected->count == affected->capacity) {
		size_t capacity = affected->capacity * 2 + 64;
		affected_key_t *keys = realloc(affected->keys, capacity * sizeof(*keys));
		if (keys == NULL) {
			return KNOT_ENOMEM;
		}
		affected->keys = keys;
		affected->capacity = capacity;
	}
	const uint8_t *copy = arena_copy(&affected->arena, key, key_len);
	affected->keys[affected->count++] = (affected_key_t) { copy, key_len };
	return copy != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

static uint32_t id_of(const affected_t *affected, store_table_t table)
{
	return table == STORE_INPUT ? affected->input : affected->nodes;
}

static int find(affected_t *affected, store_table_t table, const uint8_t *key, size_t key_len,
                node_t *node)
{
	return store_find_node(affected->txn, &(store_key_t) {
		table, id_of(affected, table), key, key_len
	}, node);
}

/*** What a name is. ***/

/*! Tells whether the input has a delegation or DNAME at a name. */
static int cuts(affected_t *affected, const uint8_t *key, size_t key_len, bool *result)
{
	node_t node;
	int ret = find(affected, STORE_INPUT, key, key_len, &node);
	if (ret == KNOT_EOK) {
		*result = kind_cuts(&node, is_apex(affected, key, key_len));
		node_deinit(&node);
	}
	return ret;
}

int affected_cut(affected_t *affected, const uint8_t *key, size_t key_len, uint8_t *cut,
                 size_t *cut_len)
{
	knot_dname_storage_t owner;
	*cut_len = 0;
	if (node_key_owner(key, key_len, owner) == 0) {
		return KNOT_EMALF;
	}
	knot_dname_storage_t apex;
	(void)node_key_owner(affected->apex, affected->apex_len, apex);
	const size_t apex_labels = knot_dname_labels(apex, NULL);
	const size_t labels = knot_dname_labels(owner, NULL);
	for (size_t depth = apex_labels; depth < labels; depth++) {
		const knot_dname_t *above = owner;
		for (size_t i = depth; i < labels; i++) {
			above = knot_wire_next_label(above, above);
		}
		uint8_t above_key[NODE_KEY_MAX];
		size_t above_len = node_key(above, above_key);
		bool found = false;
		int ret = cuts(affected, above_key, above_len, &found);
		if (ret != KNOT_EOK) {
			return ret;
		}
		if (found) {
			memcpy(cut, above_key, above_len);
			*cut_len = above_len;
			return KNOT_EOK;
		}
	}
	return KNOT_EOK;
}

int affected_kind(affected_t *affected, const affected_key_t *name, name_kind_t *kind)
{
	node_t node;
	int ret = find(affected, STORE_INPUT, name->key, name->key_len, &node);
	if (ret != KNOT_EOK) {
		return ret;
	}
	*kind = kind_of(&node, is_apex(affected, name->key, name->key_len));
	node_deinit(&node);
	if (*kind == KIND_NONE) {
		return KNOT_EOK;
	}
	uint8_t cut[NODE_KEY_MAX];
	size_t cut_len;
	ret = affected_cut(affected, name->key, name->key_len, cut, &cut_len);
	if (ret == KNOT_EOK && cut_len > 0) {
		*kind = KIND_OCCLUDED;
	}
	return ret;
}

/*** What a change touches. ***/

/*! Adds all names of a table below one. */
static int add_below(affected_t *affected, store_table_t table, const uint8_t *key, size_t key_len)
{
	store_cursor_t cursor;
	int ret = store_cursor(affected->txn, table, id_of(affected, table), &cursor);
	if (ret == KNOT_EOK) {
		ret = store_seek(&cursor, key, key_len);
	}
	while (ret == KNOT_EOK) {
		if (node_key_below(cursor.key, cursor.key_len, key, key_len)) {
			ret = add(affected, cursor.key, cursor.key_len);
		} else if (!node_key_same(cursor.key, cursor.key_len, key, key_len)) {
			break;
		}
		if (ret == KNOT_EOK) {
			ret = store_next(&cursor);
		}
	}
	store_cursor_close(&cursor);
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

static int add_dirty(affected_t *affected, const uint8_t *key, size_t key_len)
{
	node_t old;
	int ret = add(affected, key, key_len);
	if (ret == KNOT_EOK) {
		ret = find(affected, STORE_SIGNED, key, key_len, &old);
	}
	if (ret != KNOT_EOK) {
		return ret;
	}
	const bool cut = kind_cuts(&old, is_apex(affected, key, key_len));
	node_deinit(&old);
	bool cuts_now = false;
	ret = cuts(affected, key, key_len, &cuts_now);
	if (ret == KNOT_EOK && cut != cuts_now) {
		ret = add_below(affected, STORE_INPUT, key, key_len);
		if (ret == KNOT_EOK) {
			ret = add_below(affected, STORE_SIGNED, key, key_len);
		}
	}
	return ret;
}

static int add_all_dirty(affected_t *affected)
{
	store_cursor_t dirty;
	int ret = store_cursor(affected->txn, STORE_DIRTY, affected->zone_id, &dirty);
	while (ret == KNOT_EOK && (ret = store_next(&dirty)) == KNOT_EOK) {
		ret = add_dirty(affected, dirty.key, dirty.key_len);
	}
	store_cursor_close(&dirty);
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

static int add_due(affected_t *affected, uint32_t expires_by, size_t most, int64_t now)
{
	expiry_walk_t walk;
	int ret = expiry_open(&walk, affected->txn, affected->nodes, now);
	while (ret == KNOT_EOK && most-- > 0 && (ret = expiry_next(&walk)) == KNOT_EOK) {
		uint8_t key[NODE_KEY_MAX];
		size_t key_len;
		if (!expiry_by(expiry_time(walk.cursor.key), expires_by)) {
			break;
		}
		key_len = expiry_node(walk.cursor.key, walk.cursor.key_len, key);
		ret = add(affected, key, key_len);
	}
	expiry_close(&walk);
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

static int compare(const void *a, const void *b)
{
	const affected_key_t *left = a, *right = b;
	return node_key_compare(left->key, left->key_len, right->key, right->key_len);
}

int affected_find(affected_t *affected, uint32_t expires_by, size_t due, int64_t now)
{
	int ret = add_all_dirty(affected);
	if (ret == KNOT_EOK) {
		ret = add_due(affected, expires_by, due, now);
	}
	if (ret != KNOT_EOK || affected->count == 0) {
		return ret;
	}
	qsort(affected->keys, affected->count, sizeof(affected->keys[0]), compare);
	size_t unique = 0;
	for (size_t i = 0; i < affected->count; i++) {
		if (i == 0 || compare(&affected->keys[unique - 1], &affected->keys[i]) != 0) {
			affected->keys[unique++] = affected->keys[i];
		}
	}
	affected->count = unique;
	return KNOT_EOK;
}

bool affected_has(const affected_t *affected, const uint8_t *key, size_t key_len)
{
	const affected_key_t wanted = { key, key_len };
	return affected->count > 0 && bsearch(&wanted, affected->keys, affected->count,
	                                      sizeof(affected->keys[0]), compare) != NULL;
}
