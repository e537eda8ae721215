/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/parent/reply.h"

#include <stdbool.h>

#include <libknot/libknot.h>

#include "common/message.h"

static bool answers(const knot_pkt_t *pkt, const reply_t *reply, uint16_t type)
{
	return knot_wire_get_id(pkt->wire) == reply->id && knot_wire_get_qr(pkt->wire) &&
	       knot_pkt_qtype(pkt) == type && knot_pkt_qclass(pkt) == KNOT_CLASS_IN &&
	       knot_pkt_qname(pkt) != NULL &&
	       knot_dname_is_case_equal(knot_pkt_qname(pkt), reply->zone);
}

knot_pkt_t *reply_parse(const reply_t *reply, uint16_t type, const char **problem)
{
	knot_pkt_t *pkt = reply->len <= KNOT_WIRE_MAX_PKTSIZE
	                          ? knot_pkt_new(reply->wire, (uint16_t)reply->len, NULL) : NULL;
	*problem = pkt == NULL                      ? "out of memory"
	           : message_parse(pkt) != KNOT_EOK ? "sends what is no DNS message"
	           : !answers(pkt, reply, type)     ? "answers another question"
	                                            : NULL;
	if (*problem != NULL) {
		knot_pkt_free(pkt);
		return NULL;
	}
	return pkt;
}

const char *reply_error(const knot_pkt_t *pkt)
{
	const char *name = knot_pkt_ext_rcode_name(pkt);
	return name != NULL && name[0] != '\0' ? name : "an unknown error";
}

uint32_t reply_ttl(uint32_t ttl)
{
	return ttl <= INT32_MAX ? ttl : 0;
}
