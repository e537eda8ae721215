/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/sign/expiry.h"

#include <string.h>

#include <libknot/errcode.h>

#include "module/keys/rrsig.h"

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

uint32_t expiry_of(const node_t *node)
{
	uint32_t when = 0;
	for (uint16_t i = 0; i < node->count; i++) {
		const knot_rdataset_t *sigs = &node->rrsets[i].sigs;
		const knot_rdata_t *sig = sigs->rdata;
		for (uint16_t n = 0; n < sigs->count; n++) {
			uint32_t expiration = rrsig_expiration(sig);
			when = (when == 0 || expiration < when) ? expiration : when;
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
