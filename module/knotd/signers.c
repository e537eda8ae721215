/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/knotd/signers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <urcu.h>

/*! Whether the thread is one of knotd's, which RCU knows. */
static __thread bool is_knotds;

void signers_on_knotds_thread(void)
{
	is_knotds = true;
}

/*! knotd replaces its log on a reload, under RCU: RCU has to know each thread that uses the log. */
static void write_log(void *mod, int priority, const char *line)
{
	if (!is_knotds) {
		rcu_register_thread();
	}
	knotd_mod_log(mod, priority, "%s", line);
	if (!is_knotds) {
		rcu_unregister_thread();
	}
}

/* Storages in use at a time. */
#define SIGNERS_MAX 16

/* Milliseconds for which the end waits for signatures in the making. */
#define ONLINE_PATIENCE_MS 2000

static struct {
	pthread_mutex_t lock;
	running_t signers[SIGNERS_MAX];
} registry = { .lock = PTHREAD_MUTEX_INITIALIZER };

/*! \return The signer of a storage, or a free place, or NULL. With the lock held. */
static running_t *find_signer(const char *storage)
{
	running_t *place = NULL;
	for (int i = 0; i < SIGNERS_MAX; i++) {
		running_t *at = &registry.signers[i];
		if (at->server != NULL && strcmp(at->server->conf.storage, storage) == 0) {
			return at;
		}
		place = (place == NULL && at->server == NULL) ? at : place;
	}
	return place;
}

/*! With the lock held. */
static int start_signer(running_t *signer, server_conf_t *conf, knotd_mod_t *mod)
{
	int ret = server_start(&signer->server, conf, write_log, mod);
	if (ret == KNOT_EOK) {
		ret = control_start(&signer->control, signer->server);
		if (ret != KNOT_EOK) {
			(void)server_stop(signer->server);
			signer->server = NULL;
		}
	}
	return ret;
}

int signers_start(server_conf_t *conf, knotd_mod_t *mod, running_t **running)
{
	pthread_mutex_lock(&registry.lock);
	running_t *signer = find_signer(conf->storage);
	int ret = KNOT_EOK;
	if (signer == NULL) {
		ret = KNOT_ELIMIT;
		server_conf_deinit(conf);
	} else if (signer->server == NULL) {
		ret = start_signer(signer, conf, mod);
	} else if (signer->users == 0) {
		ret = KNOT_EBUSY;
		knotd_mod_log(mod, LOG_ERR, "the signer of before has not come to its end, since a "
		              "token does not answer; restart knotd");
		server_conf_deinit(conf);
	} else {
		log_redirect(&signer->server->log, write_log, mod);
		server_reconfigure(signer->server, conf);
	}
	if (ret == KNOT_EOK) {
		*running = signer;
		signer->users++;
	}
	pthread_mutex_unlock(&registry.lock);
	return ret;
}

running_t *signers_use(const char *storage)
{
	pthread_mutex_lock(&registry.lock);
	running_t *signer = find_signer(storage);
	signer = signer != NULL && signer->server != NULL && signer->users > 0 ? signer : NULL;
	if (signer != NULL) {
		signer->users++;
	}
	pthread_mutex_unlock(&registry.lock);
	return signer;
}

/*** Answers signed on the fly. ***/

static clock_span_t get_time(void *ctx)
{
	const server_t *server = ctx;
	return timekeeper_now(server->env.timekeeper);
}

void signers_set_cache(running_t *signer, size_t bytes)
{
	pthread_mutex_lock(&registry.lock);
	signer->online_cache = bytes;
	if (signer->online != NULL) {
		online_set_cache_size(signer->online, bytes);
	}
	pthread_mutex_unlock(&registry.lock);
}

online_t *signers_online(running_t *signer)
{
	const online_calls_t calls = {
		.clock = get_time, .ctx = signer->server, .log = &signer->server->log
	};
	pthread_mutex_lock(&registry.lock);
	if (signer->online == NULL) {
		(void)online_start(&signer->online, signer->online_cache, &calls);
	}
	online_t *online = signer->online;
	pthread_mutex_unlock(&registry.lock);
	return online;
}

/*** The end. ***/

/*!
 * Ends the process without what else is run at its end. A thread that was left behind is in a PKCS#11
 * library, or comes back to it: the library's destructors must not run meanwhile.
 */
static void end_at_once(void)
{
	fflush(NULL);
	_exit(EXIT_SUCCESS); /* knotd has stopped as it should. */
}

/*! Stops a signer that nobody uses. */
static void stop_signer(running_t signer, const knotd_mod_t *mod)
{
	control_stop(signer.control);
	/* What signatures in the making use, the server waits for. */
	(void)online_stop(signer.online, ONLINE_PATIENCE_MS);
	if (server_stop(signer.server)) {
		return;
	}
	log_leave(&signer.server->log, mod);
	(void)atexit(end_at_once);
	/* The server still has its store open: no other may open it. */
	pthread_mutex_lock(&registry.lock);
	running_t *place = find_signer(signer.server->conf.storage);
	if (place != NULL) {
		*place = (running_t) { .server = signer.server };
	}
	pthread_mutex_unlock(&registry.lock);
}

void signers_leave(running_t *signer, const knotd_mod_t *mod)
{
	pthread_mutex_lock(&registry.lock);
	const bool last = --signer->users == 0;
	const running_t stopped = *signer;
	if (last) {
		*signer = (running_t) { .server = NULL };
	} else {
		log_leave(&signer->server->log, mod);
	}
	pthread_mutex_unlock(&registry.lock);
	if (last) {
		stop_signer(stopped, mod);
	}
}
