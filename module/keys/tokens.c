/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/keys/tokens.h"

#include <stdio.h>
#include <stdlib.h>

#include <libknot/errcode.h>

/* Seconds from one look at a token that is not used to the next: two calls of its library. */
#define LOOK_EVERY 10

/* Bytes of what hsm_last_text() writes. */
#define TOKENS_TEXT_MAX (sizeof(((hsm_error_t *)0)->text) + 128)

static void warn(void *log, const char *text)
{
	log_msg(log, LOG_WARNING, NULL, "%s", text);
}

static void returned(void *ctx)
{
	tokens_t *tokens = ctx;
	tokens->calls.returned(tokens->calls.ctx);
}

static void changed(void *ctx, const hsm_last_t *last)
{
	tokens_t *tokens = ctx;
	char text[TOKENS_TEXT_MAX];
	const bool works = last->code == HSM_EOK && last->waits_since == 0;
	hsm_last_text(last, text, sizeof(text));
	log_msg(tokens->log, works ? LOG_NOTICE : LOG_WARNING, NULL, "token %s: %s",
	        last->repository, text);
}

static int open_hsm(tokens_t *tokens, const hsm_conf_t *conf, hsm_error_t *err)
{
	const hsm_watch_calls_t calls = { returned, changed, tokens };
	tokens->worker_threads = conf->worker_threads;
	if (hsm_open(&tokens->hsm, conf, err) != HSM_EOK ||
	    hsm_watch_start(&tokens->watch, tokens->hsm, LOOK_EVERY, &calls) != HSM_EOK) {
		return KNOT_ENOMEM;
	}
	return signpool_new(&tokens->pool, tokens->hsm, conf->signer_threads, tokens->log);
}

int tokens_open(const tokens_args_t *args, tokens_t **tokens, char *err, size_t err_size)
{
	hsm_conf_t parsed;
	hsm_error_t hsm_err = { .text = "out of memory" };
	if (hsm_conf_read(args->conf, &parsed, warn, args->log, &hsm_err) != HSM_EOK) {
		snprintf(err, err_size, "%s", hsm_err.text);
		return KNOT_EINVAL;
	}
	int ret = KNOT_ENOMEM;
	tokens_t *fresh = calloc(1, sizeof(*fresh));
	if (fresh != NULL) {
		atomic_init(&fresh->users, 1);
		fresh->log = args->log;
		fresh->calls = args->calls;
		fresh->output = parsed.output;
		fresh->notify = parsed.notify;
		parsed.output = parsed.notify = NULL;
		ret = open_hsm(fresh, &parsed, &hsm_err);
	}
	hsm_conf_deinit(&parsed);
	if (ret != KNOT_EOK) {
		snprintf(err, err_size, "%s", hsm_err.text);
		tokens_free(fresh);
		return ret;
	}
	*tokens = fresh;
	return KNOT_EOK;
}

void tokens_text(const tokens_t *tokens, char *out, size_t size)
{
	hsm_last_t last;
	size_t len = 0;
	out[0] = '\0';
	for (size_t i = 0; len < size && hsm_last(tokens->hsm, i, &last); i++) {
		char text[TOKENS_TEXT_MAX];
		hsm_last_text(&last, text, sizeof(text));
		len += snprintf(out + len, size - len, ", token %s: %s", last.repository, text);
	}
}

void tokens_each(const tokens_t *tokens, tokens_each_f call, void *ctx)
{
	hsm_last_t last;
	for (size_t i = 0; hsm_last(tokens->hsm, i, &last); i++) {
		char text[sizeof(last.err.text) + 128];
		hsm_last_text(&last, text, sizeof(text));
		call(ctx, &last, text);
	}
}

tokens_t *tokens_use(tokens_t *tokens)
{
	atomic_fetch_add(&tokens->users, 1);
	return tokens;
}

void tokens_leave(tokens_t *tokens)
{
	if (tokens != NULL && atomic_fetch_sub(&tokens->users, 1) == 1) {
		tokens->calls.unused(tokens->calls.ctx, tokens);
	}
}

void tokens_free(tokens_t *tokens)
{
	if (tokens != NULL) {
		hsm_watch_stop(tokens->watch);
		signpool_free(tokens->pool);
		hsm_close(tokens->hsm);
		free(tokens->output);
		free(tokens->notify);
		free(tokens);
	}
}
