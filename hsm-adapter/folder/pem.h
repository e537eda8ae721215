/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A key pair as text: the private half as PKCS #8 (RFC 5958), encrypted if there is a passphrase, and
 *        after it the public half (RFC 5280, SubjectPublicKeyInfo).
 */
#pragma once

#include <stddef.h>

#include <openssl/types.h>
#include <p11-kit/p11-kit.h>

/*!
 * Reads both halves.
 *
 * \param passphrase  NULL: there is none.
 * \param pair        EVP_PKEY_free().
 * \return CKR_OK, CKR_DATA_INVALID (it is no such text), CKR_PIN_INCORRECT, CKR_USER_NOT_LOGGED_IN (it
 *         needs a passphrase)
 */
CK_RV pem_private(const char *text, size_t len, const char *passphrase, EVP_PKEY **pair);

/*! Reads the public half alone, for which no passphrase is needed. \return as pem_private() */
CK_RV pem_public(const char *text, size_t len, EVP_PKEY **pair);

/*! \param passphrase  NULL: the private half is not encrypted. \return Memory that is wiped, BIO_free();
 *  NULL on failure */
BIO *pem_write(const char *passphrase, EVP_PKEY *pair);
