/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The public half of a key pair in a token, in DNSKEY form.
 */
#pragma once

#include <libdnssec/binary.h>

#include "hsm-adapter/error.h"
#include "hsm-adapter/key/algorithm.h"
#include "hsm-adapter/key/object.h"

/*! A key pair's objects; borrowed. */
typedef struct {
	const hsm_object_t *private_key;
	const hsm_object_t *public_key; /*!< NULL: none, or not the only one. */
} hsm_halves_t;

/*! \return The first algorithm that a key pair is for; NULL if there is none. */
const hsm_algorithm_t *hsm_public_kind(const hsm_halves_t *halves);

/*! \return An attribute of the private object, or else of the public one; NULL if neither has it.
 *          Borrowed. */
const hsm_value_t *hsm_public_value(const hsm_halves_t *halves, size_t which);

/*! The public half of a key pair. */
typedef struct {
	dnssec_binary_t key; /*!< As in the DNSKEY (RFC 3110, 6605, 8080); dnssec_binary_free(). */
	unsigned bits;       /*!< Size of the key. */
} hsm_public_t;

/*!
 * Makes the public half of a key pair, of the private object if it has the attributes (as RSA's
 * modulus and exponent), else of the public object.
 *
 * \param repository  For error texts, as id.
 * \param algorithm   The key has to be one for that algorithm.
 * \retval HSM_EOK, HSM_ENOKEY, HSM_EALGORITHM, HSM_ENOMEM
 */
int hsm_public_make(const char *repository, const hsm_id_t *id, const hsm_halves_t *halves,
                    const hsm_algorithm_t *algorithm, hsm_public_t *public, hsm_error_t *err);

/*! \return Bits of a number as PKCS#11 writes it; 0 if it is 0 or too large to be a modulus. */
unsigned hsm_public_bits(const hsm_value_t *number);

/*!
 * Finds the coordinates in a CKA_EC_POINT, or a CKA_PUBLIC_KEY_INFO (RFC 5480's and 8410's
 * SubjectPublicKeyInfo). Libraries differ in how they wrap a point.
 *
 * \param len  How long the coordinates have to be: those of the DNSKEY.
 * \return A place in point; NULL if the coordinates are not of that length.
 */
const uint8_t *hsm_public_point(const uint8_t *point, size_t point_len, size_t len);
