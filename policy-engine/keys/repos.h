/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The tokens of conf.xml as the engine sees them: which work, and when to try again.
 *
 * The main thread uses it; repos_usable() and repos_each() may be called from any thread. A call that does
 * not come back within ten seconds ends as HSM_ETOKEN for whoever made it, and is forgotten when it does;
 * until then that repository does not work, and no other call goes there.
 */
#pragma once

#include "hsm-adapter/hsm.h"

#define TOKENS_PROBLEM_MAX sizeof(((hsm_error_t *)0)->text)

typedef struct repos repos_t;

/*! \param conf  Copied. \retval HSM_EOK, HSM_ENOMEM */
int repos_new(repos_t **tokens, const hsm_conf_t *conf, hsm_error_t *err);

/*! Logs out, and waits for calls that are under way. NULL is allowed. */
void repos_free(repos_t *tokens);

/*! The same, but waits for ten seconds at most; what hangs is freed when it does not any more. */
void repos_leave(repos_t *tokens);

/*!
 * Logs in to tokens that do not work, when that is due; logs what changed. A wrong PIN is not tried
 * a second time: the token would lock itself.
 *
 * \return Whether a token works now that did not work before.
 */
bool repos_check(repos_t *tokens, int64_t now);

/*! \return Whether the token worked at the last try; if not, buf says why. */
bool repos_usable(repos_t *tokens, const char *repository, char buf[TOKENS_PROBLEM_MAX]);

/*! Generates a key, as hsm_key_generate(), and unsettled. Notes whether the token works. */
int repos_generate(repos_t *tokens, const hsm_key_spec_t *spec, int64_t now, hsm_key_t **key,
                   hsm_error_t *err);

/*! Has generated keys stay, as hsm_settle(). Notes whether the token works. */
int repos_settle(repos_t *tokens, const char *repository, int64_t now, hsm_error_t *err);

/*! Finds a key, as hsm_key_find(). Notes whether the token works. */
int repos_find(repos_t *tokens, const hsm_wanted_t *wanted, int64_t now, hsm_key_t **key,
               hsm_error_t *err);

/*! Has a key sign, as hsm_prove(). Notes whether the token works. */
int repos_prove(repos_t *tokens, const hsm_wanted_t *wanted, int64_t now, hsm_error_t *err);

/*! Removes a key, as hsm_key_remove(). Notes whether the token works. */
int repos_remove(repos_t *tokens, const char *repository, const char *cka_id, int64_t now,
                 hsm_error_t *err);

/* Bytes that hold what repos_each() tells of a token. */
#define REPOS_TEXT_MAX (TOKENS_PROBLEM_MAX + 128)

/*! Calls cb for each repository with what was last tried with its token, when, and what came of it.
 *  cb must not call repos_*(). */
void repos_each(repos_t *tokens, void (*cb)(void *ctx, const char *repository,
                                            const char *text), void *ctx);
