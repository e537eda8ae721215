/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zone/server.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "module/zone/publisher.h"

#define WORKERS 4 /* If conf.xml cannot be read. */
#define FETCHERS 8 /* Conversations with a primary at a time. */
#define PATIENCE_MS 5000 /* How long the end waits for a token. */

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

int server_read_conf(server_t *server, char *err, size_t err_size)
{
	tokens_t *fresh = NULL, *old = NULL;
	pthread_mutex_lock(&server->lock);
	char *path = strdup(server->conf.conf);
	pthread_mutex_unlock(&server->lock);
	if (path == NULL) {
		snprintf(err, err_size, "out of memory");
		return KNOT_ENOMEM;
	}
	int ret = tokens_open(path, &server->log, &fresh, err, err_size);
	free(path);
	pthread_mutex_lock(&server->lock);
	if (ret == KNOT_EOK) {
		old = server->tokens;
		server->tokens = fresh;
		server->tokens_error[0] = '\0';
	} else if (server->tokens == NULL) {
		snprintf(server->tokens_error, sizeof(server->tokens_error), "%s", err);
	}
	const bool kept = server->tokens != NULL;
	if (server->fetchers != NULL) {
		reap_tokens(server, old);
		old = NULL;
	}
	pthread_mutex_unlock(&server->lock);
	tokens_leave(old); /* Nothing was signed with them. */
	if (ret != KNOT_EOK) {
		log_msg(&server->log, LOG_ERR, NULL, "%s%s", err,
		        kept ? "; the tokens stay as they were" : "");
	}
	return ret;
}

tokens_t *server_tokens(server_t *server, char *err, size_t err_size)
{
	pthread_mutex_lock(&server->lock);
	tokens_t *tokens = (server->tokens != NULL) ? tokens_use(server->tokens) : NULL;
	if (tokens == NULL) {
		snprintf(err, err_size, "%s", server->tokens_error);
	}
	pthread_mutex_unlock(&server->lock);
	return tokens;
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
	pthread_mutex_lock(&server->lock);
	char *path = server->conf.conf;
	server->conf.conf = conf->conf;
	conf->conf = path;
	pthread_mutex_unlock(&server->lock);
	if (server->trigger != NULL) {
		trigger_move(server->trigger, conf->knot_socket);
		trigger_move(server->asker, conf->knot_socket);
	}
	server_conf_deinit(conf);
	if (server_read_conf(server, err, sizeof(err)) == KNOT_EOK) {
		server_each_zone(server, wake, &(unsigned){ ZONE_KEYS });
	}
}

/*** Start and stop. ***/

static void forget_gone(server_t *server, const knot_dname_t *name);

static int64_t work(void *ctx, task_t *task)
{
	(void)ctx;
	return zone_work((zone_t *)((char *)task - offsetof(zone_t, task)));
}

static int64_t work_fetch(void *ctx, task_t *task)
{
	server_t *server = ctx;
	if (task == &server->sweep.task) {
		return sweep_work(server);
	}
	if (task == &server->reap.task) {
		return reap_work(server);
	}
	zone_t *zone = (zone_t *)((char *)task - offsetof(zone_t, fetch.task));
	return atomic_load(&zone->stop) ? 0 : fetch_work(zone);
}

static bool serves(void *ctx, const knot_dname_t *name, const uint32_t *serial)
{
	return serving_answer(ctx, name, serial);
}

static void changed(void *ctx, const knot_dname_t *name)
{
	(void)server_with_zone(ctx, name, wake, &(unsigned){ ZONE_LOOK });
}

/*! Work that waits for the disk lets other work by. */
static void pause_work(void *ctx, bool waits)
{
	server_t *server = ctx;
	sched_pause(server->sched, waits);
	sched_pause(server->fetchers, waits);
}

/*! Starts what signing needs. */
static int start_signing(server_t *server, char *err, size_t err_size)
{
	int ret = store_open(&server->store, server->conf.storage, err, err_size);
	if (ret != KNOT_EOK) {
		return ret;
	}
	(void)server_read_conf(server, err, err_size);
	ret = updater_new(&server->updater, server->store);
	if (ret == KNOT_EOK) {
		ret = sched_start(&server->sched,
		                  server->tokens != NULL ? server->tokens->worker_threads : WORKERS,
		                  work, server);
	}
	if (ret == KNOT_EOK) {
		ret = sched_start(&server->fetchers, FETCHERS, work_fetch, server);
	}
	if (ret == KNOT_EOK) {
		store_set_wait(server->store, pause_work, server);
		ret = sched_wake(server->fetchers, &server->sweep.task, sched_now());
	}
	if (ret == KNOT_EOK) {
		ret = trigger_start(&server->trigger, server->conf.knot_socket, &server->log,
		                    NULL, NULL);
	}
	if (ret == KNOT_EOK) {
		ret = trigger_start(&server->asker, server->conf.knot_socket, &server->log,
		                    serves, server);
	}
	if (ret == KNOT_EOK) {
		ret = watch_start(&server->watch, changed, server, &server->log);
	}
	if (ret != KNOT_EOK) {
		snprintf(err, err_size, "cannot start: %s", knot_strerror(ret));
		return ret;
	}
	return transfer_start(&server->transfer, server->conf.transfer_socket, server_publisher(server),
	                      &server->log, err, err_size);
}

static void stop_signing(server_t *server)
{
	transfer_stop(server->transfer);
	watch_stop(server->watch);
	sched_stop(server->fetchers);
	sched_stop(server->sched);
	trigger_stop(server->trigger);
	trigger_stop(server->asker);
	updater_free(server->updater);
	store_close(server->store);
	server->transfer = NULL;
	server->watch = NULL;
	server->fetchers = NULL;
	server->sched = NULL;
	server->trigger = NULL;
	server->asker = NULL;
	server->updater = NULL;
	server->store = NULL;
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
	pthread_mutex_init(&fresh->lock, NULL);
	reap_init(&fresh->reap);
	news_init(&fresh->news);
	snprintf(fresh->instance, sizeof(fresh->instance), "%lld.%d", (long long)time(NULL),
	         (int)getpid());

	char err[640];
	if (start_signing(fresh, fresh->fault, sizeof(fresh->fault)) != KNOT_EOK) {
		log_msg(&fresh->log, LOG_ERR, NULL,
		        "%s; nothing is signed until knotd is restarted, "
		        "zones stay as they are",
		        fresh->fault);
		stop_signing(fresh);
	} else {
		fresh->fault[0] = '\0';
	}
	if (ctl_server_start(&fresh->control, fresh->conf.control_socket, server_commands, fresh,
	                     err, sizeof(err)) != KNOT_EOK) {
		log_msg(&fresh->log, LOG_ERR, NULL,
		        "control-socket: %s; the policy engine cannot reach "
		        "the signer",
		        err);
	}
	*server = fresh;
	return KNOT_EOK;
}

/*! Has the last tokens freed, and what used them. \return Whether that was possible. */
static bool leave_tokens(server_t *server)
{
	if (server->fetchers == NULL) {
		tokens_leave(server->tokens);
		return true;
	}
	pthread_mutex_lock(&server->lock);
	reap_tokens(server, server->tokens);
	server->tokens = NULL;
	pthread_mutex_unlock(&server->lock);
	return reap_wait(server, PATIENCE_MS);
}

bool server_stop(server_t *server)
{
	ctl_server_stop(server->control);
	transfer_stop(server->transfer);
	watch_stop(server->watch);
	server->transfer = NULL;
	server->watch = NULL;
	if (!leave_tokens(server)) {
		log_msg(&server->log, LOG_WARNING, NULL,
		        "stopped, while a token does not answer, or other work does not end");
		return false;
	}
	stop_signing(server);
	forget_gone(server, NULL);
	reap_deinit(&server->reap);
	news_deinit(&server->news);
	pthread_mutex_destroy(&server->lock);
	log_deinit(&server->log);
	server_conf_deinit(&server->conf);
	free(server);
	return true;
}

/*** Zones. ***/

static int compare(const void *a, const void *b)
{
	const zone_t *left = a, *right = b;
	return knot_dname_cmp(left->name, right->name);
}

/*! With the lock held. */
static zone_t *find(server_t *server, const knot_dname_t *name)
{
	knot_dname_storage_t lower;
	memcpy(lower, name, knot_dname_size(name));
	knot_dname_to_lower(lower);
	const zone_t wanted = { .name = lower };
	zone_t **found = tfind(&wanted, &server->zones, compare);
	return found != NULL ? *found : NULL;
}

static void free_gone(server_gone_t *gone)
{
	knot_dname_free(gone->name, NULL);
	free(gone);
}

/*! Notes that a zone is gone. With the lock held. */
static void add_gone(server_t *server, const knot_dname_t *name)
{
	server_gone_t *gone = calloc(1, sizeof(*gone));
	if (gone == NULL || (gone->name = knot_dname_copy(name, NULL)) == NULL) {
		free(gone); /* The policy engine then looks after a zone too many. */
		return;
	}
	gone->generation = news_next(&server->news);
	gone->next = server->gone;
	server->gone = gone;
}

/*! Forgets that a zone was gone, or that any was if name is NULL. With the lock held. */
static void forget_gone(server_t *server, const knot_dname_t *name)
{
	server_gone_t **at = &server->gone;
	while (*at != NULL) {
		server_gone_t *gone = *at;
		if (name == NULL || knot_dname_is_equal(gone->name, name)) {
			*at = gone->next;
			free_gone(gone);
		} else {
			at = &gone->next;
		}
	}
}

/*! Puts a zone into the tree: a new one, or one that has not gone yet. With the lock held. */
static zone_t *put_zone(server_t *server, const knot_dname_t *name)
{
	zone_t *zone = reap_return_zone(server, name);
	const bool fresh = zone == NULL;
	zone = fresh ? zone_new(server, name) : zone;
	if (zone == NULL) {
		return NULL;
	}
	if (tsearch(zone, &server->zones, compare) == NULL) {
		if (fresh) {
			zone_free(zone);
		} else {
			reap_zone(server, zone);
		}
		return NULL;
	}
	atomic_store(&zone->stop, false);
	server->zone_count++;
	forget_gone(server, zone->name);
	return zone;
}

zone_t *server_add_zone(server_t *server, const knot_dname_t *name)
{
	pthread_mutex_lock(&server->lock);
	zone_t *zone = find(server, name);
	zone = zone != NULL ? zone : put_zone(server, name);
	if (zone != NULL) {
		zone->users++;
	}
	pthread_mutex_unlock(&server->lock);
	return zone;
}

zone_t *server_use_zone(server_t *server, const knot_dname_t *name)
{
	pthread_mutex_lock(&server->lock);
	zone_t *zone = find(server, name);
	if (zone != NULL) {
		zone->users++;
	}
	pthread_mutex_unlock(&server->lock);
	return zone;
}

void server_drop_zone(server_t *server, zone_t *zone)
{
	knot_dname_storage_t name;
	pthread_mutex_lock(&server->lock);
	const bool last = --zone->users == 0;
	if (last) {
		memcpy(name, zone->name, knot_dname_size(zone->name));
		tdelete(zone, &server->zones, compare);
		server->zone_count--;
		add_gone(server, zone->name);
		atomic_store(&zone->stopped, true);
		atomic_store(&zone->stop, true);
	}
	if (last && server->fetchers != NULL) {
		reap_zone(server, zone);
	} else if (last) {
		zone_free(zone);
	}
	pthread_mutex_unlock(&server->lock);
	if (last && server->watch != NULL) {
		watch_remove(server->watch, name);
	}
}

bool server_with_zone(server_t *server, const knot_dname_t *name,
                      void (*call)(void *ctx, zone_t *zone), void *ctx)
{
	pthread_mutex_lock(&server->lock);
	zone_t *zone = find(server, name);
	if (zone != NULL) {
		call(ctx, zone);
	}
	pthread_mutex_unlock(&server->lock);
	return zone != NULL;
}

bool server_without_zone(server_t *server, const knot_dname_t *name, void (*call)(void *ctx),
                         void *ctx)
{
	pthread_mutex_lock(&server->lock);
	const bool none = find(server, name) == NULL && !reap_has_zone(server, name);
	if (none) {
		call(ctx);
	}
	pthread_mutex_unlock(&server->lock);
	return none;
}

typedef struct {
	void (*call)(void *ctx, zone_t *zone);
	void *ctx;
} each_t;

static void visit(const void *node, VISIT which, void *closure)
{
	const each_t *each = closure;
	if (which == postorder || which == leaf) {
		each->call(each->ctx, *(zone_t *const *)node);
	}
}

void server_each_zone(server_t *server, void (*call)(void *ctx, zone_t *zone), void *ctx)
{
	pthread_mutex_lock(&server->lock);
	twalk_r(server->zones, visit, &(each_t){ call, ctx });
	pthread_mutex_unlock(&server->lock);
}
