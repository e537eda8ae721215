/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief DNS UPDATE (RFC 2136): what a message asks for, done to the input.
 *
 * The input is the unsigned zone: what the signer adds (RRSIG, NSEC, NSEC3, NSEC3PARAM, ZONEMD, and
 * the policy's own DNSKEY, CDS, CDNSKEY) is neither seen nor changed. Those types cannot be added,
 * but for DNSKEY, CDS and CDNSKEY, with which other signers of the zone have theirs published (RFC
 * 8901). In a zone that passes through all types can be; one that is signed elsewhere has to get its
 * new serial from the message.
 */
#pragma once

#include <libknot/packet/pkt.h>

#include "module/store/state.h"

typedef struct {
	uint8_t rcode;      /*!< KNOT_RCODE_*, the answer. */
	size_t changed;     /*!< Names. */
	uint32_t before;    /*!< Serial of the input. */
	char reason[320];   /*!< Why it was refused. */
} update_result_t;

/*!
 * Checks the prerequisites, makes the changes, and has the SOA's serial increased if there are any
 * and they do not do it themselves.
 *
 * \param txn      A write transaction. If the RCODE is not NOERROR, nothing was written.
 * \param zone     Lower case; the zone has an input.
 * \param state    As loaded within the transaction; its input's part is updated.
 * \param message  Of opcode UPDATE, parsed.
 * \return KNOT_EOK (the result tells), or an error: the transaction has to be aborted
 */
int update_apply(store_txn_t *txn, const knot_dname_t *zone, state_t *state,
                 const knot_pkt_t *message, update_result_t *result);
