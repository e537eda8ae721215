/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The policies of one kasp.xml. All durations and TTLs are seconds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keyset/keyset.h"

#define POLICY_KEYS_MAX 16 /*!< Key entries of one policy; far more than any zone needs. */

/*! How a key takes over from the one before it. Each role has only some of these types. */
typedef enum {
	POLICY_ROLL_PRE_PUBLICATION,
	POLICY_ROLL_DOUBLE_SIGNATURE,
	POLICY_ROLL_DOUBLE_RRSET, /*!< ZSK: "ZskDoubleRRsig". */
	POLICY_ROLL_DOUBLE_DS,
	POLICY_ROLL_SINGLE_SIGNATURE,
} policy_roll_t;

/*! A <KSK>, <ZSK> or <CSK>: a key that each zone of the policy has to have. */
typedef struct {
	keyset_role_t role;
	uint8_t algorithm;
	unsigned bits;
	uint32_t lifetime;
	char *repository;   /*!< "" = the key is offline: a KSK that signs ahead, where it is. */
	unsigned standby;
	bool manual_rollover;
	bool rfc5011;
	policy_roll_t roll;
	int line;           /*!< In kasp.xml. */
} policy_key_t;

/*! A <Policy>. */
typedef struct {
	char *name;
	char *description;
	char *defect;       /*!< Why no key can be made for a zone of it; NULL = nothing. */
	int line;           /*!< In kasp.xml. */
	bool passthrough;

	uint32_t resign, refresh;
	uint32_t validity_default, validity_denial, validity_keyset;
	uint32_t jitter, inception_offset;
	uint32_t max_zone_ttl;

	bool nsec3, optout;
	uint32_t nsec3_ttl, resalt;
	uint16_t iterations;
	uint8_t salt_length;

	uint32_t keys_ttl, retire_safety, publish_safety;
	bool share_keys;
	uint32_t purge;     /*!< After this time a key that no cache has is removed; 0 = never. */
	policy_key_t *keys;
	size_t key_count;   /*!< 0 = zones of the policy are not signed. */

	uint32_t zone_propagation;
	uint32_t soa_ttl, soa_minimum;
	keyset_serial_t serial;
	bool zonemd;
	bool foreign_keys;  /*!< The unsigned zone may bring keys of other operators. */

	keyset_cds_t cds;
	uint32_t parent_propagation, parent_ds_ttl, parent_registration;
	uint32_t parent_soa_ttl, parent_soa_minimum;
} policy_t;

/*! All policies of a file. */
typedef struct {
	policy_t *policies;
	size_t count;
} policies_t;

/*! \return The policy of that name, NULL if there is none. Borrowed. */
const policy_t *policies_find(const policies_t *policies, const char *name);

/*! \return The bits of a key: the one size that its algorithm has, else bits. */
unsigned policy_key_bits(uint8_t algorithm, unsigned bits);

/*! \return "KSK", "ZSK" or "CSK": the name of the role, as kasp.xml has it. */
const char *policy_role_element(keyset_role_t role);

/*! \return Whether the policy wants its zones without keys. */
bool policy_is_unsigned(const policy_t *policy);

/*! \return Whether the KSK of the policy is offline: the DNSKEY RRset is signed ahead. */
bool policy_is_offline(const policy_t *policy);

/*! \return Whether zones of the policy tell their parent by CDS or CDNSKEY which DS they are to have. */
bool policy_has_cds(const policy_t *policy);

/*!
 * \return What a zone would have changed that comes from the one policy to the other, in words: whether it
 *         is signed, its denial of existence, its keys. NULL: none of these.
 */
const char *policy_difference(const policy_t *from, const policy_t *to);

/*! \return What policy_difference() goes by, and the parameters of NSEC3, in words; to be freed by free(); NULL
 *          if out of memory. */
char *policy_form(const policy_t *policy);

/*! Frees the last policy. */
void policies_drop(policies_t *policies);

/*! Frees the contents, not policies itself. */
void policies_deinit(policies_t *policies);
