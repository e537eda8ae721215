/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A bundle: the DNSKEY, CDS and CDNSKEY RRsets of a zone with the signatures of its KSK, made
 *        ahead where that key is.
 *
 * As a text it is in one line: "TYPE TTL RDATA" for each record, with ", " between, RDATA in
 * hexadecimal. It has no records of other types than DNSKEY, CDS, CDNSKEY, and RRSIG.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/dname.h>
#include <libknot/rdataset.h>

/*! Octets of RDATA: a DNSKEY of RSA with 4096 bits has 1032 at most, an RRSIG of it in the longest of
 *  zones 785. */
#define BUNDLE_RDATA_MAX 1100

#define BUNDLE_RECORDS_MAX 64 /*!< Of one bundle: eight keys, each with two CDS, a CDNSKEY and three signatures. */

/*! RDATA of a DNSKEY (RFC 4034, section 2.1) before the public key; its second octet has the flag SEP. */
#define DNSKEY_HEAD 4
#define DNSKEY_SEP 1

/*! Where RDATA of an RRSIG has what (RFC 4034, section 3.1); the signer's name is the last before the
 *  signature. */
#define RRSIG_ALGORITHM 2
#define RRSIG_EXPIRATION 8
#define RRSIG_INCEPTION 12
#define RRSIG_KEYTAG 16
#define RRSIG_SIGNER 18

typedef struct {
	uint16_t type;
	uint32_t ttl;
	uint16_t len;
	uint8_t rdata[BUNDLE_RDATA_MAX];
} bundle_record_t;

/*!
 * Takes the next record from a text.
 *
 * \param text  Where to read; moved behind what was read. It begins at the text's beginning.
 * \return 1 and the record; 0 at the end; -1 if the text is malformed.
 */
int bundle_next(const char **text, bundle_record_t *record);

/*!
 * Adds a record to a text.
 *
 * \param text  To be freed by free(); NULL before the first record. Stays as it is on failure.
 * \return 0; -1 if out of memory.
 */
int bundle_add(char **text, const bundle_record_t *record);

/*! \return The text of a bundle that may be NULL, which is an empty one. */
static inline const char *bundle_text(const char *text)
{
	return text != NULL ? text : "";
}

/*! Adds a record to an RRset. \return KNOT_EOK, KNOT_ENOMEM */
int bundle_put(knot_rdataset_t *rrs, const bundle_record_t *record);

/*! \return The type that an RRSIG covers. */
uint16_t bundle_covered(const bundle_record_t *rrsig);

/*! \return How many records of a type a bundle has. */
size_t bundle_count(const char *text, uint16_t type);

/*! A key, as a DNSKEY record has it. Borrowed. */
typedef struct {
	bool sep;             /*!< It has the flag SEP: a KSK. */
	uint8_t algorithm;
	uint16_t keytag;
	const uint8_t *public_key;
	size_t public_key_len;
} bundle_key_t;

/*! Tells which key a DNSKEY record has. \param key  Filled on success only; borrows from record.
 *  \return Whether there is one. */
bool bundle_key(const bundle_record_t *dnskey, bundle_key_t *key);

/*! \return Whether a bundle has a key as DNSKEY, or as CDNSKEY: type. */
bool bundle_has_key(const char *text, uint16_t type, const bundle_key_t *key);

/*! \return Whether a bundle has an RRSIG over its DNSKEY RRset that names a key. */
bool bundle_signed_by(const char *text, const bundle_key_t *key);

/*! What a bundle that was verified says. */
typedef struct {
	uint32_t ttl;         /*!< Of the DNSKEY RRset. */
	uint32_t inception;   /*!< The latest of the signatures; in the form of an RRSIG. */
	uint32_t expiration;  /*!< The earliest. */
} bundle_facts_t;

/*!
 * Verifies a bundle, but not that its signatures are good now: each RRset has an RRSIG, and each RRSIG
 * is by a key of the bundle's DNSKEY RRset with the flag SEP: those of ZSKs are made by the module.
 * CDS and CDNSKEY are of keys with that flag; none asks for no DS.
 *
 * \param zone   Lower case.
 * \param facts  Filled on success only.
 * \param err    Says on failure what is wrong; NUL-terminated.
 * \return 0, or -1
 */
int bundle_verify(const char *text, const knot_dname_t *zone, bundle_facts_t *facts, char *err,
                  size_t err_size);
