/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/engine/reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/audit/chain.h"
#include "policy-engine/audit/note.h"
#include "policy-engine/base/event.h"
#include "policy-engine/policy/kasp.h"

#define FILE_MAX 4194304 /* Bytes of a kasp.xml that are read. */

static void log_warning(void *ctx, const char *text)
{
	(void)ctx;
	log_event(LOG_WARNING, NULL, "%s", text);
}

static void log_report(void *ctx, kasp_kind_t kind, const char *text)
{
	(void)ctx;
	log_event(kind == KASP_ADVICE ? LOG_WARNING : LOG_ERROR, NULL, "%s", text);
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

/* What cannot change while the engine runs stays as it is. */
static void keep_fixed(engine_conf_t *conf, engine_conf_t *old)
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
			log_event(LOG_WARNING, NULL, "<%s> in conf.xml changed: takes effect at "
			          "the next start", fixed[i].name);
		}
		char *value = *fixed[i].value;
		*fixed[i].value = *fixed[i].old;
		*fixed[i].old = value;
	}
}

static void forget_lacks(void *ctx, live_zone_t *zone)
{
	(void)ctx;
	live_lacks_nothing(zone);
}

static void take_over(parts_t *parts, engine_conf_t *conf, policies_t *policies, repos_t *tokens)
{
	desk_t *desk = &parts->desk;
	pthread_mutex_lock(&desk->lock);
	keep_fixed(conf, &desk->conf);
	engine_conf_t old_conf = desk->conf;
	policies_t old_policies = desk->policies;
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

/* \return The SHA-256 of a file; NULL if it cannot be read. To be freed. */
static char *digest_of(const char *path)
{
	char hex[CHAIN_HASH_MAX];
	char *text = malloc(FILE_MAX);
	FILE *in = text != NULL ? fopen(path, "re") : NULL;
	const size_t len = in != NULL ? fread(text, 1, FILE_MAX, in) : 0;
	const bool read = in != NULL && !ferror(in) && chain_hash(text, len, hex);
	if (in != NULL) {
		fclose(in);
	}
	free(text);
	return read ? strdup(hex) : NULL;
}

int reload_note(parts_t *parts, const char *why)
{
	desk_t *desk = &parts->desk;
	char *digest = digest_of(desk->conf.policy_file);
	pthread_mutex_lock(&desk->lock);
	const int ret = audit_note(desk, &(audit_t){
		.who = "engine", .action = "policies-read", .what = desk->conf.policy_file, .why = why,
		.before = desk->policies_digest, .after = digest });
	free(desk->policies_digest);
	desk->policies_digest = digest;
	pthread_mutex_unlock(&desk->lock);
	return ret;
}

void reload_all(parts_t *parts, const char *conf_path, hsm_error_t *err)
{
	engine_conf_t conf = { 0 };
	policies_t policies = { 0 };
	repos_t *tokens = NULL;
	*err = (hsm_error_t){ 0 };
	int ret = engine_conf_read(conf_path, &conf, log_warning, NULL, err);
	if (ret == HSM_EOK) {
		ret = reload_policies(&conf, &policies, &parts->desk.policies, &tokens, err);
	}
	if (ret == HSM_EOK) {
		take_over(parts, &conf, &policies, tokens);
		(void)reload_note(parts, "reload");
		log_about(LOG_INFO, (about_t){ .event = "reload" }, "reloaded");
	} else {
		policies_deinit(&policies);
		engine_conf_deinit(&conf);
		log_about(LOG_ERROR, (about_t){ .event = "reload" }, "not reloaded, all stays as it was: %s",
		          err->text);
	}
}
