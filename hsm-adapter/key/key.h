/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What is behind hsm_key_t: a key pair that was found in its token, or in replicas.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "hsm-adapter/hsm.h"
#include "hsm-adapter/key/algorithm.h"
#include "hsm-adapter/key/public.h"
#include "hsm-adapter/token/token.h"

/*! A key pair in one token; a cache, no visible part of the key. */
typedef struct {
	hsm_token_t *token;
	atomic_ulong mechanism;      /*!< CK_MECHANISM_TYPE that signs. */
	atomic_ulong other;          /*!< The token has this one, too, to sign what it hashes itself;
	                                  or HSM_MECHANISM_NONE. */
	atomic_bool by_parameter;    /*!< The token takes the mechanism with its parameter only. */
	atomic_ulong login;          /*!< The token's, as it was when the handle was found; 0 = none
	                                  was yet. */
	atomic_ulong proven;         /*!< Of replicas: the login in which it made a good signature. */
	atomic_ulong handle;         /*!< Of the private key. */
} hsm_copy_t;

struct hsm_key {
	atomic_uint users;
	const hsm_group_t *group;
	const hsm_algorithm_t *algorithm;
	hsm_id_t id;
	hsm_public_t public;         /*!< Owned. */
	hsm_copy_t copies[];         /*!< One for each token of the group. */
};

/*! \return The key in a token; NULL: it is of others. */
hsm_copy_t *hsm_key_copy(const hsm_key_t *key, const hsm_token_t *token);

/*! A key was not found where it should be, or made no good signature (tried_suspect()). \param code  Why;
 *  a replica that lacks a key does not work. */
void hsm_key_suspect(const hsm_key_t *key, hsm_token_t *token, int code, const hsm_error_t *err);

/*!
 * Finds a key's handle anew. The copy's token is locked.
 *
 * \retval HSM_EOK, HSM_ENOKEY (also: the public half is another one), HSM_EDEVICE
 */
int hsm_key_locate(const hsm_key_t *key, hsm_copy_t *copy, hsm_error_t *err);

/*! What a key is made of. Copied. */
typedef struct {
	const hsm_group_t *group;
	const hsm_algorithm_t *algorithm;
	hsm_id_t id;
} hsm_key_made_of_t;

/*!
 * Makes a hsm_key_t of a key pair's objects. Replicas have no handle before they were proven.
 *
 * \param token  Of the group, and locked.
 * \retval HSM_EOK, HSM_ENOKEY, HSM_EALGORITHM, HSM_ENOMEM
 */
int hsm_key_make(const hsm_key_made_of_t *of, hsm_token_t *token, const hsm_halves_t *halves,
                 hsm_key_t **key, hsm_error_t *err);

/*! Makes a key of what is known of a token, without a call. \param wait  Also until the token is not locked.
 *  \return Whether that is enough */
bool hsm_key_find_known(const hsm_key_made_of_t *of, hsm_token_t *token, bool wait,
                        hsm_key_t **key);

/*! Looks for a key in one token of its group. \retval as hsm_key_find() */
int hsm_key_find_in(const hsm_key_made_of_t *of, hsm_token_t *token, hsm_key_t **key,
                    hsm_error_t *err);

/*! Notes why a token failed, if that says more than what is known: one that does not work may have the
 *  key. \param ret  HSM_EOK: nothing is yet. \param err  NULL: is not asked for. */
void hsm_key_note_worse(int *ret, hsm_error_t *err, int failed, const hsm_error_t *why);
