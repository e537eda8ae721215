/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/dnskey.h"
#include "policy-engine/engine-internal.h"
#include "policy-engine/log.h"
#include "policy-engine/publish.h"

#define PASS_MAX 500  /* Zones a transaction. */
#define RETRY_S 30    /* For a zone that waits for something without a date. */
#define PROBLEM_MAX 1024

/* One zone being looked after. */
typedef struct {
	engine_t *e;
	zone_t *zone;
	live_zone_t *live;
	const policy_t *policy;
	int64_t now;
	char problem[PROBLEM_MAX];
	log_level_t level; /* Of the problem. */
	bool failed; /* The database did. */
} look_t;

static bool matches(const zone_t *zone, size_t i, const policy_key_t *want)
{
	const core_key_t *key = &zone->core.keys[i];
	return key->goal_in && key->role == want->role && key->algorithm == want->algorithm &&
	       zone->keys[i].bits == want->bits &&
	       strcmp(zone->keys[i].repository, want->repository) == 0;
}

static bool has_key(const zone_t *zone, const policy_key_t *want)
{
	for (size_t i = 0; i < zone->core.count; i++) {
		if (matches(zone, i, want)) {
			return true;
		}
	}
	return false;
}

static bool has_tag(const zone_t *zone, uint8_t algorithm, int tag)
{
	for (size_t i = 0; i < zone->core.count; i++) {
		if (zone->core.keys[i].algorithm == algorithm && zone->core.keys[i].keytag == tag) {
			return true;
		}
	}
	return false;
}

typedef struct {
	const zone_t *zone;
	keyset_role_t role;
	store_token_key_t key;
	int tag;
	bool found, failed;
} search_t;

/* Takes the first key whose tag none of the zone's keys has. */
static int try_key(void *ctx, const store_token_key_t *key)
{
	search_t *search = ctx;
	int tag = dnskey_tag(search->role, key->algorithm, key->public_key, key->public_key_len);
	if (tag < 0 || has_tag(search->zone, key->algorithm, tag)) {
		return 0;
	}
	search->key = *key;
	search->key.repository = strdup(key->repository);
	search->key.cka_id = strdup(key->cka_id);
	uint8_t *public_key = malloc(key->public_key_len);
	if (public_key != NULL) {
		memcpy(public_key, key->public_key, key->public_key_len);
	}
	search->key.public_key = public_key;
	search->failed = search->key.repository == NULL || search->key.cka_id == NULL ||
	                 public_key == NULL;
	search->tag = tag;
	search->found = true;
	return 1;
}

/* Gives the zone an unused key of that kind. \return Whether there was one. */
static bool take_key(look_t *look, const policy_key_t *want)
{
	engine_t *e = look->e;
	search_t search = { .zone = look->zone, .role = want->role };
	if (store_keys_unused(e->store, want->repository, want->algorithm, want->bits, try_key,
	                      &search) != 0) {
		look->failed = true;
		return false;
	}
	if (search.found && !search.failed) {
		core_key_t core;
		core_key_init(&core, want->role, want->algorithm, (uint16_t)search.tag, want->roll,
		              look->now);
		look->failed = store_zone_give_key(e->store, look->zone, &search.key,
		                                   &core) != 0;
		if (!look->failed) {
			log_event(LOG_INFO, look->zone->name, "new %s, algorithm %u, key tag %d, "
			          "repository %s, CKA_ID %s", keyset_role_name(want->role),
			          want->algorithm, search.tag, want->repository, search.key.cka_id);
		}
	}
	if (search.found) {
		free((char *)search.key.repository);
		free((char *)search.key.cka_id);
		free((uint8_t *)search.key.public_key);
	}
	return search.found && !search.failed && !look->failed;
}

static void no_key(look_t *look, const policy_key_t *want)
{
	char why[TOKENS_PROBLEM_MAX];
	if (look->e->conf.manual_generation) {
		snprintf(look->problem, PROBLEM_MAX, "no unused key of algorithm %u for a %s in "
		         "repository %s, and conf.xml says <ManualKeyGeneration/>",
		         want->algorithm, keyset_role_name(want->role), want->repository);
		return;
	}
	if (!tokens_usable(look->e->tokens, want->repository, why)) {
		snprintf(look->problem, PROBLEM_MAX, "waits for a %s of repository %s: %s",
		         keyset_role_name(want->role), want->repository, why);
		return;
	}
	look->level = look->problem[0] == '\0' ? LOG_INFO : look->level;
	snprintf(look->problem, PROBLEM_MAX, "waits for a %s being generated in repository %s",
	         keyset_role_name(want->role), want->repository);
	look->live->wants = true;
	wants_add(look->e, want->repository, want->algorithm, want->bits);
}

/* Sees to it that the zone has all the keys that its policy wants. */
static void take_keys(look_t *look)
{
	if (policy_is_unsigned(look->policy)) {
		return;
	}
	for (size_t i = 0; i < look->policy->key_count && !look->failed; i++) {
		const policy_key_t *want = &look->policy->keys[i];
		if (!has_key(look->zone, want) && !take_key(look, want) && !look->failed) {
			no_key(look, want);
		}
	}
}

/* What this version leaves to a later one: taking keys out. The zone stays as safe as it was. */
static void mind_strangers(look_t *look)
{
	for (size_t i = 0; i < look->zone->core.count; i++) {
		bool wanted = false;
		for (size_t k = 0; k < look->policy->key_count && !wanted; k++) {
			wanted = matches(look->zone, i, &look->policy->keys[k]);
		}
		if ((!wanted || look->policy->passthrough) && look->problem[0] == '\0') {
			snprintf(look->problem, PROBLEM_MAX, "policy %s does not want key %u; it "
			         "stays in use, since this version takes no key out of a zone",
			         look->policy->name, look->zone->core.keys[i].keytag);
		}
	}
}

/* Whether the engine may touch the zone at all. */
static bool may_look(look_t *look)
{
	zone_t *zone = look->zone;
	if (look->policy == NULL) {
		snprintf(look->problem, PROBLEM_MAX, "there is no policy \"%.100s\" in kasp.xml",
		         zone->policy);
		return false;
	}
	if (look->policy->defect != NULL) {
		snprintf(look->problem, PROBLEM_MAX, "%s", look->policy->defect);
		return false;
	}
	if (look->live->facts.pending > zone->core.revision) {
		snprintf(look->problem, PROBLEM_MAX, "the signer has key set %llu, the engine's "
		         "database knows only %llu: it is an old or a new one, restore the right "
		         "one",
		         (unsigned long long)look->live->facts.pending,
		         (unsigned long long)zone->core.revision);
		return false;
	}
	return true;
}

static void log_change(void *ctx, const core_key_t *key, keyset_record_t record,
                       keyset_state_t from)
{
	static const char *const names[] = { "DS", "DNSKEY", "RRSIG DNSKEY", "RRSIG" };
	look_t *look = ctx;
	log_event(LOG_INFO, look->zone->name, "%s %u: %s %s -> %s", keyset_role_name(key->role),
	          key->keytag, names[record], keyset_state_name(from),
	          keyset_state_name(key->record[record].state));
}

static bool signs(const zone_t *zone)
{
	bool dnskey = false, rest = false;
	for (size_t i = 0; i < zone->core.count; i++) {
		dnskey = dnskey || core_in_zone(&zone->core.keys[i], KEYSET_RRSIG_DNSKEY);
		rest = rest || core_in_zone(&zone->core.keys[i], KEYSET_RRSIG);
	}
	return dnskey && rest;
}

/* Hands the zone's key set to the next push, if the module does not have it. */
static void prepare_push(look_t *look, uint64_t saved)
{
	live_zone_t *live = look->live;
	uint8_t salt[STORE_SALT_MAX];
	size_t salt_len = 0;
	int64_t since;
	if (look->policy->nsec3 && look->policy->salt_length > 0 &&
	    store_salt_get(look->e->store, look->policy->name, salt, &salt_len, &since) < 0) {
		look->failed = true;
		return;
	}
	if (!signs(look->zone) &&
	    (!policy_is_unsigned(look->policy) || zone_has_traces(look->zone))) {
		return;
	}
	char *text = publish(look->zone, saved, look->policy, salt, salt_len, live->force);
	if (text == NULL) {
		snprintf(look->problem, PROBLEM_MAX, "the key set is too large");
		return;
	}
	live->force = false;
	if (live->facts.pending >= look->zone->core.revision ||
	    (live->push != NULL && live->revision == look->zone->core.revision)) {
		free(text);
		return;
	}
	live_push(&look->e->live, live, text);
	live->revision = look->zone->core.revision;
	live->push_at = look->now;
}

static void look_after(look_t *look)
{
	uint64_t saved = look->zone->core.revision;
	core_observe(&look->zone->core, &look->live->facts);
	take_keys(look);
	if (look->failed) {
		return;
	}
	int64_t next = core_run(&look->zone->core, look->policy, &look->live->facts, look->now,
	                        log_change, look);
	if (look->problem[0] != '\0' && next > look->now + RETRY_S) {
		next = look->now + RETRY_S;
	}
	mind_strangers(look);
	look->zone->next = next;
	prepare_push(look, saved);
	look->failed = look->failed || watch_note(look->e, look->zone, look->policy, look->now,
	                                          &look->live->waits) != 0;
}

static int enforce(engine_t *e, const char *name, int64_t now)
{
	zone_t zone = { 0 };
	int found = store_zone_get(e->store, name, &zone);
	if (found <= 0) {
		return found;
	}
	look_t look = { .e = e, .zone = &zone, .live = live_find(&e->live, name), .now = now,
	                .level = LOG_WARNING };
	look.policy = policies_find(&e->policies, zone.policy);
	zone.next = CORE_NEVER; /* Until the module, or a reload, brings it up again. */
	if (look.live != NULL) {
		live_mark(&e->live, look.live, false);
		look.live->wants = false;
		if (may_look(&look)) {
			look_after(&look);
		}
		bool news = live_set(&look.live->problem,
		                     look.problem[0] != '\0' ? look.problem : NULL);
		if (news && look.problem[0] != '\0') {
			log_event(look.level, name, "%s", look.problem);
		}
	}
	int ret = look.failed ? -1 : store_zone_save(e->store, &zone);
	zone_deinit(&zone);
	return ret;
}

/* The zones of one pass. */
typedef struct {
	const live_t *live;
	char *names[PASS_MAX];
	size_t count;
	bool failed;
} list_t;

static int list_add(void *ctx, const char *name)
{
	list_t *list = ctx;
	if (list->count == PASS_MAX) {
		return 1;
	}
	list->names[list->count] = strdup(name);
	list->failed = list->names[list->count] == NULL;
	list->count += !list->failed;
	return list->failed;
}

/* One that is dirty has been listed already. */
static int list_due(void *ctx, const char *name)
{
	const list_t *list = ctx;
	const live_zone_t *zone = live_find(list->live, name);
	return zone != NULL && zone->dirty ? 0 : list_add(ctx, name);
}

static void list_all_dirty(list_t *list)
{
	const live_zone_t *zone;
	TAILQ_FOREACH(zone, &list->live->dirty, dirty_link) {
		if (list_add(list, zone->name) != 0) {
			break;
		}
	}
}

static int enforce_list(engine_t *e, const list_t *list, int64_t now)
{
	if (store_begin(e->store) != 0) {
		return -1;
	}
	for (size_t i = 0; i < list->count; i++) {
		if (enforce(e, list->names[i], now) < 0) {
			return -1;
		}
	}
	return store_commit(e->store);
}

int enforce_pass(engine_t *e, int64_t now, bool *more)
{
	if (e->wake_all) {
		if (store_zones_wake(e->store, now) != 0) {
			return -1;
		}
		e->wake_all = false;
	}
	list_t *list = calloc(1, sizeof(*list));
	if (list == NULL) {
		return 0;
	}
	list->live = &e->live;
	list_all_dirty(list);
	int ret = store_zones_due(e->store, now, PASS_MAX, list_due, list);
	*more = list->count == PASS_MAX;
	if (ret == 0 && list->count > 0) {
		ret = enforce_list(e, list, now);
	}
	if (ret != 0) {
		store_rollback(e->store);
	}
	for (size_t i = 0; i < list->count; i++) {
		free(list->names[i]);
	}
	free(list);
	return ret;
}
