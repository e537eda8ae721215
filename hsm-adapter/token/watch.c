/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/token/watch.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/thread.h"

struct token_watch {
	hsm_token_t *token;
	unsigned seconds;
	pthread_mutex_t lock;    /*!< Of stop. */
	pthread_cond_t wake;
	bool stop;
	pthread_t thread;
};

/*! Asks the token for its session's state, and connects anew if that is lost. */
static void look(hsm_token_t *token)
{
	hsm_last_t last;
	hsm_error_t err;
	tried_read(&token->tried, &last);
	if (last.when != 0 && hsm_token_lock(token, &err) == HSM_EOK) {
		hsm_token_unlock(token);
	}
}

static void *run(void *arg)
{
	token_watch_t *watch = arg;
	int64_t next = monotonic_ms() + 1000 * (int64_t)watch->seconds;
	pthread_mutex_lock(&watch->lock);
	while (!watch->stop) {
		if (monotonic_wait(&watch->wake, &watch->lock, next)) {
			continue;
		}
		pthread_mutex_unlock(&watch->lock);
		look(watch->token);
		next = monotonic_ms() + 1000 * (int64_t)watch->seconds;
		pthread_mutex_lock(&watch->lock);
	}
	pthread_mutex_unlock(&watch->lock);
	return NULL;
}

token_watch_t *token_watch_start(hsm_token_t *token, unsigned seconds)
{
	token_watch_t *watch = calloc(1, sizeof(*watch));
	if (watch == NULL) {
		return NULL;
	}
	watch->token = token;
	watch->seconds = seconds;
	pthread_mutex_init(&watch->lock, NULL);
	monotonic_cond_init(&watch->wake);
	if (thread_start(&watch->thread, run, watch) != KNOT_EOK) {
		pthread_cond_destroy(&watch->wake);
		pthread_mutex_destroy(&watch->lock);
		free(watch);
		return NULL;
	}
	return watch;
}

void token_watch_stop(token_watch_t *watch)
{
	if (watch == NULL) {
		return;
	}
	pthread_mutex_lock(&watch->lock);
	watch->stop = true;
	pthread_cond_signal(&watch->wake);
	pthread_mutex_unlock(&watch->lock);
	pthread_join(watch->thread, NULL);
	pthread_cond_destroy(&watch->wake);
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}
