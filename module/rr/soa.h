/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief RDATA of an SOA (RFC 1035, section 3.3.13), as far as libknot's knot_soa_*() do not have
 * it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libknot/rdata.h>

/*! Octets of the shortest RDATA: two names, each the root, and five numbers of 32 bits. */
#define SOA_RDATA_MIN (2 + 5 * 4)

/*!
 * Tells whether the RDATA of a received SOA is long enough for knot_soa_serial() and the like. It
 * can be empty: libknot's parser lets this pass in the classes that UPDATE needs (RFC 2136).
 */
bool soa_is_whole(const knot_rdata_t *rdata);

/*! Writes RDATA that has a serial and nothing else, as a question for an IXFR needs it. */
void soa_write(uint8_t rdata[SOA_RDATA_MIN], uint32_t serial);

/*! Sets the TTL of negative answers (RFC 2308, section 4), in seconds. */
void soa_minimum_set(knot_rdata_t *rdata, uint32_t minimum);
