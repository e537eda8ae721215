/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief RDATA as blocks of octets and names.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libknot/rdata.h>

/*!
 * Brings RDATA to canonical form (RFC 4034, section 6.2).
 * \return Whether the RDATA has the form that its type demands; if not, part of it may be changed.
 */
bool rdata_canonical(uint16_t type, uint8_t *rdata, uint16_t len);

/*!
 * Tells whether the names and the octets that RDATA of the type must have are all there. libknot
 * reads other RDATA beyond its end.
 */
bool rdata_is_whole(uint16_t type, const knot_rdata_t *rdata);
