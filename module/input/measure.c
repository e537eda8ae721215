/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/input/measure.h"

#include <libknot/libknot.h>

static void see(measure_t *measure, const node_t *node, bool apex)
{
	measure->names++;
	measure->delegations += !apex && node_rrset(node, KNOT_RRTYPE_NS) != NULL;
}

int measure_contents(contents_t *contents, const knot_dname_t *apex, measure_t *measure)
{
	const knot_dname_t *owner = NULL;
	node_t node;
	int ret;
	*measure = (measure_t) { .names = 0 };
	contents_rewind(contents);
	while ((ret = contents_next(contents, &owner, &node)) == KNOT_EOK) {
		see(measure, &node, knot_dname_is_equal(owner, apex));
		node_deinit(&node);
	}
	contents_rewind(contents);
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

int measure_input(store_txn_t *txn, uint32_t nodes, const knot_dname_t *apex, measure_t *measure)
{
	uint8_t apex_key[NODE_KEY_MAX];
	const size_t apex_len = node_key(apex, apex_key);
	store_cursor_t cursor;
	*measure = (measure_t) { .names = 0 };
	int ret = store_cursor(txn, STORE_INPUT, nodes, &cursor);
	while (ret == KNOT_EOK && (ret = store_next(&cursor)) == KNOT_EOK) {
		node_t node;
		ret = node_read(cursor.data, cursor.data_len, &node);
		if (ret == KNOT_EOK) {
			see(measure, &node, node_key_same(cursor.key, cursor.key_len, apex_key,
			                                  apex_len));
			node_deinit(&node);
		}
	}
	store_cursor_close(&cursor);
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}
