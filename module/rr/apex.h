/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What validators need of a zone's apex: its DNSKEYs, and which keys sign there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/rdataset.h>

typedef struct {
	uint16_t flags;
	uint8_t algorithm;
	uint16_t keytag;
	uint8_t *public_key;
	size_t public_key_len;
} apex_key_t;

/*! What an RRSIG says of the key that made it. */
typedef struct {
	uint16_t covered;        /*!< Type: SOA or DNSKEY. */
	uint8_t algorithm;
	uint16_t keytag;
	char *signature;         /*!< Base64, without blanks; to be freed, by apex_deinit(). */
} apex_signer_t;

/*! Zeroed it is an apex without records. */
typedef struct {
	bool has_soa;
	uint32_t serial;
	uint32_t soa_ttl, dnskey_ttl;
	apex_key_t *keys;        /*!< All that the DNSKEY RRset has. */
	size_t key_count;
	apex_signer_t *signers;  /*!< Of the RRSIGs over SOA and DNSKEY. */
	size_t signer_count;
	int64_t inception;       /*!< Newest of the RRSIGs over the SOA, Unix seconds; 0 = none. */
	int64_t expiration;      /*!< Earliest of the RRSIGs over SOA and DNSKEY; 0 = none. */
} apex_t;

/*!
 * Adds a record in presentation form; those of other types than SOA, DNSKEY and RRSIG are left out.
 * \return KNOT_EOK, KNOT_EMALF, KNOT_ENOMEM
 */
int apex_add(apex_t *apex, const char *type, const char *ttl, const char *rdata);

/*! Adds the keys of a DNSKEY RRset. \return As above. */
int apex_add_dnskeys(apex_t *apex, const knot_rdataset_t *rrs);

/*! \return RDATA of a DNSKEY in presentation form, to be freed; NULL if out of memory. */
char *apex_key_text(const apex_key_t *key);

/*! Frees the contents; the apex is without records then. */
void apex_deinit(apex_t *apex);
