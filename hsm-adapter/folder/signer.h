/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Signatures by a key pair of software, as the mechanisms of PKCS#11 make them.
 */
#pragma once

#include <openssl/types.h>
#include <p11-kit/p11-kit.h>

/*! A pair that is ready to sign, for one thread; all zero: none is. */
typedef struct {
	EVP_PKEY *pair;    /*!< Owned. */
	EVP_PKEY_CTX *ctx; /*!< RSA and ECDSA; kept from one signature to the next. */
	EVP_MD_CTX *whole; /*!< EdDSA. */
	size_t len;        /*!< Bytes of a coordinate. */
} signer_t;

/*!
 * Makes ready, by CKM_RSA_PKCS, CKM_ECDSA or CKM_EDDSA.
 *
 * \param pair  A reference is taken. What was ready before is ended on success.
 * \return CKR_OK, CKR_MECHANISM_INVALID, CKR_KEY_TYPE_INCONSISTENT, CKR_HOST_MEMORY
 */
CK_RV signer_begin(signer_t *signer, EVP_PKEY *pair, CK_MECHANISM_TYPE mechanism);

/*! Signs. \param len  Room, and how many bytes there are then. \return CK_RV */
CK_RV signer_sign(signer_t *signer, const uint8_t *data, size_t data_len, uint8_t *signature,
                  CK_ULONG *len);

void signer_end(signer_t *signer);
