/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zone/server.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "module/source/fetch.h"
#include "module/store/upgrade.h"
#include "module/zone/health.h"
#include "module/zone/publisher.h"
#include "module/zone/work.h"

/* Zones signed at a time with the same tokens if conf.xml cannot be read: its default. */
#define WORKERS 4
/* Conversations with the same primary at a time. */
#define FETCHERS 8
/* Programs of the operator's that check versions at a time. */
#define CHECKERS 4
/* Files of signed zones that are written at a time, and programs that are told of them. */
#define OUTPUTS 4
/* Conversations with the same secondary at a time. */
#define INQUIRERS 4
/* Milliseconds for which the end waits for a token. */
#define PATIENCE_MS 5000

/*** Settings. ***/

void server_conf_deinit(server_conf_t *conf)
{
	free(conf->storage);
	free(conf->transfer_socket);
	free(conf->control_socket);
	free(conf->conf);
	free(conf->knot_socket);
	memset(conf, 0, sizeof(*conf));
}

static bool differ(server_t *server, const char *item, const char *now, const char *wanted)
{
	if (strcmp(now, wanted) == 0) {
		return false;
	}
	log_msg(&server->log, LOG_ERR, NULL,
	        "%s is now %s: this takes a restart of knotd, until then "
	        "it stays %s",
	        item, wanted, now);
	return true;
}

static void wake(void *ctx, zone_t *zone)
{
	zone_wake(zone, *(unsigned *)ctx);
}

void server_reconfigure(server_t *server, server_conf_t *conf)
{
	char err[640];
	(void)differ(server, "storage", server->conf.storage, conf->storage);
	(void)differ(server, "transfer-socket", server->conf.transfer_socket,
	             conf->transfer_socket);
	(void)differ(server, "control-socket", server->conf.control_socket, conf->control_socket);
	holder_move(&server->tokens, conf->conf);
	conf->conf = NULL;
	if (server->env.trigger != NULL) {
		trigger_move(server->env.trigger, conf->knot_socket);
		trigger_move(server->env.asker, conf->knot_socket);
		trigger_move(server->env.reader, conf->knot_socket);
	}
	server_conf_deinit(conf);
	if (holder_read(&server->tokens, err, sizeof(err)) == KNOT_EOK) {
		zones_each(&server->zones, wake, &(unsigned){ ZONE_KEYS });
	}
}

/*** Start and stop. ***/

static int64_t run_worker(void *ctx, task_t *task)
{
	(void)ctx;
	zone_t *zone = (zone_t *)((char *)task - offsetof(zone_t, task));
	const int64_t due = zone_work(zone);
	health_count(zone);
	return due;
}

static int64_t run_fetcher(void *ctx, task_t *task)
{
	server_t *server = ctx;
	if (task == &server->sweep_task) {
		return sweep_work(&server->sweep);
	}
	if (task == &server->vigil.task) {
		return vigil_work(&server->vigil);
	}
	if (task == &server->arrival.task) {
		return arrival_work(&server->arrival);
	}
	if (task == &server->reap.task) {
		return reap_work(&server->reap);
	}
	zone_t *zone = (zone_t *)((char *)task - offsetof(zone_t, fetch_task));
	if (atomic_load(&zone->stop)) {
		return 0;
	}
	const int64_t due = fetch_work(&zone->source);
	health_count(zone);
	return due;
}

static int64_t run_checker(void *ctx, task_t *task)
{
	(void)ctx;
	zone_t *zone = (zone_t *)((char *)task - offsetof(zone_t, check_task));
	if (atomic_load(&zone->stop)) {
		return 0;
	}
	const int64_t due = external_work(&zone->external);
	health_count(zone);
	return due;
}

static int64_t run_output(void *ctx, task_t *task)
{
	server_t *server = ctx;
	char err[640];
	zone_t *zone = (zone_t *)((char *)task - offsetof(zone_t, output_task));
	tokens_t *tokens = holder_use(&server->tokens, err, sizeof(err));
	if (atomic_load(&zone->stop) || tokens == NULL) {
		tokens_leave(tokens);
		return 0;
	}
	output_settings_t settings = {
		.path = tokens->output != NULL ? strdup(tokens->output) : NULL,
		.command = tokens->notify != NULL ? strdup(tokens->notify) : NULL,
	};
	tokens_leave(tokens);
	const int64_t due = output_work(&zone->output, &settings);
	health_count(zone);
	return due;
}

static int64_t run_inquirer(void *ctx, task_t *task)
{
	(void)ctx;
	/* Of a zone that goes away it ends soon. If that comes back, it goes on. */
	zone_t *zone = (zone_t *)((char *)task - offsetof(zone_t, ask_task));
	const int64_t due = secondaries_work(&zone->secondaries);
	health_count(zone);
	return due;
}

static bool configured(void *ctx, const knot_dname_t *zone)
{
	return zones_has(&((server_t *)ctx)->zones, zone);
}

static bool without(void *ctx, const knot_dname_t *zone, void (*call)(void *arg), void *arg)
{
	return zones_without(&((server_t *)ctx)->zones, zone, call, arg);
}

static void wake_sweep(void *ctx)
{
	server_t *server = ctx;
	(void)sched_wake(server->env.fetchers, &server->sweep_task, sched_now());
}

/*! Nobody uses the tokens any more. */
static void unused(void *ctx, tokens_t *tokens)
{
	reap_tokens(&((server_t *)ctx)->reap, tokens);
}

static void wake_waiting(void *ctx, zone_t *zone)
{
	(void)ctx;
	zone_token_returned(zone);
}

/*! A token works again. */
static void returned(void *ctx)
{
	zones_each(&((server_t *)ctx)->zones, wake_waiting, NULL);
}

/*! The asker has knotd's answer. */
static bool serves(void *ctx, const knot_dname_t *name, apex_t *apex)
{
	server_t *server = ctx;
	zone_t *zone = zones_use(&server->zones, name);
	if (zone == NULL) {
		return false;
	}
	if (apex == NULL) {
		serving_loading(&zone->serving);
		zones_drop(&server->zones, zone);
		return true;
	}
	char warning[TROUBLE_MAX] = "";
	(void)zone_warning(zone, warning, sizeof(warning));
	const bool again = serving_answer(&zone->serving, apex->has_soa ? &apex->serial : NULL,
	                                  warning);
	zones_drop(&server->zones, zone);
	return again;
}

static void read_apex(void *ctx, zone_t *zone)
{
	serving_apex(&zone->serving, ctx);
}

/*! The reader has knotd's answer. */
static bool reads(void *ctx, const knot_dname_t *name, apex_t *apex)
{
	server_t *server = ctx;
	(void)zones_with(&server->zones, name, read_apex, apex);
	return false;
}

/*! A zone's file was written. */
static void changed(void *ctx, const knot_dname_t *name)
{
	server_t *server = ctx;
	(void)zones_with(&server->zones, name, wake, &(unsigned){ SOURCE_LOOK });
}

/*! Work that waits for the disk lets other work by. */
static void pause_work(void *ctx, bool waits)
{
	const zone_env_t *env = ctx;
	sched_pause(env->workers, waits);
	sched_pause(env->fetchers, waits);
}

/*! \return How many zones are signed at a time with the same tokens. */
static unsigned worker_threads(server_t *server)
{
	char err[640];
	tokens_t *tokens = holder_use(&server->tokens, err, sizeof(err));
	const unsigned threads = tokens != NULL ? tokens->worker_threads : WORKERS;
	tokens_leave(tokens);
	return threads;
}

static int start_scheds(server_t *server)
{
	zone_env_t *env = &server->env;
	int ret = sched_start(&env->workers, worker_threads(server), run_worker, server);
	if (ret == KNOT_EOK) {
		sched_hold(env->workers);
		ret = sched_start(&env->fetchers, FETCHERS, run_fetcher, server);
	}
	if (ret == KNOT_EOK) {
		ret = sched_start(&env->checkers, CHECKERS, run_checker, server);
	}
	if (ret == KNOT_EOK) {
		ret = sched_start(&env->outputs, OUTPUTS, run_output, server);
	}
	if (ret == KNOT_EOK) {
		ret = sched_start(&env->inquirers, INQUIRERS, run_inquirer, server);
	}
	if (ret == KNOT_EOK) {
		store_set_wait(env->store, pause_work, env);
		ret = sched_wake(env->fetchers, &server->sweep_task, sched_now());
	}
	return ret == KNOT_EOK ? sched_wake(env->fetchers, &server->vigil.task, sched_now()) : ret;
}

static int start_triggers(server_t *server)
{
	zone_env_t *env = &server->env;
	const char *socket = server->conf.knot_socket;
	log_t *log = &server->log;
	int ret = trigger_start(&env->trigger, socket, log, TRIGGER_REFRESH, NULL, NULL);
	if (ret == KNOT_EOK) {
		ret = trigger_start(&env->asker, socket, log, TRIGGER_SERIAL, serves, server);
	}
	return ret == KNOT_EOK
	       ? trigger_start(&env->reader, socket, log, TRIGGER_APEX, reads, server) : ret;
}

static int open_store(zone_env_t *env, const char *path, char *err, size_t err_size)
{
	store_t *store = NULL;
	int ret = store_open(&store, path, err, err_size);
	if (ret == KNOT_EOK) {
		ret = upgrade_store(store, path, err, err_size);
	}
	if (ret != KNOT_EOK) {
		store_close(store);
		return ret;
	}
	env->store = store;
	return KNOT_EOK;
}

/*! Starts what signing needs. It comes first: so no zone is asked for that is not there yet. */
static int start_signing(server_t *server, char *err, size_t err_size)
{
	static const sweep_calls_t sweep_calls = {
		.configured = configured, .without = without, .wake = wake_sweep
	};
	zone_env_t *env = &server->env;
	int ret = open_store(env, server->conf.storage, err, err_size);
	if (ret != KNOT_EOK) {
		return ret;
	}
	server->sweep = (sweep_t) {
		.store = env->store, .log = &server->log, .calls = &sweep_calls, .ctx = server
	};
	env->sweep = &server->sweep;
	server->vigil = (vigil_t) { .zones = &server->zones, .log = &server->log };
	env->vigil = &server->vigil.task;
	timekeeper_init(&server->timekeeper, &server->log, env->store);
	env->timekeeper = &server->timekeeper;
	(void)holder_read(&server->tokens, err, err_size);
	ret = updater_new(&env->updater, env->store);
	if (ret == KNOT_EOK) {
		ret = start_scheds(server);
	}
	if (ret == KNOT_EOK) {
		ret = watch_start(&env->watch, changed, server, &server->log);
	}
	if (ret != KNOT_EOK) {
		snprintf(err, err_size, "cannot start: %s", knot_strerror(ret));
	}
	return ret;
}

/*! Starts what knotd asks; also if nothing is signed, so that knotd's zones do not expire. */
static int start_publishing(server_t *server, char *err, size_t err_size)
{
	const int ret = start_triggers(server);
	if (ret != KNOT_EOK) {
		snprintf(err, err_size, "cannot start: %s", knot_strerror(ret));
		return ret;
	}
	return transfer_start(&server->transfer, server->conf.transfer_socket,
	                      publisher_of(&server->zones), &server->log, err, err_size);
}

/*! Has the workers begin when knotd has loaded its zones. */
static void await_knotd(server_t *server)
{
	zone_env_t *env = &server->env;
	server->arrival = (arrival_t) { .workers = env->workers, .trigger = env->trigger };
	if (env->workers != NULL &&
	    sched_wake(env->fetchers, &server->arrival.task, sched_now()) != KNOT_EOK) {
		sched_release(env->workers);
	}
}

/*! Stops what hands in work. */
static void stop_sources(server_t *server)
{
	(void)eventfd_write(server->env.stop_fd, 1);
	transfer_stop(server->transfer);
	watch_stop(server->env.watch);
	server->transfer = NULL;
	server->env.watch = NULL;
}

static void stop_signing(server_t *server)
{
	zone_env_t *env = &server->env;
	stop_sources(server);
	sched_stop(env->fetchers);
	sched_stop(env->checkers);
	sched_stop(env->outputs);
	sched_stop(env->inquirers);
	sched_stop(env->workers);
	updater_free(env->updater);
	if (env->timekeeper != NULL) {
		timekeeper_deinit(env->timekeeper);
	}
	store_close(env->store);
	env->timekeeper = NULL;
	env->fetchers = NULL;
	env->workers = NULL;
	env->checkers = NULL;
	env->outputs = NULL;
	env->inquirers = NULL;
	env->updater = NULL;
	env->sweep = NULL;
	env->store = NULL;
}

static void stop_triggers(server_t *server)
{
	zone_env_t *env = &server->env;
	trigger_stop(env->trigger);
	trigger_stop(env->asker);
	trigger_stop(env->reader);
	env->trigger = NULL;
	env->asker = NULL;
	env->reader = NULL;
}

static void start(server_t *server)
{
	char err[sizeof(server->fault)] = "";
	if (start_signing(server, server->fault, sizeof(server->fault)) == KNOT_EOK) {
		server->fault[0] = '\0';
	} else {
		log_msg(&server->log, LOG_ERR, NULL, "%s; nothing is signed until knotd is "
		        "restarted, zones stay as they are", server->fault);
		stop_signing(server);
	}
	if (start_publishing(server, err, sizeof(err)) != KNOT_EOK) {
		log_msg(&server->log, LOG_ERR, NULL, "%s; nothing is published until knotd is "
		        "restarted, zones stay as they are", err);
		stop_signing(server);
		if (server->fault[0] == '\0') {
			memcpy(server->fault, err, sizeof(err));
		}
	}
	await_knotd(server);
}

const char *server_fault(const server_t *server)
{
	const store_t *store = server->env.store;
	return server->fault[0] == '\0' && store != NULL && store_lost(store)
	       ? store_strerror(STORE_LOST) : server->fault;
}

int server_start(server_t **server, server_conf_t *conf, log_sink_f sink, void *sink_ctx)
{
	server_t *fresh = calloc(1, sizeof(*fresh));
	if (fresh == NULL) {
		server_conf_deinit(conf);
		return KNOT_ENOMEM;
	}
	fresh->conf = *conf;
	memset(conf, 0, sizeof(*conf));
	log_init(&fresh->log, sink, sink_ctx);
	const tokens_calls_t calls = { unused, returned, fresh };
	holder_init(&fresh->tokens, fresh->conf.conf, &fresh->log, &calls);
	fresh->conf.conf = NULL;
	news_init(&fresh->news);
	tally_init(&fresh->tally);
	deaf_init(&fresh->deaf);
	fresh->env = (zone_env_t) {
		.log = &fresh->log, .control_socket = fresh->conf.control_socket,
		.tokens = &fresh->tokens, .news = &fresh->news, .tally = &fresh->tally,
		.storage = fresh->conf.storage, .stop_fd = eventfd(0, EFD_CLOEXEC),
		.deaf = &fresh->deaf,
	};
	reap_init(&fresh->reap, &fresh->env);
	zones_init(&fresh->zones, &fresh->env, &fresh->reap);
	start(fresh);
	*server = fresh;
	return KNOT_EOK;
}

bool server_stop(server_t *server)
{
	stop_sources(server);
	holder_release(&server->tokens);
	/* Has the last tokens freed, and what used them. */
	if (server->env.fetchers != NULL && !reap_wait(&server->reap, PATIENCE_MS)) {
		log_msg(&server->log, LOG_WARNING, NULL,
		        "stopped, while a token does not answer, or other work does not end");
		return false;
	}
	stop_signing(server);
	stop_triggers(server);
	zones_deinit(&server->zones);
	reap_deinit(&server->reap);
	tally_deinit(&server->tally);
	news_deinit(&server->news);
	deaf_deinit(&server->deaf);
	holder_deinit(&server->tokens);
	log_deinit(&server->log);
	server_conf_deinit(&server->conf);
	close(server->env.stop_fd);
	free(server);
	return true;
}
