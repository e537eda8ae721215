/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/key/public.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libdnssec/error.h>
#include <libdnssec/key.h>

#include "hsm-adapter/hsm.h"
#include "hsm-adapter/token/rv.h"

#define RSA_BITS_MAX (8 * HSM_SIGNATURE_MAX)

/*! Reads an attribute from the private object, or else from the public one. */
static CK_RV read_either(hsm_token_t *token, const hsm_halves_t *halves, CK_ATTRIBUTE_TYPE type,
                         hsm_value_t *value)
{
	CK_RV rv = hsm_object_value(token, halves->private_key, type, value);
	if (rv == CKR_OK || hsm_rv_is_loss(rv) || halves->public_key == CK_INVALID_HANDLE) {
		return rv;
	}
	return hsm_object_value(token, halves->public_key, type, value);
}

CK_RV hsm_public_kind(hsm_token_t *token, const hsm_halves_t *halves, hsm_kind_t *kind)
{
	kind->algorithm = NULL;
	CK_RV rv = hsm_object_number(token, halves->private_key, CKA_KEY_TYPE, &kind->type);
	if (rv != CKR_OK) {
		return rv;
	}
	if (kind->type == CKK_RSA) {
		kind->algorithm = hsm_algorithm_of_key(CKK_RSA, NULL, 0);
	} else if (kind->type == CKK_EC || kind->type == CKK_EC_EDWARDS) {
		hsm_value_t curve;
		rv = read_either(token, halves, CKA_EC_PARAMS, &curve);
		if (rv == CKR_OK) {
			kind->algorithm = hsm_algorithm_of_key(kind->type, curve.data, curve.len);
			free(curve.data);
		}
	}
	return rv;
}

const uint8_t *hsm_public_point(const uint8_t *point, size_t point_len, size_t len)
{
	/* A point of RFC 5480 begins with 0x04 (not compressed), one of an Edwards curve does not;
	 * the length tells them apart. It may be wrapped in an OCTET STRING or a BIT STRING. */
	const size_t mark = (len % 2 == 0 && len >= 64) ? 1 : 0;
	if (point_len == len + mark + 2 && point[0] == 0x04 && point[1] == len + mark) {
		point += 2;
	} else if (point_len == len + mark + 3 && point[0] == 0x03 &&
	           point[1] == len + mark + 1 && point[2] == 0x00) {
		point += 3;
	} else if (point_len != len + mark) {
		return NULL;
	}
	return (mark == 0 || point[0] == 0x04) ? point + mark : NULL;
}

static int missing(const hsm_token_t *token, const hsm_id_t *id, CK_RV rv, hsm_error_t *err)
{
	if (rv != CKR_ATTRIBUTE_TYPE_INVALID && rv != CKR_ATTRIBUTE_SENSITIVE) {
		char what[2 * HSM_ID_MAX + 64];
		(void)snprintf(what, sizeof(what), "cannot read the public half of key %s",
		               id->hex);
		return hsm_rv_error(token->conf.name, rv, what, err);
	}
	return hsm_error_set(err, HSM_ENOKEY, rv, "repository \"%s\": key %s has no public half in "
	                     "the token, or more than one; restore its public object",
	                     token->conf.name, id->hex);
}

static int misfit(const hsm_token_t *token, const hsm_id_t *id, const hsm_algorithm_t *algorithm,
                  const char *is, hsm_error_t *err)
{
	return hsm_error_set(err, HSM_EALGORITHM, 0, "repository \"%s\": key %s is %s, not one for "
	                     "%s (algorithm %u)", token->conf.name, id->hex, is, algorithm->name,
	                     algorithm->number);
}

unsigned hsm_public_bits(const hsm_value_t *number)
{
	size_t zeros = 0;
	while (zeros < number->len && number->data[zeros] == 0) {
		zeros++;
	}
	if (zeros == number->len || number->len - zeros > RSA_BITS_MAX) {
		return 0;
	}
	unsigned bits = (unsigned)(8 * (number->len - zeros - 1));
	for (uint8_t top = number->data[zeros]; top != 0; top >>= 1) {
		bits++;
	}
	return bits;
}

/*! RSA's numbers, as the token has them. */
typedef struct {
	hsm_value_t modulus;
	hsm_value_t exponent;
} rsa_t;

/*! RFC 3110, section 2: length of the exponent, exponent, modulus; no leading zeros. */
static int encode_rsa(const rsa_t *rsa, unsigned exponent_bits, hsm_public_t *public)
{
	const size_t n_len = (public->bits + 7) / 8;
	const size_t e_len = (exponent_bits + 7) / 8;
	const size_t prefix = (e_len < 256) ? 1 : 3;
	if (dnssec_binary_alloc(&public->key, prefix + e_len + n_len) != DNSSEC_EOK) {
		return HSM_ENOMEM;
	}
	uint8_t *out = public->key.data;
	if (prefix == 3) {
		*out++ = 0;
		*out++ = (uint8_t)(e_len >> 8);
	}
	*out++ = (uint8_t)e_len;
	memcpy(out, rsa->exponent.data + rsa->exponent.len - e_len, e_len);
	memcpy(out + e_len, rsa->modulus.data + rsa->modulus.len - n_len, n_len);
	return HSM_EOK;
}

static int make_rsa(const hsm_token_t *token, const hsm_id_t *id, const hsm_algorithm_t *algorithm,
                    const rsa_t *rsa, hsm_public_t *public, hsm_error_t *err)
{
	public->bits = hsm_public_bits(&rsa->modulus);
	unsigned exponent_bits = hsm_public_bits(&rsa->exponent);
	if (public->bits == 0 || public->bits > RSA_BITS_MAX || exponent_bits == 0 ||
	    !dnssec_algorithm_key_size_check(algorithm->number, public->bits)) {
		char is[40];
		(void)snprintf(is, sizeof(is), "RSA of %u bits", public->bits);
		return misfit(token, id, algorithm, is, err);
	}
	if (encode_rsa(rsa, exponent_bits, public) != HSM_EOK) {
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	return HSM_EOK;
}

static int read_rsa(hsm_token_t *token, const hsm_halves_t *halves, const hsm_id_t *id,
                    const hsm_algorithm_t *algorithm, hsm_public_t *public, hsm_error_t *err)
{
	rsa_t rsa = { .modulus = { 0 } };
	CK_RV rv = read_either(token, halves, CKA_MODULUS, &rsa.modulus);
	if (rv == CKR_OK) {
		rv = read_either(token, halves, CKA_PUBLIC_EXPONENT, &rsa.exponent);
	}
	int ret = (rv != CKR_OK) ? missing(token, id, rv, err)
	                         : make_rsa(token, id, algorithm, &rsa, public, err);
	free(rsa.modulus.data);
	free(rsa.exponent.data);
	return ret;
}

static int read_curve(hsm_token_t *token, const hsm_halves_t *halves, const hsm_id_t *id,
                      const hsm_algorithm_t *algorithm, hsm_public_t *public, hsm_error_t *err)
{
	hsm_value_t point;
	CK_RV rv = read_either(token, halves, CKA_EC_POINT, &point);
	if (rv != CKR_OK) {
		return missing(token, id, rv, err);
	}

	int ret = HSM_EOK;
	const uint8_t *found = hsm_public_point(point.data, point.len, algorithm->public_len);
	if (found == NULL) {
		ret = misfit(token, id, algorithm, "a point in no form known", err);
	} else if (dnssec_binary_alloc(&public->key, algorithm->public_len) != DNSSEC_EOK) {
		ret = hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	} else {
		memcpy(public->key.data, found, algorithm->public_len);
		public->bits = algorithm->bits;
	}
	free(point.data);
	return ret;
}

int hsm_public_read(hsm_token_t *token, const hsm_halves_t *halves, const hsm_id_t *id,
                    const hsm_algorithm_t *algorithm, hsm_public_t *public, hsm_error_t *err)
{
	hsm_kind_t kind;
	CK_RV rv = hsm_public_kind(token, halves, &kind);
	if (rv != CKR_OK) {
		return missing(token, id, rv, err);
	}
	if (kind.algorithm == NULL) {
		return misfit(token, id, algorithm, "of a type or curve DNSSEC does not know", err);
	}
	if (algorithm->key_type == CKK_RSA && kind.type == CKK_RSA) {
		return read_rsa(token, halves, id, algorithm, public, err);
	}
	if (kind.algorithm != algorithm) {
		return misfit(token, id, algorithm, kind.type == CKK_RSA ? "an RSA key"
		              : kind.algorithm->name, err);
	}
	return read_curve(token, halves, id, algorithm, public, err);
}
