/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What is asked of a token, and what came of it: in memory of its own, as whoever asked may not wait.
 */
#pragma once

#include "hsm-adapter/hsm.h"
#include "policy-engine/keys/caller.h"

typedef enum { TOKEN_LOGIN, TOKEN_GENERATE, TOKEN_SETTLE, TOKEN_FIND, TOKEN_PROVE, TOKEN_REMOVE } token_ask_t;

/*! A call. */
typedef struct {
	hsm_t *hsm;            /*!< Borrowed until it is done. */
	token_ask_t what;
	char *repository;
	char *cka_id;          /*!< NULL: of no key. */
	uint8_t algorithm;
	unsigned bits;
	dnssec_binary_t public; /*!< Of the key that has to prove itself. */
	int ret;               /*!< As the function of hsm-adapter/hsm.h. */
	hsm_error_t err;
	hsm_key_t *key;        /*!< That was generated, or found; who takes it leaves NULL. */
} token_call_t;

/*! Runs and frees them; for caller_start(). */
extern const caller_kind_t TOKEN_CALLS;

/*! \param like  Copied, but for what came of it. \return token_call_free(); NULL if out of memory */
token_call_t *token_call_new(const token_call_t *like);

/*! With the key, if it was not taken. NULL is allowed. */
void token_call_free(token_call_t *call);
