/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/engine/engine.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy-engine/base/event.h"
#include "policy-engine/engine/internal.h"
#include "policy-engine/policy/kasp.h"

#define POLL_S 1 /* How often the module is asked what changed. */

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

void engine_wake(engine_t *e)
{
	pthread_kill(e->main_thread, SIGUSR1);
}

static int open_all(engine_t *e, char *err, size_t err_size)
{
	hsm_error_t why = { 0 };
	if (kasp_read(e->conf.policy_file, &e->conf.tokens, &e->policies, log_report, NULL,
	              &why) != HSM_EOK ||
	    repos_new(&e->tokens, &e->conf.tokens, &why) != HSM_EOK) {
		snprintf(err, err_size, "%s", why.text);
		return -1;
	}
	if (db_open(&e->db, e->conf.datastore, err, err_size) != 0) {
		return -1;
	}
	if (engine_clock_load(e) != 0) {
		snprintf(err, err_size, "%s", db_error(e->db));
		return -1;
	}
	e->watch = ds_watch_start(e);
	e->recheck = recheck_start(e);
	if (e->watch == NULL || e->recheck == NULL) {
		snprintf(err, err_size, "cannot start a thread: out of memory");
		return -1;
	}
	return ctl_server_start(&e->ctl, e->conf.socket, control_commands, e, err, err_size) == 0
	               ? 0
	               : -1;
}

int engine_start(engine_t **engine, const char *conf_path, engine_conf_t *conf, bool verbose,
                 char *err, size_t err_size)
{
	engine_t *e = calloc(1, sizeof(*e));
	if (e == NULL) {
		engine_conf_deinit(conf);
		snprintf(err, err_size, "out of memory");
		return -1;
	}
	live_init(&e->live);
	e->conf = *conf;
	*conf = (engine_conf_t){ 0 };
	e->verbose = verbose;
	e->intents = true;
	e->main_thread = pthread_self();
	pthread_mutex_init(&e->lock, NULL);
	pthread_cond_init(&e->reload_done, NULL);
	e->conf_path = strdup(conf_path);
	e->generation = strdup("0");
	snprintf(e->signer_problem, sizeof(e->signer_problem), "not asked yet");
	if (e->conf_path == NULL || e->generation == NULL) {
		snprintf(err, err_size, "out of memory");
		engine_free(e);
		return -1;
	}
	if (open_all(e, err, err_size) != 0) {
		engine_free(e);
		return -1;
	}
	*engine = e;
	return 0;
}

void engine_free(engine_t *engine)
{
	if (engine == NULL) {
		return;
	}
	ctl_server_stop(engine->ctl);
	recheck_stop(engine->recheck);
	ds_watch_stop(engine->watch);
	wants_deinit(engine);
	live_deinit(&engine->live);
	db_close(engine->db);
	repos_free(engine->tokens);
	policies_deinit(&engine->policies);
	engine_conf_deinit(&engine->conf);
	free(engine->generation);
	free(engine->conf_path);
	pthread_cond_destroy(&engine->reload_done);
	pthread_mutex_destroy(&engine->lock);
	free(engine);
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

static void take_over(engine_t *e, engine_conf_t *conf, policies_t *policies, repos_t *tokens)
{
	pthread_mutex_lock(&e->lock);
	keep_fixed(conf, &e->conf);
	engine_conf_t old_conf = e->conf;
	policies_t old_policies = e->policies;
	repos_t *old_tokens = e->tokens;
	e->conf = *conf;
	e->policies = *policies;
	e->tokens = tokens;
	e->wake_all = true;
	e->intents = true;
	e->salt_at = 0;
	e->want_at = 0;
	live_each(&e->live, forget_lacks, NULL); /* By entries of the old policies. */
	e->stock_at = 0;
	ds_watch_reset(e);
	char *generation = strdup("0");
	if (generation != NULL) {
		free(e->generation);
		e->generation = generation;
	}
	pthread_mutex_unlock(&e->lock);
	repos_free(old_tokens); /* Before the new ones are used: they may be the same. */
	policies_deinit(&old_policies);
	engine_conf_deinit(&old_conf);
}

static int read_all(engine_t *e, engine_conf_t *conf, policies_t *policies, repos_t **tokens,
                    hsm_error_t *err)
{
	int ret = engine_conf_read(e->conf_path, conf, log_warning, NULL, err);
	if (ret == HSM_EOK) {
		ret = kasp_read(conf->policy_file, &conf->tokens, policies, log_report, NULL, err);
	}
	const char *defect = ret == HSM_EOK ? find_new_defect(&e->policies, policies) : NULL;
	if (defect != NULL) {
		ret = hsm_error_set(err, HSM_ECONF, 0, "%s", defect);
	}
	return ret == HSM_EOK ? repos_new(tokens, &conf->tokens, err) : ret;
}

void engine_reload(engine_t *e)
{
	engine_conf_t conf = { 0 };
	policies_t policies = { 0 };
	repos_t *tokens = NULL;
	hsm_error_t err = { 0 };
	if (read_all(e, &conf, &policies, &tokens, &err) == HSM_EOK) {
		take_over(e, &conf, &policies, tokens);
		log_event(LOG_INFO, NULL, "reloaded");
	} else {
		policies_deinit(&policies);
		engine_conf_deinit(&conf);
		log_event(LOG_ERROR, NULL, "not reloaded, all stays as it was: %s", err.text);
	}
	pthread_mutex_lock(&e->lock);
	snprintf(e->reload_problem, sizeof(e->reload_problem), "%s", err.text);
	e->reload = RELOAD_DONE;
	pthread_cond_broadcast(&e->reload_done);
	pthread_mutex_unlock(&e->lock);
}

static int look(engine_t *e, int64_t now, bool *more)
{
	pthread_mutex_lock(&e->lock);
	int ret = salts_pass(e, now);
	if (ret == 0) {
		ret = enforce_pass(e, now, more);
	}
	pthread_mutex_unlock(&e->lock);
	return ret;
}

/* All that is done because time has passed. */
static int decide(engine_t *e, int64_t now, bool *more)
{
	if (ds_watch_pass(e, now) != 0 || recheck_pass(e, now) != 0 || look(e, now, more) != 0) {
		return -1;
	}
	return retire_pass(e, now);
}

/* One round of work. more is set if the next should follow at once. */
static int pass(engine_t *e, bool *more)
{
	int64_t now = time(NULL);
	pthread_mutex_lock(&e->lock);
	bool reload = e->reload == RELOAD_WANTED;
	pthread_mutex_unlock(&e->lock);
	if (reload) {
		engine_reload(e);
	}
	if (repos_check(e->tokens, now)) {
		pthread_mutex_lock(&e->lock);
		e->wake_all = true;
		e->retire_at = 0;
		pthread_mutex_unlock(&e->lock);
		e->intents = true;
		e->want_at = 0;
	}
	int believed = engine_clock_check(e, now);
	if (believed < 0 || signer_poll(e) != 0 || (believed && decide(e, now, more) != 0)) {
		return -1;
	}
	signer_push(e, now);
	return stock_pass(e, now) == 0 ? generate_pass(e, now, more) : -1;
}

int engine_run(engine_t *engine)
{
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGUSR1);
	while (true) {
		bool more = false;
		if (pass(engine, &more) != 0) {
			log_event(LOG_ERROR, NULL, "stopping: %s; the signer signs on with the "
			          "keys it has", db_error(engine->db));
			return -1;
		}
		struct timespec wait = { .tv_sec = more ? 0 : POLL_S };
		int signal = sigtimedwait(&signals, NULL, &wait);
		if (signal == SIGTERM || signal == SIGINT) {
			return 0;
		}
		if (signal == SIGHUP) {
			pthread_mutex_lock(&engine->lock);
			engine->reload = RELOAD_WANTED;
			pthread_mutex_unlock(&engine->lock);
		}
	}
}
