/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What is behind hsm_t and hsm_key_t.
 */
#pragma once

#include "hsm-adapter/algorithm.h"
#include "hsm-adapter/hsm.h"
#include "hsm-adapter/object.h"
#include "hsm-adapter/public.h"
#include "hsm-adapter/token.h"

struct hsm {
	size_t count;
	hsm_token_t tokens[];
};

struct hsm_key {
	hsm_token_t *token;
	const hsm_algorithm_t *algorithm;
	hsm_id_t id;
	dnssec_binary_t public_key;  /*!< Owned. */
	unsigned bits;
	atomic_ulong login;          /*!< The token's, when the handle was got. */
	atomic_ulong handle;
};

/*! \return The repository's token; NULL, and err filled (HSM_EREPOSITORY), if there is none. */
hsm_token_t *hsm_token(hsm_t *hsm, const char *repository, hsm_error_t *err);

/*!
 * Finds a key's handle anew. The token is locked.
 *
 * \retval HSM_EOK, HSM_ENOKEY, HSM_EDEVICE
 */
int hsm_key_locate(hsm_key_t *key, hsm_error_t *err);

/*!
 * Makes a key of its objects, reading its public half. The token is locked.
 *
 * \retval HSM_EOK, HSM_ENOKEY, HSM_EALGORITHM, HSM_ENOMEM, HSM_EDEVICE
 */
int hsm_key_make(hsm_token_t *token, const hsm_algorithm_t *algorithm, const hsm_id_t *id,
                 const hsm_halves_t *halves, hsm_key_t **key, hsm_error_t *err);
