/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Bytes as an UPDATE of a zone in a real store; whatever they ask for, the zone stays one. */

#include <stdlib.h>
#include <string.h>

#include "module/node.h"
#include "tests/unit/update-zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char base[] =
	"example. 300 SOA ns1.example. host.example. 7 3600 900 604800 300\n"
	"example. 300 NS ns1.example.\n"
	"ns1.example. 300 A 192.0.2.1\n"
	"www.example. 300 A 192.0.2.80\n"
	"www.example. 300 TXT \"text\"\n"
	"alias.example. 300 CNAME www.example.\n"
	"a.b.example. 300 A 192.0.2.3\n"
	"dn.example. 300 DNAME example.net.\n"
	"cut.example. 300 NS ns.cut.example.\n";

static update_zone_t zone;

static void close_zone(void)
{
	update_zone_close(&zone);
}

static void require(bool truth)
{
	if (!truth) {
		abort();
	}
}

static uint16_t count_of(const node_t *node, uint16_t type)
{
	const node_rrset_t *rrset = node_rrset(node, type);
	return rrset != NULL ? rrset->rrs.count : 0;
}

static void check_node(const node_t *node, bool apex)
{
	const uint16_t cname = count_of(node, KNOT_RRTYPE_CNAME);
	require(node->count > 0);
	require(count_of(node, KNOT_RRTYPE_SOA) == apex);
	require(!apex || count_of(node, KNOT_RRTYPE_NS) > 0);
	require(cname == 0 || (cname == 1 && node->count == 1));
	require(count_of(node, KNOT_RRTYPE_DNAME) <= 1);
	for (uint16_t i = 0; i < node->count; i++) {
		const node_rrset_t *rrset = &node->rrsets[i];
		require(rrset->rrs.count > 0 && rrset->ttl <= INT32_MAX);
		require(i == 0 || node->rrsets[i - 1].type < rrset->type);
		require(rrset->type != KNOT_RRTYPE_RRSIG && rrset->type != KNOT_RRTYPE_NSEC);
	}
}

/*! Walks over all of the zone. \return How many names there are. */
static size_t check_zone(store_txn_t *txn, const state_t *state)
{
	uint8_t apex[NODE_KEY_MAX], cover[NODE_KEY_MAX];
	size_t apex_len = node_key(UPDATE_ZONE, apex), cover_len = 0, names = 0;
	store_cursor_t cursor;
	require(store_cursor(txn, STORE_INPUT, state->id, &cursor) == KNOT_EOK);
	while (store_next(&cursor) == KNOT_EOK) {
		node_t node;
		knot_dname_storage_t owner;
		const bool is_apex = cursor.key_len == apex_len &&
		                     memcmp(cursor.key, apex, apex_len) == 0;
		require((names == 0) == is_apex);
		require(is_apex || node_key_below(cursor.key, cursor.key_len, apex, apex_len));
		require(node_key_owner(cursor.key, cursor.key_len, owner) > 0);
		require(node_read(cursor.data, cursor.data_len, &node) == KNOT_EOK);
		check_node(&node, is_apex);
		require(cover_len == 0 ||
		        !node_key_below(cursor.key, cursor.key_len, cover, cover_len));
		if (count_of(&node, KNOT_RRTYPE_DNAME) > 0) {
			cover_len = cursor.key_len;
			memcpy(cover, cursor.key, cover_len);
		}
		node_deinit(&node);
		names++;
	}
	store_cursor_close(&cursor);
	return names;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > KNOT_WIRE_MAX_PKTSIZE || size < KNOT_WIRE_HEADER_SIZE) {
		return 0;
	}
	if (zone.store == NULL) {
		update_zone_open(&zone, base);
		atexit(close_zone);
	}
	/* A buffer of just that size, so that a sanitizer sees a byte too far. */
	uint8_t *copy = malloc(size);
	memcpy(copy, data, size);
	knot_pkt_t *pkt = knot_pkt_new(copy, size, NULL);
	if (knot_pkt_parse(pkt, 0) == KNOT_EOK) {
		store_txn_t txn;
		state_t state;
		update_result_t result;
		require(store_write(zone.store, &txn) == KNOT_EOK);
		require(state_load(&txn, UPDATE_ZONE, &state) == KNOT_EOK);
		const state_input_t before = state.in;
		require(update_apply(&txn, UPDATE_ZONE, &state, pkt, &result) == KNOT_EOK);
		require(result.rcode == KNOT_RCODE_NOERROR || result.changed == 0);
		require((result.changed > 0) == (state.in.serial != before.serial));
		require((result.changed > 0) == (state.in.count != before.count));
		require(check_zone(&txn, &state) == state.in.names);
		store_abort(&txn);
	}
	knot_pkt_free(pkt);
	free(copy);
	return 0;
}
