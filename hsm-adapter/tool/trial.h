/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A trial: whether a token can sign with an algorithm, and how fast.
 */
#pragma once

#include "hsm-adapter/key/algorithm.h"
#include "hsm-adapter/hsm.h"

typedef struct {
	double rate; /*!< Signatures a second, in one session. */
} hsm_trial_t;

/*!
 * Signs one thing after the other for so many ms, and verifies the last signature.
 *
 * \param rate  Signatures a second.
 * \retval HSM_EOK, HSM_EDEVICE (also: it does not verify), or as hsm_session_sign()
 */
int hsm_trial_sign(hsm_session_t *session, const hsm_key_t *key, unsigned ms, double *rate, hsm_error_t *err);

/*!
 * Generates a key pair, signs for half a second, verifies by libdnssec, removes the key pair.
 *
 * \param bits  RSA modulus size.
 * \retval HSM_EOK, HSM_EALGORITHM (the token does not do it), HSM_EDEVICE (also: a signature does
 *         not verify), HSM_ECAPACITY, or as hsm_login()
 */
int hsm_trial(hsm_t *hsm, const char *repository, const hsm_algorithm_t *algorithm, unsigned bits,
              hsm_trial_t *trial, hsm_error_t *err);
