/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/core/core.h"

#include "policy-engine/core/rules.h"

/* Everything that a decision depends on, beside the keys. */
typedef struct {
	core_zone_t *zone;
	const policy_t *policy;
	const facts_t *facts;
	int64_t now;
	uint64_t revision; /* That the decisions of this run get. */
	core_change_f change;
	void *ctx;
} run_t;

static bool is_in(keyset_state_t state)
{
	return state == KEYSET_RUMOURED || state == KEYSET_OMNIPRESENT;
}

static uint32_t max32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static uint32_t min32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

bool core_in_zone(const core_key_t *key, keyset_record_t record)
{
	return is_in(key->record[record].state);
}

void core_key_init(core_key_t *key, keyset_role_t role, uint8_t algorithm, uint16_t keytag,
                   policy_roll_t roll, int64_t now)
{
	*key = (core_key_t){ .role = role, .algorithm = algorithm, .keytag = keytag,
	                     .inception = now, .goal_in = true, .roll = roll };
	for (int i = 0; i < KEYSET_RECORDS; i++) {
		key->record[i] = (core_record_t){ .state = KEYSET_HIDDEN, .since = now };
	}
	if (role == KEYSET_ZSK) {
		key->record[KEYSET_DS].state = KEYSET_NA;
		key->record[KEYSET_RRSIG_DNSKEY].state = KEYSET_NA;
	} else if (role == KEYSET_KSK) {
		key->record[KEYSET_RRSIG].state = KEYSET_NA;
	}
}

bool core_observe(core_zone_t *zone, const facts_t *facts)
{
	bool news = false;
	if (facts->revision == 0 || facts->revision_since == 0) {
		return false;
	}
	for (size_t i = 0; i < zone->count; i++) {
		for (int r = KEYSET_DNSKEY; r < KEYSET_RECORDS; r++) {
			core_record_t *record = &zone->keys[i].record[r];
			if (record->revision != 0 && record->public_at == 0 &&
			    facts->revision >= record->revision) {
				record->public_at = facts->revision_since;
				news = true;
			}
		}
	}
	return news;
}

static keyset_state_t next_state(const core_key_t *key, keyset_record_t record)
{
	switch (key->record[record].state) {
	case KEYSET_HIDDEN:
	case KEYSET_UNRETENTIVE:
		return key->goal_in ? KEYSET_RUMOURED : KEYSET_HIDDEN;
	case KEYSET_RUMOURED:
	case KEYSET_OMNIPRESENT:
		return key->goal_in ? KEYSET_OMNIPRESENT : KEYSET_UNRETENTIVE;
	case KEYSET_NA:
		break;
	}
	return KEYSET_NA;
}

/* Whether keys that are meant to stay can, with this one, sign all of a zone. */
static bool has_partner(const core_zone_t *zone, const core_key_t *key)
{
	bool ksk = false, zsk = false;
	for (size_t i = 0; i < zone->count; i++) {
		const core_key_t *other = &zone->keys[i];
		if (other->algorithm == key->algorithm && other->goal_in) {
			ksk = ksk || other->role != KEYSET_ZSK;
			zsk = zsk || other->role != KEYSET_KSK;
		}
	}
	return ksk && zsk;
}

/* Whether the algorithm already has a key that signs the zone and is known everywhere. */
static bool has_signer(const core_zone_t *zone, uint8_t algorithm)
{
	for (size_t i = 0; i < zone->count; i++) {
		const core_key_t *key = &zone->keys[i];
		if (key->algorithm == algorithm &&
		    key->record[KEYSET_DNSKEY].state == KEYSET_OMNIPRESENT &&
		    key->record[KEYSET_RRSIG].state == KEYSET_OMNIPRESENT) {
			return true;
		}
	}
	return false;
}

static bool prepublishes(const core_key_t *key)
{
	return key->roll == POLICY_ROLL_PRE_PUBLICATION ||
	       key->roll == POLICY_ROLL_SINGLE_SIGNATURE;
}

/* In which order the records of one key are published; a key never signs unpublished. */
static core_wait_t judge_order(const core_zone_t *zone, const core_key_t *key,
                               keyset_record_t record, keyset_state_t to)
{
	keyset_state_t dnskey = key->record[KEYSET_DNSKEY].state;
	if (to == KEYSET_UNRETENTIVE && record == KEYSET_DNSKEY &&
	    (core_in_zone(key, KEYSET_RRSIG_DNSKEY) || core_in_zone(key, KEYSET_RRSIG))) {
		return CORE_WAIT_ORDER;
	}
	if (to != KEYSET_RUMOURED) {
		return CORE_DONE;
	}
	switch (record) {
	case KEYSET_DNSKEY:
		return has_partner(zone, key) ? CORE_DONE : CORE_WAIT_PARTNER;
	case KEYSET_RRSIG_DNSKEY:
		return is_in(dnskey) ? CORE_DONE : CORE_WAIT_ORDER;
	case KEYSET_RRSIG:
		if (prepublishes(key) && has_signer(zone, key->algorithm)) {
			return dnskey == KEYSET_OMNIPRESENT ? CORE_DONE : CORE_WAIT_ORDER;
		}
		return is_in(dnskey) ? CORE_DONE : CORE_WAIT_ORDER;
	default:
		return dnskey == KEYSET_OMNIPRESENT ? CORE_DONE : CORE_WAIT_ORDER;
	}
}

/* Whether all caches know some record of that kind, so that none holds its absence. */
static bool is_known(const core_zone_t *zone, keyset_record_t record)
{
	for (size_t i = 0; i < zone->count; i++) {
		if (zone->keys[i].record[record].state == KEYSET_OMNIPRESENT) {
			return true;
		}
	}
	return false;
}

/* The largest TTL with which a cache may hold the record's RRset. */
static uint32_t record_ttl(const run_t *run, keyset_record_t record)
{
	const policy_t *p = run->policy;
	switch (record) {
	case KEYSET_DS:
		return p->parent_ds_ttl;
	case KEYSET_RRSIG:
		/* Also those of NSEC and NSEC3PARAM. */
		return max32(max32(min32(p->soa_ttl, p->soa_minimum), p->nsec3 ? p->nsec3_ttl : 0),
		             max32(p->max_zone_ttl, run->facts->max_ttl));
	default:
		return p->keys_ttl;
	}
}

/* For how long a cache may hold that there is no such RRset. */
static uint32_t absence_ttl(const run_t *run, keyset_record_t record)
{
	const policy_t *p = run->policy;
	if (record == KEYSET_RRSIG || is_known(run->zone, record)) {
		return 0;
	}
	return record == KEYSET_DS ? min32(p->parent_soa_ttl, p->parent_soa_minimum)
	                           : min32(p->soa_ttl, p->soa_minimum);
}

/* How long after it was public a change is known to every cache, TTLs apart. */
static int64_t record_margin(const run_t *run, keyset_record_t record, keyset_state_t to)
{
	const policy_t *p = run->policy;
	switch (record) {
	case KEYSET_DS:
		return (int64_t)p->parent_registration + p->parent_propagation;
	case KEYSET_RRSIG:
		return p->zone_propagation;
	default:
		return (int64_t)p->zone_propagation +
		       (to == KEYSET_OMNIPRESENT ? p->publish_safety : p->retire_safety);
	}
}

/* What the module saw of a key; NULL if it says nothing about it. */
static const facts_key_t *key_facts(const run_t *run, const core_key_t *key)
{
	for (size_t i = 0; i < run->facts->key_count; i++) {
		const facts_key_t *seen = &run->facts->keys[i];
		if (seen->algorithm == key->algorithm && seen->keytag == key->keytag) {
			return seen;
		}
	}
	return NULL;
}

/* Fills the moment from which on the conclusion holds; CORE_DONE means that it does now. */
static core_wait_t judge_time(const run_t *run, const core_key_t *key, keyset_record_t r,
                              keyset_state_t to, int64_t *when)
{
	const core_record_t *record = &key->record[r];
	if (record->public_at == 0) {
		return r == KEYSET_DS ? CORE_WAIT_PARENT : CORE_WAIT_PUBLISH;
	}
	int64_t start = record->public_at;
	if (r == KEYSET_RRSIG && to == KEYSET_HIDDEN) {
		const facts_key_t *seen = key_facts(run, key);
		if (seen != NULL && seen->signatures > 0) {
			return CORE_WAIT_PUBLISH;
		}
		if (seen != NULL && seen->last_gone > start) {
			start = seen->last_gone;
		}
	}
	uint32_t absence = to == KEYSET_OMNIPRESENT ? absence_ttl(run, r) : 0;
	*when = start + max32(record->ttl, absence) + record_margin(run, r, to);
	return *when > run->now ? CORE_WAIT_TIME : CORE_DONE;
}

static void enter(run_t *run, core_key_t *key, keyset_record_t r, keyset_state_t to)
{
	core_record_t *record = &key->record[r];
	keyset_state_t from = record->state;
	bool decision = to == KEYSET_RUMOURED || to == KEYSET_UNRETENTIVE;
	record->state = to;
	record->since = run->now;
	if (decision) {
		record->public_at = 0;
		record->revision = r == KEYSET_DS ? 0 : run->revision;
	}
	run->zone->revision = run->revision;
	if (run->change != NULL) {
		run->change(run->ctx, key, r, from);
	}
}

/* A TTL that was once in the world counts until the record has left every cache. */
static void note_ttl(const run_t *run, core_record_t *record, keyset_record_t r)
{
	uint32_t ttl = record_ttl(run, r);
	bool kept = record->state != KEYSET_HIDDEN && record->state != KEYSET_NA;
	record->ttl = kept ? max32(record->ttl, ttl) : ttl;
}

/* Takes the next step of one record, or says why not. \return Whether it was taken. */
static bool step(run_t *run, size_t index, keyset_record_t r)
{
	core_key_t *key = &run->zone->keys[index];
	keyset_state_t to = next_state(key, r);
	core_step_t *result = &key->step[r];
	*result = (core_step_t){ .wait = CORE_DONE, .to = to, .when = CORE_NEVER };
	note_ttl(run, &key->record[r], r);
	if (to == key->record[r].state) {
		return false;
	}
	result->wait = judge_order(run->zone, key, r, to);
	if (result->wait == CORE_DONE) {
		result->wait = rules_judge(run->zone, index, r, to, run->policy->key_count == 0);
	}
	if (result->wait == CORE_DONE && (to == KEYSET_OMNIPRESENT || to == KEYSET_HIDDEN)) {
		result->wait = judge_time(run, key, r, to, &result->when);
	}
	if (result->wait != CORE_DONE) {
		return false;
	}
	enter(run, key, r, to);
	return true;
}

int64_t core_run(core_zone_t *zone, const policy_t *policy, const facts_t *facts, int64_t now,
                 core_change_f change, void *ctx)
{
	run_t run = { .zone = zone, .policy = policy, .facts = facts, .now = now,
	              .revision = zone->revision + 1, .change = change, .ctx = ctx };
	bool moved;
	do {
		moved = false;
		for (size_t i = 0; i < zone->count; i++) {
			for (int r = 0; r < KEYSET_RECORDS; r++) {
				moved = step(&run, i, (keyset_record_t)r) || moved;
			}
		}
	} while (moved);

	int64_t next = CORE_NEVER;
	for (size_t i = 0; i < zone->count; i++) {
		for (int r = 0; r < KEYSET_RECORDS; r++) {
			const core_step_t *s = &zone->keys[i].step[r];
			if (s->wait == CORE_WAIT_TIME && s->when < next) {
				next = s->when;
			}
		}
	}
	return next;
}

bool core_ds_waits(const core_key_t *key)
{
	const core_record_t *ds = &key->record[KEYSET_DS];
	return (ds->state == KEYSET_RUMOURED || ds->state == KEYSET_UNRETENTIVE) &&
	       ds->public_at == 0;
}

bool core_ds_confirm(core_key_t *key, bool there, int64_t since)
{
	core_record_t *ds = &key->record[KEYSET_DS];
	if (!core_ds_waits(key) || (ds->state == KEYSET_RUMOURED) != there) {
		return false;
	}
	ds->public_at = since;
	return true;
}

bool core_request_roll(core_zone_t *zone, keyset_role_t role, bool emergency, int64_t now)
{
	core_request_t *request = &zone->requests[role];
	bool served = true, found = false;
	for (size_t i = 0; i < zone->count; i++) {
		const core_key_t *key = &zone->keys[i];
		if (key->role == role && key->goal_in) {
			found = true;
			served = served && key->inception >= request->at;
		}
	}
	if (found) {
		bool before = !served && request->emergency;
		*request = (core_request_t){ .at = now, .emergency = emergency || before };
	}
	return found;
}

int core_next_record(const core_key_t *key)
{
	/* What somebody has to do first, then what has a date, then what waits for others. */
	static const core_wait_t order[] = {
		CORE_WAIT_PARTNER, CORE_WAIT_PARENT, CORE_WAIT_TIME,   CORE_WAIT_PUBLISH,
		CORE_WAIT_SECURE,  CORE_WAIT_CHAIN,  CORE_WAIT_SIGNED, CORE_WAIT_ORDER,
	};
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		int found = -1;
		for (int r = 0; r < KEYSET_RECORDS; r++) {
			if (key->step[r].wait == order[i] &&
			    (found < 0 || key->step[r].when < key->step[found].when)) {
				found = r;
			}
		}
		if (found >= 0) {
			return found;
		}
	}
	return -1;
}
