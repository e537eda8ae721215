/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/keys/verify.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

/*! What an algorithm is to OpenSSL. */
typedef struct {
	uint8_t number;
	const char *type;
	const char *group;   /*!< Of ECDSA. */
	const char *digest;  /*!< NULL: the algorithm hashes by itself. */
	size_t len;          /*!< Bytes of a key; 0: they differ. An ECDSA signature has as many: two numbers. */
} algorithm_t;

static const algorithm_t algorithms[] = {
	{ 5, "RSA", NULL, "SHA1", 0 },
	{ 7, "RSA", NULL, "SHA1", 0 },
	{ 8, "RSA", NULL, "SHA256", 0 },
	{ 10, "RSA", NULL, "SHA512", 0 },
	{ 13, "EC", "P-256", "SHA256", 64 },
	{ 14, "EC", "P-384", "SHA384", 96 },
	{ 15, "ED25519", NULL, NULL, 32 },
	{ 16, "ED448", NULL, NULL, 57 },
};

struct verify_key {
	const algorithm_t *algorithm;
	const uint8_t *field;
	size_t len;
	_Atomic(EVP_PKEY *) key; /*!< NULL: not used yet. */
};

struct verify {
	EVP_MD_CTX *ctx;
};

/*** Keys. ***/

static const algorithm_t *find(uint8_t number)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		if (algorithms[i].number == number) {
			return &algorithms[i];
		}
	}
	return NULL;
}

/*! Makes a key of its parameters, which are freed. */
static EVP_PKEY *from_params(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	if (ctx == NULL || params == NULL || EVP_PKEY_fromdata_init(ctx) <= 0 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0) {
		key = NULL;
	}
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return key;
}

/*! Finds the two numbers of a key (RFC 3110, section 2): length of the exponent in one octet, or in three;
 *  exponent; modulus. \return Where the exponent is; 0: there is no modulus, or no exponent */
static size_t rsa_split(const uint8_t *field, size_t len, size_t *exponent)
{
	size_t at = 1;
	*exponent = len > 0 ? field[0] : 0;
	if (*exponent == 0 && len >= 3) {
		*exponent = field[1] << 8 | field[2];
		at = 3;
	}
	return *exponent == 0 || at + *exponent >= len ? 0 : at;
}

static EVP_PKEY *rsa_key(const uint8_t *field, size_t len)
{
	size_t exponent;
	const size_t at = rsa_split(field, len, &exponent);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *e = BN_bin2bn(field + at, exponent, NULL);
	BIGNUM *n = BN_bin2bn(field + at + exponent, len - at - exponent, NULL);
	OSSL_PARAM *params = NULL;
	if (build != NULL && e != NULL && n != NULL &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n)) {
		params = OSSL_PARAM_BLD_to_param(build);
	}
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY *key = from_params("RSA", params);
	BN_free(e);
	BN_free(n);
	return key;
}

/*! RFC 6605, section 4: the point, without the octet that says it is not compressed. */
static EVP_PKEY *ec_key(const algorithm_t *algorithm, const uint8_t *field, size_t len)
{
	uint8_t point[1 + 2 * 48] = { 4 };
	memcpy(point + 1, field, len);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	if (build != NULL &&
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, algorithm->group,
	                                    0) &&
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + len)) {
		params = OSSL_PARAM_BLD_to_param(build);
	}
	OSSL_PARAM_BLD_free(build);
	return from_params("EC", params);
}

int verify_key_new(verify_key_t **key, uint8_t algorithm, const uint8_t *field, size_t len)
{
	const algorithm_t *found = find(algorithm);
	size_t exponent;
	if (found == NULL) {
		return KNOT_ENOTSUP;
	}
	if (found->len > 0 ? len != found->len : rsa_split(field, len, &exponent) == 0) {
		return KNOT_EMALF;
	}
	verify_key_t *fresh = calloc(1, sizeof(*fresh));
	if (fresh == NULL) {
		return KNOT_ENOMEM;
	}
	fresh->algorithm = found;
	fresh->field = field;
	fresh->len = len;
	*key = fresh;
	return KNOT_EOK;
}

void verify_key_free(verify_key_t *key)
{
	if (key != NULL) {
		EVP_PKEY_free(atomic_load(&key->key));
		free(key);
	}
}

/*! Gives OpenSSL a key; of threads that do so at the same time, one's stays. \return NULL: it is none */
static EVP_PKEY *make_key(verify_key_t *key)
{
	const algorithm_t *algorithm = key->algorithm;
	EVP_PKEY *before = NULL;
	EVP_PKEY *made = algorithm->group != NULL ? ec_key(algorithm, key->field, key->len)
	                 : algorithm->digest != NULL ? rsa_key(key->field, key->len)
	                 : EVP_PKEY_new_raw_public_key_ex(NULL, algorithm->type, NULL, key->field,
	                                                  key->len);
	if (made == NULL || atomic_compare_exchange_strong(&key->key, &before, made)) {
		return made;
	}
	EVP_PKEY_free(made);
	return before;
}

/*** Signatures. ***/

verify_t *verify_new(void)
{
	verify_t *verify = calloc(1, sizeof(*verify));
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (verify == NULL || ctx == NULL) {
		free(verify);
		EVP_MD_CTX_free(ctx);
		return NULL;
	}
	verify->ctx = ctx;
	return verify;
}

void verify_free(verify_t *verify)
{
	if (verify != NULL) {
		EVP_MD_CTX_free(verify->ctx);
		free(verify);
	}
}

/*! Writes a number as DER does. \return Bytes. */
static size_t der_integer(uint8_t *out, const uint8_t *number, size_t len)
{
	while (len > 1 && number[0] == 0) {
		number++;
		len--;
	}
	const size_t sign = number[0] >> 7;
	out[0] = 0x02;
	out[1] = sign + len;
	out[2] = 0;
	memcpy(out + 2 + sign, number, len);
	return 2 + sign + len;
}

/* Octets of the longest signature in DER, that of P-384: a head, and two numbers, each of 48 octets
 * with a head and a zero for the sign. */
#define DER_MAX (2 + 2 * (3 + 48))

/*! From the form of RFC 6605, section 4, to that of RFC 3279, section 2.2.3. \return Bytes. */
static size_t der_signature(uint8_t der[DER_MAX], const uint8_t *signature, size_t half)
{
	size_t len = der_integer(der + 2, signature, half);
	len += der_integer(der + 2 + len, signature + half, half);
	der[0] = 0x30;
	der[1] = len; /* Below 128, as long as numbers have at most 48 bytes. */
	return 2 + len;
}

bool verify_check(verify_t *verify, verify_key_t *key, const uint8_t *data, size_t data_len,
                  const uint8_t *signature, size_t len)
{
	const algorithm_t *algorithm = key->algorithm;
	uint8_t der[DER_MAX];
	if (algorithm->group != NULL) {
		if (len != algorithm->len) {
			return false;
		}
		len = der_signature(der, signature, algorithm->len / 2);
		signature = der;
	}
	EVP_PKEY *made = atomic_load(&key->key);
	made = made != NULL ? made : make_key(key);
	EVP_MD_CTX_reset(verify->ctx);
	return made != NULL &&
	       EVP_DigestVerifyInit_ex(verify->ctx, NULL, algorithm->digest, NULL, NULL, made,
	                               NULL) == 1 &&
	       EVP_DigestVerify(verify->ctx, signature, len, data, data_len) == 1;
}
