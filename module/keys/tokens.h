/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The tokens of conf.xml with the threads that sign; replaced as a whole when it changes.
 */
#pragma once

#include "module/base/log.h"
#include "module/keys/pool.h"

typedef struct tokens tokens_t;

/*! Whom they call; none of these may block. */
typedef struct {
	void (*unused)(void *ctx, tokens_t *tokens); /*!< Nobody uses them any more: to be ended by
	                                                  tokens_free(). */
	void (*returned)(void *ctx); /*!< One works again. */
	void *ctx;
} tokens_calls_t;

struct tokens {
	tokens_t *next_gone;     /*!< In the list of tokens to be freed (reap.h). */
	atomic_uint users;
	hsm_t *hsm;
	hsm_watch_t *watch;
	signpool_t *pool;
	unsigned worker_threads; /*!< As conf.xml has it... */
	char *output, *notify;   /*!< ...also its <Output> and <NotifyCommand>; NULL: none. */
	log_t *log;
	tokens_calls_t calls;
};

typedef struct {
	const char *conf;        /*!< Path of conf.xml. */
	log_t *log;
	tokens_calls_t calls;
} tokens_args_t;

/*!
 * Reads conf.xml and makes the tokens ready; no token is used yet.
 *
 * \param log     Has to outlive the tokens.
 * \param tokens  With one user, the caller.
 * \param err     File, line, remedy.
 * \return KNOT_EOK, KNOT_EINVAL (conf.xml), KNOT_ENOMEM
 */
int tokens_open(const tokens_args_t *args, tokens_t **tokens, char *err, size_t err_size);

/*! Writes what was last tried with each token, when, and what came of it: ", token NAME: ..." each.
 *  Does not wait for a token. */
void tokens_text(const tokens_t *tokens, char *out, size_t size);

/*! Gets what is known of a token, and that in words. */
typedef void (*tokens_each_f)(void *ctx, const hsm_last_t *last, const char *text);

/*! Calls a function for each token; does not wait for one. */
void tokens_each(const tokens_t *tokens, tokens_each_f call, void *ctx);

/*! Adds a user. \return tokens */
tokens_t *tokens_use(tokens_t *tokens);

/*! Removes a user. Does not wait for a token. NULL is allowed. */
void tokens_leave(tokens_t *tokens);

/*! Frees tokens that nobody uses; waits for what they are asked. NULL is allowed. */
void tokens_free(tokens_t *tokens);
