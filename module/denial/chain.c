/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/denial/chain.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

int chain_open(chain_t *chain, store_txn_t *txn, const state_chain_t *params,
               const knot_dname_t *apex)
{
	memset(chain, 0, sizeof(*chain));
	chain->txn = txn;
	chain->params = params;
	chain->apex = apex;
	return store_cursor(txn, STORE_CHAIN, params->id, &chain->cursor);
}

static void keep(void *edit)
{
	(void)edit; /* The arena has it. */
}

void chain_close(chain_t *chain)
{
	store_cursor_close(&chain->cursor);
	tdestroy(chain->tree, keep);
	for (size_t i = 0; i < chain->count; i++) {
		node_deinit(&chain->edits[i]->old.node);
	}
	free(chain->edits);
	arena_free(&chain->arena);
	memset(chain, 0, sizeof(*chain));
}

/*** Edits. ***/

static int compare(const void *a, const void *b)
{
	const chain_edit_t *left = a, *right = b;
	return node_key_compare(left->key, left->key_len, right->key, right->key_len);
}

static chain_edit_t *find(const chain_t *chain, const uint8_t *key, size_t key_len)
{
	const chain_edit_t wanted = { .key = key, .key_len = key_len };
	chain_edit_t *const *found = tfind(&wanted, &chain->tree, compare);
	return found != NULL ? *found : NULL;
}

static int read_old(chain_t *chain, chain_edit_t *edit)
{
	const uint8_t *data = NULL;
	size_t len = 0;
	uint8_t next[NODE_KEY_MAX];
	entry_says_t says = { 0 };
	const store_key_t key = { STORE_CHAIN, chain->params->id, edit->key, edit->key_len };
	int ret = store_find(chain->txn, &key, &data, &len);
	if (ret != KNOT_EOK) {
		return ret == KNOT_ENOENT ? KNOT_EOK : ret;
	}
	ret = entry_read(chain->params, data, len, &edit->old);
	if (ret == KNOT_EOK) {
		edit->was = edit->is = true;
		edit->name = edit->old.name;
		edit->children = edit->old.children;
		ret = entry_parse(chain->params, &edit->old.node, &says, next);
		edit->bitmap = says.bitmap;
		edit->bitmap_len = says.bitmap_len;
	}
	return ret;
}

/*! Gives the edit of an entry, which at first changes nothing. */
static int get(chain_t *chain, const uint8_t *key, size_t key_len, chain_edit_t **edit)
{
	*edit = find(chain, key, key_len);
	if (*edit != NULL) {
		return KNOT_EOK;
	}
	if (chain->count == chain->capacity) {
		size_t capacity = chain->capacity * 2 + 16;
		chain_edit_t **edits = realloc(chain->edits, capacity * sizeof(*edits));
		if (edits == NULL) {
			return KNOT_ENOMEM;
		}
		chain->edits = edits;
		chain->capacity = capacity;
	}
	chain_edit_t *fresh = arena_alloc(&chain->arena, sizeof(*fresh));
	if (fresh == NULL) {
		return KNOT_ENOMEM;
	}
	memset(fresh, 0, sizeof(*fresh));
	fresh->key = arena_copy(&chain->arena, key, key_len);
	fresh->key_len = key_len;
	if (fresh->key == NULL) {
		return KNOT_ENOMEM;
	}
	int ret = read_old(chain, fresh);
	if (ret != KNOT_EOK || tsearch(fresh, &chain->tree, compare) == NULL) {
		node_deinit(&fresh->old.node);
		return ret != KNOT_EOK ? ret : KNOT_ENOMEM;
	}
	chain->edits[chain->count++] = fresh;
	*edit = fresh;
	return KNOT_EOK;
}

static int get_name(chain_t *chain, const knot_dname_t *name, chain_edit_t **edit)
{
	uint8_t key[NODE_KEY_MAX];
	size_t key_len;
	int ret = entry_key(chain->params, name, key, &key_len);
	if (ret == KNOT_EOK) {
		ret = get(chain, key, key_len, edit);
	}
	if (ret != KNOT_EOK || !chain->params->nsec3) {
		return ret;
	}
	if ((*edit)->name == NULL) {
		(*edit)->name = arena_copy(&chain->arena, name, knot_dname_size(name));
		ret = (*edit)->name != NULL ? KNOT_EOK : KNOT_ENOMEM;
	}
	return ret == KNOT_EOK && !knot_dname_is_equal((*edit)->name, name) ? KNOT_EEXIST : ret;
}

/*! Sees whether an entry comes or goes, and with it the empty non-terminals above it. */
static int settle(chain_t *chain, const knot_dname_t *name, chain_edit_t *edit)
{
	while (true) {
		const bool was = edit->is;
		edit->is = edit->bitmap_len > 0 || edit->children > 0;
		if (was == edit->is || !chain->params->nsec3 ||
		    knot_dname_is_equal(name, chain->apex)) {
			return KNOT_EOK;
		}
		const int more = edit->is ? 1 : -1;
		name = knot_wire_next_label(name, name);
		if (knot_dname_is_equal(name, chain->apex)) {
			return KNOT_EOK; /* The apex has an entry, whatever is below it. */
		}
		int ret = get_name(chain, name, &edit);
		if (ret != KNOT_EOK) {
			return ret;
		}
		edit->children += more;
	}
}

int chain_set(chain_t *chain, const knot_dname_t *name, const uint8_t *bitmap, size_t len)
{
	chain_edit_t *edit = NULL;
	int ret = get_name(chain, name, &edit);
	if (ret != KNOT_EOK) {
		return ret;
	}
	if (len != edit->bitmap_len || (len > 0 && memcmp(bitmap, edit->bitmap, len) != 0)) {
		edit->bitmap = arena_copy(&chain->arena, bitmap, len);
		edit->bitmap_len = len;
		edit->write = true;
		if (edit->bitmap == NULL) {
			return KNOT_ENOMEM;
		}
	}
	return settle(chain, name, edit);
}

int chain_touch(chain_t *chain, const uint8_t *key, size_t key_len)
{
	chain_edit_t *edit = NULL;
	int ret = get(chain, key, key_len, &edit);
	if (ret == KNOT_EOK) {
		edit->write = true;
	}
	return ret;
}

bool chain_is_done(const chain_t *chain, const chain_edit_t *edit)
{
	return chain->complete || (chain->done_len > 0 &&
	       node_key_compare(edit->key, edit->key_len, chain->done, chain->done_len) < 0);
}

bool chain_changes(const chain_edit_t *edit)
{
	return edit->was != edit->is ||
	       (edit->is && (edit->write || edit->children != edit->old.children));
}

int chain_rrset(const chain_t *chain, const chain_edit_t *edit, uint32_t ttl, arena_t *arena,
                node_rrset_t *rrset)
{
	const entry_says_t says = {
		.next = chain_is_done(chain, edit) ? edit->next : NULL, .next_len = edit->next_len,
		.bitmap = edit->bitmap, .bitmap_len = edit->bitmap_len, .ttl = ttl,
	};
	return entry_rrset(chain->params, chain->apex, &says, arena, rrset);
}

/*** Links. ***/

static int compare_pointers(const void *a, const void *b)
{
	return compare(*(chain_edit_t *const *)a, *(chain_edit_t *const *)b);
}

/*!
 * Finds the nearest entry that no change touches. The cursor is at an entry or beyond the last.
 *
 * For an edit that goes, what was found for it is taken: it was looked at before, in the same
 * direction. An edit that stays ends the search: it is nearer than anything behind it.
 */
static int find_around(chain_t *chain, int ret, chain_edit_t *to)
{
	to->around = NULL;
	if (ret != KNOT_EOK) {
		return ret == KNOT_ENOENT ? KNOT_EOK : ret;
	}
	const chain_edit_t *at = find(chain, chain->cursor.key, chain->cursor.key_len);
	if (at == NULL) {
		to->around = chain->cursor.key;
		to->around_len = chain->cursor.key_len;
	} else if (!at->is) {
		to->around = at->around;
		to->around_len = at->around_len;
	}
	return KNOT_EOK;
}

static int touch_nearest(chain_t *chain, chain_edit_t *edit, const chain_edit_t *around)
{
	if (edit != NULL && (around->around == NULL ||
	    node_key_compare(edit->key, edit->key_len, around->around, around->around_len) > 0)) {
		edit->write = true;
		return KNOT_EOK;
	}
	return around->around != NULL ? chain_touch(chain, around->around, around->around_len)
	                              : KNOT_EOK;
}

/*! Touches the entry before each entry that comes or goes: its link changes. */
static int touch_before(chain_t *chain)
{
	chain_edit_t *last = NULL, end = { 0 };
	const size_t count = chain->count;
	bool cyclic = false;
	int ret = KNOT_EOK;
	for (size_t i = 0; ret == KNOT_EOK && i < count; i++) {
		chain_edit_t *edit = chain->edits[i];
		if (edit->was != edit->is) {
			ret = find_around(chain, store_seek_before(&chain->cursor, edit->key,
			                                           edit->key_len), edit);
			if (ret == KNOT_EOK && last == NULL && edit->around == NULL) {
				cyclic = true;
			} else if (ret == KNOT_EOK) {
				ret = touch_nearest(chain, last, edit);
			}
		}
		last = edit->is ? edit : last;
	}
	if (ret == KNOT_EOK && cyclic) {
		ret = find_around(chain, store_seek_before(&chain->cursor, NULL, 0), &end);
		if (ret == KNOT_EOK) {
			ret = touch_nearest(chain, last, &end);
		}
	}
	return ret;
}

static void set_next(chain_edit_t *edit, const chain_edit_t *other, const chain_edit_t *around)
{
	if (other != NULL && (around->around == NULL ||
	    node_key_compare(other->key, other->key_len, around->around, around->around_len) < 0)) {
		edit->next = other->key;
		edit->next_len = other->key_len;
	} else {
		edit->next = around->around;
		edit->next_len = around->around_len;
	}
}

/*! Moves to the first stored entry behind an edit. */
static int seek_behind(chain_t *chain, const chain_edit_t *edit)
{
	int ret = store_seek(&chain->cursor, edit->key, edit->key_len);
	if (ret == KNOT_EOK && edit->was) {
		ret = store_next(&chain->cursor);
	}
	return ret;
}

/*! Finds what each edit points to. */
static int find_next(chain_t *chain)
{
	chain_edit_t *first = NULL, begin = { 0 };
	int ret = KNOT_EOK;
	for (size_t i = chain->count; ret == KNOT_EOK && i > 0; i--) {
		chain_edit_t *edit = chain->edits[i - 1];
		if (chain_changes(edit)) {
			ret = find_around(chain, seek_behind(chain, edit), edit);
			if (ret == KNOT_EOK) {
				set_next(edit, first, edit);
			}
		}
		first = edit->is ? edit : first;
	}
	if (ret == KNOT_EOK) {
		ret = find_around(chain, store_seek(&chain->cursor, NULL, 0), &begin);
	}
	for (size_t i = chain->count; ret == KNOT_EOK && i > 0; i--) {
		chain_edit_t *edit = chain->edits[i - 1];
		if (chain_changes(edit) && edit->next == NULL) {
			set_next(edit, first, &begin);
		}
	}
	return ret;
}

int chain_link(chain_t *chain)
{
	int ret = KNOT_EOK;
	const bool links = chain->complete || chain->done_len > 0;
	qsort(chain->edits, chain->count, sizeof(*chain->edits), compare_pointers);
	if (links) {
		const size_t count = chain->count;
		ret = touch_before(chain);
		if (chain->count > count) {
			qsort(chain->edits, chain->count, sizeof(*chain->edits), compare_pointers);
		}
		if (ret == KNOT_EOK) {
			ret = find_next(chain);
		}
	}
	return ret;
}
