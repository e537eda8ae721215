/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"

#include "policy-engine/engine/engine.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "policy-engine/audit/file.h"
#include "policy-engine/base/event.h"
#include "policy-engine/engine/enforce.h"
#include "policy-engine/keys/generate.h"
#include "policy-engine/keys/retire.h"
#include "policy-engine/keys/salts.h"
#include "policy-engine/keys/stock.h"
#include "policy-engine/signer/query.h"

#define POLL_S 1 /* Seconds between two rounds: so soon the module's news are known. */

typedef enum { RELOAD_NONE, RELOAD_WANTED, RELOAD_DONE } reload_t;

struct engine {
	char *conf_path;
	pthread_t main_thread;
	parts_t parts;
	atomic_bool stop;

	/* Under the desk's lock. */
	reload_t reload;
	reload_result_t reloaded; /* What came of the last one. */
	pthread_cond_t reload_done;
};

static void list_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGHUP);
	sigaddset(signals, SIGUSR1);
}

void engine_block_signals(void)
{
	sigset_t signals;
	list_signals(&signals);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

static void wake(void *ctx)
{
	const engine_t *engine = ctx;
	pthread_kill(engine->main_thread, SIGUSR1);
}

static int open_all(parts_t *parts, char *err, size_t err_size)
{
	desk_t *desk = &parts->desk;
	hsm_error_t why = { 0 };
	if (reload_policies(&desk->conf, &desk->policies, NULL, &parts->keys.tokens, &why) !=
	    HSM_EOK) {
		snprintf(err, err_size, "%s", why.text);
		return -1;
	}
	if (db_open(&desk->db, desk->conf.datastore, err, err_size) != 0) {
		return -1;
	}
	if (timekeeper_load(&desk->clock, desk->db) != 0) {
		snprintf(err, err_size, "%s", db_error(desk->db));
		return -1;
	}
	if (reload_note(parts, "ods-engine " PACKAGE_VERSION " started") != 0) {
		snprintf(err, err_size, "%s", db_error(desk->db));
		return -1;
	}
	parts->secondaries = parent_start(&parts->parent, desk) == 0
	                             ? secondaries_start(desk, &parts->parent.asker, query_served) : NULL;
	if (parts->secondaries == NULL) {
		snprintf(err, err_size, "cannot start a thread: out of memory");
		return -1;
	}
	return 0;
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
	desk_t *desk = &e->parts.desk;
	desk_init(desk, wake, e);
	desk->conf = *conf;
	*conf = (engine_conf_t){ 0 };
	keys_init(&e->parts.keys, desk, verbose);
	if (verbose) {
		log_all();
	}
	e->parts.learn.desk = desk;
	e->main_thread = pthread_self();
	monotonic_cond_init(&e->reload_done);
	e->conf_path = strdup(conf_path);
	if (link_init(&e->parts.link, desk) != 0 || e->conf_path == NULL) {
		snprintf(err, err_size, "out of memory");
		engine_free(e);
		return -1;
	}
	if (open_all(&e->parts, err, err_size) != 0) {
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
	secondaries_stop(engine->parts.secondaries);
	parent_stop(&engine->parts.parent);
	keys_deinit(&engine->parts.keys);
	link_deinit(&engine->parts.link);
	desk_deinit(&engine->parts.desk);
	free(engine->conf_path);
	pthread_cond_destroy(&engine->reload_done);
	free(engine);
}

parts_t *engine_parts(engine_t *engine)
{
	return &engine->parts;
}

const char *engine_conf_path(const engine_t *engine)
{
	return engine->conf_path;
}

/* -- reload -------------------------------------------------------------- */

bool engine_reload(engine_t *engine, unsigned limit_s, reload_result_t *result)
{
	desk_t *desk = &engine->parts.desk;
	const int64_t until = monotonic_ms() + limit_s * INT64_C(1000);

	pthread_mutex_lock(&desk->lock);
	engine->reload = RELOAD_WANTED;
	desk_wake(desk);
	bool early = true;
	while (engine->reload == RELOAD_WANTED && early) {
		early = monotonic_wait(&engine->reload_done, &desk->lock, until);
	}
	bool done = engine->reload != RELOAD_WANTED;
	if (done) {
		*result = engine->reloaded;
	}
	pthread_mutex_unlock(&desk->lock);
	return done;
}

const char *engine_reload_problem(const engine_t *engine)
{
	return engine->reloaded.problem;
}

static void reload_if_wanted(engine_t *e)
{
	desk_t *desk = &e->parts.desk;
	pthread_mutex_lock(&desk->lock);
	bool wanted = e->reload == RELOAD_WANTED;
	pthread_mutex_unlock(&desk->lock);
	if (!wanted) {
		return;
	}
	reload_result_t result;
	reload_all(&e->parts, e->conf_path, &result);
	pthread_mutex_lock(&desk->lock);
	e->reloaded = result;
	e->reload = RELOAD_DONE;
	pthread_cond_broadcast(&e->reload_done);
	pthread_mutex_unlock(&desk->lock);
}

/* -- rounds -------------------------------------------------------------- */

static int look(parts_t *parts, int64_t now, bool *more)
{
	pthread_mutex_lock(&parts->desk.lock);
	int ret = salts_pass(&parts->keys, now);
	if (ret == 0) {
		ret = enforce_pass(parts, now, more);
	}
	pthread_mutex_unlock(&parts->desk.lock);
	return ret;
}

/* Whether the database knows all zones of the module. Else a key that no zone has may be one of a
 * zone that is still to be learnt. */
static bool knows_all(desk_t *desk)
{
	pthread_mutex_lock(&desk->lock);
	bool all = TAILQ_EMPTY(&desk->live.learns);
	pthread_mutex_unlock(&desk->lock);
	return all;
}

/* All that is done because time has passed. */
static int decide(parts_t *parts, int64_t now, bool *more)
{
	if (learn_pass(&parts->learn, now, more) != 0 ||
	    parent_pass(&parts->parent, parts->link.up, now) != 0 ||
	    secondaries_pass(parts->secondaries, now) != 0 || look(parts, now, more) != 0) {
		return -1;
	}
	return knows_all(&parts->desk) ? retire_pass(&parts->keys, now) : 0;
}

/* \return 1 if the clock can be believed, 0 if not, -1 if the database failed. */
static int check_clock(desk_t *desk, int64_t now)
{
	pthread_mutex_lock(&desk->lock);
	const bool doubted = desk->clock.verdict != CLOCK_GOOD;
	int believed = timekeeper_check(&desk->clock, desk->db, now);
	if (believed > 0 && doubted) {
		desk->wake_all = true; /* When a zone is due may have been reckoned by a clock that was ahead. */
	}
	pthread_mutex_unlock(&desk->lock);
	return believed;
}

/* One round of work. more is set if the next should follow at once. */
static int work(engine_t *e, int64_t now, bool *more)
{
	parts_t *parts = &e->parts;
	reload_if_wanted(e);
	keys_check_tokens(&parts->keys, now);
	int believed = check_clock(&parts->desk, now);
	if (believed < 0 || link_poll(&parts->link) != 0 ||
	    (believed && decide(parts, now, more) != 0)) {
		return -1;
	}
	link_push(&parts->link, now);
	if (parts->link.up && stock_pass(&parts->keys, now) != 0) {
		return -1;
	}
	return generate_pass(&parts->keys, now, more);
}

static int pass(engine_t *e, bool *more)
{
	desk_t *desk = &e->parts.desk;
	const int64_t now = time(NULL);
	int ret = work(e, now, more);
	ret = ret == 0 ? audit_pass(desk, more) : ret;
	pthread_mutex_lock(&desk->lock);
	desk->looked_at = now;
	pthread_mutex_unlock(&desk->lock);
	log_pass();
	return ret;
}

void engine_stop(engine_t *engine)
{
	atomic_store(&engine->stop, true);
	wake(engine);
}

int engine_run(engine_t *engine)
{
	desk_t *desk = &engine->parts.desk;
	sigset_t signals;
	list_signals(&signals);
	while (true) {
		bool more = false;
		if (pass(engine, &more) != 0) {
			log_about(LOG_ERROR, (about_t){ .event = "stop" }, "stopping: %s; the signer signs on "
			          "with the keys it has", db_error(desk->db));
			return -1;
		}
		struct timespec wait = { .tv_sec = more ? 0 : POLL_S };
		int signal = sigtimedwait(&signals, NULL, &wait);
		if (signal == SIGTERM || signal == SIGINT || atomic_load(&engine->stop)) {
			return 0;
		}
		if (signal == SIGHUP) {
			pthread_mutex_lock(&desk->lock);
			engine->reload = RELOAD_WANTED;
			pthread_mutex_unlock(&desk->lock);
		}
	}
}
