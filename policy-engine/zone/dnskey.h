/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Key tag and DS of a public key.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "keyset/keyset.h"

/*! A public key of a zone. All is borrowed. */
typedef struct {
	const char *zone; /*!< With trailing dot. */
	keyset_role_t role;
	uint8_t algorithm;
	const uint8_t *public_key;
	size_t len;
} dnskey_t;

/*! Records that can be made of it. */
typedef enum {
	DNSKEY_DS_SHA256,
	DNSKEY_DS_SHA384,
	DNSKEY_DNSKEY,
	DNSKEY_CDS,        /*!< SHA-256. */
	DNSKEY_CDNSKEY,
} dnskey_form_t;

#define DNSKEY_DS_RDATA_MAX 64 /*!< Bytes; with SHA-384 there are 52. */

/*! \return The key tag (RFC 4034, appendix B); -1 if the bytes are no key of that algorithm. */
int dnskey_tag(keyset_role_t role, uint8_t algorithm, const uint8_t *public_key, size_t len);

/*! A DNSKEY record. */
typedef struct {
	keyset_role_t role;   /*!< KEYSET_KSK if it has the SEP flag, else KEYSET_ZSK. */
	uint8_t algorithm;
	uint16_t keytag;
	uint8_t *public_key;  /*!< To be freed by free(). */
	size_t len;
} dnskey_record_t;

/*! Reads the RDATA of a DNSKEY in presentation form. \return 0; -1 if it is none that a zone of ours
 *  has. */
int dnskey_parse(const char *text, dnskey_record_t *record);

/*! \return Size of the key as policy_key_bits() counts it; 0 if the bytes are no key of that
 *          algorithm. */
unsigned dnskey_bits(uint8_t algorithm, const uint8_t *public_key, size_t len);

/*!
 * Writes a record in one line, "OWNER TTL IN TYPE RDATA".
 *
 * \return To be freed by free(); NULL if the bytes are no key of that algorithm, or out of memory.
 */
char *dnskey_text(const dnskey_t *key, dnskey_form_t form, uint32_t ttl);

/*!
 * Makes the rdata of a DS.
 *
 * \param digest  1 (SHA-1), 2 (SHA-256) or 4 (SHA-384).
 * \param rdata   DNSKEY_DS_RDATA_MAX bytes.
 * \return Its length, or -1.
 */
int dnskey_ds(const dnskey_t *key, unsigned digest, uint8_t *rdata);
