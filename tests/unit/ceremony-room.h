/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A ceremony for tests: keys of ECDSA P-256 in memory, which sign bundles.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libdnssec/key.h>

#define ROOM_ZONE "a.test."
#define ROOM_TTL 3600

/*! A key of the zone. To be freed by dnssec_key_free(). */
dnssec_key_t *room_key(bool ksk);

/*! What is signed. */
typedef struct {
	dnssec_key_t *keys[6]; /*!< In the DNSKEY RRset; NULL ends them. */
	dnssec_key_t *by[3];   /*!< Who signs. */
	dnssec_key_t *cds;     /*!< Whose CDS and CDNSKEY there are; NULL = there are none. */
	int64_t from, until;   /*!< Of the signatures. */
	uint32_t ttl;          /*!< 0 = ROOM_TTL. */
} room_bundle_t;

/*! \return As keyset/bundle.h has it; to be freed by free(). */
char *room_sign(const room_bundle_t *what);
