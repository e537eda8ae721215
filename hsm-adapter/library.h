/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A token's PKCS#11 library, shared with everybody in the process through p11-kit.
 */
#pragma once

#include "hsm-adapter/token.h"

/*! Loads and starts the library, unless that is done. \retval HSM_EOK, HSM_EMODULE */
int hsm_library_load(hsm_token_t *token, hsm_error_t *err);

/*! Gives up this user's part in it; it really stops when nobody has a part any more. */
void hsm_library_stop(hsm_token_t *token);

/*! Stops and unloads. */
void hsm_library_release(hsm_token_t *token);
