/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/hsm.h"

#include <stdlib.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "common/thread.h"
#include "hsm-adapter/key/proof.h"
#include "hsm-adapter/token/tokens.h"

#define TICK_MS 1000 /* From one look at what was last tried to the next; it costs next to nothing. */

/* So often in a row a key is not there before that is believed; the library was started anew meanwhile. */
#define MISSED_AFTER 1

/* Milliseconds until a token that does not work is asked again: what waits for it goes on soon. */
static const backoff_t again_ms = { .first = 1000, .max = 2000 };

/*! A token, and the thread that looks at it: one that hangs holds up no other. */
typedef struct {
	hsm_watch_t *watch;
	hsm_token_t *token;
	int64_t asked_ms;        /*!< When it was last asked by this, monotonic_ms(). */
	unsigned failures;       /*!< In a row. */
	uint64_t signatures;     /*!< That the token had made when it was asked. */
	bool failing;            /*!< What was told of it last. */
	bool gone;               /*!< The key was not there when it was to be proven last. */
	pthread_t thread;
} watcher_t;

struct hsm_watch {
	hsm_t *hsm;
	unsigned seconds;
	hsm_watch_calls_t calls;
	pthread_mutex_t lock;    /*!< Of stop. */
	pthread_cond_t wake;
	bool stop;
	size_t count;            /*!< Threads that run. */
	watcher_t watchers[];
};

/*! Asks a token that is used for its session's state, and connects anew if that is lost. */
static void ask(hsm_token_t *token, bool unseen)
{
	hsm_last_t last;
	hsm_error_t err;
	tried_read(&token->tried, &last);
	if ((unseen || last.when != 0) && hsm_token_lock(token, &err) == HSM_EOK) {
		hsm_token_unlock(token);
	}
}

static bool prove(watcher_t *watcher, const tried_key_t *key)
{
	hsm_error_t err;
	const int ret = hsm_prove_key(watcher->watch->hsm, watcher->token->conf.name, key, &err);
	watcher->gone = ret == HSM_ENOKEY;
	/* If all its sessions are in use, who has one will see. */
	return ret == HSM_EOK || ret == HSM_ESESSIONS;
}

/*! \return Whether a start of the library may help: the token fails again and again, and with each key. */
static bool may_start_anew(watcher_t *watcher)
{
	hsm_last_t last;
	tried_read(&watcher->token->tried, &last);
	const bool others = last.signatures != watcher->signatures;
	watcher->signatures = last.signatures;
	return last.code != HSM_EOK && watcher->failures > 0 && !others;
}

/*! Has the library started anew: some have sessions that look well, and cannot be used any more.
 *  \return Whether the key works then */
static bool start_anew(watcher_t *watcher, const tried_key_t *key)
{
	hsm_error_t err;
	hsm_token_t *token = watcher->token;
	if (!may_start_anew(watcher) || hsm_token_lock(token, &err) != HSM_EOK) {
		return false;
	}
	const int ret = hsm_token_restart(token, HSM_FOR_PROOF, &err);
	if (ret == HSM_EOK) {
		hsm_token_restarted(token, HSM_FOR_PROOF, false);
	}
	hsm_token_unlock(token);
	return ret == HSM_EOK && prove(watcher, key);
}

static void look(watcher_t *watcher)
{
	tried_key_t key;
	hsm_watch_t *watch = watcher->watch;
	hsm_token_t *token = watcher->token;
	const bool doubt = tried_in_doubt(&token->tried, &key);
	const bool unseen = hsm_token_unseen(watch->hsm, token);
	const int64_t wait_ms = doubt ? backoff_delay(&again_ms, watcher->failures + 1)
	                        : unseen ? 0 : 1000 * (int64_t)watch->seconds;
	if (monotonic_ms() < watcher->asked_ms + wait_ms) {
		return;
	}
	hsm_token_look(token);
	if (key.algorithm == 0) {
		ask(token, unseen);
	} else if (prove(watcher, &key) || start_anew(watcher, &key)) {
		tried_proven(&token->tried, &key);
	} else if (watcher->gone && watcher->failures > MISSED_AFTER) {
		/* It may have been removed since, and never come back. */
		tried_missed(&token->tried, &key);
	}
	watcher->asked_ms = monotonic_ms();
	watcher->failures = tried_in_doubt(&token->tried, &key) ? watcher->failures + 1 : 0;
}

/*! Tells what is new. */
static void tell(watcher_t *watcher)
{
	hsm_last_t last;
	const hsm_watch_calls_t *calls = &watcher->watch->calls;
	if (tried_returned(&watcher->token->tried) && calls->returned != NULL) {
		calls->returned(calls->ctx);
	}
	tried_read(&watcher->token->tried, &last);
	last.repository = watcher->token->conf.name;
	const bool failing = last.code != HSM_EOK || last.waits_since != 0;
	if (failing != watcher->failing && calls->changed != NULL) {
		calls->changed(calls->ctx, &last);
	}
	watcher->failing = failing;
}

static void *run(void *arg)
{
	watcher_t *watcher = arg;
	hsm_watch_t *watch = watcher->watch;
	pthread_mutex_lock(&watch->lock);
	while (!watch->stop) {
		if (monotonic_wait(&watch->wake, &watch->lock, monotonic_ms() + TICK_MS)) {
			continue;
		}
		pthread_mutex_unlock(&watch->lock);
		tell(watcher);
		look(watcher);
		tell(watcher);
		pthread_mutex_lock(&watch->lock);
	}
	pthread_mutex_unlock(&watch->lock);
	return NULL;
}

static size_t count_tokens(hsm_t *hsm)
{
	size_t count = 0;
	while (hsm_token_at(hsm, count) != NULL) {
		count++;
	}
	return count;
}

int hsm_watch_start(hsm_watch_t **watch, hsm_t *hsm, unsigned seconds,
                    const hsm_watch_calls_t *calls)
{
	const size_t count = count_tokens(hsm);
	hsm_watch_t *fresh = calloc(1, sizeof(*fresh) + count * sizeof(fresh->watchers[0]));
	if (fresh == NULL) {
		return HSM_ENOMEM;
	}
	fresh->hsm = hsm;
	fresh->seconds = seconds;
	fresh->calls = *calls;
	pthread_mutex_init(&fresh->lock, NULL);
	monotonic_cond_init(&fresh->wake);
	for (size_t i = 0; i < count; i++) {
		watcher_t *watcher = &fresh->watchers[i];
		*watcher = (watcher_t) {
			.watch = fresh, .token = hsm_token_at(hsm, i), .asked_ms = monotonic_ms(),
		};
		if (thread_start(&watcher->thread, run, watcher) != KNOT_EOK) {
			hsm_watch_stop(fresh);
			return HSM_ENOMEM;
		}
		fresh->count++;
	}
	*watch = fresh;
	return HSM_EOK;
}

void hsm_watch_stop(hsm_watch_t *watch)
{
	if (watch == NULL) {
		return;
	}
	pthread_mutex_lock(&watch->lock);
	watch->stop = true;
	pthread_cond_broadcast(&watch->wake);
	pthread_mutex_unlock(&watch->lock);
	for (size_t i = 0; i < watch->count; i++) {
		pthread_join(watch->watchers[i].thread, NULL);
	}
	pthread_cond_destroy(&watch->wake);
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}
