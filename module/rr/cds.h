/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief CDS and CDNSKEY records (RFC 7344): what they ask for, and of which key they are.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libknot/dname.h>
#include <libknot/rdataset.h>

/*! \return Whether a CDS or CDNSKEY asks the parent to remove all DS (RFC 8078, section 4). */
bool cds_is_delete(uint16_t type, const knot_rdata_t *rdata);

/*!
 * Tells whether a CDS or CDNSKEY is of one of these DNSKEYs: a DS of any other makes the zone
 * bogus. Digest types that libdnssec cannot make fit none.
 *
 * \param type  KNOT_RRTYPE_CDS or KNOT_RRTYPE_CDNSKEY; the RDATA is well-formed.
 */
bool cds_fits(const knot_dname_t *apex, uint16_t type, const knot_rdata_t *rdata,
              const knot_rdataset_t *dnskeys);

/*! \return Algorithm of a DNSKEY, CDS or CDNSKEY; 0 if it is too short to have one. */
uint8_t cds_algorithm(uint16_t type, const knot_rdata_t *rdata);

/*! \return Key tag of a DNSKEY or CDNSKEY, or that which a CDS names. */
uint16_t cds_keytag(uint16_t type, const knot_rdata_t *rdata);
