/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief DNS UPDATE (RFC 2136): does to the input what a message asks for.
 *
 * The input is the unsigned zone. An update neither sees nor changes what the signer adds: RRSIG,
 * NSEC, NSEC3, NSEC3PARAM, ZONEMD, and the policy's own DNSKEY, CDS, CDNSKEY. It cannot add records
 * of these types either, except the DNSKEY, CDS and CDNSKEY of other signers of the zone (RFC
 * 8901), if the policy allows it (input/trust.h). In a zone that passes through, an update can add
 * all types; if that zone is signed elsewhere, the message has to bring the new serial.
 */
#pragma once

#include <libknot/packet/pkt.h>

#include "module/store/state.h"

typedef struct {
	uint8_t rcode;      /*!< Of the answer, KNOT_RCODE_* */
	size_t changed;     /*!< How many names. */
	uint32_t before;    /*!< Serial of the input before. */
	char reason[320];   /*!< Why it was refused; if it was not, a warning, or "". */
} update_result_t;

/*!
 * Checks the prerequisites and makes the changes. If there are any that leave the SOA's serial as
 * it is, increases the serial.
 *
 * \param txn      A write transaction. If the RCODE is not NOERROR, nothing was written.
 * \param zone     Lower case; the zone has an input.
 * \param state    As loaded within the transaction; its input's part is updated.
 * \param message  Of opcode UPDATE, parsed.
 * \param room     Bytes that the signed zone may have; a change that surely makes it larger is
 *                 refused. SIZE_MAX: any number.
 * \return KNOT_EOK (the result tells), or an error: the transaction has to be aborted
 */
int update_apply(store_txn_t *txn, const knot_dname_t *zone, state_t *state,
                 const knot_pkt_t *message, size_t room, update_result_t *result);
