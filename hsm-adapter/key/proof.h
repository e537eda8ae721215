/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Whether a key works: it has to make a good signature.
 */
#pragma once

#include "hsm-adapter/hsm.h"
#include "hsm-adapter/token/tried.h"

/*! Has a key that was found sign. \param repository  Of a token that has it. \retval HSM_EOK, HSM_EDEVICE, as
 *  hsm_session_open() */
int hsm_key_prove(hsm_t *hsm, const char *repository, const hsm_key_t *key, hsm_error_t *err);

/*! Finds a key in a token, and has it sign. \param repository  The token's own. \retval HSM_EOK, HSM_EDEVICE (a
 *  wrong signature, or the wrong key), as hsm_key_find() */
int hsm_prove_key(hsm_t *hsm, const char *repository, const tried_key_t *key, hsm_error_t *err);
