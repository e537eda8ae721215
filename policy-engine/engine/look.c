/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/engine/look.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/audit/note.h"
#include "policy-engine/base/event.h"
#include "policy-engine/base/when.h"
#include "policy-engine/core/plan.h"
#include "policy-engine/desk/imported.h"
#include "policy-engine/engine/agenda.h"
#include "policy-engine/engine/bundle.h"
#include "policy-engine/keys/allocate.h"
#include "policy-engine/secondaries/survey.h"
#include "policy-engine/signer/compose.h"

#define RETRY_S 600      /* Seconds; a zone that lacks keys waits so long if no key is made. */
#define PROBLEM_MAX 1024 /* Bytes of a zone's problem in words. */
#define SURVEY_TEXT_MAX (SURVEY_WHY_MAX + 60) /* Bytes of what is seen of its name servers. */

/* The look at one zone. */
typedef struct {
	parts_t *parts;
	desk_t *desk;
	kasp_zone_t *zone;
	live_zone_t *live;
	const policy_t *policy;
	policy_t effective; /* The policy, if its KSK is offline: with the TTL that counts. */
	int64_t now;
	bool due;          /* It is looked at because its time has come. */
	char problem[PROBLEM_MAX];
	log_level_t level; /* Of the problem. */
	unsigned keytag; /* Of the key that it is about; 0 = none. */
	bool ask;    /* What was signed ahead waits for a look at the parent. */
	bool urgent; /* The problem ends the zone. */
	bool followed; /* What was signed ahead has been looked for. */
	bool failed; /* The database did. */
} look_t;

/* Whether keys of a repository may be used only when they have a backup. */
static bool needs_backup(const look_t *look, const char *repository)
{
	const hsm_repository_t *conf =
		hsm_conf_repository(&look->desk->conf.tokens, repository);
	return conf != NULL && conf->require_backup;
}

static void say(look_t *look, log_level_t level, const char *format, ...)
{
	if (look->problem[0] != '\0') {
		return; /* The first problem counts: the next look brings the next. */
	}
	va_list args;
	va_start(args, format);
	vsnprintf(look->problem, PROBLEM_MAX, format, args);
	va_end(args);
	look->level = level;
}

/* Says what ends a zone before it says why no key takes a step, which a person may be used to. */
static void say_first(look_t *look, const char *why)
{
	char rest[PROBLEM_MAX];
	memcpy(rest, look->problem, PROBLEM_MAX);
	const int used = snprintf(look->problem, PROBLEM_MAX, "%s", why);
	if (rest[0] != '\0' && used > 0 && used < PROBLEM_MAX - 2) {
		snprintf(look->problem + used, (size_t)(PROBLEM_MAX - used), "; %s", rest);
	}
	look->level = LOG_WARNING;
	look->urgent = true;
}

static void look_again(look_t *look, int64_t when)
{
	look->zone->next = when < look->zone->next ? when : look->zone->next;
}

/* Says why there is no key for an entry. */
static void no_key(look_t *look, const policy_key_t *want, int why_not)
{
	char why[TOKENS_PROBLEM_MAX];
	const char *role = keyset_role_name(want->role), *name = want->repository;
	if (why_not == ALLOCATE_NO_BACKUP && !wants_left(&look->parts->keys.wants, name)) {
		say(look, LOG_WARNING, "waits for a %s of repository %s that has a backup, since "
		    "conf.xml says <RequireBackup/>: ods backup prepare %s, make one, "
		    "ods backup commit %s", role, name, name, name);
	} else if (why_not == ALLOCATE_NO_PROOF && repos_usable(look->parts->keys.tokens, name, why)) {
		const char *failed = look->parts->keys.proofs.why;
		say(look, failed[0] != '\0' ? LOG_WARNING : LOG_INFO, "waits for a %s of repository "
		    "%s that shows that it works%s%s", role, name, failed[0] != '\0' ? ": " : "",
		    failed);
	} else if (look->desk->conf.manual_generation) {
		say(look, LOG_WARNING, "no unused key of algorithm %u for a %s in repository %s, "
		    "and conf.xml says <ManualKeyGeneration/>", want->algorithm, role, name);
	} else if (!repos_usable(look->parts->keys.tokens, name, why)) {
		say(look, LOG_WARNING, "waits for a %s of repository %s: %s", role, name, why);
	} else {
		say(look, LOG_INFO, "waits for a %s being generated in repository %s", role, name);
	}
}

static bool introduce(void *ctx, const plan_want_t *want)
{
	look_t *look = ctx;
	const policy_key_t *entry = want->entry;
	uint8_t *lacks = &look->live->lacks[entry - look->policy->keys];
	if (look->failed) {
		return false;
	}
	if (*lacks > 0) {
		*lacks += *lacks < UINT8_MAX;
		return false; /* In this look there was none for the entry already. */
	}
	unsigned unsuitable = 0;
	const allocate_t wanted = { look->policy, want, needs_backup(look, entry->repository),
	                            look->now, &look->parts->keys.proofs };
	int ret = allocate_key(look->desk->db, look->zone, &wanted, &unsuitable);
	look->failed = ret < 0;
	if (ret == ALLOCATE_NO_PROOF) {
		const kind_t kind = kind_of(entry);
		(void)wants_order(&look->parts->keys.proofs.asked, &kind, 1);
	}
	if (ret == ALLOCATED) {
		const kasp_zone_t *zone = look->zone;
		desk_keys_wanted(look->desk, 0); /* It may have been made for another zone, which has none then. */
		proofs_drop(&look->parts->keys.proofs, zone->keys[zone->core.count - 1].cka_id);
	} else if (ret >= 0) {
		*lacks = (uint8_t)(unsuitable < UINT8_MAX ? unsuitable + 1 : UINT8_MAX);
		look->live->wants = true;
		no_key(look, entry, ret);
	}
	return ret == ALLOCATED;
}

static void forget(void *ctx, size_t key)
{
	look_t *look = ctx;
	look->failed = look->failed ||
	               db_zone_take_key(look->desk->db, look->zone, key) != 0;
	look->parts->keys.retire_at = 0;
}

/* Notes something for the audit. */
static void note(look_t *look, const audit_t *audit)
{
	look->failed = look->failed || audit_note(look->desk, audit) != 0;
}

static const char *order_of(const look_t *look, keyset_role_t role)
{
	const core_request_t *request = &look->zone->core.requests[role];
	return request->at == 0 ? "policy" : request->emergency ? "an emergency was ordered"
	                                                        : "a rollover was ordered";
}

static void note_key(look_t *look, size_t i, const char *action)
{
	const core_key_t *key = &look->zone->core.keys[i];
	const zone_key_t *info = &look->zone->keys[i];
	char what[512];
	snprintf(what, sizeof(what), "%s %u, algorithm %u, repository %s, CKA_ID %s",
	         keyset_role_name(key->role), key->keytag, key->algorithm, info->repository,
	         info->cka_id);
	note(look, &(audit_t){ .who = "policy", .action = action, .zone = look->zone->name,
	                       .what = what, .why = order_of(look, key->role) });
}

static about_t about_key(const look_t *look, const char *event, const core_key_t *key)
{
	return (about_t){ .event = event, .zone = look->zone->name, .keytag = key->keytag };
}

static void log_new(look_t *look, size_t i, const char *what)
{
	const core_key_t *key = &look->zone->core.keys[i];
	const zone_key_t *info = &look->zone->keys[i];
	log_about(LOG_INFO, about_key(look, "key-new", key),
	          "%s %s, algorithm %u, key tag %u, repository %s, "
	          "CKA_ID %s", what, keyset_role_name(key->role), key->algorithm, key->keytag,
	          info->repository, info->cka_id);
}

static void log_old(const look_t *look, size_t i, const char *what)
{
	const core_key_t *key = &look->zone->core.keys[i];
	log_about(LOG_INFO, about_key(look, "key-old", key), "%s %u %s",
	          keyset_role_name(key->role), key->keytag, what);
}

static void introduced(look_t *look, size_t i)
{
	bool old = core_in_zone(&look->zone->core.keys[i], KEYSET_DNSKEY) ||
	           core_in_zone(&look->zone->core.keys[i], KEYSET_DS);
	log_new(look, i, old ? "from standby into use:" : "new");
	if (look->policy->share_keys &&
	    db_key_used(look->desk->db, look->zone->keys[i].token_key, look->now) != 0) {
		look->failed = true;
	}
}

static void note_plan(void *ctx, plan_event_t event, size_t key, const policy_key_t *entry)
{
	look_t *look = ctx;
	switch (event) {
	case PLAN_INTRODUCED:
		note_key(look, key, "key-introduced");
		introduced(look, key);
		break;
	case PLAN_STANDBY:
		note_key(look, key, "key-standby");
		log_new(look, key, "new standby");
		break;
	case PLAN_REPLACED:
		note_key(look, key, "key-replaced");
		log_old(look, key, "is replaced, and goes when its successor is known everywhere");
		break;
	case PLAN_UNWANTED:
		note_key(look, key, "key-unwanted");
		log_old(look, key, "is not in the policy any more, and goes");
		break;
	case PLAN_FORGOTTEN:
		note_key(look, key, "key-forgotten");
		log_old(look, key, "is forgotten: it left all caches, and <Purge> has passed");
		break;
	case PLAN_UNFINISHED:
		look->keytag = look->problem[0] == '\0' ? look->zone->core.keys[key].keytag
		                                         : look->keytag;
		say(look, LOG_INFO, "%s %u is to be replaced by age, but has not come into use "
		    "everywhere yet", keyset_role_name(entry->role),
		    look->zone->core.keys[key].keytag);
		break;
	case PLAN_TOO_MANY:
		say(look, LOG_WARNING, "waits for a %s: the zone has too many keys that caches "
		    "may still know", keyset_role_name(entry->role));
		break;
	}
}

/* Whether the engine may touch the zone at all. */
static bool may_look(look_t *look)
{
	kasp_zone_t *zone = look->zone;
	if (look->policy == NULL) {
		snprintf(look->problem, PROBLEM_MAX, "there is no policy \"%.100s\" in kasp.xml",
		         zone->policy);
		return false;
	}
	if (look->policy->defect != NULL) {
		snprintf(look->problem, PROBLEM_MAX, "%s", look->policy->defect);
		return false;
	}
	if (zone->bundle[0] != '\0' && !policy_is_offline(look->policy)) {
		snprintf(look->problem, PROBLEM_MAX, "its KSK is offline, and policy \"%.100s\" has "
		         "none that is: no key takes a step; give it a policy with <Offline/> again",
		         zone->policy);
		return false;
	}
	if (look->live->facts.pending > zone->core.revision) {
		snprintf(look->problem, PROBLEM_MAX, "the signer has key set %llu, the engine's "
		         "database knows only %llu; %s",
		         (unsigned long long)look->live->facts.pending,
		         (unsigned long long)zone->core.revision,
		         look->live->unlearnt != NULL ? look->live->unlearnt
		                                      : "it is being learnt from the signer");
		return false;
	}
	return true;
}

/* To publish and to withdraw are decisions; what follows from them is known of the caches. */
static void note_change(look_t *look, const core_key_t *key, keyset_record_t record,
                        keyset_state_t from)
{
	const keyset_state_t to = key->record[record].state;
	char what[64];
	snprintf(what, sizeof(what), "%s %u %s", keyset_role_name(key->role), key->keytag,
	         keyset_record_name(record));
	note(look, &(audit_t){
		.who = "policy", .action = "key-state", .zone = look->zone->name, .what = what,
		.why = to == KEYSET_RUMOURED ? "published" : to == KEYSET_UNRETENTIVE ? "withdrawn"
		       : to == KEYSET_OMNIPRESENT ? "all caches can have it" : "no cache has it",
		.before = keyset_state_name(from), .after = keyset_state_name(to) });
}

static void log_change(void *ctx, const core_key_t *key, keyset_record_t record,
                       keyset_state_t from)
{
	static const char *const names[] = { "DS", "DNSKEY", "RRSIG DNSKEY", "RRSIG" };
	look_t *look = ctx;
	log_about(LOG_INFO, about_key(look, "key-step", key), "%s %u: %s %s -> %s",
	          keyset_role_name(key->role),
	          key->keytag, names[record], keyset_state_name(from),
	          keyset_state_name(key->record[record].state));
	note_change(look, key, record, from);
}

/* Hands the zone's key set to the next push, if the module does not have it. */
static void prepare_push(look_t *look, uint64_t saved)
{
	live_zone_t *live = look->live;
	uint8_t salt[DB_SALT_MAX];
	size_t salt_len = 0;
	int64_t since;
	if (look->policy->nsec3 && look->policy->salt_length > 0 &&
	    db_salt_get(look->desk->db, look->policy->name, salt, &salt_len, &since) < 0) {
		look->failed = true;
		return;
	}
	/* A zone that is to be signed is not published before it can be signed. */
	if (!zone_is_signed(look->zone) && !policy_is_unsigned(look->policy) &&
	    look->zone->core.revision == 0) {
		return;
	}
	const bool pushing = live->push != NULL && live->revision > live->facts.pending;
	const compose_t with = {
		.policy = look->policy, .salt = salt, .salt_len = salt_len, .saved = saved,
		.watched = look->desk->conf.watch.on, .force = live->force,
		.known = pushing ? live->revision : live->facts.pending,
	};
	char *text = NULL;
	if (publish(look->zone, &with, &text) != 0) {
		snprintf(look->problem, PROBLEM_MAX, "the key set is too large");
		return;
	}
	live->force = false;
	if (text == NULL) {
		return;
	}
	live_set(&live->ds_sent, with.watched && look->zone->ds_seen != 0 ? look->zone->ds : NULL);
	live_push(&look->desk->live, live, text);
	live->revision = look->zone->core.revision;
	live->push_at = look->now;
}

/* Publishes what was signed ahead and is due. \return When to look again. */
static int64_t follow(look_t *look, bool frozen)
{
	bundle_seen_t seen;
	if (!policy_is_offline(look->policy)) {
		return CORE_NEVER;
	}
	look->zone->core.ahead = look->live->ahead;
	look->effective = *look->policy;
	look->effective.keys_ttl = bundle_ttl(look->zone, look->policy);
	look->policy = &look->effective;
	const bundle_look_t what = { look->desk, look->zone, look->policy, &look->live->facts,
	                             look->now, frozen };
	look->failed = look->failed || bundle_follow(&what, &seen) != 0;
	if (look->failed) {
		return CORE_NEVER;
	}
	if (seen.urgent) {
		say_first(look, seen.why);
	} else if (seen.why[0] != '\0') {
		say(look, LOG_INFO, "%s", seen.why);
	}
	look->ask = seen.look;
	look->followed = true;
	return seen.next;
}

/* What was signed ahead is not even looked for. That ends, too. */
static void foresee_end(look_t *look)
{
	bundle_seen_t seen;
	if (look->zone->bundle[0] == '\0' || look->followed) {
		return;
	}
	bundle_stay(look->zone, look->now, &seen);
	if (seen.urgent) {
		say_first(look, seen.why);
	}
	look_again(look, seen.next);
}

/* Takes all steps that the zone's keys can take now. */
static void proceed(look_t *look)
{
	core_zone_t *core = &look->zone->core;
	plan_ops_t ops = { introduce, forget, note_plan, look };
	uint64_t revision;
	int64_t planned, next;
	core_observe(core, &look->live->facts);
	core->unsure = recheck_is_needed(look->desk, look->live, look->now);
	const int64_t bundle = follow(look, false);
	do {
		revision = core->revision;
		live_lacks_nothing(look->live); /* Each round says anew what is lacking. */
		planned = plan_run(core, look->policy, look->now, &ops);
		next = core_run(core, look->policy, &look->live->facts, look->now, log_change,
		                look);
	} while (core->revision != revision && !look->failed);
	look->zone->next = planned < next ? planned : next;
	look->zone->next = bundle < look->zone->next ? bundle : look->zone->next;
	recheck_ask(look->desk, look->live, look->ask || core_needs_look(core), look->now);
}

/* Says once that a key whose DS is at the parent is to be replaced soon. */
static void announce(look_t *look)
{
	char when[WHEN_TEXT_MAX];
	int64_t before = look->desk->conf.notify_before;
	for (size_t i = 0; before > 0 && i < look->policy->key_count; i++) {
		const policy_key_t *entry = &look->policy->keys[i];
		int64_t due = entry->role != KEYSET_ZSK ? plan_due(&look->zone->core, entry)
		                                        : CORE_NEVER;
		if (due == CORE_NEVER || due <= look->now || due == look->live->announced) {
			continue;
		}
		if (due - before > look->now) {
			look->zone->next = due - before < look->zone->next ? due - before
			                                                   : look->zone->next;
			continue;
		}
		log_about(LOG_WARNING, (about_t){ .event = "key-due", .zone = look->zone->name },
		          "the %s is to be replaced at %s; its DS "
		          "at the parent will have to change", keyset_role_name(entry->role),
		          when_text(due, look->now, when));
		look->live->announced = due;
	}
}

/* Whether it is not known yet if the parent has a DS for a zone of which there is no memory, neither
 * here nor in the module. Its first key set must not break what others know of the zone. */
static bool awaits_parent(look_t *look)
{
	const live_zone_t *live = look->live;
	if (!look->desk->conf.watch.on || look->zone->core.revision != 0 ||
	    look->zone->ds_seen != 0 || live->ds_nowhere) {
		return false;
	}
	const bool failed = live->ds_problem != NULL;
	say(look, failed ? LOG_WARNING : LOG_INFO, "asks the parent which DS the zone has, before "
	    "it gets its first keys%s%s%s%s", failed ? ": " : "", failed ? live->ds_problem : "",
	    failed ? "; if the parent has none: ods ds-gone " : "", failed ? live->name : "");
	recheck_want_ds(look->desk, look->live, look->now);
	return true;
}

/* Sees that the module knows the newest DS, if it holds the zone for them. Nothing is decided
 * meanwhile: what is public may not be what the database says. */
static void serve_chain(look_t *look)
{
	live_zone_t *live = look->live;
	const kasp_zone_t *zone = look->zone;
	say(look, LOG_WARNING, "the signer holds key set %llu: validators would find no way to its "
	    "keys, see its zone-status; ods recover %s", (unsigned long long)live->facts.pending,
	    zone->name);
	if (look->desk->conf.watch.on) {
		recheck_want_ds(look->desk, look->live, look->now);
	}
	bool known = zone->ds_seen != 0 && look->desk->conf.watch.on;
	if (known && (live->ds_sent == NULL || strcmp(live->ds_sent, zone->ds) != 0)) {
		live->force = true;
		prepare_push(look, zone->core.revision);
	}
}

/* The policy of knot.conf is another than that of the import. */
static void say_held(look_t *look)
{
	const char *wished = look->live->facts.policy, *what = NULL;
	const policy_t *other = policies_find(&look->desk->policies, wished);
	if (other != NULL) {
		what = policy_difference(look->policy, other);
	}
	say(look, LOG_WARNING, "the zone was imported with policy %s, and knot.conf has policy %s for it, "
	    "which %s%s: it stays as it is, and no key takes a step; correct its template, or: ods "
	    "thaw --change-policy %s", look->zone->policy, wished,
	    other == NULL ? "kasp.xml does not have" : "would change ",
	    what != NULL ? what : other != NULL ? "it" : "", look->zone->name);
}

/* What has been seen of the zone's name servers, since it was imported. */
static const char *survey_text(const live_survey_t *survey, char *text, size_t size)
{
	char since[WHEN_TEXT_MAX], due[WHEN_TEXT_MAX];
	text[0] = '\0';
	if (survey->since != 0) {
		snprintf(text, size, "; all %zu addresses of its name servers have it since %s, and it is "
		         "thawed at %s if that stays so", survey->count, when_stamp(survey->since, since),
		         when_stamp(secondaries_due(survey), due));
	} else if (survey->why != NULL) {
		snprintf(text, size, "; not all of its name servers have it: %s", survey->why);
	}
	return text;
}

/* kasp.xml has changed the policy since the import. */
static void say_changed(look_t *look)
{
	char *text = NULL;
	look->failed = imported_changed(look->desk, look->zone->name, &text) < 0 || look->failed;
	say(look, LOG_WARNING, "kasp.xml was changed since the zone was imported, %s: the zone stays as it is, "
	    "and no key takes a step; change it back, or: ods thaw --change-policy %s",
	    text != NULL ? text : "in its policy", look->zone->name);
	free(text);
}

static void say_imported(look_t *look)
{
	char seen[SURVEY_TEXT_MAX];
	say(look, LOG_INFO, "no key takes a step: the zone was imported, and its secondaries may "
	    "follow another server still; when all have our serial: ods thaw %s%s", look->zone->name,
	    survey_text(&look->live->survey, seen, sizeof(seen)));
}

static void say_frozen(look_t *look, db_scope_t scope, int64_t until)
{
	static const char *const scopes[] = { "all zones are", "its policy is", "it is" };
	static const char *const ends[] = { "ods thaw", "ods thaw --policy ", "ods thaw " };
	char when[WHEN_TEXT_MAX];
	const kasp_zone_t *zone = look->zone;
	if (scope == DB_FREEZE_IMPORT && look->live->held) {
		say_held(look);
		return;
	}
	if (scope == DB_FREEZE_IMPORT && look->live->changed) {
		say_changed(look);
		return;
	}
	if (scope == DB_FREEZE_IMPORT) {
		say_imported(look);
		return;
	}
	say(look, LOG_INFO, "no key takes a step: %s frozen by a person%s%s; to end this: %s%s",
	    scopes[scope], until != CORE_NEVER ? " until " : "",
	    until != CORE_NEVER ? when_stamp(until, when) : "", ends[scope],
	    scope == DB_FREEZE_ZONE ? zone->name : scope == DB_FREEZE_POLICY ? zone->policy : "");
}

/* Has the name servers asked, or not any more. */
static void want_survey(live_zone_t *live, bool wanted)
{
	live_survey_t *survey = &live->survey;
	if (survey->wanted != wanted) {
		survey->wanted = wanted;
		survey->since = 0;
		live_set(&survey->why, NULL);
	}
}

/* Whether a person wants no key to take a step. */
static bool is_frozen(look_t *look)
{
	db_scope_t scope;
	int64_t until;
	kasp_zone_t *zone = look->zone;
	if (zone->core.revision == 0 && !zone->taken_over) {
		return false; /* A new zone: nobody relies on anything of it yet. */
	}
	const int found = db_freeze_get(look->desk->db, zone->name, zone->policy, look->now, &scope,
	                                &until);
	look->failed = look->failed || found < 0;
	look->live->frozen = found > 0;
	zone->frozen = found > 0 ? until : 0;
	want_survey(look->live, found > 0 && scope == DB_FREEZE_IMPORT && !look->live->held &&
	            !look->live->changed);
	if (found <= 0) {
		return false;
	}
	say_frozen(look, scope, until);
	look->zone->next = until;
	return true;
}

/* Whether the zone was imported, and kasp.xml would change it before a person says so: then it gets no key set
 * that is made by it. */
static bool is_changed(look_t *look)
{
	const int changed = look->zone->taken_over
	                            ? imported_changed(look->desk, look->zone->name, NULL) : 0;
	look->failed = look->failed || changed < 0;
	look->live->changed = changed > 0;
	return changed != 0;
}

/* \return Whether no key may take a step now. Signatures that were made ahead become newer nevertheless. */
static bool stands_still(look_t *look, uint64_t saved)
{
	const facts_t *facts = &look->live->facts;
	bool push = false;
	if (is_changed(look)) {
		(void)is_frozen(look);
		core_observe(&look->zone->core, facts);
		return true;
	}
	if (awaits_parent(look)) {
		return true;
	}
	if (facts->unsure && !facts->chain && saved != 0) {
		say(look, LOG_DEBUG, "no key takes a step until the signer knows which version knotd "
		    "serves");
		push = facts->pending < saved;
	} else if (facts->chain && facts->pending >= saved && saved != 0) {
		serve_chain(look); /* A newer key set than the held one may pass. */
	} else if (is_frozen(look)) {
		core_observe(&look->zone->core, facts);
		push = true;
	} else {
		return false;
	}
	look_again(look, follow(look, true));
	if (!look->failed && (push || look->followed)) {
		prepare_push(look, saved);
	}
	return true;
}

static void look_after(look_t *look)
{
	const uint64_t saved = look->zone->core.revision;
	if (stands_still(look, saved)) {
		return;
	}
	if (!look->failed) {
		proceed(look);
	}
	if (look->failed) {
		return;
	}
	if (look->live->wants && look->zone->next > look->now + RETRY_S) {
		look->zone->next = look->now + RETRY_S;
	}
	announce(look);
	prepare_push(look, saved);
	look->failed = look->failed ||
	               ds_watch_note(look->parts->parent.watch, look->zone, look->policy,
	                             look->now, &look->live->waits) != 0;
}

/* Looks after a zone that the module has. */
static void look_at_live(look_t *look)
{
	live_zone_t *live = look->live;
	uint8_t lacked[POLICY_KEYS_MAX];
	live_mark(&look->desk->live, live, false);
	memcpy(lacked, live->lacks, sizeof(lacked));
	live_lacks_nothing(live);
	if (may_look(look)) {
		look_after(look);
	}
	foresee_end(look);
	/* What was made for it may be gone, as a key that a person has removed. */
	if (memcmp(lacked, live->lacks, sizeof(lacked)) != 0 || (look->due && live->wants)) {
		desk_keys_wanted(look->desk, 0);
	}
	bool news = live_set(&live->problem, look->problem[0] != '\0' ? look->problem : NULL);
	live->passing = look->level > LOG_WARNING;
	live->urgent = look->urgent;
	agenda_note(live, look->zone, look->policy, look->now);
	live_count(&look->desk->live, live);
	key_total_change(&look->desk->live.keys, &live->keys, &look->zone->core);
	if (news && look->problem[0] != '\0' && look->level < LOG_DEBUG) {
		log_about(look->level, (about_t){ .event = "problem", .zone = look->zone->name,
		                                  .keytag = look->keytag,
		                                  .alike = look->problem }, "%s", look->problem);
	}
}

int look_at_zone(parts_t *parts, const char *name, int64_t now)
{
	desk_t *desk = &parts->desk;
	kasp_zone_t zone = { 0 };
	int found = db_zone_get(desk->db, name, &zone);
	if (found <= 0) {
		return found;
	}
	look_t look = { .parts = parts, .desk = desk, .zone = &zone,
	                .live = live_find(&desk->live, name), .now = now, .due = zone.next <= now,
	                .level = LOG_WARNING };
	look.policy = policies_find(&desk->policies, zone.policy);
	zone.next = CORE_NEVER; /* Until the module names the zone, or a reload wakes it. */
	if (look.live != NULL) {
		look_at_live(&look);
	}
	int ret = look.failed ? -1 : db_zone_save(desk->db, &zone);
	kasp_zone_deinit(&zone);
	return ret;
}
