/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Private keys in files: PKCS #8 in PEM (RFC 5958, RFC 8018), as Knot's, and what else OpenSSL reads;
 *        and those of BIND.
 */
#pragma once

#include "hsm-adapter/key/transfer.h"
#include "hsm-adapter/pin.h"

/*!
 * Reads a private key from a file.
 *
 * \param passphrase  Not given: the file is not encrypted.
 * \param algorithm  DNSSEC algorithm number that the key has to fit.
 * \param parts      To be freed by software_wipe().
 * \retval HSM_EOK, HSM_ENOKEY (unreadable, another passphrase, no private key), HSM_EALGORITHM (not for
 *         that algorithm), HSM_ENOMEM
 */
int software_read(const char *path, const hsm_pin_t *passphrase, uint8_t algorithm,
                  hsm_parts_t *parts, hsm_error_t *err);

/*! Frees the parts, and wipes them. */
void software_wipe(hsm_parts_t *parts);

/*!
 * Writes a private key that a token has wrapped into a new file, encrypted by the passphrase.
 *
 * \retval HSM_EOK, HSM_ENOKEY (the file is there already, or cannot be written; the token has wrapped
 *         something else)
 */
int software_write(const char *path, const hsm_pin_t *passphrase, const dnssec_binary_t *wrapped,
                   const uint8_t by[HSM_WRAPPING_LEN], hsm_error_t *err);
