/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/core/core.h"

#include "policy-engine/core/delay.h"
#include "policy-engine/core/mutant.h"
#include "policy-engine/core/rules.h"

/* Everything that a decision depends on, beside the keys. */
typedef struct {
	core_zone_t *zone;
	const policy_t *policy;
	const facts_t *facts;
	int64_t now;
	uint64_t revision; /* Of the key set that carries this run's decisions. */
	int64_t next;      /* When the next conclusion can be drawn. */
	core_change_f change;
	void *ctx;
} core_run_t;

/* Whether a KSK signs the zone in the place of a key that is gone. All caches have the KSK. */
static bool covers(const core_zone_t *zone, const core_key_t *ksk)
{
	bool able = ksk->role == KEYSET_KSK && !ksk->dead && !zone->offline &&
	            ksk->record[KEYSET_DNSKEY].state == KEYSET_OMNIPRESENT &&
	            core_in_zone(ksk, KEYSET_RRSIG_DNSKEY);
	for (size_t i = 0; able && i < zone->count; i++) {
		const core_key_t *key = &zone->keys[i];
		if (key->dead && key->algorithm == ksk->algorithm &&
		    core_in_zone(key, KEYSET_RRSIG)) {
			return true;
		}
	}
	return false;
}

/* Whether a key is gone, and a KSK covers for it. */
static bool is_covered(const core_zone_t *zone, const core_key_t *dead)
{
	bool matters = dead->dead && core_in_zone(dead, KEYSET_RRSIG);
	for (size_t i = 0; matters && i < zone->count; i++) {
		const core_key_t *key = &zone->keys[i];
		if (key->algorithm == dead->algorithm && covers(zone, key)) {
			return true;
		}
	}
	return false;
}

/* Whether caches may hold what a KSK signed in the place of a key of its algorithm that is gone:
 * that key's signatures count as if they were there. */
static bool may_have_covered(const core_zone_t *zone, const core_key_t *ksk)
{
	bool gone = false, other = false;
	for (size_t i = 0; ksk->role == KEYSET_KSK && i < zone->count; i++) {
		const core_key_t *key = &zone->keys[i];
		if (key->algorithm != ksk->algorithm) {
			continue;
		}
		keyset_state_t rrsig = key->record[KEYSET_RRSIG].state;
		gone = gone || (key->dead && rrsig != KEYSET_HIDDEN && rrsig != KEYSET_NA);
		other = other || (!key->dead && core_in_zone(key, KEYSET_RRSIG));
	}
	return gone && other;
}

bool core_signs_zone(const core_zone_t *zone, const core_key_t *key)
{
	return covers(zone, key) || (core_in_zone(key, KEYSET_RRSIG) && !is_covered(zone, key));
}

bool core_lose(core_zone_t *zone, size_t i)
{
	core_key_t *key = &zone->keys[i];
	bool before = key->dead, good = key->role != KEYSET_CSK || !core_in_zone(key, KEYSET_RRSIG);
	key->dead = true;
	for (size_t k = 0; k < zone->count && good; k++) {
		const core_key_t *other = &zone->keys[k];
		good = !other->dead || !core_in_zone(other, KEYSET_RRSIG) ||
		       is_covered(zone, other);
	}
	key->dead = good || before;
	key->goal_in = key->goal_in && !(good && key->standby);
	return good;
}

/* Whether a key that all caches have, another one than key i, makes those signatures. */
static bool lives(const core_zone_t *zone, size_t i, keyset_record_t record)
{
	for (size_t k = 0; k < zone->count; k++) {
		const core_key_t *key = &zone->keys[k];
		if (k != i && !key->dead && core_in_zone(key, record) &&
		    key->record[KEYSET_DNSKEY].state == KEYSET_OMNIPRESENT) {
			return true;
		}
	}
	return false;
}

/* Whether caches may differ in where a DS leads to: one after the other, none could leave first. */
static bool is_chain_open(const core_zone_t *zone)
{
	for (size_t k = 0; k < zone->count; k++) {
		const core_record_t *record = zone->keys[k].record;
		if (record[KEYSET_DS].state != KEYSET_NA &&
		    (keyset_state_is_open(record[KEYSET_DNSKEY].state) ||
		     keyset_state_is_open(record[KEYSET_RRSIG_DNSKEY].state))) {
			return true;
		}
	}
	return false;
}

bool core_give_up(core_zone_t *zone, size_t i)
{
	if ((lives(zone, i, KEYSET_RRSIG_DNSKEY) && lives(zone, i, KEYSET_RRSIG)) ||
	    is_chain_open(zone)) {
		return false;
	}
	zone->keys[i].dead = true;
	for (size_t k = 0; k < zone->count; k++) {
		zone->keys[k].goal_in = false;
	}
	return true;
}

bool core_is_given_up(const core_zone_t *zone)
{
	bool dead = false;
	for (size_t i = 0; i < zone->count; i++) {
		if (zone->keys[i].goal_in) {
			return false;
		}
		dead = dead || (zone->keys[i].dead && !core_is_hidden(&zone->keys[i]));
	}
	return dead;
}

bool core_replaces(const core_zone_t *zone, const core_key_t *key)
{
	if (is_covered(zone, key) || (may_have_covered(zone, key) && !covers(zone, key))) {
		return true;
	}
	int64_t emergency = 0;
	for (int role = KEYSET_ZSK; role <= KEYSET_CSK; role++) {
		const core_request_t *request = &zone->requests[role];
		if (request->emergency && request->at > emergency) {
			emergency = request->at;
		}
	}
	return (key->dead || key->inception < emergency) && core_in_zone(key, KEYSET_DNSKEY) &&
	       key->record[KEYSET_RRSIG].state == KEYSET_UNRETENTIVE;
}

/* Whether the key is to have that record. On standby it has only the one that takes longest
 * (RFC 7583, section 4). */
static bool is_wanted(const core_key_t *key, keyset_record_t record)
{
	bool by_ds = key->roll == POLICY_ROLL_DOUBLE_DS;
	return key->goal_in &&
	       (!key->standby || record == (by_ds ? KEYSET_DS : KEYSET_DNSKEY));
}

bool core_is_settled(const core_key_t *key)
{
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		keyset_state_t state = key->record[r].state;
		if (is_wanted(key, r) && state != KEYSET_OMNIPRESENT && state != KEYSET_NA) {
			return false;
		}
	}
	return true;
}

/* Whether the record's last decision is in a key set that is not known to be public. */
static bool is_unpublished(const core_record_t *record)
{
	return (record->state == KEYSET_RUMOURED || record->state == KEYSET_UNRETENTIVE) &&
	       record->revision != 0 && record->public_at == 0;
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
			if (is_unpublished(record) && facts->revision >= record->revision) {
				record->public_at = facts->revision_since;
				news = true;
			}
		}
	}
	return news;
}

/* Whether the key's algorithm has keys that sign, or are meant to sign, both the DNSKEY RRset and
 * the rest of the zone. */
static bool has_partner(const core_zone_t *zone, const core_key_t *key)
{
	bool ksk = false, zsk = false;
	for (size_t i = 0; i < zone->count; i++) {
		const core_key_t *other = &zone->keys[i];
		if (other->algorithm == key->algorithm) {
			bool stays = other->goal_in && !other->standby;
			ksk = ksk || (stays && other->role != KEYSET_ZSK) ||
			      core_in_zone(other, KEYSET_RRSIG_DNSKEY);
			zsk = zsk || (stays && other->role != KEYSET_KSK) ||
			      core_in_zone(other, KEYSET_RRSIG);
		}
	}
	return (ksk && zsk) || !CORE_RULE(MUTANT_PARTNER);
}

/* Whether the key takes over that record from another key of its algorithm: one that has the record
 * and a DNSKEY, and of which all caches have the DNSKEY (for a DS, the DS). */
static bool takes_over(const core_zone_t *zone, const core_key_t *key, keyset_record_t record)
{
	for (size_t i = 0; i < zone->count; i++) {
		const core_key_t *other = &zone->keys[i];
		if (other == key || other->algorithm != key->algorithm ||
		    !core_in_zone(other, KEYSET_DNSKEY) || !core_in_zone(other, record)) {
			continue;
		}
		keyset_record_t first = record == KEYSET_DS ? KEYSET_DS : KEYSET_DNSKEY;
		if (other->record[first].state == KEYSET_OMNIPRESENT) {
			return true;
		}
	}
	return false;
}

/* Whether the rollover type has as few of these records at a time as possible. */
static bool minimizes(const core_key_t *key, keyset_record_t record)
{
	if (!CORE_RULE(MUTANT_MINIMIZE)) {
		return false;
	}
	switch (key->roll) {
	case POLICY_ROLL_PRE_PUBLICATION:
		return record == KEYSET_RRSIG || (record == KEYSET_DS && key->role == KEYSET_CSK);
	case POLICY_ROLL_DOUBLE_SIGNATURE:
		return record == KEYSET_DS && key->role != KEYSET_ZSK;
	case POLICY_ROLL_DOUBLE_RRSET:
		return record == KEYSET_DNSKEY && key->role == KEYSET_ZSK;
	case POLICY_ROLL_DOUBLE_DS:
		return record == KEYSET_DNSKEY;
	case POLICY_ROLL_SINGLE_SIGNATURE:
		return record == KEYSET_RRSIG;
	}
	return false;
}

/* A DNSKEY of which there are to be few comes when all caches have its DS and its signatures. */
static bool dnskey_may_come(const core_zone_t *zone, const core_key_t *key)
{
	if (!minimizes(key, KEYSET_DNSKEY) || key->standby) {
		return true;
	}
	bool ds = key->role == KEYSET_ZSK || !takes_over(zone, key, KEYSET_DS) ||
	          key->record[KEYSET_DS].state == KEYSET_OMNIPRESENT;
	bool rrsig = key->role == KEYSET_KSK || !takes_over(zone, key, KEYSET_RRSIG) ||
	             key->record[KEYSET_RRSIG].state == KEYSET_OMNIPRESENT;
	return ds && rrsig;
}

static core_wait_t order_in(const core_zone_t *zone, const core_key_t *key, keyset_record_t record)
{
	keyset_state_t dnskey = key->record[KEYSET_DNSKEY].state;
	if (!has_partner(zone, key)) {
		return CORE_WAIT_PARTNER;
	}
	bool may = true;
	switch (record) {
	case KEYSET_DS:
		may = dnskey == KEYSET_OMNIPRESENT || !minimizes(key, KEYSET_DS);
		break;
	case KEYSET_DNSKEY:
		may = dnskey_may_come(zone, key);
		break;
	case KEYSET_RRSIG_DNSKEY:
		may = core_in_zone(key, KEYSET_DNSKEY);
		break;
	default:
		may = dnskey == KEYSET_OMNIPRESENT || !minimizes(key, KEYSET_RRSIG) ||
		      !takes_over(zone, key, KEYSET_RRSIG);
		break;
	}
	return may ? CORE_DONE : CORE_WAIT_ORDER;
}

/* Whether some key has begun to sign in the place of others, and their signatures fade. */
static bool is_swap(const core_zone_t *zone, uint8_t algorithm)
{
	for (size_t i = 0; i < zone->count; i++) {
		const core_key_t *key = &zone->keys[i];
		if (key->algorithm == algorithm && key->goal_in && minimizes(key, KEYSET_RRSIG) &&
		    core_in_zone(key, KEYSET_RRSIG) &&
		    key->record[KEYSET_DNSKEY].state == KEYSET_OMNIPRESENT) {
			return true;
		}
	}
	return false;
}

static core_wait_t order_out(const core_zone_t *zone, const core_key_t *key, keyset_record_t record)
{
	bool published = core_in_zone(key, KEYSET_DNSKEY);
	/* One that is gone itself, with no DS left, covers for nothing. */
	if (record != KEYSET_DS && !key->dead && may_have_covered(zone, key)) {
		return CORE_WAIT_SIGNED;
	}
	/* Signatures of a published key that signs no more stay, and keep away those of others. */
	if (record == KEYSET_RRSIG_DNSKEY && CORE_RULE(MUTANT_TOGETHER)) {
		return published ? CORE_WAIT_ORDER : CORE_DONE;
	}
	if (record == KEYSET_RRSIG && CORE_RULE(MUTANT_SWAP)) {
		return published && !is_swap(zone, key->algorithm) ? CORE_WAIT_ORDER : CORE_DONE;
	}
	return CORE_DONE;
}

/* Whether signatures of other keys of the algorithm are left, and keep away those of the key. */
static bool is_held_off(const core_zone_t *zone, const core_key_t *key)
{
	for (size_t i = 0; i < zone->count; i++) {
		const core_key_t *other = &zone->keys[i];
		if (other != key && other->algorithm == key->algorithm && rules_fades(other)) {
			return CORE_RULE(MUTANT_COMPLETE);
		}
	}
	return false;
}

/* What the module saw of a key; NULL if the key never had a signature. */
static const facts_key_t *key_facts(const facts_t *facts, const core_key_t *key)
{
	for (size_t i = 0; i < facts->key_count; i++) {
		const facts_key_t *seen = &facts->keys[i];
		if (seen->algorithm == key->algorithm && seen->keytag == key->keytag) {
			return seen;
		}
	}
	return NULL;
}

/* Moves start on to when the last signature of a key left. \return CORE_DONE if it has left. */
static core_wait_t judge_gone(const core_run_t *run, const core_key_t *key, int64_t *start)
{
	if (!CORE_RULE(MUTANT_GONE)) {
		return CORE_DONE;
	}
	if (run->facts->revision_since == 0) {
		return CORE_WAIT_PUBLISH; /* The module has not said what is public. */
	}
	const facts_key_t *seen = key_facts(run->facts, key);
	if (seen != NULL && (seen->signatures > 0 || seen->last_gone == 0)) {
		return CORE_WAIT_REPLACED;
	}
	/* The module saw no signature of a key that it does not name since it began to count. */
	int64_t gone = seen != NULL ? seen->last_gone : run->facts->revision_since;
	*start = gone > *start ? gone : *start;
	return CORE_DONE;
}

/* Fills when the conclusion begins to hold. \return CORE_DONE if it does by now. */
static core_wait_t judge_time(const core_run_t *run, const core_key_t *key, keyset_record_t r,
                              keyset_state_t to, int64_t *when)
{
	const core_record_t *record = &key->record[r];
	int64_t start = record->public_at;
	if (start == 0 && r == KEYSET_DS && CORE_RULE(MUTANT_PARENT)) {
		return CORE_WAIT_PARENT;
	}
	if (start == 0 && r != KEYSET_DS && CORE_RULE(MUTANT_PUBLIC)) {
		return CORE_WAIT_PUBLISH;
	}
	start = start != 0 ? start : record->since;
	if (r == KEYSET_RRSIG) {
		core_wait_t wait = to == KEYSET_HIDDEN ? judge_gone(run, key, &start)
		                   : is_held_off(run->zone, key) ? CORE_WAIT_REPLACED
		                                                 : CORE_DONE;
		if (wait != CORE_DONE) {
			return wait;
		}
	}
	*when = start + delay_known(run->zone, run->policy, r, to);
	return *when > run->now ? CORE_WAIT_TIME : CORE_DONE;
}

static void enter(core_run_t *run, core_key_t *key, keyset_record_t r, core_record_t next)
{
	keyset_state_t from = key->record[r].state;
	key->record[r] = next;
	run->zone->revision = run->revision;
	if (run->change != NULL) {
		run->change(run->ctx, key, r, from);
	}
}

/* \return When a record enters the state that was decided: a second later if it entered the one before in
 *          this second, by which the parent part tells a DS that is to go from the same one that was to come. */
static int64_t entered(const core_run_t *run, const core_record_t *record)
{
	return record->state == KEYSET_RUMOURED && record->since == run->now ? run->now + 1 : run->now;
}

/* The record after a decision. */
static core_record_t decided(const core_run_t *run, const core_record_t *record, keyset_record_t r,
                             keyset_state_t to)
{
	return (core_record_t){
		.state = to,
		.since = entered(run, record),
		.revision = r == KEYSET_DS ? 0 : run->revision,
		.came = to == KEYSET_RUMOURED ? run->revision : record->came,
	};
}

/* Draws the conclusion that a record waits for. \return Whether that could be done. */
static bool conclude(core_run_t *run, core_key_t *key, keyset_record_t r, core_step_t *step)
{
	core_record_t *record = &key->record[r];
	if (record->state != KEYSET_RUMOURED && record->state != KEYSET_UNRETENTIVE) {
		return false;
	}
	keyset_state_t to = record->state == KEYSET_RUMOURED ? KEYSET_OMNIPRESENT : KEYSET_HIDDEN;
	*step = (core_step_t){ .to = to, .when = CORE_NEVER };
	step->wait = judge_time(run, key, r, to, &step->when);
	if (step->wait == CORE_WAIT_TIME) {
		step->ttl = delay_ttl(run->zone, r);
		run->next = step->when < run->next ? step->when : run->next;
	}
	if (step->wait != CORE_DONE) {
		return false;
	}
	core_record_t next = *record;
	next.state = to;
	next.since = run->now;
	next.came = to == KEYSET_OMNIPRESENT ? 0 : record->came;
	enter(run, key, r, next);
	return true;
}

/* Whether a record comes, and goes, by what is offered: of what was signed ahead. */
static bool is_offered(const core_zone_t *zone, keyset_record_t r)
{
	return zone->offline && (r == KEYSET_DNSKEY || r == KEYSET_RRSIG_DNSKEY);
}

static bool is_to_come(const core_zone_t *zone, const core_key_t *key, keyset_record_t r)
{
	if (is_offered(zone, r)) {
		return r == KEYSET_DNSKEY ? key->offered : key->offered_sign;
	}
	return is_wanted(key, r) && !(zone->offline && key->standby);
}

static bool is_to_go(const core_zone_t *zone, const core_key_t *key, keyset_record_t r)
{
	return is_offered(zone, r) ? !is_to_come(zone, key, r) && CORE_RULE(MUTANT_GOAL)
	                           : !key->goal_in && CORE_RULE(MUTANT_GOAL);
}

/* Why a record may not go yet, by its rollover type and by the way of the signer, which takes what is
 * offered as it is. */
static core_wait_t may_go(const core_zone_t *zone, const core_key_t *key, keyset_record_t r)
{
	return r == KEYSET_RRSIG_DNSKEY && zone->offline ? CORE_DONE : order_out(zone, key, r);
}

/* Takes the decision that brings a record to its goal. \return Whether that could be done. */
static bool decide(core_run_t *run, size_t index, keyset_record_t r, core_step_t *step)
{
	core_key_t *key = &run->zone->keys[index];
	core_record_t *record = &key->record[r];
	bool in = record->state == KEYSET_HIDDEN && is_to_come(run->zone, key, r);
	bool out = core_in_zone(key, r) && is_to_go(run->zone, key, r);
	if (!in && !out) {
		return false;
	}
	keyset_state_t to = in ? KEYSET_RUMOURED : KEYSET_UNRETENTIVE;
	core_record_t next = decided(run, record, r, to);
	*step = (core_step_t){ .to = to, .when = CORE_NEVER };
	bool given_up = core_is_given_up(run->zone) && CORE_RULE(MUTANT_GIVEN_UP);
	bool insecure = policy_is_unsigned(run->policy) || given_up;
	step->wait = in ? order_in(run->zone, key, r) : may_go(run->zone, key, r);
	if (given_up && r != KEYSET_DS && !policy_is_unsigned(run->policy)) {
		step->wait = CORE_WAIT_ORDER; /* What was signed stays until new keys are there. */
	}
	if (step->wait == CORE_DONE) {
		step->wait = rules_judge(run->zone, index, r, next, insecure);
	}
	if (step->wait == CORE_DONE && run->zone->unsure && CORE_RULE(MUTANT_LOOK) &&
	    rules_relies(run->zone, index, r, next, insecure)) {
		step->wait = CORE_WAIT_LOOK;
	}
	if (step->wait != CORE_DONE) {
		return false;
	}
	enter(run, key, r, next);
	return true;
}

/* Takes the next step of one record, or notes why it has to wait. \return Whether it was taken. */
static bool take_step(core_run_t *run, size_t index, keyset_record_t r)
{
	core_key_t *key = &run->zone->keys[index];
	core_step_t step = { .wait = CORE_DONE, .to = key->record[r].state, .when = CORE_NEVER };
	bool taken = conclude(run, key, r, &step) || decide(run, index, r, &step);
	key->step[r] = step;
	return taken;
}

int64_t core_run(core_zone_t *zone, const policy_t *policy, const facts_t *facts, int64_t now,
                 core_change_f change, void *ctx)
{
	core_run_t run = { .zone = zone, .policy = policy, .facts = facts, .now = now,
	              .revision = zone->revision + 1, .change = change, .ctx = ctx };
	delay_follow(zone, policy, facts, now);
	bool moved;
	do {
		moved = false;
		run.next = CORE_NEVER;
		for (size_t i = 0; i < zone->count; i++) {
			for (int r = 0; r < KEYSET_RECORDS; r++) {
				moved = take_step(&run, i, (keyset_record_t)r) || moved;
			}
		}
	} while (moved);
	int64_t falling = delay_follow(zone, policy, facts, now);
	return falling < run.next ? falling : run.next;
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

bool core_ds_lose(core_zone_t *zone, size_t i, int64_t now)
{
	core_key_t *key = &zone->keys[i];
	core_record_t *ds = &key->record[KEYSET_DS];
	if (!core_ds_counts(key) || !CORE_RULE(MUTANT_LOST)) {
		return false;
	}
	bool leads = key->record[KEYSET_DNSKEY].state == KEYSET_OMNIPRESENT &&
	             key->record[KEYSET_RRSIG_DNSKEY].state == KEYSET_OMNIPRESENT;
	if (key->goal_in && leads) {
		*ds = (core_record_t){ .state = KEYSET_RUMOURED, .since = now,
		                       .came = zone->revision };
	} else {
		*ds = (core_record_t){ .state = KEYSET_UNRETENTIVE, .since = now,
		                       .came = zone->revision, .public_at = now };
	}
	return true;
}

bool core_see_parent(core_zone_t *zone, const policy_t *policy, const core_shown_t *shown,
                     bool whole, int64_t now)
{
	const core_shown_t before = zone->shown;
	const core_ttl_t ttl = zone->ttls[CORE_TTL_DS];
	zone->shown = *shown;
	if (!whole && before.ttl > shown->ttl) {
		zone->shown.ttl = before.ttl;
	}
	if (!whole && before.absence > shown->absence) {
		zone->shown.absence = before.absence;
	}
	delay_follow_ds(zone, policy, now);
	const core_ttl_t *after = &zone->ttls[CORE_TTL_DS];
	return zone->shown.ttl != before.ttl || zone->shown.absence != before.absence ||
	       after->ttl != ttl.ttl || after->until != ttl.until || after->lower != ttl.lower;
}

bool core_needs_look(const core_zone_t *zone)
{
	for (size_t i = 0; i < zone->count; i++) {
		for (int r = 0; r < KEYSET_RECORDS; r++) {
			if (zone->keys[i].step[r].wait == CORE_WAIT_LOOK) {
				return true;
			}
		}
	}
	return false;
}

bool core_request_roll(core_zone_t *zone, keyset_role_t role, bool emergency, int64_t now)
{
	core_request_t *request = &zone->requests[role];
	bool served = true, found = false;
	int64_t at = now;
	for (size_t i = 0; i < zone->count; i++) {
		const core_key_t *key = &zone->keys[i];
		if (key->role == role && key->goal_in && !key->standby) {
			found = true;
			served = served && key->inception >= request->at;
			at = key->inception >= at ? key->inception + 1 : at;
		}
	}
	if (found) {
		bool before = !served && request->emergency;
		*request = (core_request_t){ .at = at, .emergency = emergency || before };
	}
	return found;
}

int core_next_record(const core_key_t *key)
{
	/* What somebody has to do first, then what has a date, then what waits for others. */
	static const core_wait_t order[] = {
		CORE_WAIT_PARTNER, CORE_WAIT_PARENT,  CORE_WAIT_LOOK,     CORE_WAIT_TIME,
		CORE_WAIT_PUBLISH, CORE_WAIT_CHANGES, CORE_WAIT_REPLACED, CORE_WAIT_SECURE,
		CORE_WAIT_CHAIN,   CORE_WAIT_SIGNED,  CORE_WAIT_ORDER,
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
