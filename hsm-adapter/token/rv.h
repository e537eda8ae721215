/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What the codes mean that PKCS#11 functions return.
 */
#pragma once

#include <stdbool.h>

#include <p11-kit/p11-kit.h>

#include "hsm-adapter/error.h"

/*! \return Whether the same call may succeed after connecting to the token again. */
bool hsm_rv_is_loss(CK_RV rv);

/*! \return Whether a signature cannot be made, however often it is tried: what is wrong is the call, the
 *  key or what the token can do, and not the token's state. */
bool hsm_rv_is_final(CK_RV rv);

/*! \return Whether the token did not accept the PIN. */
bool hsm_rv_is_refusal(CK_RV rv);

/*!
 * Fills err with the repository, what was tried, what the token said, and what a person can do, if that
 * is known.
 *
 * \param repository  Its name.
 * \param what        As "cannot ...".
 * \return The code that goes with rv: HSM_ETOKEN, HSM_ENOMEM, HSM_ECAPACITY, HSM_EALGORITHM,
 *         HSM_EPIN, HSM_ESESSIONS; HSM_EDEVICE for all that have no code of their own.
 */
int hsm_rv_error(const char *repository, CK_RV rv, const char *what, hsm_error_t *err);
