/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/keys/tokens.h"

#include <stdio.h>
#include <stdlib.h>

#include <libknot/errcode.h>

static void warn(void *log, const char *text)
{
	log_msg(log, LOG_WARNING, NULL, "%s", text);
}

static int open_hsm(tokens_t *tokens, const hsm_conf_t *conf, hsm_error_t *err)
{
	tokens->worker_threads = conf->worker_threads;
	if (hsm_open(&tokens->hsm, conf, err) != HSM_EOK) {
		return KNOT_ENOMEM;
	}
	return signpool_new(&tokens->pool, tokens->hsm, conf->signer_threads);
}

int tokens_open(const char *conf, log_t *log, tokens_t **tokens, char *err, size_t err_size)
{
	hsm_conf_t parsed;
	hsm_error_t hsm_err = { .text = "out of memory" };
	if (hsm_conf_read(conf, &parsed, warn, log, &hsm_err) != HSM_EOK) {
		snprintf(err, err_size, "%s", hsm_err.text);
		return KNOT_EINVAL;
	}
	int ret = KNOT_ENOMEM;
	tokens_t *fresh = calloc(1, sizeof(*fresh));
	if (fresh != NULL) {
		atomic_init(&fresh->users, 1);
		ret = open_hsm(fresh, &parsed, &hsm_err);
	}
	hsm_conf_deinit(&parsed);
	if (ret != KNOT_EOK) {
		snprintf(err, err_size, "%s", hsm_err.text);
		tokens_leave(fresh);
		return ret;
	}
	*tokens = fresh;
	return KNOT_EOK;
}

tokens_t *tokens_use(tokens_t *tokens)
{
	atomic_fetch_add(&tokens->users, 1);
	return tokens;
}

void tokens_leave(tokens_t *tokens)
{
	if (tokens != NULL && atomic_fetch_sub(&tokens->users, 1) == 1) {
		signpool_free(tokens->pool);
		hsm_close(tokens->hsm);
		free(tokens);
	}
}
