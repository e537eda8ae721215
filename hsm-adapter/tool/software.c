/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/tool/software.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "hsm-adapter/tool/bind-key.h"

#define NUMBER_MAX 1024 /* Bytes of the longest number of a key: RSA of 8192 bits. */
#define POINT_MAX 140   /* Bytes of the longest CKA_EC_POINT. */

/*** Reading. ***/

/*! Adds a part; its data are copied. \return Whether there was memory for it */
static bool add(hsm_parts_t *parts, hsm_part_t part)
{
	uint8_t *copy = malloc(part.len);
	if (copy == NULL) {
		return false;
	}
	memcpy(copy, part.data, part.len);
	part.data = copy;
	parts->list[parts->count++] = part;
	return true;
}

/*! Adds a number of a key, as long as it has to be. \param len  0: as short as it can be. */
static bool add_number(hsm_parts_t *parts, const EVP_PKEY *key, const char *name, int len,
                       hsm_part_t part)
{
	uint8_t bytes[NUMBER_MAX];
	BIGNUM *number = NULL;
	bool added = false;
	if (EVP_PKEY_get_bn_param(key, name, &number) == 1 &&
	    BN_num_bytes(number) <= (len > 0 ? len : NUMBER_MAX)) {
		part.data = bytes;
		part.len = (size_t)(len > 0 ? len : BN_num_bytes(number));
		added = BN_bn2binpad(number, bytes, (int)part.len) >= 0 && add(parts, part);
	}
	OPENSSL_cleanse(bytes, sizeof(bytes));
	BN_clear_free(number);
	return added;
}

static bool add_rsa(hsm_parts_t *parts, const EVP_PKEY *key)
{
	const struct {
		const char *name;
		hsm_part_t part;
	} numbers[] = {
		{ OSSL_PKEY_PARAM_RSA_N, { CKA_MODULUS, NULL, 0, true, true } },
		{ OSSL_PKEY_PARAM_RSA_E, { CKA_PUBLIC_EXPONENT, NULL, 0, true, true } },
		{ OSSL_PKEY_PARAM_RSA_D, { CKA_PRIVATE_EXPONENT, NULL, 0, true, false } },
		{ OSSL_PKEY_PARAM_RSA_FACTOR1, { CKA_PRIME_1, NULL, 0, true, false } },
		{ OSSL_PKEY_PARAM_RSA_FACTOR2, { CKA_PRIME_2, NULL, 0, true, false } },
		{ OSSL_PKEY_PARAM_RSA_EXPONENT1, { CKA_EXPONENT_1, NULL, 0, true, false } },
		{ OSSL_PKEY_PARAM_RSA_EXPONENT2, { CKA_EXPONENT_2, NULL, 0, true, false } },
		{ OSSL_PKEY_PARAM_RSA_COEFFICIENT1, { CKA_COEFFICIENT, NULL, 0, true, false } },
	};
	bool added = true;
	for (size_t i = 0; added && i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		added = add_number(parts, key, numbers[i].name, 0, numbers[i].part);
	}
	return added;
}

/*! Adds a point, in an OCTET STRING as PKCS #11 has it. */
static bool add_point(hsm_parts_t *parts, const uint8_t *point, size_t len)
{
	uint8_t der[POINT_MAX] = { 0x04, (uint8_t)len };
	if (len > 127 || len + 2 > sizeof(der)) {
		return false;
	}
	memcpy(der + 2, point, len);
	return add(parts, (hsm_part_t){ CKA_EC_POINT, der, len + 2, false, true });
}

static bool add_ecdsa(hsm_parts_t *parts, const EVP_PKEY *key, unsigned bits)
{
	const size_t len = bits / 8;
	uint8_t point[POINT_MAX] = { 0x04 };
	hsm_parts_t coordinates = { .count = 0 };
	const hsm_part_t any = { 0 };
	bool added = add_number(&coordinates, key, OSSL_PKEY_PARAM_EC_PUB_X, (int)len, any) &&
	             add_number(&coordinates, key, OSSL_PKEY_PARAM_EC_PUB_Y, (int)len, any);
	if (added) {
		memcpy(point + 1, coordinates.list[0].data, len);
		memcpy(point + 1 + len, coordinates.list[1].data, len);
		added = add_number(parts, key, OSSL_PKEY_PARAM_PRIV_KEY, (int)len,
		                   (hsm_part_t){ CKA_VALUE, NULL, 0, true, false }) &&
		        add_point(parts, point, 1 + 2 * len);
	}
	software_wipe(&coordinates);
	return added;
}

static bool add_eddsa(hsm_parts_t *parts, const EVP_PKEY *key)
{
	uint8_t secret[64], point[64];
	size_t secret_len = sizeof(secret), len = sizeof(point);
	const bool added =
		EVP_PKEY_get_raw_private_key(key, secret, &secret_len) == 1 &&
		EVP_PKEY_get_raw_public_key(key, point, &len) == 1 &&
		add(parts, (hsm_part_t){ CKA_VALUE, secret, secret_len, true, false }) &&
		add_point(parts, point, len);
	OPENSSL_cleanse(secret, sizeof(secret));
	return added;
}

/*! \return Whether a key is one for the algorithm. */
static bool fits(const EVP_PKEY *key, uint8_t algorithm)
{
	const unsigned bits = (unsigned)EVP_PKEY_get_bits(key);
	switch (algorithm) {
	case 8:
	case 10:
		return EVP_PKEY_is_a(key, "RSA");
	case 13:
		return EVP_PKEY_is_a(key, "EC") && bits == 256;
	case 14:
		return EVP_PKEY_is_a(key, "EC") && bits == 384;
	case 15:
		return EVP_PKEY_is_a(key, "ED25519");
	case 16:
		return EVP_PKEY_is_a(key, "ED448");
	default:
		return false;
	}
}

static bool add_all(hsm_parts_t *parts, const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "RSA") ? add_rsa(parts, key) :
	       EVP_PKEY_is_a(key, "EC") ? add_ecdsa(parts, key, (unsigned)EVP_PKEY_get_bits(key))
	                                : add_eddsa(parts, key);
}

static int give_passphrase(char *to, int size, int writing, void *ctx)
{
	(void)writing;
	const hsm_pin_t *passphrase = ctx;
	if (!passphrase->given || passphrase->len > (size_t)size) {
		return -1;
	}
	memcpy(to, passphrase->text, passphrase->len);
	return (int)passphrase->len;
}

static int read_pem(FILE *file, const char *path, const hsm_pin_t *passphrase, EVP_PKEY **key,
                    hsm_error_t *err)
{
	EVP_PKEY *read = PEM_read_PrivateKey(file, NULL, give_passphrase, (void *)passphrase);
	if (read == NULL) {
		return hsm_error_set(err, HSM_ENOKEY, 0, "%s: no private key in PEM or of BIND's, or "
		                     "%s passphrase", path, passphrase->given ? "another" : "one with a");
	}
	*key = read;
	return HSM_EOK;
}

int software_read(const char *path, const hsm_pin_t *passphrase, uint8_t algorithm,
                  hsm_parts_t *parts, hsm_error_t *err)
{
	hsm_parts_t read = { .count = 0 };
	FILE *file = fopen(path, "re");
	if (file == NULL) {
		return hsm_error_set(err, HSM_ENOKEY, 0, "%s: %s", path, strerror(errno));
	}
	EVP_PKEY *key = NULL;
	int ret = bind_key_is(file) ? bind_key_read(file, path, algorithm, &key, err)
	                            : read_pem(file, path, passphrase, &key, err);
	fclose(file);
	if (ret != HSM_EOK) {
		return ret;
	}
	if (!fits(key, algorithm)) {
		ret = hsm_error_set(err, HSM_EALGORITHM, 0, "%s: the key is not one for algorithm %u",
		                    path, algorithm);
	} else if (!add_all(&read, key)) {
		ret = hsm_error_set(err, HSM_ENOKEY, 0, "%s: the key is not whole", path);
	}
	EVP_PKEY_free(key);
	if (ret != HSM_EOK) {
		software_wipe(&read);
		return ret;
	}
	*parts = read;
	return HSM_EOK;
}

void software_wipe(hsm_parts_t *parts)
{
	for (size_t i = 0; i < parts->count; i++) {
		OPENSSL_cleanse(parts->list[i].data, parts->list[i].len);
		free(parts->list[i].data);
	}
	parts->count = 0;
}

/*** Writing. ***/

/*! \return The key in what a token has wrapped; NULL if there is none. */
static EVP_PKEY *unwrap(const dnssec_binary_t *wrapped, const uint8_t by[HSM_WRAPPING_LEN])
{
	EVP_PKEY *key = NULL;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t *plain = malloc(wrapped->size + 16);
	int len = 0;
	if (ctx != NULL && plain != NULL) {
		EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
		if (EVP_DecryptInit_ex(ctx, EVP_aes_256_wrap_pad(), NULL, by, NULL) == 1 &&
		    EVP_DecryptUpdate(ctx, plain, &len, wrapped->data, (int)wrapped->size) == 1) {
			const uint8_t *at = plain;
			key = d2i_AutoPrivateKey(NULL, &at, len);
		}
		OPENSSL_cleanse(plain, wrapped->size + 16);
	}
	free(plain);
	EVP_CIPHER_CTX_free(ctx);
	return key;
}

int software_write(const char *path, const hsm_pin_t *passphrase, const dnssec_binary_t *wrapped,
                   const uint8_t by[HSM_WRAPPING_LEN], hsm_error_t *err)
{
	EVP_PKEY *key = unwrap(wrapped, by);
	if (key == NULL) {
		return hsm_error_set(err, HSM_ENOKEY, 0, "the token has not wrapped a private key in "
		                     "a form that can be read");
	}
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	bool written = file != NULL &&
	               PEM_write_PKCS8PrivateKey(file, key, EVP_aes_256_cbc(), passphrase->text,
	                                         (int)passphrase->len, NULL, NULL) == 1;
	written = file != NULL && fclose(file) == 0 && written;
	EVP_PKEY_free(key);
	if (written) {
		return HSM_EOK;
	}
	const int why = errno;
	if (fd >= 0) {
		(void)unlink(path);
	}
	return hsm_error_set(err, HSM_ENOKEY, 0, "%s: %s", path, strerror(why));
}
