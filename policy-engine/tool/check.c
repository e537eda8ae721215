/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* ods check: prints what is wrong or inadvisable. The checks are in policy-engine/policy/. */

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy-engine/policy/conf.h"
#include "policy-engine/policy/kasp.h"
#include "policy-engine/tool/commands.h"

/* How much was printed. */
typedef struct {
	unsigned errors, advice;
} said_t;

static void print_advice(void *ctx, const char *text)
{
	((said_t *)ctx)->advice++;
	printf("advice: %s\n", text);
}

/* A defect is an error here: zones of the policy get no keys. */
static void print_report(void *ctx, kasp_kind_t kind, const char *text)
{
	if (kind == KASP_ADVICE) {
		print_advice(ctx, text);
	} else {
		((said_t *)ctx)->errors++;
		printf("error: %s\n", text);
	}
}

static bool rolls_by_age(const policy_t *policy)
{
	for (size_t i = 0; i < policy->key_count; i++) {
		const policy_key_t *key = &policy->keys[i];
		if (key->role != KEYSET_ZSK && !key->manual_rollover && !policy->passthrough) {
			return true;
		}
	}
	return false;
}

/* With KSKs that are replaced by age, somebody has to see that the DS changed at the parent. */
static void advise_parent(const engine_conf_t *conf, const policies_t *policies, said_t *said)
{
	for (size_t i = 0; !conf->watch.on && i < policies->count; i++) {
		if (rolls_by_age(&policies->policies[i])) {
			said->advice++;
			printf("advice: conf.xml: no <ParentCheck/>: KSKs of policy \"%s\" are "
			       "replaced by age, and each time wait for somebody to say ods "
			       "ds-seen and ds-gone\n", policies->policies[i].name);
			return;
		}
	}
}

/* Checks kasp.xml. conf is NULL if there is no conf.xml. \return The number of errors. */
static unsigned check(const char *path, const engine_conf_t *conf)
{
	policies_t policies = { 0 };
	said_t said = { 0 };
	const hsm_conf_t *tokens = conf != NULL ? &conf->tokens : NULL;
	if (kasp_read(path, tokens, &policies, print_report, &said, NULL) == HSM_EOK) {
		if (conf != NULL) {
			advise_parent(conf, &policies, &said);
		}
		printf("%s: %zu policies, %u errors, %u pieces of advice\n", path, policies.count,
		       said.errors, said.advice);
		policies_deinit(&policies);
	}
	return said.errors;
}

static unsigned missing(const char *what, const char *name, const char *why)
{
	printf("error: conf.xml: the %s %s: %s\n", what, name, why);
	return 1;
}

static unsigned check_directory(const char *path)
{
	char *dir = strdup(path), *slash = dir != NULL ? strrchr(dir, '/') : NULL;
	unsigned errors = 0;
	if (slash != NULL && slash != dir) {
		*slash = '\0';
		errors = access(dir, X_OK) != 0 ? missing("directory", dir, strerror(errno)) : 0;
	}
	free(dir);
	return errors;
}

/* Checks whether all that conf.xml names is there. \return The number of errors. */
static unsigned check_system(const engine_conf_t *conf)
{
	unsigned errors = 0;
	if (conf->user != NULL && getpwnam(conf->user) == NULL) {
		errors += missing("user", conf->user, "does not exist");
	}
	if (conf->group != NULL && getgrnam(conf->group) == NULL) {
		errors += missing("group", conf->group, "does not exist");
	}
	for (size_t i = 0; i < conf->tokens.count; i++) {
		const char *module = conf->tokens.repositories[i].module;
		/* Replicas have theirs. The loader itself looks for a library without a path. */
		if (module != NULL && strchr(module, '/') != NULL && access(module, R_OK) != 0) {
			errors += missing("PKCS#11 library", module, strerror(errno));
		}
	}
	errors += check_directory(conf->datastore);
	errors += check_directory(conf->socket);
	return errors + check_directory(conf->signer_socket);
}

int tool_check(const invocation_t *run)
{
	engine_conf_t conf = { 0 };
	hsm_error_t err = { 0 };
	said_t said = { 0 };
	const char *kasp = run->count > 0 ? run->args[0] : NULL;
	bool have_conf = false;
	if (run->conf != NULL || kasp == NULL) {
		const char *path = run->conf != NULL ? run->conf : HSM_CONF_FILE;
		if (engine_conf_read(path, &conf, print_advice, &said, &err) == HSM_EOK) {
			said.errors += check_system(&conf);
			have_conf = true;
			kasp = kasp != NULL ? kasp : conf.policy_file;
		} else {
			said.errors++;
			printf("error: %s\n", err.text);
		}
	}
	if (kasp != NULL) {
		said.errors += check(kasp, have_conf ? &conf : NULL);
	}
	engine_conf_deinit(&conf);
	return said.errors == 0 ? DONE : FAILED;
}
