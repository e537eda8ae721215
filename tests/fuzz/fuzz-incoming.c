/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Bytes as a primary's answer: one that tells AXFR or IXFR, then messages, each behind its length;
 * whatever they are, what is taken of them is a sound zone. */

#include <stdlib.h>
#include <string.h>

#include "common/message.h"
#include "module/source/incoming.h"
#include "tests/unit/update-zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char base[] =
	"example. 300 SOA ns1.example. host.example. 7 3600 900 604800 300\n"
	"example. 300 NS ns1.example.\n"
	"www.example. 300 A 192.0.2.80\n"
	"alias.example. 300 CNAME www.example.\n"
	"dn.example. 300 DNAME example.net.\n";

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

/*! Gives a message, in a buffer of just its size, so that a sanitizer sees a byte too far. */
static int give(incoming_t *incoming, const uint8_t *data, size_t len)
{
	char err[256] = "";
	uint8_t *copy = malloc(len > 0 ? len : 1);
	memcpy(copy, data, len);
	knot_pkt_t *pkt = knot_pkt_new(copy, len, NULL);
	int ret = len >= KNOT_WIRE_HEADER_SIZE && message_parse(pkt) == KNOT_EOK
	          ? incoming_message(incoming, pkt, err, sizeof(err)) : KNOT_ECONN;
	require(ret == KNOT_EOK || ret == KNOT_EOF || ret == KNOT_ECONN || err[0] != '\0');
	knot_pkt_free(pkt);
	free(copy);
	return ret;
}

static int give_all(incoming_t *incoming, const uint8_t *data, size_t size)
{
	int ret = KNOT_EOK;
	while (ret == KNOT_EOK && size >= 2) {
		size_t len = knot_wire_read_u16(data);
		data += 2;
		size -= 2;
		len = len < size ? len : size;
		ret = give(incoming, data, len);
		data += len;
		size -= len;
	}
	return ret;
}

static void take_changes(incoming_t *incoming)
{
	char err[256] = "";
	store_txn_t txn;
	state_t state;
	size_t changed = 0;
	require(store_write(zone.store, &txn) == KNOT_EOK);
	require(state_load(&txn, UPDATE_ZONE, &state) == KNOT_EOK);
	int ret = incoming_apply(incoming, &txn, &state, &changed, err, sizeof(err));
	require(ret == KNOT_EOK || (ret == KNOT_EMALF && err[0] != '\0'));
	if (ret == KNOT_EOK) {
		require(update_zone_check(&txn, &state) == state.in.names);
		require(state.in.serial == knot_soa_serial(incoming_soa(incoming)));
	}
	store_abort(&txn);
}

static void take_zone(incoming_t *incoming)
{
	char err[256] = "";
	contents_t *contents = NULL;
	const knot_dname_t *owner = NULL;
	node_t node;
	int ret = incoming_zone(incoming, &contents, err, sizeof(err));
	require(ret == KNOT_EOK || (ret == KNOT_EMALF && err[0] != '\0'));
	while (ret == KNOT_EOK && contents_next(contents, &owner, &node) == KNOT_EOK) {
		require(knot_dname_in_bailiwick(owner, UPDATE_ZONE) >= 0 && node.count > 0);
		for (uint16_t i = 0; i < node.count; i++) {
			require(node.rrsets[i].ttl <= INT32_MAX);
		}
		node_deinit(&node);
	}
	contents_free(contents);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0) {
		return 0;
	}
	if (zone.store == NULL) {
		update_zone_open(&zone, base);
		update_zone_put_keyset(&zone, false, true);
		atexit(close_zone);
	}
	const incoming_args_t args = {
		.zone = UPDATE_ZONE, .origin = "primary", .ixfr = data[0] & 1, .serial = 7,
		.size_max = 100000,
	};
	incoming_t *incoming = incoming_new(&args);
	require(incoming != NULL);
	if (give_all(incoming, data + 1, size - 1) == KNOT_EOF) {
		switch (incoming_kind(incoming)) {
		case INCOMING_ZONE:
			take_zone(incoming);
			break;
		case INCOMING_CHANGES:
			take_changes(incoming);
			break;
		default:
			require(args.ixfr);
		}
	}
	incoming_free(incoming);
	return 0;
}
