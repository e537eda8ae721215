/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/input/put.h"

#include <libknot/errcode.h>

int put_node(store_txn_t *txn, const state_t *state, const uint8_t *key, size_t key_len,
             const uint8_t *data, size_t data_len)
{
	const store_key_t node = { STORE_INPUT, state->in.nodes, key, key_len };
	const store_key_t dirty = { STORE_DIRTY, state->id, key, key_len };
	int ret = data_len > 0 ? store_put(txn, &node, data, data_len) : store_del(txn, &node);
	return ret == KNOT_EOK ? store_put(txn, &dirty, &state->in.count, sizeof(state->in.count))
	                       : ret;
}
