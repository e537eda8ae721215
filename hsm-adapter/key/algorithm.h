/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief DNSSEC algorithms as PKCS#11 sees them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gnutls/gnutls.h>
#include <p11-kit/p11-kit.h>

#define HSM_CURVE_NAMES 3 /*!< Tokens name an Edwards curve in one of three ways. */

/*! DER bytes. */
typedef struct {
	const uint8_t *data;
	size_t len;
} hsm_der_t;

/*! One DNSSEC algorithm. */
typedef struct {
	uint8_t number;                    /*!< IANA's number. */
	const char *name;                  /*!< IANA's mnemonic. */
	const char *family;                /*!< As hsm_key_info_t.type. */
	CK_KEY_TYPE key_type;
	CK_MECHANISM_TYPE generate;
	CK_MECHANISM_TYPE generate_else;   /*!< For tokens that do not have the other. */
	CK_MECHANISM_TYPE sign;            /*!< The hash, or EdDSA: the data. */
	CK_MECHANISM_TYPE sign_data;       /*!< For tokens that do not sign a hash. */
	bool has_parameter;                /*!< PKCS #11 3.0 wants a CK_EDDSA_PARAMS with it. */
	gnutls_digest_algorithm_t hash;    /*!< GNUTLS_DIG_UNKNOWN: the token hashes. */
	hsm_der_t digest_info;             /*!< Comes before the hash; RSA only. */
	hsm_der_t curve[HSM_CURVE_NAMES];  /*!< CKA_EC_PARAMS, the usual form first. */
	unsigned bits;                     /*!< 0 for RSA. */
	size_t public_len;                 /*!< Bytes of the DNSKEY's public key, 0 for RSA. */
	size_t signature_len;              /*!< Bytes, 0 for RSA (as many as the modulus). */
} hsm_algorithm_t;

/*! \return NULL if the adapter does not sign with that algorithm. */
const hsm_algorithm_t *hsm_algorithm(uint8_t number);

/*! Finds by mnemonic, in any case, or by decimal number. \return NULL if there is none. */
const hsm_algorithm_t *hsm_algorithm_parse(const char *text);

/*! \return The algorithm after that one, or the first after NULL; NULL after the last. */
const hsm_algorithm_t *hsm_algorithm_next(const hsm_algorithm_t *algorithm);

/*! \return The first algorithm of that key type, and curve if the type has curves; or NULL. */
const hsm_algorithm_t *hsm_algorithm_of_key(CK_KEY_TYPE type, const uint8_t *curve,
                                            size_t curve_len);
