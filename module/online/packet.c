/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/online/packet.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

/*! What it takes to add an RRset anew. */
typedef struct {
	knot_rrset_t rrset;
	uint16_t hint, flags;
	bool keep;
} taken_t;

void packet_owner(const knot_pkt_t *pkt, uint16_t at, knot_dname_storage_t owner)
{
	(void)knot_dname_unpack(owner, pkt->wire + pkt->rr_info[at].pos,
	                        sizeof(knot_dname_storage_t), pkt->wire);
	knot_dname_to_lower(owner);
}

/*! \return Whether two RRsets of a packet have the same owner. */
static bool same_owner(const knot_pkt_t *pkt, uint16_t a, uint16_t b)
{
	const uint8_t *at = pkt->wire + pkt->rr_info[a].pos, *other = pkt->wire + pkt->rr_info[b].pos;
	if (knot_wire_is_pointer(at) && memcmp(at, other, 2) == 0) {
		return true;
	}
	knot_dname_storage_t owner, another;
	packet_owner(pkt, a, owner);
	packet_owner(pkt, b, another);
	return knot_dname_is_equal(owner, another);
}

bool packet_is_signed(const knot_pkt_t *pkt, uint16_t at)
{
	const uint16_t type = pkt->rr[at].type;
	for (uint16_t i = pkt->sections[pkt->current].pos; i < pkt->rrset_count; i++) {
		if (pkt->rr[i].type == KNOT_RRTYPE_RRSIG &&
		    knot_rrsig_type_covered(pkt->rr[i].rrs.rdata) == type && same_owner(pkt, at, i)) {
			return true;
		}
	}
	return false;
}

/* Behind a record's owner: type, class, TTL, length of the RDATA (RFC 1035, section 4.1.3). */
enum { TTL_AT = 4, LENGTH_AT = 8, RDATA_AT = 10 };

void packet_limit_ttl(knot_pkt_t *pkt, uint16_t at, uint32_t most)
{
	if (pkt->rr[at].ttl <= most) {
		return;
	}
	uint8_t *place = pkt->wire + pkt->rr_info[at].pos;
	for (uint16_t i = 0; i < pkt->rr[at].rrs.count; i++) {
		while (*place != 0 && !knot_wire_is_pointer(place)) {
			place += 1 + *place;
		}
		place += *place != 0 ? 2 : 1;
		knot_wire_write_u32(place + TTL_AT, most);
		place += RDATA_AT + knot_wire_read_u16(place + LENGTH_AT);
	}
	pkt->rr[at].ttl = most;
}

int packet_put(knot_pkt_t *pkt, uint16_t hint, knot_rrset_t *rrset, uint16_t flags)
{
	const int ret = knot_pkt_put(pkt, hint, rrset, flags | KNOT_PF_FREE);
	if (ret != KNOT_EOK) {
		knot_rrset_clear(rrset, &pkt->mm);
	}
	return ret;
}

/*! Subtracts records from the count of the section in the making. */
static void uncount(knot_pkt_t *pkt, uint16_t records)
{
	switch (pkt->current) {
	case KNOT_ANSWER:
		knot_wire_set_ancount(pkt->wire, knot_wire_get_ancount(pkt->wire) - records);
		break;
	case KNOT_AUTHORITY:
		knot_wire_set_nscount(pkt->wire, knot_wire_get_nscount(pkt->wire) - records);
		break;
	case KNOT_ADDITIONAL:
		knot_wire_set_arcount(pkt->wire, knot_wire_get_arcount(pkt->wire) - records);
		break;
	}
}

/*! Takes count RRsets off the packet's end. */
static void cut_off(knot_pkt_t *pkt, taken_t *taken, uint16_t count)
{
	const uint16_t from = pkt->rrset_count - count;
	uint16_t records = 0;
	for (uint16_t i = 0; i < count; i++) {
		const knot_rrinfo_t *info = &pkt->rr_info[from + i];
		taken[i].rrset = pkt->rr[from + i];
		taken[i].flags = info->flags;
		taken[i].hint = info->compress_ptr[KNOT_COMPR_HINT_OWNER];
		records += taken[i].rrset.rrs.count;
	}
	uncount(pkt, records);
	pkt->size = pkt->rr_info[from].pos;
	pkt->rrset_count = from;
	pkt->sections[pkt->current].count -= count;
	pkt->compr.suffix.pos = 0; /* What it refers to may be gone: libknot begins at QNAME again. */
}

/*! Adds again what stays. */
static int add_again(knot_pkt_t *pkt, const taken_t *taken, uint16_t count)
{
	const size_t known = pkt->size;
	int ret = KNOT_EOK;
	for (uint16_t i = 0; i < count; i++) {
		knot_rrset_t rrset = taken[i].rrset;
		if (ret == KNOT_EOK && taken[i].keep) {
			const uint16_t hint = taken[i].hint < known ? taken[i].hint
			                                            : KNOT_COMPR_HINT_NONE;
			ret = knot_pkt_put(pkt, hint, &rrset, taken[i].flags & ~KNOT_PF_CHECKDUP);
			if (ret == KNOT_EOK) {
				continue;
			}
		}
		if (taken[i].flags & KNOT_PF_FREE) {
			knot_rrset_clear(&rrset, &pkt->mm);
		}
	}
	return ret;
}

int packet_filter(knot_pkt_t *pkt, packet_keep_f keep)
{
	const uint16_t end = pkt->rrset_count;
	uint16_t from = pkt->sections[pkt->current].pos;
	while (from < end && keep(pkt, from)) {
		from++;
	}
	if (from == end) {
		return KNOT_ENOENT;
	}
	taken_t *taken = calloc(end - from, sizeof(*taken));
	if (taken == NULL) {
		return KNOT_ENOMEM;
	}
	for (uint16_t i = from; i < end; i++) {
		taken[i - from].keep = keep(pkt, i);
	}
	cut_off(pkt, taken, end - from);
	const int ret = add_again(pkt, taken, end - from);
	free(taken);
	return ret;
}
