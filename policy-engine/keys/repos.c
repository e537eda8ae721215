/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/keys/repos.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/base/event.h"

#define RETRY_S 10 /* Seconds between two logins to a token that does not work. */
#define LOOK_S 10  /* Seconds between two looks at one that does. */

typedef struct {
	char *name;
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
		ret = t->tokens[i].name != NULL ? HSM_EOK : HSM_ENOMEM;
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
		free(tokens->tokens[i].name);
	}
	free(tokens->tokens);
	hsm_watch_stop(tokens->watch);
	hsm_close(tokens->hsm);
	pthread_mutex_destroy(&tokens->lock);
	free(tokens);
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
		log_event(LOG_INFO, NULL, "token of repository %s works", repository);
	} else if (news) {
		log_event(LOG_ERROR, NULL, "repository %s: %s; %s", repository, text,
		          code == HSM_EPIN ? "not tried again before a reload"
		                           : "trying again later");
	}
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
		hsm_error_t err = { 0 };
		int ret = hsm_login(tokens->hsm, token->name, false, &err);
		if (ret == HSM_EOK && hsm_last(tokens->hsm, i, &last)) {
			/* It answers, but has not shown yet that a key of it works again. */
			ret = last.code;
			err = last.err;
		}
		note(tokens, token->name, ret, &err, now);
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

int repos_generate(repos_t *tokens, const hsm_key_spec_t *spec, int64_t now, hsm_key_t **key,
                   hsm_error_t *err)
{
	int ret = hsm_key_generate(tokens->hsm, spec, key, err);
	note(tokens, spec->repository, ret, err, now);
	return ret;
}

int repos_find(repos_t *tokens, const hsm_wanted_t *wanted, int64_t now, hsm_key_t **key,
               hsm_error_t *err)
{
	int ret = hsm_key_find(tokens->hsm, wanted, key, err);
	note(tokens, wanted->repository, ret, err, now);
	return ret;
}

int repos_prove(repos_t *tokens, const hsm_wanted_t *wanted, int64_t now, hsm_error_t *err)
{
	int ret = hsm_prove(tokens->hsm, wanted, err);
	note(tokens, wanted->repository, ret, err, now);
	return ret;
}

int repos_remove(repos_t *tokens, const char *repository, const char *cka_id, int64_t now,
                 hsm_error_t *err)
{
	int ret = hsm_key_remove(tokens->hsm, repository, cka_id, err);
	note(tokens, repository, ret, err, now);
	return ret;
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
