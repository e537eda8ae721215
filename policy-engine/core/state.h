/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The state of a zone's keys, as plan.h, core.h, rules.h and delay.h read and change it.
 *
 * Times are Unix seconds, TTLs seconds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keyset/keyset.h"
#include "policy-engine/policy/policy.h"

#define CORE_NEVER INT64_MAX /*!< A moment that does not come. */

/*! Keys of one zone that caches may know. Fewer than rules.c can judge, which has a bit of 64 for
 *  each, so that there is room for one that is about to come. */
#define CORE_KEYS_MAX 60

/*! One of a key's four records. */
typedef struct {
	keyset_state_t state;
	int64_t since;      /*!< When the record entered its state. */
	uint64_t revision;  /*!< The key set that carries the last decision; 0 = none does: the
	                         record is a DS, or hidden. */
	uint64_t came;      /*!< The first key set with the record; 0 = all versions that caches
	                         may hold have it. */
	int64_t public_at;  /*!< When the last decision became public; 0 = not known to be yet. */
} core_record_t;

/*! Why a record does not take its next step yet. */
typedef enum {
	CORE_DONE,          /*!< There is no step: the goal is reached. */
	CORE_WAIT_TIME,     /*!< Caches have to forget what they hold. */
	CORE_WAIT_PUBLISH,  /*!< The signer has not published the change yet. */
	CORE_WAIT_REPLACED, /*!< Signatures are still being replaced as they come due. */
	CORE_WAIT_PARENT,   /*!< Nobody has confirmed yet that the parent has the DS, or that it
	                         has it no more. */
	CORE_WAIT_CHAIN,    /*!< The step would leave a DS without a usable DNSKEY. */
	CORE_WAIT_SIGNED,   /*!< After the step some cache could hold data without a usable
	                         signature. */
	CORE_WAIT_SECURE,   /*!< The step would make the zone insecure. */
	CORE_WAIT_ORDER,    /*!< By the rollover type another record goes first. */
	CORE_WAIT_PARTNER,  /*!< The zone has no KSK, or no ZSK, of the key's algorithm. */
	CORE_WAIT_CHANGES,  /*!< Caches may hold more earlier changes than rules.c can judge. */
	CORE_WAIT_LOOK,     /*!< The step relies on a DS that the engine has to see at the parent
	                         once more. */
} core_wait_t;

/*! A record's next step. */
typedef struct {
	core_wait_t wait;  /*!< Why it is not taken yet. */
	keyset_state_t to; /*!< The state after it. */
	int64_t when;      /*!< When it can be taken: for CORE_WAIT_TIME; else CORE_NEVER. */
	uint32_t ttl;      /*!< Seconds; the TTL that is waited for: for CORE_WAIT_TIME; else 0. */
} core_step_t;

/*! A key of the zone. */
typedef struct {
	keyset_role_t role;
	uint8_t algorithm;
	uint16_t keytag;
	unsigned bits;
	const char *repository; /*!< The name of the one that its token is. Borrowed. */
	int64_t inception;     /*!< When its lifetime began. */
	bool goal_in;          /*!< The key is meant to be in use. Once false, this stays false. */
	bool dead;             /*!< Its key pair is gone for good: it signs nothing any more. */
	bool standby;          /*!< The key has nothing public but its DNSKEY, or, if it rolls by
	                            double-DS, its DS. If the zone's KSK is offline, it has nothing
	                            public: it waits for the bundle that brings it. */
	policy_roll_t roll;
	bool offered;          /*!< The bundle has its DNSKEY; of a zone whose KSK is offline... */
	bool offered_sign;     /*!< ...and its signature. Both are not stored. */
	core_record_t record[KEYSET_RECORDS];
	core_step_t step[KEYSET_RECORDS]; /*!< Filled by core_run(). */
} core_key_t;

#define CORE_ROLES 3 /*!< KSK, ZSK, CSK: the values of keyset_role_t. */

/*! An order for new keys of a role. Keys with an inception of at or later serve it. */
typedef struct {
	int64_t at;            /*!< When it was given. One second later if a key came into use in
	                            that very second, so that this key is replaced, too; 0 = there
	                            is no order. */
	bool emergency;        /*!< New keys take over as fast as is safe, whatever the policy's
	                            rollover type. */
} core_request_t;

/*! What has a TTL of its own: the DS, the DNSKEY RRset, the rest of the zone. */
typedef enum { CORE_TTL_DS, CORE_TTL_DNSKEY, CORE_TTL_ZONE, CORE_TTLS } core_ttl_kind_t;

/*! A TTL counts until no cache can hold a record with it any more, though it was lowered. */
typedef struct {
	uint32_t ttl;          /*!< The largest with which a cache may hold a record. */
	int64_t until;         /*!< When no cache can any more; 0 = the TTL is still published. */
	uint32_t lower;        /*!< The largest published since. It counts from until on. */
} core_ttl_t;

/*! What the answers of the parent's servers say of how long caches hold them. */
typedef struct {
	uint32_t ttl;          /*!< The largest TTL of a DS RRset; 0 = no DS was seen. */
	uint32_t absence;      /*!< The largest negative TTL (RFC 2308) with which an answer said
	                            that there is no DS; 0 = none did. */
} core_shown_t;

/*! A zone's keys, and what their timing depends on. */
typedef struct {
	core_key_t *keys;
	size_t count;
	core_request_t requests[CORE_ROLES]; /*!< By keyset_role_t. */
	core_ttl_t ttls[CORE_TTLS];
	core_shown_t shown;    /*!< What the parent's servers showed last. */
	uint64_t revision;     /*!< Of the newest key set; core_run() counts it up. */
	bool offline;          /*!< The DNSKEY RRset was signed ahead: its keys and signatures come and
	                            go as they are offered, if that is safe. Not stored. */
	unsigned ahead;        /*!< ZSKs to be had on standby, if so. Not stored. */
	bool unsure;           /*!< The parent may have lost a DS since the engine looked last. */
} core_zone_t;

/*! Makes a key that is to be in use. Its records are hidden; those that its role has not are
 *  KEYSET_NA. */
void core_key_init(core_key_t *key, keyset_role_t role, uint8_t algorithm, uint16_t keytag,
                   policy_roll_t roll, int64_t now);

/*! \return Whether the zone is to have that record of the key; for KEYSET_DS, the parent. */
bool core_in_zone(const core_key_t *key, keyset_record_t record);

/*! \return Whether no cache can have any record of the key. */
bool core_is_hidden(const core_key_t *key);

/*! \return Whether the key's DS waits for somebody to confirm that the parent has it, or that the
 *          parent has it no more. */
bool core_ds_waits(const core_key_t *key);

/*! \return Whether it was confirmed that the parent has the key's DS, and the DS is to stay. */
bool core_ds_counts(const core_key_t *key);
