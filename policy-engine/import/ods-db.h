/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Reads kasp.db, the database of the enforcer of OpenDNSSEC 2.
 *
 * What other signers know is brought into the same form, see foreign.h. The whole file is read in one transaction, and nothing is written: an enforcer that runs waits
 * for moments only. Times are Unix seconds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keyset/keyset.h"
#include "policy-engine/import/source.h"
#include "policy-engine/policy/policy.h"

#define ODS_FAULT_MAX 200

/*! What the enforcer believes of a DS at the parent; its numbers. */
typedef enum {
	ODS_DS_UNSUBMITTED,
	ODS_DS_SUBMIT,    /*!< To be given to the parent; no person or program knows yet. */
	ODS_DS_SUBMITTED,
	ODS_DS_SEEN,
	ODS_DS_RETRACT,   /*!< To be removed at the parent; no person or program knows yet. */
	ODS_DS_RETRACTED,
} ods_ds_t;

/*! The backup of a key pair; the enforcer's numbers. */
typedef enum {
	ODS_BACKUP_NONE,
	ODS_BACKUP_REQUIRED,
	ODS_BACKUP_REQUESTED,
	ODS_BACKUP_DONE,
} ods_backup_t;

/*! How many of its records a rollover has twice at once; bits. */
#define ODS_FEW_RRSIGS 1
#define ODS_FEW_DNSKEYS 2
#define ODS_FEW_DSS 4

/*! A key pair in a token. */
typedef struct {
	int64_t id;
	char *locator;       /*!< CKA_ID, hexadecimal. NULL: only public_key is known. */
	char *repository;    /*!< NULL: not known. OpenDNSSEC knows both. */
	uint8_t *public_key; /*!< In DNSKEY form; NULL: not known. */
	size_t public_len;
	int64_t policy;      /*!< Id of the policy it was made for. */
	uint8_t algorithm;
	unsigned bits;
	keyset_role_t role;
	int64_t inception;   /*!< When it was first used. */
	bool unused;         /*!< No zone ever had it. */
	ods_backup_t backup;
} ods_pair_t;

/*! A record of a key in the world's caches. */
typedef struct {
	keyset_state_t state;
	int64_t since;
	uint32_t ttl;        /*!< Seconds; the TTL when the record came into the state. */
} ods_record_t;

/*! A key of a zone. */
typedef struct {
	int64_t id;
	size_t pair;         /*!< Its index. */
	keyset_role_t role;
	uint8_t algorithm;
	uint16_t keytag;
	int64_t inception;
	bool introducing;    /*!< It is to be in use; else it is on its way out. */
	bool revoked;
	/* Of others than OpenDNSSEC: */
	uint32_t lifetime;   /*!< Seconds from inception to its successor; 0 = for ever, or it is not told. */
	/* While they are read: */
	bool role_open;      /*!< It may be a CSK, though the role says KSK. */
	bool coming;         /*!< It is not in use yet: one of its kind that is, goes. */
	bool publish, sign_dnskey, sign_zone; /*!< What the signer was told. */
	ods_ds_t ds;
	unsigned minimize;   /*!< The rollover type, by ODS_FEW_RRSIGS and so on. */
	unsigned seen;       /*!< Which records kasp.db has; bits by keyset_record_t. */
	ods_record_t record[KEYSET_RECORDS];
} ods_key_t;

/*! A policy in the enforcer's copy of kasp.xml; times in seconds. */
typedef struct {
	int64_t id;
	char *name;
	bool nsec3;
	uint8_t salt[255];
	size_t salt_len;
	int64_t salt_since;
	bool shares_keys;
	uint32_t ds_ttl, dnskey_ttl, zone_ttl; /*!< zone_ttl: the largest TTL of other records. */
	char fault[ODS_FAULT_MAX]; /*!< What is wrong with its rows; "" = nothing. */
} ods_policy_t;

/*! Where a zone comes from, or goes to. */
typedef struct {
	bool dns;            /*!< By transfers, path is addns.xml; else path is the zone file. */
	char *path;
} ods_adapter_t;

typedef struct {
	int64_t id;
	char *name;          /*!< As it was written. */
	size_t policy;       /*!< Its index. */
	const source_kind_t *kind; /*!< Who signs it; set by examine_read(). */
	bool unwritten;      /*!< The signer does not know the last changes. */
	int64_t ttl_end[3];  /*!< Until when an older TTL of DS, DNSKEY, other data counts. */
	bool roll[3];        /*!< A person asked for a new key; by keyset_role_t. */
	ods_adapter_t input, output;
	ods_key_t *keys;
	size_t key_count;
	char fault[ODS_FAULT_MAX]; /*!< What is wrong with its rows; "" = nothing. */
} ods_zone_t;

struct ods_db {
	ods_policy_t *policies;
	size_t policy_count;
	ods_pair_t *pairs;   /*!< All but those that the enforcer is to remove. */
	size_t pair_count;
	ods_zone_t *zones;
	size_t zone_count;
};

/*!
 * Reads a kasp.db.
 *
 * Wrong rows of one zone, or policy, are no error of the file; its fault names them.
 *
 * \param db   Filled on success only; ods_db_deinit() frees its contents.
 * \param err  Says why the file cannot be used at all, and what to do.
 * \return 0, or -1.
 */
int ods_db_read(const char *path, ods_db_t *db, char *err, size_t err_size);

/*! Frees the contents, not db itself. */
void ods_db_deinit(ods_db_t *db);
