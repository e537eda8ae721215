/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Whether RDATA has the form that its type demands.
 *
 * A secondary that finds one malformed record refuses the whole zone. The rule here is thus that of
 * the strictest server: what this unit lets pass, BIND, NSD and Knot load and transfer. It does not
 * refuse what all of them take, even if an RFC forbids it. tests/e2e/rdata.sh asks them.
 */
#pragma once

#include <stdint.h>

/*!
 * Looks at the RDATA of one record in wire format, without compression. Any thread may call it.
 *
 * Types that no server knows can have any RDATA (RFC 3597).
 *
 * \param rdata  May be NULL if there are no octets.
 * \return NULL if nothing is wrong; else what is, as half a sentence for a log. It is static.
 */
const char *rdata_fault(uint16_t type, const uint8_t *rdata, uint16_t len);
