/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/daemon/guard.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/thread.h"
#include "policy-engine/base/event.h"

/* Milliseconds for which the end waits for a token. */
#define PATIENCE_MS 5000

struct guard {
	const char *pid_file;
	pthread_t thread;
	pthread_mutex_t lock;    /*!< Of what follows. */
	pthread_cond_t done;
	engine_t *engine;        /*!< NULL: it has stopped. */
	int status;
	bool freed;
};

/*! \return Whether the engine was freed in time. With the lock held. */
static bool await(guard_t *guard)
{
	const int64_t until = monotonic_ms() + PATIENCE_MS;
	while (!guard->freed && monotonic_wait(&guard->done, &guard->lock, until)) {
	}
	return guard->freed;
}

static void *run(void *arg)
{
	guard_t *guard = arg;
	sigset_t signals;
	int signal;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	(void)sigwait(&signals, &signal);
	pthread_mutex_lock(&guard->lock);
	if (guard->engine != NULL) {
		engine_stop(guard->engine);
	}
	if (!await(guard)) {
		log_about(LOG_WARNING, (about_t){ .event = "stop" },
		          "stopped, while a token does not answer");
		if (guard->pid_file != NULL) {
			unlink(guard->pid_file);
		}
		_exit(guard->status);
	}
	pthread_mutex_unlock(&guard->lock);
	return NULL;
}

guard_t *guard_start(engine_t *engine, const char *pid_file)
{
	guard_t *guard = calloc(1, sizeof(*guard));
	if (guard == NULL) {
		return NULL;
	}
	guard->engine = engine;
	guard->pid_file = pid_file;
	guard->status = EXIT_SUCCESS;
	pthread_mutex_init(&guard->lock, NULL);
	monotonic_cond_init(&guard->done);
	if (thread_start(&guard->thread, run, guard) != KNOT_EOK) {
		pthread_cond_destroy(&guard->done);
		pthread_mutex_destroy(&guard->lock);
		free(guard);
		return NULL;
	}
	return guard;
}

void guard_ending(guard_t *guard, int status)
{
	pthread_mutex_lock(&guard->lock);
	guard->engine = NULL;
	guard->status = status;
	pthread_mutex_unlock(&guard->lock);
	/* It may have stopped by itself. */
	pthread_kill(guard->thread, SIGTERM);
}

void guard_free(guard_t *guard)
{
	if (guard == NULL) {
		return;
	}
	pthread_mutex_lock(&guard->lock);
	guard->freed = true;
	pthread_cond_signal(&guard->done);
	pthread_mutex_unlock(&guard->lock);
	pthread_join(guard->thread, NULL);
	pthread_cond_destroy(&guard->done);
	pthread_mutex_destroy(&guard->lock);
	free(guard);
}
