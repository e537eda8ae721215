/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Key tag and DS of a public key.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "keyset/keyset.h"

#define DNSKEY_DS_TEXT_MAX 1280 /*!< A name has up to 1004 characters. */

/*! \return The key tag (RFC 4034, appendix B), -1 if the key is none of that algorithm. */
int dnskey_tag(keyset_role_t role, uint8_t algorithm, const uint8_t *public_key, size_t len);

/*!
 * Writes the DS (SHA-256) as a record of the parent zone: "OWNER TTL IN DS TAG ALG 2 HEX".
 *
 * \param zone  Owner, with trailing dot.
 * \param buf   At least DNSKEY_DS_TEXT_MAX bytes.
 * \return 0, or -1 if the key is none of that algorithm.
 */
int dnskey_ds_text(const char *zone, uint32_t ttl, keyset_role_t role, uint8_t algorithm,
                   const uint8_t *public_key, size_t len, char *buf);
