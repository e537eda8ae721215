/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/folder/pair.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

static const pair_kind_t KINDS[] = {
	{ CKK_RSA, "RSA", { 0 }, 0, 0 },
	{ CKK_EC, "P-256", { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 }, 10, 32 },
	{ CKK_EC, "P-384", { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22 }, 7, 48 },
	{ CKK_EC_EDWARDS, "ED25519", { 0x06, 0x03, 0x2b, 0x65, 0x70 }, 5, 32 },
	{ CKK_EC_EDWARDS, "ED448", { 0x06, 0x03, 0x2b, 0x65, 0x71 }, 5, 57 },
};

#define KIND_COUNT (sizeof(KINDS) / sizeof(KINDS[0]))

const pair_kind_t *pair_kind_of(CK_KEY_TYPE type, const uint8_t *curve, size_t curve_len)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		const pair_kind_t *kind = &KINDS[i];
		if (kind->type == type && (kind->curve_len == 0 ||
		    (kind->curve_len == curve_len && memcmp(kind->curve, curve, curve_len) == 0))) {
			return kind;
		}
	}
	return NULL;
}

const pair_kind_t *pair_kind_named(const char *name)
{
	size_t i = 0;
	while (i < KIND_COUNT && strcmp(KINDS[i].name, name) != 0) {
		i++;
	}
	return i < KIND_COUNT ? &KINDS[i] : NULL;
}

const pair_kind_t *pair_kind(const EVP_PKEY *pair)
{
	const size_t len = ((size_t)EVP_PKEY_get_bits(pair) + 7) / 8;
	for (size_t i = 0; i < KIND_COUNT; i++) {
		const pair_kind_t *kind = &KINDS[i];
		if (kind->type == CKK_EC ? EVP_PKEY_is_a(pair, "EC") && len == kind->len
		                         : EVP_PKEY_is_a(pair, kind->name)) {
			return kind;
		}
	}
	return NULL;
}

EVP_PKEY *pair_generate(const pair_kind_t *kind, unsigned bits)
{
	switch (kind->type) {
	case CKK_RSA:
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
	case CKK_EC:
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind->name);
	default:
		return EVP_PKEY_Q_keygen(NULL, NULL, kind->name);
	}
}

/*** From parts. ***/

static const CK_ATTRIBUTE *part(CK_ATTRIBUTE_TYPE type, const CK_ATTRIBUTE *parts, CK_ULONG count)
{
	for (CK_ULONG i = 0; i < count; i++) {
		if (parts[i].type == type && parts[i].pValue != NULL && parts[i].ulValueLen > 0 &&
		    parts[i].ulValueLen <= PAIR_VALUE_MAX) {
			return &parts[i];
		}
	}
	return NULL;
}

/*! Makes a pair of OpenSSL's parameters. \param half  EVP_PKEY_KEYPAIR or EVP_PKEY_PUBLIC_KEY. */
static EVP_PKEY *from_params(const char *type, int half, OSSL_PARAM_BLD *builder)
{
	EVP_PKEY *pair = NULL;
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pair, half, params) != 1) {
		pair = NULL;
	}
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return pair;
}

/*! Tells whether the two halves, and an RSA key's factors, belong to each other. */
static bool is_whole(EVP_PKEY *pair)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pair, NULL);
	const bool whole = ctx != NULL && EVP_PKEY_pairwise_check(ctx) == 1;
	EVP_PKEY_CTX_free(ctx);
	return whole;
}

static EVP_PKEY *make_rsa(const CK_ATTRIBUTE *parts, CK_ULONG count)
{
	static const struct {
		CK_ATTRIBUTE_TYPE type;
		const char *name;
	} NUMBERS[] = {
		{ CKA_MODULUS, OSSL_PKEY_PARAM_RSA_N },
		{ CKA_PUBLIC_EXPONENT, OSSL_PKEY_PARAM_RSA_E },
		{ CKA_PRIVATE_EXPONENT, OSSL_PKEY_PARAM_RSA_D },
		{ CKA_PRIME_1, OSSL_PKEY_PARAM_RSA_FACTOR1 },
		{ CKA_PRIME_2, OSSL_PKEY_PARAM_RSA_FACTOR2 },
		{ CKA_EXPONENT_1, OSSL_PKEY_PARAM_RSA_EXPONENT1 },
		{ CKA_EXPONENT_2, OSSL_PKEY_PARAM_RSA_EXPONENT2 },
		{ CKA_COEFFICIENT, OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
	};
	enum { COUNT = sizeof(NUMBERS) / sizeof(NUMBERS[0]) };
	BIGNUM *numbers[COUNT] = { NULL };
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	bool all = builder != NULL;
	for (size_t i = 0; all && i < COUNT; i++) {
		const CK_ATTRIBUTE *number = part(NUMBERS[i].type, parts, count);
		numbers[i] = number != NULL ? BN_secure_new() : NULL;
		all = numbers[i] != NULL &&
		      BN_bin2bn(number->pValue, (int)number->ulValueLen, numbers[i]) != NULL &&
		      OSSL_PARAM_BLD_push_BN(builder, NUMBERS[i].name, numbers[i]) == 1;
	}
	EVP_PKEY *pair = all ? from_params("RSA", EVP_PKEY_KEYPAIR, builder) : NULL;
	for (size_t i = 0; i < COUNT; i++) {
		BN_clear_free(numbers[i]);
	}
	OSSL_PARAM_BLD_free(builder);
	if (pair != NULL && !is_whole(pair)) {
		EVP_PKEY_free(pair);
		pair = NULL;
	}
	return pair;
}

/*! Writes a number as so many bytes. \return Whether it fits. */
static bool put(const uint8_t *number, size_t number_len, uint8_t *to, size_t len)
{
	while (number_len > 0 && *number == 0) {
		number++;
		number_len--;
	}
	if (number_len > len) {
		return false;
	}
	memset(to, 0, len - number_len);
	if (number_len > 0) {
		memcpy(to + len - number_len, number, number_len);
	}
	return true;
}

/*! Makes a pair of its private number: an ECPrivateKey (RFC 5915) without the public half, which OpenSSL
 *  computes. */
static EVP_PKEY *make_ecdsa(const pair_kind_t *kind, const CK_ATTRIBUTE *value)
{
	uint8_t der[7 + PAIR_NUMBER_MAX + sizeof(kind->curve) + 2];
	size_t at = 0;
	if (value->ulValueLen > kind->len) {
		return NULL;
	}
	der[at++] = 0x30;
	der[at++] = (uint8_t)(3 + 2 + kind->len + 2 + kind->curve_len);
	memcpy(der + at, (const uint8_t[]){ 0x02, 0x01, 0x01, 0x04 }, 4);
	at += 4;
	der[at++] = (uint8_t)kind->len;
	(void)put(value->pValue, value->ulValueLen, der + at, kind->len);
	at += kind->len;
	der[at++] = 0xa0;
	der[at++] = (uint8_t)kind->curve_len;
	memcpy(der + at, kind->curve, kind->curve_len);
	at += kind->curve_len;
	const uint8_t *from = der;
	EVP_PKEY *pair = d2i_PrivateKey(EVP_PKEY_EC, NULL, &from, (long)at);
	OPENSSL_cleanse(der, sizeof(der));
	return pair;
}

EVP_PKEY *pair_make(const pair_kind_t *kind, const CK_ATTRIBUTE *parts, CK_ULONG count)
{
	if (kind->type == CKK_RSA) {
		return make_rsa(parts, count);
	}
	const CK_ATTRIBUTE *value = part(CKA_VALUE, parts, count);
	if (value == NULL) {
		return NULL;
	}
	return kind->type == CKK_EC ? make_ecdsa(kind, value)
	       : EVP_PKEY_new_raw_private_key_ex(NULL, kind->name, NULL, value->pValue,
	                                         value->ulValueLen);
}

static EVP_PKEY *take_ecdsa(const pair_kind_t *kind, const pair_numbers_t *numbers)
{
	uint8_t point[1 + 2 * PAIR_NUMBER_MAX] = { 0x04 }; /* Not compressed. */
	EVP_PKEY *pair = NULL;
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	BIGNUM *secret = numbers->secret != NULL ? BN_secure_new() : NULL;
	if (builder != NULL &&
	    put(numbers->x, numbers->x_len, point + 1, kind->len) &&
	    put(numbers->y, numbers->y_len, point + 1 + kind->len, kind->len) &&
	    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, kind->name,
	                                    0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point,
	                                     1 + 2 * kind->len) == 1 &&
	    (numbers->secret == NULL ||
	     (secret != NULL &&
	      BN_bin2bn(numbers->secret, (int)numbers->secret_len, secret) != NULL &&
	      OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, secret) == 1))) {
		pair = from_params("EC", numbers->secret != NULL ? EVP_PKEY_KEYPAIR
		                                                 : EVP_PKEY_PUBLIC_KEY, builder);
	}
	BN_clear_free(secret);
	OSSL_PARAM_BLD_free(builder);
	return pair;
}

EVP_PKEY *pair_take(const pair_kind_t *kind, const pair_numbers_t *numbers)
{
	if (kind->type == CKK_EC) {
		return take_ecdsa(kind, numbers);
	}
	return numbers->secret != NULL
	       ? EVP_PKEY_new_raw_private_key_ex(NULL, kind->name, NULL, numbers->secret,
	                                         numbers->secret_len)
	       : EVP_PKEY_new_raw_public_key_ex(NULL, kind->name, NULL, numbers->x,
	                                        numbers->x_len);
}

static bool give_ecdsa(const EVP_PKEY *pair, size_t len, pair_given_t *given)
{
	size_t point_len = 0;
	BIGNUM *secret = NULL;
	const bool good =
		EVP_PKEY_get_octet_string_param(pair, OSSL_PKEY_PARAM_PUB_KEY, given->public,
		                                sizeof(given->public), &point_len) == 1 &&
		point_len == 1 + 2 * len && given->public[0] == 0x04 &&
		EVP_PKEY_get_bn_param(pair, OSSL_PKEY_PARAM_PRIV_KEY, &secret) == 1 &&
		BN_bn2binpad(secret, given->secret, (int)len) == (int)len;
	BN_clear_free(secret);
	return good;
}

static bool give_eddsa(const EVP_PKEY *pair, size_t len, pair_given_t *given)
{
	size_t public_len = sizeof(given->public), secret_len = sizeof(given->secret);
	return EVP_PKEY_get_raw_public_key(pair, given->public, &public_len) == 1 &&
	       EVP_PKEY_get_raw_private_key(pair, given->secret, &secret_len) == 1 &&
	       public_len == len && secret_len == len;
}

bool pair_give(const EVP_PKEY *pair, const pair_kind_t *kind, pair_given_t *given)
{
	return kind->type == CKK_EC           ? give_ecdsa(pair, kind->len, given)
	       : kind->type == CKK_EC_EDWARDS && give_eddsa(pair, kind->len, given);
}

/*** Attributes. ***/

static size_t number(const EVP_PKEY *pair, const char *name, uint8_t value[PAIR_VALUE_MAX])
{
	BIGNUM *read = NULL;
	size_t len = 0;
	if (EVP_PKEY_get_bn_param(pair, name, &read) == 1 && BN_num_bytes(read) <= PAIR_VALUE_MAX) {
		len = (size_t)BN_bn2bin(read, value);
	}
	BN_free(read);
	return len;
}

/*! Reads the point, in an OCTET STRING as PKCS #11 has it; all are shorter than 128 bytes. */
static size_t point(const EVP_PKEY *pair, uint8_t value[PAIR_VALUE_MAX])
{
	size_t len = 0;
	if (EVP_PKEY_get_octet_string_param(pair, OSSL_PKEY_PARAM_PUB_KEY, value + 2, 125,
	                                    &len) != 1) {
		return 0;
	}
	value[0] = 0x04;
	value[1] = (uint8_t)len;
	return len + 2;
}

size_t pair_attribute(const EVP_PKEY *pair, CK_ATTRIBUTE_TYPE type, uint8_t value[PAIR_VALUE_MAX])
{
	const pair_kind_t *kind = pair_kind(pair);
	const bool rsa = kind != NULL && kind->type == CKK_RSA;
	if (kind == NULL) {
		return 0;
	}
	switch (type) {
	case CKA_KEY_TYPE:
		memcpy(value, &kind->type, sizeof(kind->type));
		return sizeof(kind->type);
	case CKA_MODULUS:
		return rsa ? number(pair, OSSL_PKEY_PARAM_RSA_N, value) : 0;
	case CKA_PUBLIC_EXPONENT:
		return rsa ? number(pair, OSSL_PKEY_PARAM_RSA_E, value) : 0;
	case CKA_EC_PARAMS:
		memcpy(value, kind->curve, kind->curve_len);
		return kind->curve_len;
	case CKA_EC_POINT:
		return rsa ? 0 : point(pair, value);
	default:
		return 0;
	}
}
