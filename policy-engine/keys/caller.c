/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/keys/caller.h"

#include <pthread.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/thread.h"

struct caller {
	const caller_kind_t *kind;
	pthread_t thread;
	pthread_mutex_t lock; /* Of all below; not held during a call. */
	pthread_cond_t news;
	void *call;           /* Under way; NULL: none is. */
	bool done;            /* It has come back. */
	bool given_up;        /* Nobody waits for it. */
	bool stop;
};

static void *run(void *arg)
{
	caller_t *caller = arg;
	pthread_mutex_lock(&caller->lock);
	while (!caller->stop || (caller->call != NULL && !caller->done)) {
		if (caller->call == NULL || caller->done) {
			pthread_cond_wait(&caller->news, &caller->lock);
			continue;
		}
		void *call = caller->call;
		pthread_mutex_unlock(&caller->lock);
		caller->kind->run(call);
		pthread_mutex_lock(&caller->lock);
		if (caller->given_up) {
			caller->kind->free(call);
			caller->call = NULL;
			caller->given_up = false;
		} else {
			caller->done = true;
			pthread_cond_broadcast(&caller->news);
		}
	}
	pthread_mutex_unlock(&caller->lock);
	return NULL;
}

caller_t *caller_start(const caller_kind_t *kind)
{
	caller_t *caller = calloc(1, sizeof(*caller));
	if (caller == NULL) {
		return NULL;
	}
	caller->kind = kind;
	pthread_mutex_init(&caller->lock, NULL);
	monotonic_cond_init(&caller->news);
	if (thread_start(&caller->thread, run, caller) != KNOT_EOK) {
		pthread_cond_destroy(&caller->news);
		pthread_mutex_destroy(&caller->lock);
		free(caller);
		return NULL;
	}
	return caller;
}

/* With the lock held. */
static bool await(caller_t *caller, int64_t until)
{
	while (!caller->done && monotonic_wait(&caller->news, &caller->lock, until)) {
	}
	const bool done = caller->done;
	caller->given_up = !done;
	if (done) {
		caller->call = NULL;
		caller->done = false;
	}
	return done;
}

bool caller_make(caller_t *caller, void *call, int patience_ms)
{
	const int64_t until = monotonic_ms() + patience_ms;
	bool done = false;
	pthread_mutex_lock(&caller->lock);
	const bool busy = caller->call != NULL;
	if (!busy) {
		caller->call = call;
		pthread_cond_broadcast(&caller->news);
		done = await(caller, until);
	}
	pthread_mutex_unlock(&caller->lock);
	if (busy) {
		caller->kind->free(call);
	}
	return done;
}

bool caller_is_busy(caller_t *caller)
{
	pthread_mutex_lock(&caller->lock);
	const bool busy = caller->call != NULL;
	pthread_mutex_unlock(&caller->lock);
	return busy;
}

void caller_stop(caller_t *caller)
{
	if (caller == NULL) {
		return;
	}
	pthread_mutex_lock(&caller->lock);
	caller->stop = true;
	pthread_cond_broadcast(&caller->news);
	pthread_mutex_unlock(&caller->lock);
	pthread_join(caller->thread, NULL);
	pthread_cond_destroy(&caller->news);
	pthread_mutex_destroy(&caller->lock);
	free(caller);
}
