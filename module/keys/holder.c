/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/keys/holder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

void holder_init(holder_t *holder, char *path, log_t *log, const tokens_calls_t *calls)
{
	memset(holder, 0, sizeof(*holder));
	holder->log = log;
	holder->calls = *calls;
	holder->path = path;
	pthread_mutex_init(&holder->reading, NULL);
	pthread_mutex_init(&holder->lock, NULL);
}

void holder_deinit(holder_t *holder)
{
	pthread_mutex_destroy(&holder->lock);
	pthread_mutex_destroy(&holder->reading);
	free(holder->path);
}

void holder_move(holder_t *holder, char *path)
{
	pthread_mutex_lock(&holder->lock);
	char *old = holder->path;
	holder->path = path;
	pthread_mutex_unlock(&holder->lock);
	free(old);
}

static int read_again(holder_t *holder, char *err, size_t err_size)
{
	tokens_t *fresh = NULL, *old = NULL;
	pthread_mutex_lock(&holder->lock);
	char *path = strdup(holder->path);
	pthread_mutex_unlock(&holder->lock);
	if (path == NULL) {
		snprintf(err, err_size, "out of memory");
		return KNOT_ENOMEM;
	}
	const tokens_args_t args = {
		.conf = path, .log = holder->log, .calls = holder->calls,
	};
	int ret = tokens_open(&args, &fresh, err, err_size);
	free(path);
	pthread_mutex_lock(&holder->lock);
	if (ret == KNOT_EOK) {
		old = holder->tokens;
		holder->tokens = fresh;
		holder->error[0] = '\0';
	} else if (holder->tokens == NULL) {
		snprintf(holder->error, sizeof(holder->error), "%s", err);
	}
	const bool kept = holder->tokens != NULL;
	pthread_mutex_unlock(&holder->lock);
	tokens_leave(old);
	if (ret != KNOT_EOK) {
		log_msg(holder->log, LOG_ERR, NULL, "%s%s", err,
		        kept ? "; the tokens stay as they were" : "");
	}
	return ret;
}

int holder_read(holder_t *holder, char *err, size_t err_size)
{
	pthread_mutex_lock(&holder->reading);
	const int ret = read_again(holder, err, err_size);
	pthread_mutex_unlock(&holder->reading);
	return ret;
}

tokens_t *holder_use(holder_t *holder, char *err, size_t err_size)
{
	pthread_mutex_lock(&holder->lock);
	tokens_t *tokens = holder->tokens != NULL ? tokens_use(holder->tokens) : NULL;
	if (tokens == NULL) {
		snprintf(err, err_size, "%s", holder->error);
	}
	pthread_mutex_unlock(&holder->lock);
	return tokens;
}

void holder_release(holder_t *holder)
{
	pthread_mutex_lock(&holder->lock);
	tokens_t *tokens = holder->tokens;
	holder->tokens = NULL;
	pthread_mutex_unlock(&holder->lock);
	tokens_leave(tokens);
}
