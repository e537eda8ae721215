/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/sign/walk.h"

#include <string.h>

#include <libknot/libknot.h>

int walk_open(walk_t *walk, affected_t *affected, const uint8_t *from, size_t from_len)
{
	memset(walk, 0, sizeof(*walk));
	memcpy(walk->apex, affected->apex, affected->apex_len);
	walk->apex_len = affected->apex_len;
	int ret = store_cursor(affected->txn, STORE_INPUT, affected->input, &walk->input);
	if (ret == KNOT_EOK) {
		ret = store_cursor(affected->txn, STORE_SIGNED, affected->nodes, &walk->old);
	}
	if (ret == KNOT_EOK) {
		walk->input_ret = store_seek(&walk->input, from, from_len);
		walk->old_ret = store_seek(&walk->old, from, from_len);
	}
	if (ret == KNOT_EOK && from_len > 0) {
		ret = affected_cut(affected, from, from_len, walk->cut, &walk->cut_len);
	}
	return ret;
}

void walk_close(walk_t *walk)
{
	store_cursor_close(&walk->input);
	store_cursor_close(&walk->old);
}

/*! \return Less than 0 if the next name is the input's alone, 0 if it is in both. */
static int order(const walk_t *walk)
{
	if (walk->input_ret != KNOT_EOK || walk->old_ret != KNOT_EOK) {
		return walk->input_ret == KNOT_EOK ? -1 : 1;
	}
	return node_key_compare(walk->input.key, walk->input.key_len, walk->old.key,
	                        walk->old.key_len);
}

bool walk_at(const walk_t *walk, const uint8_t **key, size_t *key_len)
{
	const store_cursor_t *at = order(walk) <= 0 ? &walk->input : &walk->old;
	*key = at->key;
	*key_len = at->key_len;
	return walk->input_ret == KNOT_EOK || walk->old_ret == KNOT_EOK;
}

static void see(walk_t *walk, build_node_t *bn)
{
	const bool apex = node_key_same(bn->key, bn->key_len, walk->apex, walk->apex_len);
	bn->kind = kind_of(&bn->input, apex);
	if (walk->cut_len > 0 && node_key_below(bn->key, bn->key_len, walk->cut, walk->cut_len)) {
		bn->kind = bn->kind == KIND_NONE ? KIND_NONE : KIND_OCCLUDED;
		return;
	}
	if (kind_cuts(&bn->input, apex)) {
		memcpy(walk->cut, bn->key, bn->key_len);
		walk->cut_len = bn->key_len;
	}
}

int walk_take(walk_t *walk, build_node_t *bn, knot_dname_storage_t owner)
{
	const int which = order(walk);
	memset(bn, 0, sizeof(*bn));
	(void)walk_at(walk, &bn->key, &bn->key_len);
	bn->owner = owner;
	int ret = node_key_owner(bn->key, bn->key_len, owner) > 0 ? KNOT_EOK : KNOT_EMALF;
	if (ret == KNOT_EOK && which <= 0) {
		ret = node_read(walk->input.data, walk->input.data_len, &bn->input);
	}
	if (ret == KNOT_EOK && which >= 0) {
		ret = node_read(walk->old.data, walk->old.data_len, &bn->old);
	}
	if (ret == KNOT_EOK) {
		see(walk, bn);
		/* The snapshot keeps what the cursors were at. */
		walk->input_ret = which <= 0 ? store_next(&walk->input) : walk->input_ret;
		walk->old_ret = which >= 0 ? store_next(&walk->old) : walk->old_ret;
	}
	return ret;
}
