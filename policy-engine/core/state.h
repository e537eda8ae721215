/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The state of a zone's keys: what plan.h, core.h, rules.h and delay.h read and change.
 *
 * Times are Unix seconds, TTLs seconds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keyset/keyset.h"
#include "policy-engine/policy/policy.h"

#define CORE_NEVER INT64_MAX
#define CORE_KEYS_MAX 60 /*!< Keys of a zone that caches may know of; fewer than rules.c can judge,
                              and than a key set can have. */

typedef struct {
	keyset_state_t state;
	int64_t since;      /*!< When the state was entered. */
	uint64_t revision;  /*!< Key set that carries the last decision; 0 = none (DS, hidden). */
	uint64_t came;      /*!< Key set from which on it is, or was, in the zone; 0 = in all that
	                         caches may have. */
	int64_t public_at;  /*!< When the world could first see it; 0 = not known to be public. */
} core_record_t;

/*! Why a record does not take its next step yet. */
typedef enum {
	CORE_DONE,          /*!< There is no step: the goal is reached. */
	CORE_WAIT_TIME,     /*!< Caches have to forget what they hold. */
	CORE_WAIT_PUBLISH,  /*!< The signer has not published the change yet. */
	CORE_WAIT_REPLACED, /*!< Signatures are still being replaced as they come due. */
	CORE_WAIT_PARENT,   /*!< The DS at the parent has to be seen to, and be confirmed. */
	CORE_WAIT_CHAIN,    /*!< Otherwise a DS would lead to no usable DNSKEY. */
	CORE_WAIT_SIGNED,   /*!< Otherwise a cache could hold data without a usable signature. */
	CORE_WAIT_SECURE,   /*!< Otherwise the zone would become insecure. */
	CORE_WAIT_ORDER,    /*!< Another record goes first, by the rollover type. */
	CORE_WAIT_PARTNER,  /*!< No KSK, or no ZSK, of this algorithm to go with. */
	CORE_WAIT_CHANGES,  /*!< Caches may hold too many earlier changes to judge another. */
	CORE_WAIT_LOOK,     /*!< It relies on a DS that has to be seen at the parent once more. */
} core_wait_t;

typedef struct {
	core_wait_t wait;
	keyset_state_t to;
	int64_t when;      /*!< For CORE_WAIT_TIME; else CORE_NEVER. */
} core_step_t;

typedef struct {
	keyset_role_t role;
	uint8_t algorithm;
	uint16_t keytag;
	unsigned bits;
	const char *repository; /*!< Borrowed. */
	int64_t inception;     /*!< From when on its lifetime counts. */
	bool goal_in;          /*!< Meant to be in use; false: on its way out, for good. */
	bool standby;          /*!< Only its DNSKEY is published, or its DS by double-DS. */
	policy_roll_t roll;
	core_record_t record[KEYSET_RECORDS];
	core_step_t step[KEYSET_RECORDS]; /*!< Filled by core_run(). */
} core_key_t;

#define CORE_ROLES 3 /*!< KSK, ZSK, CSK: the values of keyset_role_t. */

/*! Somebody asked for new keys of a role. It is served by each key that is not older. */
typedef struct {
	int64_t at;            /*!< When it counts, not later than now but for a key that came into
	                            use this very second; 0 = nobody did. */
	bool emergency;        /*!< As fast as is safe, whatever the policy's rollover type. */
} core_request_t;

/*! What has a TTL of its own. */
typedef enum { CORE_TTL_DS, CORE_TTL_DNSKEY, CORE_TTL_ZONE, CORE_TTLS } core_ttl_kind_t;

/*! A TTL that was once in the world counts until no cache can have it any more. */
typedef struct {
	uint32_t ttl;          /*!< The largest that a cache may have. */
	int64_t until;         /*!< When it is forgotten; 0 = it is the one of today. */
	uint32_t lower;        /*!< The largest since it is not; counts from then on. */
} core_ttl_t;

typedef struct {
	core_key_t *keys;
	size_t count;
	core_request_t requests[CORE_ROLES]; /*!< By keyset_role_t. */
	core_ttl_t ttls[CORE_TTLS];
	uint64_t revision;     /*!< Of the newest key set; core_run() counts it up. */
	bool unsure;           /*!< The parent may have lost a DS since it was looked at. */
} core_zone_t;

/*! Sets the records of a new key: hidden, or none by its role. */
void core_key_init(core_key_t *key, keyset_role_t role, uint8_t algorithm, uint16_t keytag,
                   policy_roll_t roll, int64_t now);

/*! What the zone has to hold of a key. For KEYSET_DS: what the parent should have. */
bool core_in_zone(const core_key_t *key, keyset_record_t record);

/*! \return Whether no cache can have any record of the key. */
bool core_is_hidden(const core_key_t *key);

/*! \return Whether the key's DS waits for the parent: to have it, or to have it no more. */
bool core_ds_waits(const core_key_t *key);

/*! \return Whether the key's DS is taken to be at the parent, since that was confirmed. */
bool core_ds_counts(const core_key_t *key);
