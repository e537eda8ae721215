/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/recover/remember.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/core/plan.h"
#include "policy-engine/zone/memory.h"

static uint32_t max32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Whether a role has exactly the records that the key set has states of. */
static bool fits_role(const keyset_key_t *key)
{
	core_key_t model;
	core_key_init(&model, key->role, key->algorithm, key->keytag, 0, 0);
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		bool has = model.record[r].state != KEYSET_NA;
		if (has != (key->state[r] != KEYSET_NA)) {
			return false;
		}
	}
	return true;
}

/* Whether the key waits for nothing, and yet has records that nobody has. */
static bool is_standby(const keyset_key_t *key)
{
	bool hidden = false, known = false;
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		hidden = hidden || key->state[r] == KEYSET_HIDDEN;
		known = known || key->state[r] == KEYSET_OMNIPRESENT;
		if (keyset_state_is_open(key->state[r])) {
			return false;
		}
	}
	return hidden && known && key->step[0] == '\0';
}

/* What no memory says. A key of which something was withdrawn goes. */
static void guess(const keyset_key_t *from, uint64_t revision, const policy_t *policy, int64_t now,
                  core_key_t *key)
{
	key->inception = now;
	key->goal_in = true;
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		core_record_t *record = &key->record[r];
		bool carried = keyset_state_is_open(record->state) && r != KEYSET_DS;
		record->since = now;
		record->revision = carried ? revision : 0;
		record->came = record->state == KEYSET_RUMOURED ? revision : 0;
		key->goal_in = key->goal_in && record->state != KEYSET_UNRETENTIVE;
	}
	key->standby = is_standby(from);
	const policy_key_t *entry = plan_entry(policy, key);
	key->roll = entry != NULL             ? entry->roll
	            : key->role == KEYSET_ZSK ? POLICY_ROLL_PRE_PUBLICATION
	                                      : POLICY_ROLL_DOUBLE_SIGNATURE;
}

static int take_key(const keyset_t *set, const keyset_key_t *from, const policy_t *policy,
                    int64_t now, rebuilt_key_t *to)
{
	unsigned bits = dnskey_bits(from->algorithm, from->public_key, from->public_key_len);
	int tag = dnskey_tag(from->role, from->algorithm, from->public_key, from->public_key_len);
	if (bits == 0 || tag != from->keytag || !fits_role(from)) {
		return -1;
	}
	*to = (rebuilt_key_t){ .repository = from->repository,
		               .cka_id = from->cka_id,
		               .public_key = from->public_key,
		               .public_key_len = from->public_key_len };
	core_key_t *core = &to->core;
	core_key_init(core, from->role, from->algorithm, from->keytag, 0, now);
	core->repository = from->repository;
	core->bits = bits;
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		core->record[r].state = from->state[r];
	}
	if (memory_read_key(from->memory, set->revision, core, to->done)) {
		return 1;
	}
	guess(from, set->revision, policy, now, core);
	return 0;
}

/* What the key set itself says of TTLs. They fall from now on, if the policy has lower ones. */
static void guess_ttls(const keyset_t *set, const policy_t *policy, core_zone_t *core)
{
	uint32_t negative = set->soa_ttl < set->soa_minimum ? set->soa_ttl : set->soa_minimum;
	core->ttls[CORE_TTL_DS].ttl = policy->parent_ds_ttl;
	core->ttls[CORE_TTL_DNSKEY].ttl = max32(set->dnskey_ttl, negative);
	core->ttls[CORE_TTL_ZONE].ttl = max32(max32(set->max_zone_ttl, set->nsec3_ttl), negative);
}

int remember(const keyset_t *set, const policy_t *policy, int64_t now, rebuilt_t *out, bool *whole,
             char *why)
{
	rebuilt_t zone = { .ds = set->ds,
		           .ds_seen = set->ds_seen,
		           .bundle = set->bundle,
		           .taken_over = set->taken_over,
		           .serial_before = set->serial_before };
	zone.keys = calloc(set->key_count > 0 ? set->key_count : 1, sizeof(*zone.keys));
	if (zone.keys == NULL) {
		snprintf(why, REBUILT_WHY_MAX, "out of memory");
		return -1;
	}
	bool all = memory_read_zone(set->memory, &zone.core, &zone.frozen);
	if (!all) {
		guess_ttls(set, policy, &zone.core);
	}
	for (size_t i = 0; i < set->key_count; i++) {
		int ret = take_key(set, &set->keys[i], policy, now, &zone.keys[zone.count++]);
		if (ret < 0) {
			snprintf(why, REBUILT_WHY_MAX,
			         "key %u in it does not fit its own public "
			         "key, or its role",
			         set->keys[i].keytag);
			free(zone.keys);
			return -1;
		}
		all = all && ret > 0;
	}
	zone.core.revision = set->revision;
	*out = zone;
	*whole = all;
	return 0;
}
