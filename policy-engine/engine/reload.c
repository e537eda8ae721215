/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/engine/reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/audit/chain.h"
#include "policy-engine/audit/note.h"
#include "policy-engine/base/event.h"
#include "policy-engine/policy/changes.h"
#include "policy-engine/policy/kasp.h"

#define FILE_MAX 4194304 /* Bytes of a kasp.xml that are read. */

static void log_warning(void *ctx, const char *text)
{
	(void)ctx;
	log_about(LOG_WARNING, (about_t){ .event = "conf" },
	          "%s", text);
}

static void log_report(void *ctx, kasp_kind_t kind, const char *text)
{
	(void)ctx;
	log_about(kind == KASP_ADVICE ? LOG_WARNING : LOG_ERROR, (about_t){ .event = "conf" },
	          "%s", text);
}

/* A policy in use that becomes unusable would leave its zones without care. */
static const char *find_new_defect(const policies_t *before, const policies_t *after)
{
	for (size_t i = 0; i < after->count; i++) {
		const policy_t *old = policies_find(before, after->policies[i].name);
		if (after->policies[i].defect != NULL && old != NULL && old->defect == NULL) {
			return after->policies[i].defect;
		}
	}
	return NULL;
}

int reload_policies(const engine_conf_t *conf, policies_t *policies, const policies_t *before,
                    repos_t **tokens, hsm_error_t *err)
{
	int ret = kasp_read(conf->policy_file, &conf->tokens, policies, log_report, NULL, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	const char *defect = before != NULL ? find_new_defect(before, policies) : NULL;
	if (defect != NULL) {
		return hsm_error_set(err, HSM_ECONF, 0, "%s", defect);
	}
	return repos_new(tokens, &conf->tokens, err);
}

/* Zones that would have no policy any more. */
typedef struct {
	const policies_t *before, *after;
	const live_zone_t *first;
	size_t count;
} orphans_t;

static void find_orphan(void *ctx, live_zone_t *zone)
{
	orphans_t *orphans = ctx;
	if (policies_find(orphans->before, zone->facts.policy) != NULL &&
	    policies_find(orphans->after, zone->facts.policy) == NULL) {
		orphans->first = orphans->first != NULL ? orphans->first : zone;
		orphans->count++;
	}
}

/* A policy that zones have stays: without it nobody would look after their keys. */
static int check_orphans(desk_t *desk, const char *path, const policies_t *after, hsm_error_t *err)
{
	orphans_t orphans = { .before = &desk->policies, .after = after };
	int ret = HSM_EOK;
	pthread_mutex_lock(&desk->lock);
	live_each(&desk->live, find_orphan, &orphans);
	if (orphans.count > 0) {
		ret = hsm_error_set(err, HSM_ECONF, 0, "%s: there is no policy \"%.100s\" any more, and "
		                    "zone %.100s has it (zones without policy: %zu); keep it, or "
		                    "give them another one in knot.conf first", path,
		                    orphans.first->facts.policy, orphans.first->name,
		                    orphans.count);
	}
	pthread_mutex_unlock(&desk->lock);
	return ret;
}

/* What cannot change while the engine runs stays as it is. */
static void keep_fixed(engine_conf_t *conf, engine_conf_t *old, char note[RELOAD_NOTE_MAX])
{
	struct {
		const char *name;
		char **value, **old;
	} fixed[] = {
		{ "Datastore", &conf->datastore, &old->datastore },
		{ "SocketFile", &conf->socket, &old->socket },
	};
	for (size_t i = 0; i < 2; i++) {
		if (strcmp(*fixed[i].value, *fixed[i].old) != 0) {
			snprintf(note, RELOAD_NOTE_MAX, "<%s> in conf.xml changed: takes effect at "
			         "the next start", fixed[i].name);
			log_about(LOG_WARNING, (about_t){ .event = "conf" },
			          "%s", note);
		}
		char *value = *fixed[i].value;
		*fixed[i].value = *fixed[i].old;
		*fixed[i].old = value;
	}
}

/* Says which policies have the next ceremony sign something else than was asked for. */
static void note_ceremonies(const policies_t *before, const policies_t *after, char note[RELOAD_NOTE_MAX])
{
	for (size_t i = 0; i < after->count; i++) {
		const policy_t *policy = &after->policies[i];
		const policy_t *old = policies_find(before, policy->name);
		if (old == NULL || policy->defect != NULL || !policy_wants_ceremony(old, policy)) {
			continue;
		}
		char text[RELOAD_NOTE_MAX];
		const size_t used = strlen(note);
		snprintf(text, sizeof(text), "policy %.60s: what was signed ahead stays; the next ceremony of "
		         "its zones has to have the ZSKs of the new one, with a TTL of %u s: ods ksr, a "
		         "ceremony, ods skr", policy->name, policy->keys_ttl);
		snprintf(note + used, RELOAD_NOTE_MAX - used, "%s%s", used > 0 ? "; " : "", text);
		log_about(LOG_WARNING, (about_t){ .event = "conf" }, "%s", text);
	}
}

static void forget_lacks(void *ctx, live_zone_t *zone)
{
	(void)ctx;
	live_lacks_nothing(zone);
}

static void take_over(parts_t *parts, engine_conf_t *conf, policies_t *policies, repos_t *tokens,
                      char note[RELOAD_NOTE_MAX])
{
	desk_t *desk = &parts->desk;
	pthread_mutex_lock(&desk->lock);
	keep_fixed(conf, &desk->conf, note);
	engine_conf_t old_conf = desk->conf;
	policies_t old_policies = desk->policies;
	note_ceremonies(&old_policies, policies, note);
	desk->conf = *conf;
	desk->policies = *policies;
	desk->wake_all = true;
	live_each(&desk->live, forget_lacks, NULL); /* By entries of the old policies. */
	repos_t *old_tokens = keys_replace_tokens(&parts->keys, tokens);
	parent_reset(&parts->parent);
	link_reset(&parts->link);
	pthread_mutex_unlock(&desk->lock);
	repos_leave(old_tokens); /* Before the new ones are used: they may be the same. */
	policies_deinit(&old_policies);
	engine_conf_deinit(&old_conf);
}

/* \return The text of a file; NULL if it cannot be read. To be freed. */
static char *text_of(const char *path)
{
	char *text = malloc(FILE_MAX + 1);
	FILE *in = text != NULL ? fopen(path, "re") : NULL;
	const size_t len = in != NULL ? fread(text, 1, FILE_MAX, in) : 0;
	if (in == NULL || ferror(in)) {
		free(text);
		text = NULL;
	} else {
		text[len] = '\0';
		char *fitting = realloc(text, len + 1);
		text = fitting != NULL ? fitting : text;
	}
	if (in != NULL) {
		fclose(in);
	}
	return text;
}

/* \return The SHA-256 of a text; NULL if there is none, or out of memory. To be freed. */
static char *digest_of(const char *text)
{
	char hex[CHAIN_HASH_MAX];
	return text != NULL && chain_hash(text, strlen(text), hex) ? strdup(hex) : NULL;
}

int reload_note(parts_t *parts, const char *why)
{
	desk_t *desk = &parts->desk;
	char *text = text_of(desk->conf.policy_file), *digest = digest_of(text);
	pthread_mutex_lock(&desk->lock);
	const int ret = audit_note(desk, &(audit_t){
		.who = "engine", .action = "policies-read", .what = desk->conf.policy_file, .why = why,
		.before = desk->policies_digest, .after = digest });
	free(desk->policies_text);
	free(desk->policies_digest);
	desk->policies_text = text;
	desk->policies_digest = digest;
	pthread_mutex_unlock(&desk->lock);
	return ret;
}

void reload_all(parts_t *parts, const char *conf_path, reload_result_t *result)
{
	engine_conf_t conf = { 0 };
	policies_t policies = { 0 };
	repos_t *tokens = NULL;
	hsm_error_t err = { 0 };
	*result = (reload_result_t){ .note = "" };
	int ret = engine_conf_read(conf_path, &conf, log_warning, NULL, &err);
	if (ret == HSM_EOK) {
		ret = reload_policies(&conf, &policies, &parts->desk.policies, &tokens, &err);
	}
	if (ret == HSM_EOK) {
		ret = check_orphans(&parts->desk, conf.policy_file, &policies, &err);
	}
	if (ret == HSM_EOK) {
		take_over(parts, &conf, &policies, tokens, result->note);
		(void)reload_note(parts, "reload");
		log_about(LOG_INFO, (about_t){ .event = "reload" }, "reloaded");
	} else {
		repos_free(tokens);
		policies_deinit(&policies);
		engine_conf_deinit(&conf);
		snprintf(result->problem, sizeof(result->problem), "%s", err.text);
		log_about(LOG_ERROR, (about_t){ .event = "reload" }, "not reloaded, all stays as it was: %s",
		          err.text);
	}
}
