/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Whether a token needs a PIN, looked up without a login.
 */
#pragma once

#include <stdbool.h>

#include "hsm-adapter/error.h"
#include "hsm-adapter/repository.h"

/*!
 * Tells whether a login needs a PIN: there is a login, and no keypad of the token's own.
 *
 * \retval HSM_EOK, HSM_EMODULE, HSM_ETOKEN, HSM_EDEVICE, HSM_ENOMEM
 */
int hsm_token_needs_pin(const hsm_repository_t *repository, bool *needs, hsm_error_t *err);
