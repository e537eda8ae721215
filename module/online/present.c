/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/online/present.h"

#include <string.h>

#include <libknot/libknot.h>

#include "module/store/state.h"

typedef struct {
	store_txn_t txn;
	uint32_t nodes;
	const knot_dname_t *zone;
	present_t *types;
	present_each_f each;
	void *ctx;
} search_t;

/*! Tells the types of a node. */
static void tell(const search_t *search, const node_t *node, bool apex)
{
	present_t *types = search->types;
	types->cut = !apex && node_rrset(node, KNOT_RRTYPE_NS) != NULL;
	types->alias = node_rrset(node, KNOT_RRTYPE_CNAME) != NULL;
	for (uint16_t i = 0; i < node->count; i++) {
		const uint16_t type = node->rrsets[i].type;
		if (!types->cut || type == KNOT_RRTYPE_NS || type == KNOT_RRTYPE_DS) {
			search->each(search->ctx, type);
		}
	}
}

/*! \return KNOT_EOK, KNOT_ENOENT (no such node), others */
static int find_node(search_t *search, const knot_dname_t *name)
{
	uint8_t key[NODE_KEY_MAX];
	const store_key_t at = {
		.table = STORE_SIGNED, .id = search->nodes, .key = key, .key_len = node_key(name, key),
	};
	node_t node = { 0 };
	const int ret = store_find_node(&search->txn, &at, &node);
	if (ret != KNOT_EOK) {
		return ret;
	}
	const bool found = node.count > 0;
	if (found) {
		tell(search, &node, knot_dname_is_equal(name, search->zone));
		search->types->exists = true;
	}
	node_deinit(&node);
	return found ? KNOT_EOK : KNOT_ENOENT;
}

/*! \return KNOT_EOK (there are names below), KNOT_ENOENT, others */
static int find_below(search_t *search, const knot_dname_t *name)
{
	uint8_t key[NODE_KEY_MAX];
	const size_t len = node_key(name, key);
	store_cursor_t cursor;
	int ret = store_cursor(&search->txn, STORE_SIGNED, search->nodes, &cursor);
	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = store_seek(&cursor, key, len);
	if (ret == KNOT_EOK && !node_key_below(cursor.key, cursor.key_len, key, len)) {
		ret = KNOT_ENOENT;
	}
	store_cursor_close(&cursor);
	return ret;
}

/*! Looks for the wildcard at the closest encloser. */
static int find_wildcard(search_t *search, const knot_dname_t *name)
{
	knot_dname_storage_t wildcard = { 1, '*' };
	uint8_t key[NODE_KEY_MAX];
	int ret = KNOT_ENOENT;
	while (ret == KNOT_ENOENT && !knot_dname_is_equal(name, search->zone)) {
		name = knot_wire_next_label(name, name);
		const store_key_t at = {
			.table = STORE_SIGNED, .id = search->nodes, .key = key,
			.key_len = node_key(name, key),
		};
		const uint8_t *data = NULL;
		size_t len = 0;
		ret = store_find(&search->txn, &at, &data, &len);
		ret = ret == KNOT_ENOENT ? find_below(search, name) : ret;
	}
	if (ret == KNOT_EOK && knot_dname_size(name) + 2 <= KNOT_DNAME_MAXLEN) {
		memcpy(wildcard + 2, name, knot_dname_size(name));
		ret = find_node(search, wildcard);
	}
	return ret;
}

static int find(search_t *search, const knot_dname_t *name)
{
	int ret = find_node(search, name);
	if (ret == KNOT_ENOENT) {
		ret = find_below(search, name);
		search->types->exists = ret == KNOT_EOK;
	}
	return ret == KNOT_ENOENT ? find_wildcard(search, name) : ret;
}

int present_find(store_t *store, const knot_dname_t *zone, const knot_dname_t *name,
               present_t *types, present_each_f each, void *ctx)
{
	search_t search = { .zone = zone, .types = types, .each = each, .ctx = ctx };
	state_t state;
	memset(types, 0, sizeof(*types));
	int ret = store_read(store, &search.txn);
	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = state_load(&search.txn, zone, &state);
	if (ret == KNOT_EOK) {
		search.nodes = state.nodes;
		ret = find(&search, name);
	}
	store_abort(&search.txn);
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}
