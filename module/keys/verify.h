/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Verification of signatures with the public key as it is published.
 *
 * OpenSSL verifies: for ECDSA it takes less than half the time of GnuTLS. With dnssec-validation,
 * knotd verifies once more, with GnuTLS.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*! A public key; may be used by many threads at the same time. */
typedef struct verify_key verify_key_t;

/*!
 * Makes a key of the public key field of a DNSKEY (RFC 3110, 6605, 8080). OpenSSL gets it when it is used
 * first: of thousands of zones, few sign something.
 *
 * \param key    To be freed by verify_key_free().
 * \param field  Borrowed.
 * \return KNOT_EOK, KNOT_ENOTSUP (algorithm), KNOT_EMALF (not as long as a key of it), KNOT_ENOMEM
 */
int verify_key_new(verify_key_t **key, uint8_t algorithm, const uint8_t *field, size_t len);

/*! NULL is allowed. */
void verify_key_free(verify_key_t *key);

/*! The workspace of one thread. */
typedef struct verify verify_t;

/*! \return A workspace to be freed by verify_free(); NULL if out of memory. */
verify_t *verify_new(void);

/*! NULL is allowed. */
void verify_free(verify_t *verify);

/*! \return Whether a signature, in the form of an RRSIG's field, is one of the key over data. By a key
 *          that is none, nothing is. */
bool verify_check(verify_t *verify, verify_key_t *key, const uint8_t *data, size_t data_len,
                  const uint8_t *signature, size_t len);
