/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/key/public.h"

#include <stdio.h>
#include <string.h>

#include <libdnssec/error.h>
#include <libdnssec/key.h>

#include "hsm-adapter/hsm.h"

#define RSA_BITS_MAX (8 * HSM_SIGNATURE_MAX)

const hsm_value_t *hsm_public_value(const hsm_halves_t *halves, size_t which)
{
	if (halves->private_key->values[which].data != NULL) {
		return &halves->private_key->values[which];
	}
	return halves->public_key != NULL && halves->public_key->values[which].data != NULL
	       ? &halves->public_key->values[which] : NULL;
}

const hsm_algorithm_t *hsm_public_kind(const hsm_halves_t *halves)
{
	const CK_KEY_TYPE type = halves->private_key->type;
	if (type == CKK_RSA) {
		return hsm_algorithm_of_key(type, NULL, 0);
	}
	const hsm_value_t *curve = hsm_public_value(halves, HSM_CURVE);
	return curve != NULL ? hsm_algorithm_of_key(type, curve->data, curve->len) : NULL;
}

const uint8_t *hsm_public_point(const uint8_t *point, size_t point_len, size_t len)
{
	/* A point of RFC 5480 begins with 0x04 (not compressed), one of an Edwards curve does not;
	 * the length tells them apart. It may be wrapped in an OCTET STRING or a BIT STRING. */
	const size_t mark = (len % 2 == 0 && len >= 64) ? 1 : 0;
	const size_t bits = len + mark + 3; /* Of the BIT STRING, which is short. */
	if (point_len > bits && point[0] == 0x30) {
		/* A SubjectPublicKeyInfo: the BIT STRING ends it. */
		point += point_len - bits;
		point_len = bits;
	}
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

/*! What is to be made. */
typedef struct {
	const char *repository;
	const hsm_id_t *id;
	const hsm_algorithm_t *algorithm;
} order_t;

static int missing(const order_t *order, hsm_error_t *err)
{
	return hsm_error_set(err, HSM_ENOKEY, 0, "repository \"%s\": key %s has no public half in "
	                     "the token, or more than one; restore its public object",
	                     order->repository, order->id->hex);
}

static int misfit(const order_t *order, const char *is, hsm_error_t *err)
{
	return hsm_error_set(err, HSM_EALGORITHM, 0, "repository \"%s\": key %s is %s, not one for "
	                     "%s (algorithm %u)", order->repository, order->id->hex, is,
	                     order->algorithm->name, order->algorithm->number);
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

/*! RFC 3110, section 2: length of the exponent, exponent, modulus; no leading zeros. */
static int encode_rsa(const hsm_value_t *modulus, const hsm_value_t *exponent,
                      unsigned exponent_bits, hsm_public_t *public)
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
	memcpy(out, exponent->data + exponent->len - e_len, e_len);
	memcpy(out + e_len, modulus->data + modulus->len - n_len, n_len);
	return HSM_EOK;
}

static int make_rsa(const order_t *order, const hsm_halves_t *halves, hsm_public_t *public,
                    hsm_error_t *err)
{
	const hsm_value_t *modulus = hsm_public_value(halves, HSM_MODULUS);
	const hsm_value_t *exponent = hsm_public_value(halves, HSM_EXPONENT);
	if (modulus == NULL || exponent == NULL) {
		return missing(order, err);
	}
	public->bits = hsm_public_bits(modulus);
	unsigned exponent_bits = hsm_public_bits(exponent);
	if (public->bits == 0 || public->bits > RSA_BITS_MAX || exponent_bits == 0 ||
	    !dnssec_algorithm_key_size_check(order->algorithm->number, public->bits)) {
		char is[40];
		(void)snprintf(is, sizeof(is), "RSA of %u bits", public->bits);
		return misfit(order, is, err);
	}
	if (encode_rsa(modulus, exponent, exponent_bits, public) != HSM_EOK) {
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	return HSM_EOK;
}

static int make_curve(const order_t *order, const hsm_halves_t *halves, hsm_public_t *public,
                      hsm_error_t *err)
{
	const size_t len = order->algorithm->public_len;
	const hsm_value_t *point = hsm_public_value(halves, HSM_POINT);
	if (point == NULL) {
		return missing(order, err);
	}
	const uint8_t *found = hsm_public_point(point->data, point->len, len);
	if (found == NULL) {
		return misfit(order, "a point in no form known", err);
	}
	if (dnssec_binary_alloc(&public->key, len) != DNSSEC_EOK) {
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	memcpy(public->key.data, found, len);
	public->bits = order->algorithm->bits;
	return HSM_EOK;
}

int hsm_public_make(const char *repository, const hsm_id_t *id, const hsm_halves_t *halves,
                    const hsm_algorithm_t *algorithm, hsm_public_t *public, hsm_error_t *err)
{
	const order_t order = { repository, id, algorithm };
	const CK_KEY_TYPE type = halves->private_key->type;
	const hsm_algorithm_t *kind = hsm_public_kind(halves);
	if (kind == NULL) {
		const bool bare = type == CKK_EC || type == CKK_EC_EDWARDS;
		return bare && hsm_public_value(halves, HSM_CURVE) == NULL
		       ? missing(&order, err)
		       : misfit(&order, "of a type or curve DNSSEC does not know", err);
	}
	if (algorithm->key_type == CKK_RSA && type == CKK_RSA) {
		return make_rsa(&order, halves, public, err);
	}
	if (kind != algorithm) {
		return misfit(&order, type == CKK_RSA ? "an RSA key" : kind->name, err);
	}
	return make_curve(&order, halves, public, err);
}
