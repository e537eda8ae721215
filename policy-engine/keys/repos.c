/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/keys/repos.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/thread.h"
#include "policy-engine/base/event.h"
#include "policy-engine/keys/token-call.h"

#define RETRY_S 10 /* Seconds between two logins to a token that does not work. */
#define LOOK_S 10  /* Seconds between two looks at one that does. */

/* Milliseconds for which the engine waits for a call; an RSA key pair takes some seconds. What comes later is
 * found, and taken, when the token is looked at again. */
#define PATIENCE_MS 10000

typedef struct {
	char *name;
	caller_t *caller;
	int code;             /* HSM_EOK = works. */
	bool tried;
	int64_t retry_at;
	char problem[TOKENS_PROBLEM_MAX];
} token_t;

struct repos {
	hsm_t *hsm;
	hsm_watch_t *watch;
	pthread_mutex_t lock; /* Of the tokens' states; not held while a token works. */
	token_t *tokens;
	size_t count;
};

int repos_new(repos_t **tokens, const hsm_conf_t *conf, hsm_error_t *err)
{
	repos_t *t = calloc(1, sizeof(*t));
	if (t == NULL) {
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	pthread_mutex_init(&t->lock, NULL);
	int ret = hsm_open(&t->hsm, conf, err);
	if (ret == HSM_EOK) {
		ret = hsm_watch_start(&t->watch, t->hsm, LOOK_S, &(hsm_watch_calls_t){ 0 });
	}
	if (ret == HSM_EOK) {
		t->tokens = calloc(conf->count > 0 ? conf->count : 1, sizeof(*t->tokens));
		ret = t->tokens != NULL ? HSM_EOK : HSM_ENOMEM;
	}
	for (size_t i = 0; ret == HSM_EOK && i < conf->count; i++) {
		t->tokens[i].name = strdup(conf->repositories[i].name);
		t->tokens[i].caller = caller_start(&TOKEN_CALLS);
		ret = t->tokens[i].name != NULL && t->tokens[i].caller != NULL ? HSM_EOK
		                                                               : HSM_ENOMEM;
		snprintf(t->tokens[i].problem, TOKENS_PROBLEM_MAX, "not tried yet");
		t->tokens[i].code = HSM_ETOKEN;
		t->count++;
	}
	if (ret != HSM_EOK) {
		repos_free(t);
		return ret == HSM_ENOMEM ? hsm_error_set(err, ret, 0, "out of memory") : ret;
	}
	*tokens = t;
	return HSM_EOK;
}

void repos_free(repos_t *tokens)
{
	if (tokens == NULL) {
		return;
	}
	for (size_t i = 0; i < tokens->count; i++) {
		caller_stop(tokens->tokens[i].caller);
		free(tokens->tokens[i].name);
	}
	free(tokens->tokens);
	hsm_watch_stop(tokens->watch);
	hsm_close(tokens->hsm);
	pthread_mutex_destroy(&tokens->lock);
	free(tokens);
}

/* What waits for a token is freed in a thread of its own. */
typedef struct {
	repos_t *tokens;
	pthread_mutex_t lock;
	pthread_cond_t news;
	bool freed;    /* The tokens are. */
	bool given_up; /* Nobody waits for that: this is the thread's. */
} farewell_t;

static void farewell_free(farewell_t *farewell)
{
	pthread_cond_destroy(&farewell->news);
	pthread_mutex_destroy(&farewell->lock);
	free(farewell);
}

static void *take_leave(void *arg)
{
	farewell_t *farewell = arg;
	repos_free(farewell->tokens);
	pthread_mutex_lock(&farewell->lock);
	farewell->freed = true;
	const bool own = farewell->given_up;
	pthread_cond_signal(&farewell->news);
	pthread_mutex_unlock(&farewell->lock);
	if (own) {
		farewell_free(farewell);
	}
	return NULL;
}

void repos_leave(repos_t *tokens)
{
	farewell_t *farewell = calloc(1, sizeof(*farewell));
	pthread_t thread;
	if (farewell == NULL) {
		repos_free(tokens);
		return;
	}
	farewell->tokens = tokens;
	pthread_mutex_init(&farewell->lock, NULL);
	monotonic_cond_init(&farewell->news);
	if (thread_start(&thread, take_leave, farewell) != KNOT_EOK) {
		repos_free(tokens);
		farewell_free(farewell);
		return;
	}
	pthread_detach(thread);
	const int64_t until = monotonic_ms() + PATIENCE_MS;
	pthread_mutex_lock(&farewell->lock);
	while (!farewell->freed && monotonic_wait(&farewell->news, &farewell->lock, until)) {
	}
	const bool freed = farewell->freed;
	farewell->given_up = !freed;
	pthread_mutex_unlock(&farewell->lock);
	if (freed) {
		farewell_free(farewell);
	}
}

static token_t *find(repos_t *tokens, const char *repository)
{
	for (size_t i = 0; i < tokens->count; i++) {
		if (strcmp(tokens->tokens[i].name, repository) == 0) {
			return &tokens->tokens[i];
		}
	}
	return NULL;
}

static void note(repos_t *tokens, const char *repository, int code, const hsm_error_t *err,
                 int64_t now)
{
	token_t *token = find(tokens, repository);
	if (token == NULL || (code != HSM_EOK && !hsm_error_is_outage(code))) {
		return;
	}
	pthread_mutex_lock(&tokens->lock);
	const char *text = code == HSM_EOK ? "" : err->text;
	bool news = !token->tried || strcmp(token->problem, text) != 0;
	token->tried = true;
	token->code = code;
	token->retry_at = now + RETRY_S;
	snprintf(token->problem, TOKENS_PROBLEM_MAX, "%s", text);
	pthread_mutex_unlock(&tokens->lock);
	if (news && code == HSM_EOK) {
		log_about(LOG_INFO, (about_t){ .event = "token" }, "token of repository %s works", repository);
	} else if (news) {
		log_about(LOG_ERROR, (about_t){ .event = "token" }, "repository %s: %s; %s", repository, text,
		          code == HSM_EPIN ? "not tried again before a reload"
		                           : "trying again later");
	}
}

/* A token does not answer: what needs it waits, and nothing else. \param call  What came of the call. */
static void hang(repos_t *tokens, size_t index, token_call_t *call)
{
	hsm_last_t last;
	char text[TOKENS_PROBLEM_MAX] = "does not answer";
	if (hsm_last(tokens->hsm, index, &last) && last.waits_since != 0) {
		hsm_last_text(&last, text, sizeof(text));
	}
	call->ret = hsm_error_set(&call->err, HSM_ETOKEN, 0, "%s", text);
}

/* \return Whether it is known that the token would keep a call waiting. */
static bool hangs(repos_t *tokens, size_t index)
{
	hsm_last_t last;
	return caller_is_busy(tokens->tokens[index].caller) ||
	       (hsm_last(tokens->hsm, index, &last) && last.waits_since != 0);
}

/* Makes a call, for as long as the engine can wait. */
static int make(repos_t *tokens, token_call_t *call, int64_t now)
{
	token_t *token = find(tokens, call->repository);
	if (token == NULL) {
		return hsm_error_set(&call->err, HSM_EREPOSITORY, 0, "conf.xml has no repository %s",
		                     call->repository);
	}
	const size_t index = (size_t)(token - tokens->tokens);
	call->hsm = tokens->hsm;
	token_call_t *made = hangs(tokens, index) ? NULL : token_call_new(call);
	if (made != NULL && caller_make(token->caller, made, PATIENCE_MS)) {
		call->ret = made->ret;
		call->err = made->err;
		call->key = made->key;
		made->key = NULL;
		token_call_free(made);
	} else {
		hang(tokens, index, call);
	}
	note(tokens, call->repository, call->ret, &call->err, now);
	return call->ret;
}

bool repos_check(repos_t *tokens, int64_t now)
{
	bool came = false;
	for (size_t i = 0; i < tokens->count; i++) {
		token_t *token = &tokens->tokens[i];
		hsm_last_t last;
		if (token->tried && token->code == HSM_EOK && hsm_last(tokens->hsm, i, &last) &&
		    last.code != HSM_EOK) {
			note(tokens, token->name, last.code, &last.err, now);
		}
		if (token->tried && (token->code == HSM_EOK || token->code == HSM_EPIN ||
		                     now < token->retry_at)) {
			continue;
		}
		token_call_t login = { .what = TOKEN_LOGIN, .repository = token->name };
		int ret = make(tokens, &login, now);
		if (ret == HSM_EOK && hsm_last(tokens->hsm, i, &last) && last.code != HSM_EOK) {
			/* It answers, but has not shown yet that a key of it works again. */
			ret = last.code;
			note(tokens, token->name, ret, &last.err, now);
		}
		came = came || ret == HSM_EOK;
	}
	return came;
}

bool repos_usable(repos_t *tokens, const char *repository, char buf[TOKENS_PROBLEM_MAX])
{
	pthread_mutex_lock(&tokens->lock);
	const token_t *token = find(tokens, repository);
	bool usable = token != NULL && token->code == HSM_EOK;
	if (token == NULL) {
		snprintf(buf, TOKENS_PROBLEM_MAX, "conf.xml has no repository %s", repository);
	} else if (!usable) {
		snprintf(buf, TOKENS_PROBLEM_MAX, "%s", token->problem);
	}
	pthread_mutex_unlock(&tokens->lock);
	return usable;
}

/* Hands on what came of a call. */
static int hand_on(token_call_t *call, hsm_key_t **key, hsm_error_t *err)
{
	if (call->ret == HSM_EOK && key != NULL) {
		*key = call->key;
	} else if (call->ret != HSM_EOK && err != NULL) {
		*err = call->err;
	}
	return call->ret;
}

int repos_generate(repos_t *tokens, const hsm_key_spec_t *spec, int64_t now, hsm_key_t **key,
                   hsm_error_t *err)
{
	token_call_t call = { .what = TOKEN_GENERATE, .repository = (char *)spec->repository,
	                      .cka_id = (char *)spec->cka_id, .algorithm = spec->algorithm,
	                      .bits = spec->bits };
	make(tokens, &call, now);
	return hand_on(&call, key, err);
}

int repos_settle(repos_t *tokens, const char *repository, int64_t now, hsm_error_t *err)
{
	token_call_t call = { .what = TOKEN_SETTLE, .repository = (char *)repository };
	if (!hsm_needs_settling(tokens->hsm, repository)) {
		return HSM_EOK; /* Also if the token does not answer any more. */
	}
	make(tokens, &call, now);
	return hand_on(&call, NULL, err);
}

int repos_find(repos_t *tokens, const hsm_wanted_t *wanted, int64_t now, hsm_key_t **key,
               hsm_error_t *err)
{
	token_call_t call = { .what = TOKEN_FIND, .repository = (char *)wanted->repository,
	                      .cka_id = (char *)wanted->cka_id, .algorithm = wanted->algorithm,
	                      .public = wanted->public };
	make(tokens, &call, now);
	return hand_on(&call, key, err);
}

int repos_prove(repos_t *tokens, const hsm_wanted_t *wanted, int64_t now, hsm_error_t *err)
{
	token_call_t call = { .what = TOKEN_PROVE, .repository = (char *)wanted->repository,
	                      .cka_id = (char *)wanted->cka_id, .algorithm = wanted->algorithm,
	                      .public = wanted->public };
	make(tokens, &call, now);
	return hand_on(&call, NULL, err);
}

int repos_remove(repos_t *tokens, const char *repository, const char *cka_id, int64_t now,
                 hsm_error_t *err)
{
	token_call_t call = { .what = TOKEN_REMOVE, .repository = (char *)repository,
	                      .cka_id = (char *)cka_id };
	make(tokens, &call, now);
	return hand_on(&call, NULL, err);
}

void repos_each(repos_t *tokens, void (*cb)(void *ctx, const char *repository,
                                            const char *problem), void *ctx)
{
	pthread_mutex_lock(&tokens->lock);
	for (size_t i = 0; i < tokens->count; i++) {
		hsm_last_t last;
		char text[REPOS_TEXT_MAX];
		(void)hsm_last(tokens->hsm, i, &last);
		hsm_last_text(&last, text, sizeof(text));
		cb(ctx, last.repository, text);
	}
	pthread_mutex_unlock(&tokens->lock);
}
