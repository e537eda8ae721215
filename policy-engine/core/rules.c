/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/core/rules.h"

#define HIDDEN KEYSET_HIDDEN
#define OMNI KEYSET_OMNIPRESENT

static keyset_state_t state(const core_key_t *key, keyset_record_t record)
{
	return key->record[record].state;
}

/* Whether some cache may hold the record. */
static bool seen(const core_key_t *key, keyset_record_t record)
{
	return state(key, record) != HIDDEN && state(key, record) != KEYSET_NA;
}

/* A cache that has the key's DS in state ds finds a DNSKEY RRset it can verify. */
static bool chain_of(const core_zone_t *zone, uint8_t algorithm, keyset_state_t ds)
{
	for (size_t i = 0; i < zone->count; i++) {
		const core_key_t *key = &zone->keys[i];
		if (key->algorithm == algorithm && state(key, KEYSET_DS) == ds &&
		    state(key, KEYSET_DNSKEY) == OMNI && state(key, KEYSET_RRSIG_DNSKEY) == OMNI) {
			return true;
		}
	}
	return false;
}

/* A cache that has a DNSKEY in state dnskey has signatures made by such a one. */
static bool signed_by(const core_zone_t *zone, uint8_t algorithm, keyset_state_t dnskey)
{
	for (size_t i = 0; i < zone->count; i++) {
		const core_key_t *key = &zone->keys[i];
		if (key->algorithm == algorithm && state(key, KEYSET_DNSKEY) == dnskey &&
		    state(key, KEYSET_RRSIG) == OMNI) {
			return true;
		}
	}
	return false;
}

/* The zone stays secure: every cache that has a DS RRset at all has a DS that counts. */
static bool rule_secure(const core_zone_t *zone, uint8_t algorithm)
{
	(void)algorithm;
	for (size_t i = 0; i < zone->count; i++) {
		if (state(&zone->keys[i], KEYSET_DS) == OMNI) {
			return true;
		}
	}
	return false;
}

/* Every DS that a cache may hold leads to a DNSKEY RRset with a signature. */
static bool rule_chain(const core_zone_t *zone, uint8_t algorithm)
{
	if (chain_of(zone, algorithm, OMNI)) {
		return true;
	}
	for (size_t i = 0; i < zone->count; i++) {
		const core_key_t *key = &zone->keys[i];
		if (key->algorithm == algorithm && seen(key, KEYSET_DS) &&
		    !chain_of(zone, algorithm, state(key, KEYSET_DS))) {
			return false;
		}
	}
	return true;
}

/* Whatever data and DNSKEY RRset a cache may hold, they fit together. */
static bool rule_signed(const core_zone_t *zone, uint8_t algorithm)
{
	if (signed_by(zone, algorithm, OMNI)) {
		return true;
	}
	bool no_ds = true, covered = true;
	for (size_t i = 0; i < zone->count; i++) {
		const core_key_t *key = &zone->keys[i];
		if (key->algorithm != algorithm) {
			continue;
		}
		no_ds = no_ds && !seen(key, KEYSET_DS);
		covered = covered && (!seen(key, KEYSET_DNSKEY) ||
		                      signed_by(zone, algorithm, state(key, KEYSET_DNSKEY)));
	}
	return no_ds || covered;
}

core_wait_t rules_judge(core_zone_t *zone, size_t key, keyset_record_t record, keyset_state_t to,
                        bool unsigned_goal)
{
	static const struct {
		bool (*holds)(const core_zone_t *zone, uint8_t algorithm);
		core_wait_t wait;
	} rules[] = {
		{ rule_secure, CORE_WAIT_SECURE },
		{ rule_chain, CORE_WAIT_CHAIN },
		{ rule_signed, CORE_WAIT_SIGNED },
	};
	keyset_state_t *subject = &zone->keys[key].record[record].state;
	uint8_t algorithm = zone->keys[key].algorithm;
	keyset_state_t from = *subject;

	core_wait_t verdict = CORE_DONE;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (unsigned_goal && rules[i].wait == CORE_WAIT_SECURE) {
			continue;
		}
		*subject = from;
		bool before = rules[i].holds(zone, algorithm);
		*subject = to;
		if (before && !rules[i].holds(zone, algorithm)) {
			verdict = rules[i].wait;
			break;
		}
	}
	*subject = from;
	return verdict;
}
