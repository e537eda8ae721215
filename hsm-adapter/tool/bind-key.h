/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Private keys in the files of BIND 9: K*.private, of the format v1.2 or v1.3.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <openssl/types.h>

#include "hsm-adapter/error.h"

/*! \return Whether a file begins as one of BIND's; it is read from its beginning then, too. */
bool bind_key_is(FILE *file);

/*!
 * Reads such a file.
 *
 * \param path       For error texts.
 * \param algorithm  DNSSEC algorithm number that the file has to name.
 * \param key        EVP_PKEY_free().
 * \retval HSM_EOK, HSM_EALGORITHM (it names another one), HSM_ENOKEY (it is not whole; the key is in a token)
 */
int bind_key_read(FILE *file, const char *path, uint8_t algorithm, EVP_PKEY **key, hsm_error_t *err);
