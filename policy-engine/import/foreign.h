/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Brings the keys of signers other than OpenDNSSEC into the form of its database.
 *
 * Of what a signer does not tell it is assumed that some caches know it, and some do not: the engine waits
 * until all do, and until somebody has seen the DS.
 */
#pragma once

#include "policy-engine/base/text-file.h"
#include "policy-engine/import/ods-db.h"
#include "policy-engine/import/source.h"

/*! What a signer does with a key of which it does not tell what caches know. */
typedef enum {
	FOREIGN_UNUSED,    /*!< Nobody has it yet, or any more: it is left out. */
	FOREIGN_COMING,    /*!< In the DNSKEY RRset, and signs nothing yet; a KSK may have a DS already. */
	FOREIGN_PUBLISHED, /*!< In it and signs it, if it is a KSK; no DS has been asked for. */
	FOREIGN_READY,     /*!< So, and it may have a DS. */
	FOREIGN_ACTIVE,    /*!< In use; a KSK may have a DS. */
	FOREIGN_RETIRING,  /*!< In use, and its DS is to go. */
	FOREIGN_RETIRED,   /*!< In the DNSKEY RRset, and signs nothing any more; its DS is to go. */
	FOREIGN_WITHDRAWN, /*!< No longer in the DNSKEY RRset; its DS is to go. */
} foreign_use_t;

/*! A key of a signer. Of locator and public_key one is there; both are copied. */
typedef struct {
	keyset_role_t role;
	bool role_told;          /*!< Else a KSK is one by its flag only, and may be a CSK. */
	uint8_t algorithm;
	uint16_t keytag;
	int64_t inception;
	uint32_t lifetime;       /*!< See ods_key_t. */
	int64_t since;           /*!< The moment from which the states count that it does not tell. */
	const char *locator;     /*!< Its CKA_ID, hexadecimal. */
	const uint8_t *public_key;
	size_t public_len;
} foreign_key_t;

/*! Starts with one policy, and no zone. \return 0, or -1 if out of memory. */
int foreign_start(ods_db_t *db, const source_t *source);

/*! \return The zone of that name, made if there is none; NULL if out of memory. Until the next is made. */
ods_zone_t *foreign_zone(ods_db_t *db, const char *name);

/*! Notes what is wrong with a zone; the first thing counts. */
void foreign_blame(ods_zone_t *zone, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*!
 * Adds a key, all of whose records are hidden, or none of its role.
 *
 * \return The key, whose states are to be set, and then foreign_seal(); until the next is added. NULL if out
 *         of memory.
 */
ods_key_t *foreign_key(ods_db_t *db, ods_zone_t *zone, const foreign_key_t *key);

/*! Makes the rest of a key by its states and its goal: what the signer was told, and of the DS. */
void foreign_seal(ods_key_t *key);

/*! Adds a key by its use, sealed; none if it is unused. \return 0, or -1 if out of memory. */
int foreign_use(ods_db_t *db, ods_zone_t *zone, const foreign_key_t *key, foreign_use_t use);

/*! Finds out, when all keys are there, which are CSKs: those with the flag, and by that only, of whose
 *  algorithm none without the flag has signed. A CSK that alone can sign the zone has done so. A key whose
 *  successor comes is one that goes. One that is there twice is a fault. */
void foreign_finish(ods_db_t *db);

/*! What a file of keys, or of what is said of them, may be: a key takes less than 2000 bytes. */
static const text_file_t foreign_file = { .most = 4 << 20, .decides = true };
