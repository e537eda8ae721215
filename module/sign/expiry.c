/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/sign/expiry.h"

#include <string.h>

#include <libknot/errcode.h>

#include "module/keys/rrsig.h"

#define HALF (UINT32_C(1) << 31) /* Half of all times there are, seconds. */
#define TIME_LEN 4 /* Octets of a time before a key: 32 bits, as in an RRSIG. */

/*! Joins time and node; the zeros that close the node's key are left out. */
static size_t write_entry(uint8_t *entry, uint32_t when, const uint8_t *key, size_t key_len)
{
	entry[0] = when >> 24;
	entry[1] = when >> 16;
	entry[2] = when >> 8;
	entry[3] = when;
	while (key_len > 0 && key[key_len - 1] == 0) {
		key_len--;
	}
	memcpy(entry + TIME_LEN, key, key_len);
	return TIME_LEN + key_len;
}

int expiry_add(store_txn_t *txn, uint32_t id, uint32_t when, const uint8_t *key, size_t key_len)
{
	uint8_t entry[TIME_LEN + NODE_KEY_MAX];
	const size_t len = write_entry(entry, when, key, key_len);
	return when == 0 ? KNOT_EOK
	                 : store_put(txn, &(store_key_t) { STORE_EXPIRY, id, entry, len }, NULL, 0);
}

int expiry_remove(store_txn_t *txn, uint32_t id, uint32_t when, const uint8_t *key,
                  size_t key_len)
{
	uint8_t entry[TIME_LEN + NODE_KEY_MAX];
	const size_t len = write_entry(entry, when, key, key_len);
	return when == 0 ? KNOT_EOK
	                 : store_del(txn, &(store_key_t) { STORE_EXPIRY, id, entry, len });
}

int expiry_open(expiry_walk_t *walk, store_txn_t *txn, uint32_t id, int64_t now)
{
	*walk = (expiry_walk_t) { .from = (uint32_t)now - HALF };
	return store_cursor(txn, STORE_EXPIRY, id, &walk->cursor);
}

void expiry_close(expiry_walk_t *walk)
{
	store_cursor_close(&walk->cursor);
}

/*! Moves to the first entry of a time, or to one behind it. */
static int seek(expiry_walk_t *walk, uint32_t when)
{
	const uint8_t entry[TIME_LEN] = { when >> 24, when >> 16, when >> 8, when };
	return store_seek(&walk->cursor, entry, sizeof(entry));
}

int expiry_next(expiry_walk_t *walk)
{
	int ret = walk->cursor.key == NULL && !walk->wrapped ? seek(walk, walk->from)
	                                                     : store_next(&walk->cursor);
	if (ret == KNOT_ENOENT && !walk->wrapped) {
		walk->wrapped = true;
		ret = seek(walk, 0);
	}
	return ret == KNOT_EOK && walk->wrapped && expiry_time(walk->cursor.key) >= walk->from
	       ? KNOT_ENOENT : ret;
}

uint32_t expiry_of(const node_t *node)
{
	uint32_t when = 0;
	for (uint16_t i = 0; i < node->count; i++) {
		const knot_rdataset_t *sigs = &node->rrsets[i].sigs;
		const knot_rdata_t *sig = sigs->rdata;
		for (uint16_t n = 0; n < sigs->count; n++) {
			uint32_t expiration = rrsig_expiration(sig);
			when = when == 0 || expiry_by(expiration, when) ? expiration : when;
			sig = knot_rdataset_next((knot_rdata_t *)sig);
		}
	}
	return when;
}

uint32_t expiry_time(const uint8_t *entry)
{
	return (uint32_t)entry[0] << 24 | entry[1] << 16 | entry[2] << 8 | entry[3];
}

size_t expiry_node(const uint8_t *entry, size_t entry_len, uint8_t *key)
{
	size_t len = entry_len > TIME_LEN ? entry_len - TIME_LEN : 0;
	memcpy(key, entry + TIME_LEN, len);
	if (len > 0) {
		key[len++] = 0;
	}
	if (len % 2 != 0) {
		key[len++] = 0;
	}
	return len;
}
