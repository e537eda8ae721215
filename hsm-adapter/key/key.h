/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What is behind hsm_key_t: a key pair that was found in its token.
 */
#pragma once

#include <stdatomic.h>

#include "hsm-adapter/hsm.h"
#include "hsm-adapter/key/algorithm.h"
#include "hsm-adapter/key/public.h"
#include "hsm-adapter/token/token.h"

struct hsm_key {
	hsm_token_t *token;
	const hsm_algorithm_t *algorithm;
	atomic_ulong mechanism;      /*!< CK_MECHANISM_TYPE that signs. */
	CK_MECHANISM_TYPE other;     /*!< The token has this one, too, to sign what it hashes itself;
	                                  or HSM_MECHANISM_NONE. */
	hsm_id_t id;
	hsm_public_t public;         /*!< Owned. */
	atomic_ulong login;          /*!< The token's, as it was when the handle was found. */
	atomic_ulong handle;         /*!< Of the private key. */
};

/*!
 * Finds a key's handle anew. The token is locked.
 *
 * \retval HSM_EOK, HSM_ENOKEY, HSM_EDEVICE
 */
int hsm_key_locate(hsm_key_t *key, hsm_error_t *err);

/*!
 * Makes a hsm_key_t of a key pair's objects. The token is locked.
 *
 * \retval HSM_EOK, HSM_ENOKEY, HSM_EALGORITHM, HSM_ENOMEM
 */
int hsm_key_make(hsm_token_t *token, const hsm_algorithm_t *algorithm, const hsm_id_t *id,
                 const hsm_halves_t *halves, hsm_key_t **key, hsm_error_t *err);
