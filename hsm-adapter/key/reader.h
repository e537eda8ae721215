/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Reads the attributes of many objects, in several sessions at a time.
 */
#pragma once

#include "hsm-adapter/key/object.h"
#include "hsm-adapter/token/token.h"

/*!
 * Reads objects whose handles are known. One that has gone meanwhile, or is no half of a key pair, is
 * left without values. The caller holds the token's lock.
 *
 * \return CK_RV; if it is not CKR_OK, some may have been read
 */
CK_RV reader_read(hsm_token_t *token, hsm_object_t *objects, size_t count);
