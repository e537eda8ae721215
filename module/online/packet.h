/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief An answer that is being made: which of its RRsets have signatures; RRsets taken out again.
 */
#pragma once

#include <stdbool.h>

#include <libknot/packet/pkt.h>

/*! Reads the owner name of an RRset, in lower case, from the message: RRsets of wildcards have another one.
 *  \param at  Place in the packet, not in the section. */
void packet_owner(const knot_pkt_t *pkt, uint16_t at, knot_dname_storage_t owner);

/*! \return Whether the section in the making has a signature of its RRset at that place. */
bool packet_is_signed(const knot_pkt_t *pkt, uint16_t at);

/*! Lowers the TTL of an RRset that is above so many seconds, in the message as well. */
void packet_limit_ttl(knot_pkt_t *pkt, uint16_t at, uint32_t most);

/*! \return Whether an RRset stays. \param at  Its place in the packet. */
typedef bool (*packet_keep_f)(const knot_pkt_t *pkt, uint16_t at);

/*!
 * Takes RRsets out of the section in the making; the others keep their order.
 * \return KNOT_EOK, KNOT_ENOENT (all stay), KNOT_ESPACE, KNOT_ENOMEM
 */
int packet_filter(knot_pkt_t *pkt, packet_keep_f keep);

/*! Adds an RRset, whose memory is the packet's from then on, also on failure. \param hint  Of its owner,
 *  a place in the message, or KNOT_COMPR_HINT_NONE. \return KNOT_EOK, KNOT_ESPACE, KNOT_ENOMEM */
int packet_put(knot_pkt_t *pkt, uint16_t hint, knot_rrset_t *rrset, uint16_t flags);
