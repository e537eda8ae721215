/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy-engine/conf.h"
#include "policy-engine/kasp.h"
#include "policy-engine/tool/tool.h"

/* What was warned of. */
typedef struct {
	char **texts;
	size_t count;
} warnings_t;

static void collect(void *ctx, const char *text)
{
	warnings_t *all = ctx;
	char **texts = reallocarray(all->texts, all->count + 1, sizeof(*texts));
	if (texts != NULL) {
		all->texts = texts;
		texts[all->count] = strdup(text);
		all->count += texts[all->count] != NULL;
	}
}

/* That a policy keeps its zones from getting keys is an error. */
static bool is_defect(const policies_t *policies, const char *text)
{
	for (size_t i = 0; i < policies->count; i++) {
		const char *defect = policies->policies[i].defect;
		if (defect != NULL && strstr(text, defect) != NULL) {
			return true;
		}
	}
	return false;
}

/* \return The number of errors. */
static unsigned print_warnings(const warnings_t *all, const policies_t *policies)
{
	unsigned errors = 0;
	for (size_t i = 0; i < all->count; i++) {
		bool error = is_defect(policies, all->texts[i]);
		printf("%s: %s\n", error ? "error" : "advice", all->texts[i]);
		errors += error;
	}
	return errors;
}

static int check(const char *path, const hsm_conf_t *tokens, warnings_t *all)
{
	policies_t policies = { 0 };
	hsm_error_t err = { 0 };
	int ret = kasp_read(path, tokens, &policies, collect, all, &err);
	unsigned errors = print_warnings(all, &policies);
	if (ret != HSM_EOK) {
		printf("error: %s\n", err.text);
		return FAILED;
	}
	printf("%s: %zu policies, %u errors, %zu pieces of advice\n", path, policies.count, errors,
	       all->count - errors);
	policies_deinit(&policies);
	return errors == 0 ? DONE : FAILED;
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

/* Whether all that conf.xml names is there. \return The number of errors. */
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
		/* One without a path is looked for by the loader. */
		if (strchr(module, '/') != NULL && access(module, R_OK) != 0) {
			errors += missing("PKCS#11 library", module, strerror(errno));
		}
	}
	errors += check_directory(conf->datastore);
	errors += check_directory(conf->socket);
	return errors + check_directory(conf->signer_socket);
}

int tool_check(const run_t *run)
{
	engine_conf_t conf = { 0 };
	hsm_error_t err = { 0 };
	warnings_t all = { 0 };
	bool needed = run->conf != NULL || run->count == 0;
	const char *path = run->conf != NULL ? run->conf : CONF_FILE;
	int ret = needed ? engine_conf_read(path, &conf, collect, &all, &err) : HSM_EOK;
	if (ret != HSM_EOK) {
		printf("error: %s\n", err.text);
		ret = FAILED;
	} else {
		/* Which repositories there are only conf.xml says. */
		unsigned errors = needed ? check_system(&conf) : 0;
		ret = check(run->count > 0 ? run->args[0] : conf.policy_file,
		            needed ? &conf.tokens : NULL, &all);
		ret = errors > 0 ? FAILED : ret;
	}
	for (size_t i = 0; i < all.count; i++) {
		free(all.texts[i]);
	}
	free(all.texts);
	engine_conf_deinit(&conf);
	return ret;
}
