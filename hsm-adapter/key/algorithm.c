/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/key/algorithm.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DER(...) { (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) }

/* RFC 8017, section 9.2: DigestInfo up to the hash itself. */
#define SHA256_INFO DER(0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, \
                        0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20)
#define SHA512_INFO DER(0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, \
                        0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40)

/* RFC 5480: object identifiers of the curves. */
#define P256 DER(0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07)
#define P384 DER(0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22)

/* RFC 8410's object identifier, PKCS#11's curve name, and the identifier GnuPG once used. */
#define ED25519_OID DER(0x06, 0x03, 0x2b, 0x65, 0x70)
#define ED25519_NAME DER(0x13, 0x0c, 'e', 'd', 'w', 'a', 'r', 'd', 's', '2', '5', '5', '1', '9')
#define ED25519_OLD DER(0x06, 0x09, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01)
#define ED448_OID DER(0x06, 0x03, 0x2b, 0x65, 0x71)
#define ED448_NAME DER(0x13, 0x0a, 'e', 'd', 'w', 'a', 'r', 'd', 's', '4', '4', '8')
#define ED448_OLD DER(0x06, 0x09, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x02)

#define RSA .family = "RSA", .key_type = CKK_RSA, .generate = CKM_RSA_PKCS_KEY_PAIR_GEN, \
	.generate_else = CKM_RSA_X9_31_KEY_PAIR_GEN, .sign = CKM_RSA_PKCS
#define ECDSA .family = "ECDSA", .key_type = CKK_EC, .generate = CKM_EC_KEY_PAIR_GEN, \
	.generate_else = CKM_EC_KEY_PAIR_GEN, .sign = CKM_ECDSA
#define EDDSA .family = "EdDSA", .key_type = CKK_EC_EDWARDS, \
	.generate = CKM_EC_EDWARDS_KEY_PAIR_GEN, .generate_else = CKM_EC_EDWARDS_KEY_PAIR_GEN, \
	.sign = CKM_EDDSA, .sign_data = CKM_EDDSA, .hash = GNUTLS_DIG_UNKNOWN

static const hsm_algorithm_t ALGORITHMS[] = {
	{ .number = 8, .name = "RSASHA256", RSA, .hash = GNUTLS_DIG_SHA256,
	  .sign_data = CKM_SHA256_RSA_PKCS,
	  .digest_info = SHA256_INFO },
	{ .number = 10, .name = "RSASHA512", RSA, .hash = GNUTLS_DIG_SHA512,
	  .sign_data = CKM_SHA512_RSA_PKCS,
	  .digest_info = SHA512_INFO },
	{ .number = 13, .name = "ECDSAP256SHA256", ECDSA, .hash = GNUTLS_DIG_SHA256,
	  .sign_data = CKM_ECDSA_SHA256,
	  .curve = { P256 }, .bits = 256, .public_len = 64, .signature_len = 64 },
	{ .number = 14, .name = "ECDSAP384SHA384", ECDSA, .hash = GNUTLS_DIG_SHA384,
	  .sign_data = CKM_ECDSA_SHA384,
	  .curve = { P384 }, .bits = 384, .public_len = 96, .signature_len = 96 },
	{ .number = 15, .name = "ED25519", EDDSA, .curve = { ED25519_OID, ED25519_NAME,
	  ED25519_OLD }, .bits = 256, .public_len = 32, .signature_len = 64 },
	{ .number = 16, .name = "ED448", EDDSA, .curve = { ED448_OID, ED448_NAME, ED448_OLD },
	  .has_parameter = true, .bits = 456, .public_len = 57, .signature_len = 114 },
};

#define COUNT (sizeof(ALGORITHMS) / sizeof(ALGORITHMS[0]))

const hsm_algorithm_t *hsm_algorithm(uint8_t number)
{
	for (size_t i = 0; i < COUNT; i++) {
		if (ALGORITHMS[i].number == number) {
			return &ALGORITHMS[i];
		}
	}
	return NULL;
}

const hsm_algorithm_t *hsm_algorithm_parse(const char *text)
{
	for (size_t i = 0; i < COUNT; i++) {
		char number[8];
		(void)snprintf(number, sizeof(number), "%u", ALGORITHMS[i].number);
		if (strcasecmp(ALGORITHMS[i].name, text) == 0 || strcmp(number, text) == 0) {
			return &ALGORITHMS[i];
		}
	}
	return NULL;
}

const hsm_algorithm_t *hsm_algorithm_next(const hsm_algorithm_t *algorithm)
{
	const hsm_algorithm_t *next = (algorithm == NULL) ? ALGORITHMS : algorithm + 1;
	return (next < ALGORITHMS + COUNT) ? next : NULL;
}

static int has_curve(const hsm_algorithm_t *algorithm, const uint8_t *curve, size_t curve_len)
{
	for (size_t i = 0; i < HSM_CURVE_NAMES; i++) {
		const hsm_der_t *der = &algorithm->curve[i];
		if (der->data != NULL && der->len == curve_len &&
		    memcmp(der->data, curve, curve_len) == 0) {
			return 1;
		}
	}
	return 0;
}

const hsm_algorithm_t *hsm_algorithm_of_key(CK_KEY_TYPE type, const uint8_t *curve,
                                            size_t curve_len)
{
	for (size_t i = 0; i < COUNT; i++) {
		if (ALGORITHMS[i].key_type == type &&
		    (ALGORITHMS[i].bits == 0 || has_curve(&ALGORITHMS[i], curve, curve_len))) {
			return &ALGORITHMS[i];
		}
	}
	return NULL;
}
