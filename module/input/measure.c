/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/input/measure.h"

#include <libknot/libknot.h>

measure_t measure_contents(const contents_t *contents)
{
	measure_t measure;
	contents_count(contents, KNOT_RRTYPE_NS, &measure.names, &measure.delegations);
	measure.delegations--;
	return measure;
}

int measure_input(store_txn_t *txn, uint32_t nodes, const knot_dname_t *apex, measure_t *measure)
{
	uint8_t apex_key[NODE_KEY_MAX];
	const size_t apex_len = node_key(apex, apex_key);
	store_cursor_t cursor;
	*measure = (measure_t) { .names = 0 };
	int ret = store_cursor(txn, STORE_INPUT, nodes, &cursor);
	while (ret == KNOT_EOK && (ret = store_next(&cursor)) == KNOT_EOK) {
		measure->names++;
		measure->delegations +=
			node_stored_has(cursor.data, cursor.data_len, KNOT_RRTYPE_NS) &&
			!node_key_same(cursor.key, cursor.key_len, apex_key, apex_len);
	}
	store_cursor_close(&cursor);
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}
