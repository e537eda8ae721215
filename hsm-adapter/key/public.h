/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The public half of a key pair in a token, in DNSKEY form.
 *
 * The caller holds the token's lock.
 */
#pragma once

#include <libdnssec/binary.h>

#include "hsm-adapter/key/algorithm.h"
#include "hsm-adapter/key/object.h"

/*! What kind of key an object is. */
typedef struct {
	CK_KEY_TYPE type;
	const hsm_algorithm_t *algorithm; /*!< The first that fits, NULL if none does. */
} hsm_kind_t;

/*! A key pair's objects. */
typedef struct {
	CK_OBJECT_HANDLE private_key;
	CK_OBJECT_HANDLE public_key; /*!< CK_INVALID_HANDLE: none, or not the only one. */
} hsm_halves_t;

/*! Finds out what kind of key a key pair is. \return CK_RV */
CK_RV hsm_public_kind(hsm_token_t *token, const hsm_halves_t *halves, hsm_kind_t *kind);

/*! The public half of a key pair. */
typedef struct {
	dnssec_binary_t key; /*!< As in the DNSKEY (RFC 3110, 6605, 8080); dnssec_binary_free(). */
	unsigned bits;       /*!< Size of the key. */
} hsm_public_t;

/*!
 * Reads the public half of a key pair, from the private object if it has the attributes (as RSA's
 * modulus and exponent), else from the public object.
 *
 * \param id         For error texts.
 * \param algorithm  The key has to be one for that algorithm.
 * \retval HSM_EOK, HSM_ENOKEY, HSM_EALGORITHM, HSM_ENOMEM, HSM_EDEVICE
 */
int hsm_public_read(hsm_token_t *token, const hsm_halves_t *halves, const hsm_id_t *id,
                    const hsm_algorithm_t *algorithm, hsm_public_t *public, hsm_error_t *err);

/*! \return Bits of a number as PKCS#11 writes it; 0 if it is 0 or too large to be a modulus. */
unsigned hsm_public_bits(const hsm_value_t *number);

/*!
 * Finds the coordinates in a CKA_EC_POINT. Libraries differ in how they wrap it.
 *
 * \param len  How long the coordinates have to be: those of the DNSKEY.
 * \return A place in point; NULL if the coordinates are not of that length.
 */
const uint8_t *hsm_public_point(const uint8_t *point, size_t point_len, size_t len);
