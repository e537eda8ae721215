/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/core/delay.h"

#include "policy-engine/core/mutant.h"

static uint32_t max32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static uint32_t min32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static int64_t max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static core_ttl_kind_t kind_of(keyset_record_t record)
{
	return record == KEYSET_DS      ? CORE_TTL_DS
	       : record == KEYSET_RRSIG ? CORE_TTL_ZONE
	                                : CORE_TTL_DNSKEY;
}

/* Whether caches may hold that there is no such record: none is in all of them, nor was until a new one
 * came. That counts before one comes, too: the TTL may be lowered, and what was cached stays. */
static bool may_be_absent(const core_zone_t *zone, keyset_record_t record)
{
	int64_t first = CORE_NEVER, last = -1;
	for (size_t i = 0; i < zone->count; i++) {
		const core_record_t *r = &zone->keys[i].record[record];
		if (r->state == KEYSET_OMNIPRESENT) {
			return false;
		}
		if (r->state == KEYSET_RUMOURED && r->since < first) {
			first = r->since;
		} else if (r->state == KEYSET_UNRETENTIVE && r->came == 0 && r->since > last) {
			last = r->since;
		}
	}
	return last < first;
}

/* The negative TTL (RFC 2308): for how long a cache may hold that there is no such RRset; 0 = none
 * does. */
static uint32_t absence_ttl(const core_zone_t *zone, keyset_record_t record, uint32_t ttl)
{
	return CORE_RULE(MUTANT_ABSENCE) && may_be_absent(zone, record) ? ttl : 0;
}

/* The TTL at the parent: the policy's is a guess, and what its servers showed is not. */
static uint32_t ds_ttl_now(const core_zone_t *zone, const policy_t *p)
{
	uint32_t ttl = CORE_RULE(MUTANT_TTL_DS) ? p->parent_ds_ttl : 0;
	uint32_t absence = min32(p->parent_soa_ttl, p->parent_soa_minimum);
	if (CORE_RULE(MUTANT_TTL_SHOWN)) {
		ttl = max32(ttl, zone->shown.ttl);
		absence = max32(absence, zone->shown.absence);
	}
	return max32(ttl, absence_ttl(zone, KEYSET_DS, absence));
}

static uint32_t dnskey_ttl_now(const core_zone_t *zone, const policy_t *p)
{
	uint32_t ttl = CORE_RULE(MUTANT_TTL_DNSKEY) ? p->keys_ttl : 0;
	return max32(ttl, absence_ttl(zone, KEYSET_DNSKEY, min32(p->soa_ttl, p->soa_minimum)));
}

/* A TTL of 2^31 or more is 0 (RFC 2181, section 8). */
static uint32_t zone_ttl_now(const policy_t *p, const facts_t *facts)
{
	if (!CORE_RULE(MUTANT_TTL_ZONE)) {
		return 0;
	}
	uint32_t ttl = max32(p->max_zone_ttl, p->nsec3 ? p->nsec3_ttl : 0);
	ttl = max32(ttl, min32(p->soa_ttl, p->soa_minimum));
	bool valid = facts->max_ttl <= INT32_MAX;
	return max32(ttl, CORE_RULE(MUTANT_TTL_FACTS) && valid ? facts->max_ttl : 0);
}

/* How late the zone's or the parent's name servers may be, and what the policy adds to be safe. */
static int64_t margin(const policy_t *p, core_ttl_kind_t kind, keyset_state_t to)
{
	if (!CORE_RULE(MUTANT_PROPAGATION)) {
		return 0;
	}
	switch (kind) {
	case CORE_TTL_DS:
		return (int64_t)p->parent_registration + p->parent_propagation;
	case CORE_TTL_DNSKEY:
		return (int64_t)p->zone_propagation +
		       (to == KEYSET_OMNIPRESENT ? p->publish_safety : p->retire_safety);
	default:
		return p->zone_propagation;
	}
}

/* Follows a TTL that is lower now. gone: how long a cache may hold the old one after that. known:
 * when the lower one was published; 0 = with the policy. */
static void fall(core_ttl_t *ttl, uint32_t current, int64_t gone, int64_t known, int64_t now)
{
	ttl->lower = max32(ttl->lower, current);
	if (ttl->until == 0) {
		ttl->until = now + gone;
	}
	ttl->until = max64(ttl->until, known + gone);
	if (now >= ttl->until) {
		*ttl = (core_ttl_t){ .ttl = ttl->lower };
	}
}

/* Follows one TTL. current: what is published now. known: as in fall(). */
static int64_t follow(core_zone_t *zone, const policy_t *policy, core_ttl_kind_t kind,
                      uint32_t current, int64_t known, int64_t now)
{
	core_ttl_t *ttl = &zone->ttls[kind];
	bool memory = CORE_RULE(MUTANT_TTL_MEMORY) &&
	              (kind != CORE_TTL_DS || CORE_RULE(MUTANT_SHOWN_MEMORY));
	if (current >= ttl->ttl || !memory) {
		*ttl = (core_ttl_t){ .ttl = current };
		return CORE_NEVER;
	}
	fall(ttl, current, ttl->ttl + margin(policy, kind, KEYSET_HIDDEN), known, now);
	return ttl->until != 0 ? ttl->until : CORE_NEVER;
}

int64_t delay_follow_ds(core_zone_t *zone, const policy_t *policy, int64_t now)
{
	return follow(zone, policy, CORE_TTL_DS, ds_ttl_now(zone, policy), 0, now);
}

int64_t delay_follow(core_zone_t *zone, const policy_t *policy, const facts_t *facts, int64_t now)
{
	int64_t next = delay_follow_ds(zone, policy, now);
	bool published = facts->revision >= zone->revision && facts->revision_since != 0;
	int64_t known = published ? facts->revision_since : now;
	int64_t dnskey = follow(zone, policy, CORE_TTL_DNSKEY, dnskey_ttl_now(zone, policy), known,
	                        now);
	int64_t rest = follow(zone, policy, CORE_TTL_ZONE, zone_ttl_now(policy, facts), known, now);
	next = dnskey < next ? dnskey : next;
	return rest < next ? rest : next;
}

uint32_t delay_ttl(const core_zone_t *zone, keyset_record_t record)
{
	return zone->ttls[kind_of(record)].ttl;
}

int64_t delay_known(const core_zone_t *zone, const policy_t *policy, keyset_record_t record,
                    keyset_state_t to)
{
	core_ttl_kind_t kind = kind_of(record);
	return delay_ttl(zone, record) + margin(policy, kind, to);
}
