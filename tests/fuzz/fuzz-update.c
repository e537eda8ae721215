/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Bytes as an UPDATE of a zone in a real store; whatever they ask for, the zone stays one. */

#include <stdlib.h>
#include <string.h>

#include "common/message.h"
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > KNOT_WIRE_MAX_PKTSIZE || size < KNOT_WIRE_HEADER_SIZE) {
		return 0;
	}
	if (zone.store == NULL) {
		update_zone_open(&zone, base);
		update_zone_put_keyset(&zone, false, true);
		atexit(close_zone);
	}
	/* A buffer of just that size, so that a sanitizer sees a byte too far. */
	uint8_t *copy = malloc(size);
	memcpy(copy, data, size);
	knot_pkt_t *pkt = knot_pkt_new(copy, size, NULL);
	if (message_parse(pkt) == KNOT_EOK) {
		store_txn_t txn;
		state_t state;
		update_result_t result;
		require(store_write(zone.store, &txn) == KNOT_EOK);
		require(state_load(&txn, UPDATE_ZONE, &state) == KNOT_EOK);
		const state_input_t before = state.in;
		require(update_apply(&txn, UPDATE_ZONE, &state, pkt, SIZE_MAX, &result) ==
		        KNOT_EOK);
		require(result.rcode == KNOT_RCODE_NOERROR || result.changed == 0);
		require((result.changed > 0) == (state.in.serial != before.serial));
		require((result.changed > 0) == (state.in.count != before.count));
		require(update_zone_check(&txn, &state) == state.in.names);
		store_abort(&txn);
	}
	knot_pkt_free(pkt);
	free(copy);
	return 0;
}
