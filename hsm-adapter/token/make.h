/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Makes a token: a label and two PINs for one that has none yet.
 */
#pragma once

#include "hsm-adapter/pin.h"

/*!
 * Initialises a token that is not (C_InitToken, C_InitPIN), as the repository wants it. A token of
 * that label, or one with keys, is left alone.
 *
 * \param so_pin  The security officer's; another one than the repository's own.
 * \retval HSM_EOK
 * \retval HSM_EEXISTS  There is a token of that label.
 * \retval HSM_ETOKEN   No slot has a token that is not initialised.
 * \retval HSM_EPIN     A PIN is missing or of a wrong length, both are the same, or the token does not
 *                      take one.
 * \retval HSM_EMODULE, HSM_EDEVICE, HSM_ENOMEM
 */
int hsm_token_make(const hsm_repository_t *repository, const hsm_pin_t *so_pin, hsm_error_t *err);
