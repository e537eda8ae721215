/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Key pairs of software: OpenSSL's, as PKCS#11 describes them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>
#include <p11-kit/p11-kit.h>

#define PAIR_VALUE_MAX 1024 /*!< Bytes of the longest attribute: RSA of 8192 bits. */

/*! A kind of key pair that DNSSEC has. */
typedef struct {
	CK_KEY_TYPE type;
	const char *name;  /*!< OpenSSL's, of the curve if there is one. */
	uint8_t curve[10]; /*!< CKA_EC_PARAMS: an object identifier (RFC 5480, RFC 8410)... */
	size_t curve_len;  /*!< ...of that many bytes; 0 for RSA. */
	size_t len;        /*!< Bytes of a coordinate, or of an Edwards curve's key; 0 for RSA. */
} pair_kind_t;

/*! \return The kind of that type and curve; NULL if there is none. */
const pair_kind_t *pair_kind_of(CK_KEY_TYPE type, const uint8_t *curve, size_t curve_len);

/*! \return The kind of that name; NULL if there is none. */
const pair_kind_t *pair_kind_named(const char *name);

/*! \return The kind of a key pair, or of its public half; NULL if DNSSEC has none such. */
const pair_kind_t *pair_kind(const EVP_PKEY *pair);

/*! \param bits  Of an RSA modulus. \return A new pair, EVP_PKEY_free(); NULL on failure */
EVP_PKEY *pair_generate(const pair_kind_t *kind, unsigned bits);

/*!
 * Makes a pair of what it is made of: CKA_MODULUS and the other seven numbers of an RSA key, CKA_VALUE of
 * others. The public half of a curve is computed.
 *
 * \param parts  Others among them are passed over.
 * \return EVP_PKEY_free(); NULL if some is missing, or they do not fit each other
 */
EVP_PKEY *pair_make(const pair_kind_t *kind, const CK_ATTRIBUTE *parts, CK_ULONG count);

/*! Numbers of a curve's key pair, the most significant byte first; zeros before them may be lacking, or
 *  more. */
typedef struct {
	const uint8_t *x; /*!< The point's first coordinate; of an Edwards curve, the public key. */
	size_t x_len;
	const uint8_t *y; /*!< The second one; Edwards curves have none. */
	size_t y_len;
	const uint8_t *secret; /*!< NULL: the public half alone is to be made. */
	size_t secret_len;
} pair_numbers_t;

/*! Makes a pair of a curve of numbers that belong to each other. \return EVP_PKEY_free(); NULL on failure */
EVP_PKEY *pair_take(const pair_kind_t *kind, const pair_numbers_t *numbers);

#define PAIR_NUMBER_MAX 66 /*!< Bytes of the longest number of a curve. */

/*! The numbers of a pair; a secret, to be wiped. */
typedef struct {
	uint8_t public[1 + 2 * PAIR_NUMBER_MAX];
	uint8_t secret[PAIR_NUMBER_MAX];
} pair_given_t;

/*! Takes a pair of a curve apart: the point, not compressed, or an Edwards curve's public key, and the private number,
 *  with all their zeros. \return Whether that went */
bool pair_give(const EVP_PKEY *pair, const pair_kind_t *kind, pair_given_t *given);

/*!
 * Reads one of the attributes of a public half: CKA_KEY_TYPE, CKA_MODULUS, CKA_PUBLIC_EXPONENT,
 * CKA_EC_PARAMS, CKA_EC_POINT.
 *
 * \return How many bytes it has; 0 if the pair has no such attribute
 */
size_t pair_attribute(const EVP_PKEY *pair, CK_ATTRIBUTE_TYPE type, uint8_t value[PAIR_VALUE_MAX]);
