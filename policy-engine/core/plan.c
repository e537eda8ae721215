/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/core/plan.h"

#include <string.h>

#include "policy-engine/core/mutant.h"

#define NO_KEY SIZE_MAX

typedef struct {
	core_zone_t *zone;
	const policy_t *policy;
	int64_t now;
	const plan_ops_t *ops;
	int64_t next;
} plan_run_t;

static void note(const plan_run_t *run, plan_event_t event, size_t key, const policy_key_t *entry)
{
	if (run->ops->note != NULL) {
		run->ops->note(run->ops->ctx, event, key, entry);
	}
}

static void look_again(plan_run_t *run, int64_t when)
{
	run->next = when < run->next ? when : run->next;
}

static bool is_of(const policy_key_t *entry, const core_key_t *key)
{
	return key->goal_in && key->role == entry->role && key->algorithm == entry->algorithm &&
	       key->bits == entry->bits && strcmp(key->repository, entry->repository) == 0;
}

const policy_key_t *plan_entry(const policy_t *policy, const core_key_t *key)
{
	for (size_t i = 0; i < policy->key_count && !policy->passthrough; i++) {
		if (is_of(&policy->keys[i], key)) {
			return &policy->keys[i];
		}
	}
	return NULL;
}

/* The entry's youngest key in use; with standby, the key that is longest on standby. */
static size_t find(const core_zone_t *zone, const policy_key_t *entry, bool standby)
{
	size_t found = NO_KEY;
	for (size_t i = 0; i < zone->count; i++) {
		const core_key_t *key = &zone->keys[i];
		if (key->standby != standby || !is_of(entry, key)) {
			continue;
		}
		if (found == NO_KEY ||
		    (!standby && key->inception >= zone->keys[found].inception)) {
			found = i;
		}
	}
	return found;
}

static size_t count_standby(const core_zone_t *zone, const policy_key_t *entry)
{
	size_t count = 0;
	for (size_t i = 0; i < zone->count; i++) {
		count += zone->keys[i].standby && is_of(entry, &zone->keys[i]);
	}
	return count;
}

static size_t count_known(const core_zone_t *zone)
{
	size_t count = 0;
	for (size_t i = 0; i < zone->count; i++) {
		count += zone->keys[i].goal_in || !core_is_hidden(&zone->keys[i]);
	}
	return count;
}

/* The rollover type with the shortest waits. */
static policy_roll_t fastest(keyset_role_t role)
{
	return role == KEYSET_ZSK ? POLICY_ROLL_DOUBLE_SIGNATURE : POLICY_ROLL_DOUBLE_RRSET;
}

/* How a key that is gone is replaced. In place of a ZSK the new one signs at once, with the KSK. The
 * DNSKEY RRset that a KSK signed stays until another DS is known everywhere. */
static policy_roll_t after_death(keyset_role_t role)
{
	return role == KEYSET_ZSK ? POLICY_ROLL_DOUBLE_SIGNATURE : POLICY_ROLL_DOUBLE_DS;
}

static bool introduce(plan_run_t *run, const plan_want_t *want)
{
	if (count_known(run->zone) >= CORE_KEYS_MAX) {
		note(run, PLAN_TOO_MANY, NO_KEY, want->entry);
		return false;
	}
	size_t count = run->zone->count;
	if (!run->ops->introduce(run->ops->ctx, want) || run->zone->count == count) {
		return false;
	}
	run->zone->keys[count].standby = want->standby;
	run->zone->keys[count].roll = want->roll;
	note(run, want->standby ? PLAN_STANDBY : PLAN_INTRODUCED, count, want->entry);
	return true;
}

static bool is_requested(plan_run_t *run, const core_key_t *key)
{
	int64_t at = run->zone->requests[key->role].at;
	if (key->inception < at && at > run->now) {
		look_again(run, at);
		return false;
	}
	return key->inception < at;
}

int64_t plan_due(const core_zone_t *zone, const policy_key_t *entry)
{
	size_t key = find(zone, entry, false);
	if (key == NO_KEY || entry->manual_rollover || entry->lifetime == 0) {
		return CORE_NEVER;
	}
	return zone->keys[key].inception + entry->lifetime;
}

/* Whether the entry's key has to be replaced now. A rollover by age waits until the one before has
 * ended: keys would pile up if the parent, or the signer, took longer than a lifetime. */
static bool is_due(plan_run_t *run, const policy_key_t *entry, size_t key)
{
	if (key == NO_KEY || run->zone->keys[key].dead ||
	    is_requested(run, &run->zone->keys[key])) {
		return true;
	}
	int64_t due = plan_due(run->zone, entry);
	if (due > run->now) {
		look_again(run, due);
		return false;
	}
	if (!core_is_settled(&run->zone->keys[key])) {
		note(run, PLAN_UNFINISHED, key, entry);
		return false;
	}
	return true;
}

/* Puts a key in use: the one longest on standby, else a new one. */
static bool replace(plan_run_t *run, const policy_key_t *entry, size_t key)
{
	const core_request_t *request = &run->zone->requests[entry->role];
	bool emergency = request->emergency && key != NO_KEY &&
	                 is_requested(run, &run->zone->keys[key]);
	bool dead = key != NO_KEY && run->zone->keys[key].dead;
	/* In a zone that was given up nothing is left to wait for. */
	bool anew = key == NO_KEY && plan_is_mourning(run->zone);
	policy_roll_t roll = dead                ? after_death(entry->role)
	                     : emergency || anew ? fastest(entry->role)
	                                         : entry->roll;
	size_t standby = find(run->zone, entry, true);
	if (standby != NO_KEY) {
		core_key_t *successor = &run->zone->keys[standby];
		successor->standby = false;
		successor->roll = roll;
		successor->inception = run->now;
		note(run, PLAN_INTRODUCED, standby, entry);
		return true;
	}
	int64_t age = entry->lifetime > 0 && !entry->manual_rollover ? entry->lifetime : INT64_MAX;
	int64_t oldest = age < run->now ? run->now - age + 1 : 0;
	plan_want_t want = { .entry = entry, .roll = roll };
	want.oldest = request->at > oldest ? request->at : oldest;
	return introduce(run, &want);
}

static void withdraw(plan_run_t *run, size_t key, plan_event_t why)
{
	run->zone->keys[key].goal_in = false;
	note(run, why, key, NULL);
}

/* Of an entry's keys only the youngest stays in use. */
static void withdraw_older(plan_run_t *run, const policy_key_t *entry)
{
	size_t youngest = find(run->zone, entry, false);
	for (size_t i = 0; i < run->zone->count; i++) {
		const core_key_t *key = &run->zone->keys[i];
		if (i != youngest && !key->standby && is_of(entry, key)) {
			withdraw(run, i, PLAN_REPLACED);
		}
	}
}

static void add_standby(plan_run_t *run, const policy_key_t *entry, size_t wanted)
{
	for (size_t count = count_standby(run->zone, entry); count < wanted; count++) {
		plan_want_t want = { .entry = entry, .standby = true, .roll = entry->roll,
		                     .oldest = INT64_MAX };
		introduce(run, &want); /* Even if one failed: the caller counts what is missing. */
	}
}

static void see_to_standby(plan_run_t *run, const policy_key_t *entry)
{
	add_standby(run, entry, entry->standby);
	size_t count = count_standby(run->zone, entry);
	for (; count > entry->standby; count--) {
		withdraw(run, find(run->zone, entry, true), PLAN_UNWANTED);
	}
}

static void see_to_entry(plan_run_t *run, const policy_key_t *entry)
{
	if (run->zone->offline) {
		withdraw_older(run, entry); /* The bundles bring, and take, the keys. */
		if (entry->role == KEYSET_ZSK) {
			add_standby(run, entry, run->zone->ahead);
		}
		return;
	}
	size_t key = find(run->zone, entry, false);
	if (is_due(run, entry, key) && replace(run, entry, key)) {
		withdraw_older(run, entry);
		is_due(run, entry, find(run->zone, entry, false)); /* Notes when it will be. */
	}
	see_to_standby(run, entry);
}

/* Whether bundles have brought what comes in the place of a key that no entry wants: one of its kind, or of each
 * entry. Before that the key is needed: what was signed ahead has it, whatever the policy says now. */
static bool is_followed(const core_zone_t *zone, const policy_t *policy, size_t index)
{
	const core_key_t *key = &zone->keys[index];
	const policy_key_t kind = { .role = key->role, .algorithm = key->algorithm, .bits = key->bits,
		                    .repository = (char *)key->repository };
	if (!key->standby && find(zone, &kind, false) != index) {
		return true;
	}
	for (size_t i = 0; i < policy->key_count; i++) {
		if (policy->keys[i].role == key->role &&
		    find(zone, &policy->keys[i], false) == NO_KEY) {
			return false;
		}
	}
	return true;
}

static void withdraw_unwanted(plan_run_t *run)
{
	const core_zone_t *zone = run->zone;
	for (size_t i = 0; i < zone->count; i++) {
		if (zone->keys[i].goal_in && plan_entry(run->policy, &zone->keys[i]) == NULL &&
		    (!zone->offline || is_followed(zone, run->policy, i))) {
			withdraw(run, i, PLAN_UNWANTED);
		}
	}
}

static int64_t hidden_since(const core_key_t *key)
{
	int64_t since = 0;
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		since = key->record[r].since > since ? key->record[r].since : since;
	}
	return since;
}

/* Removes a key that no cache has known for the policy's Purge. \return Whether it was removed. */
static bool forget(plan_run_t *run, size_t index)
{
	const core_key_t *key = &run->zone->keys[index];
	if (run->policy->purge == 0 || key->goal_in || !core_is_hidden(key)) {
		return false;
	}
	int64_t when = hidden_since(key) + run->policy->purge;
	if (when > run->now) {
		look_again(run, when);
		return false;
	}
	note(run, PLAN_FORGOTTEN, index, NULL);
	run->ops->forget(run->ops->ctx, index);
	return true;
}

/* Whether a key has come in the place of another, all of it or not, and does not sign the zone yet. */
static bool is_newcomer(const core_key_t *key)
{
	bool coming = key->goal_in && !key->standby && !core_in_zone(key, KEYSET_RRSIG);
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		coming = coming && key->record[r].state != KEYSET_UNRETENTIVE;
	}
	return coming;
}

/* Whether a key that is to go is still in the zone as it was in use. Its DS may come back. */
static bool is_untouched(const core_key_t *key)
{
	bool untouched = !key->goal_in && !key->dead && !key->standby;
	for (int r = KEYSET_DNSKEY; r < KEYSET_RECORDS; r++) {
		keyset_state_t state = key->record[r].state;
		untouched = untouched && (state == KEYSET_NA || state == KEYSET_OMNIPRESENT);
	}
	return untouched;
}

/* The key that a newcomer is to replace, and that can stay in use instead; NULL: there is none. */
static core_key_t *find_former(core_zone_t *zone, const policy_key_t *entry)
{
	for (size_t i = 0; entry != NULL && i < zone->count; i++) {
		core_key_t *key = &zone->keys[i];
		core_key_t in_use = *key;
		in_use.goal_in = true;
		if (is_untouched(key) && is_of(entry, &in_use)) {
			return key;
		}
	}
	return NULL;
}

/* Whether keys other than key i come or go, but the ZSK that a ZSK is to replace: a KSK signs in the
 * place of either. */
static bool is_busy(const core_zone_t *zone, size_t i)
{
	const core_key_t *key = &zone->keys[i];
	for (size_t k = 0; k < zone->count; k++) {
		const core_key_t *other = &zone->keys[k];
		bool former = key->role == KEYSET_ZSK && other->role == KEYSET_ZSK && !other->dead &&
		              !other->goal_in && other->algorithm == key->algorithm;
		if (k != i && !former &&
		    (other->dead || !other->goal_in || !core_is_settled(other)) &&
		    !core_is_hidden(other)) {
			return true;
		}
	}
	return false;
}

/* Whether the zone can be signed on without key i. */
static bool can_lose(core_zone_t *zone, size_t i)
{
	const core_key_t before = zone->keys[i];
	bool good = core_lose(zone, i);
	zone->keys[i] = before;
	return good;
}

const char *plan_lose(core_zone_t *zone, const policy_t *policy, size_t i)
{
	core_key_t *key = &zone->keys[i];
	core_key_t *former = is_newcomer(key) ? find_former(zone, plan_entry(policy, key)) : NULL;
	if (former != NULL) {
		former->goal_in = true;
		key->dead = true;
		key->goal_in = false;
		return NULL;
	}
	bool needed = core_in_zone(key, KEYSET_RRSIG) || core_in_zone(key, KEYSET_RRSIG_DNSKEY);
	if (needed && !can_lose(zone, i) && core_give_up(zone, i)) {
		return NULL;
	}
	if (is_busy(zone, i)) {
		return "another rollover is under way, and has to end first";
	}
	if (!key->goal_in || plan_entry(policy, key) == NULL) {
		return "the key is on its way out already";
	}
	return core_lose(zone, i) ? NULL : "no key that all resolvers know can sign in its place";
}

/* Whether some cache may have a DS. */
static bool has_ds(const core_zone_t *zone)
{
	for (size_t i = 0; i < zone->count; i++) {
		keyset_state_t ds = zone->keys[i].record[KEYSET_DS].state;
		if (ds != KEYSET_HIDDEN && ds != KEYSET_NA) {
			return true;
		}
	}
	return false;
}

bool plan_is_mourning(const core_zone_t *zone)
{
	for (size_t i = 0; i < zone->count; i++) {
		if (zone->keys[i].dead && !core_is_hidden(&zone->keys[i])) {
			return true;
		}
	}
	return false;
}

int64_t plan_run(core_zone_t *zone, const policy_t *policy, int64_t now, const plan_ops_t *ops)
{
	plan_run_t run = { .zone = zone, .policy = policy, .now = now, .ops = ops,
	        .next = CORE_NEVER };
	const bool mourning = plan_is_mourning(zone) && !policy_is_unsigned(policy) &&
	                      has_ds(zone);
	for (size_t i = 0; i < policy->key_count && !policy->passthrough; i++) {
		size_t key = find(zone, &policy->keys[i], false);
		if (!mourning || (key != NO_KEY && zone->keys[key].dead)) {
			see_to_entry(&run, &policy->keys[i]);
		}
	}
	if (!mourning) {
		withdraw_unwanted(&run);
	}
	for (size_t i = zone->count; i > 0; i--) {
		forget(&run, i - 1);
	}
	return run.next;
}
