/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Bytes as one question to the transfer server; whatever they are, each message of the answer
 * has to be sound DNS. */

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "common/message.h"
#include "module/publish/answer.h"
#include "tests/unit/publish-memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
	if (!truth) {
		abort();
	}
}

static int check_frame(void *ctx, const uint8_t *frame, size_t len)
{
	const uint8_t *question = ctx;
	require(len >= 2 + KNOT_WIRE_HEADER_SIZE && knot_wire_read_u16(frame) == len - 2);
	knot_pkt_t *pkt = knot_pkt_new((uint8_t *)frame + 2, len - 2, NULL);
	require(pkt != NULL);
	require(message_parse(pkt) == KNOT_EOK);
	require(knot_wire_get_qr(pkt->wire));
	require(memcmp(pkt->wire, question, 2) == 0);
	knot_pkt_free(pkt);
	return KNOT_EOK;
}

static void fill(memory_t *zone)
{
	static const uint8_t big[40000];
	static const uint8_t ns[] = { 2, 'n', 's', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0 };
	memory_init(zone, "example.", 7);
	memory_add(&zone->rrsets, zone->zone, KNOT_RRTYPE_NS, ns, sizeof(ns));
	memory_add(&zone->rrsets, ns, KNOT_RRTYPE_A, ns, 4);
	memory_add(&zone->rrsets, ns, 65534, big, sizeof(big));
	memory_add(&zone->rrsets, ns, 65534, big, sizeof(big) - 1);
	memory_add_soa(&zone->changes, zone->zone, 6);
	memory_add(&zone->changes, ns, KNOT_RRTYPE_A, big, 4);
	memory_add_soa(&zone->changes, zone->zone, 7);
	memory_add(&zone->changes, ns, KNOT_RRTYPE_A, ns, 4);
	zone->changes_from = 6;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > KNOT_WIRE_MAX_PKTSIZE) {
		return 0;
	}
	memory_t zone;
	log_t log;
	fill(&zone);
	log_init(&log, NULL, NULL);
	/* A buffer of just that size, so that a sanitizer sees a byte too far. */
	uint8_t *copy = malloc(size);
	uint8_t id[2] = { 0 };
	memcpy(copy, data, size);
	memcpy(id, data, size < 2 ? size : 2);

	answerer_t *answerer = answerer_new(zone.publisher, &log, check_frame, id);
	(void)answerer_reply(answerer, copy, size);
	answerer_free(answerer);

	free(copy);
	log_deinit(&log);
	memory_deinit(&zone);
	return 0;
}
