/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What was last tried with a token, when, and what came of it.
 *
 * It has a lock of its own, which nobody holds while a token works: it tells of a token that hangs,
 * too. All functions are called from any thread.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "hsm-adapter/hsm.h"

#define TRIED_ID_MAX 513 /*!< Bytes of the longest CKA_ID in hexadecimal, its end included. */

/*! A key that could not be used. */
typedef struct {
	char cka_id[TRIED_ID_MAX]; /*!< In hexadecimal. */
	uint8_t algorithm;       /*!< 0: there is none. */
	uint32_t public;         /*!< fnv1a() of the public half that it has to have, as a copy of another
	                              token's; 0 = any. */
} tried_key_t;

/*! A signature that is being made; the caller's, until tried_signed(). */
typedef struct tried_call {
	struct tried_call *next, *prev;
	int64_t since_ms;        /*!< monotonic_ms() */
} tried_call_t;

typedef struct {
	pthread_mutex_t lock;
	tried_call_t signing;    /*!< Ring of the signatures that are being made; the oldest one comes first. */
	int64_t asked_ms;        /*!< Since when the token is asked for something else; monotonic_ms(), 0: it
	                              is not. */
	int64_t patience_ms;     /*!< How long that may take. */
	int64_t progress_ms;     /*!< When something ended last. */
	int64_t when;            /*!< When the last one ended, that the state is of; 0 = none has. */
	int64_t since;           /*!< Since when it does not work; 0 = it does. */
	bool signed_last;        /*!< That one was to sign. */
	int code;                /*!< What came of it. */
	hsm_error_t err;         /*!< Why, unless it is HSM_EOK. */
	tried_key_t suspect;     /*!< Until it was proven, an answer shows nothing. */
	bool returned;           /*!< It works again; tried_returned() has not told yet. */
	uint64_t signatures, errors;
} tried_t;

/*! \return A key, whichever public half it has. \param cka_id  In hexadecimal; copied. */
tried_key_t tried_key(const char *cka_id, uint8_t algorithm);

void tried_init(tried_t *tried);
void tried_deinit(tried_t *tried);

/*! The token is asked for something else than a signature; by one at a time. */
void tried_begin(tried_t *tried);

/*! What it is asked for now is a key pair, which may take minutes. */
void tried_make(tried_t *tried);

/*!
 * That ends.
 * \param code  Of hsm-adapter/error.h; what says nothing of the token itself counts as an answer.
 * \param err   Why; NULL: not known.
 */
void tried_end(tried_t *tried, int code, const hsm_error_t *err);

/*! The token is asked for a signature; by any number of threads. */
void tried_sign(tried_t *tried, tried_call_t *call);

/*! That ends. \param code, err  As tried_end() */
void tried_signed(tried_t *tried, tried_call_t *call, int code, const hsm_error_t *err);

/*! A call failed, and may be made again. */
void tried_error(tried_t *tried);

/*!
 * A key could not be found, or made no good signature: the next answer shows nothing, only a signature
 * by this key does.
 *
 * \param code  Why. HSM_ENOKEY says nothing of the token itself; nothing is done if it is
 *              HSM_EALGORITHM: the key cannot be asked for that.
 * \param err   NULL: not known.
 */
void tried_suspect(tried_t *tried, const tried_key_t *key, int code, const hsm_error_t *err);

/*! A key has made a good signature. Nothing is done if another one is suspected now. */
void tried_proven(tried_t *tried, const tried_key_t *key);

/*! A key is not there, says the token: which works, then, whatever that key was suspected of. The key is still looked
 *  for. */
void tried_missed(tried_t *tried, const tried_key_t *key);

/*! \param key  The one that is suspected; its algorithm is 0 if there is none.
 *  \return Whether the token has to be asked soon: it does not work, or a key is suspected */
bool tried_in_doubt(tried_t *tried, tried_key_t *key);

/*! \return Whether it works, as far as is known: for who can have another one. What has waited for two seconds may
 *  wait for long. */
bool tried_works(tried_t *tried);

/*! \return Whether it works again, or a key does; tells once. */
bool tried_returned(tried_t *tried);

/*! Copies all but the repository. */
void tried_read(tried_t *tried, hsm_last_t *last);
