/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/tool/bind-key.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "hsm-adapter/folder/pair.h"

#define FIRST_FIELD "Private-key-format:"
#define LINE_SIZE 2048 /* The longest, a modulus of 8192 bits, has 1384 bytes. */
#define PARTS_MAX 9

/*! A private key's numbers as they are read; wiped. */
typedef struct {
	unsigned algorithm; /*!< 0: not read yet. */
	bool in_token;
	CK_ATTRIBUTE parts[PARTS_MAX];
	CK_ULONG count;
	uint8_t bytes[PARTS_MAX][PAIR_VALUE_MAX + 2]; /*!< Two more that base64 may leave. */
} reading_t;

static const struct {
	const char *name;
	CK_ATTRIBUTE_TYPE type;
} FIELDS[] = {
	{ "Modulus", CKA_MODULUS },
	{ "PublicExponent", CKA_PUBLIC_EXPONENT },
	{ "PrivateExponent", CKA_PRIVATE_EXPONENT },
	{ "Prime1", CKA_PRIME_1 },
	{ "Prime2", CKA_PRIME_2 },
	{ "Exponent1", CKA_EXPONENT_1 },
	{ "Exponent2", CKA_EXPONENT_2 },
	{ "Coefficient", CKA_COEFFICIENT },
	{ "PrivateKey", CKA_VALUE },
};

bool bind_key_is(FILE *file)
{
	char begin[sizeof(FIRST_FIELD)] = "";
	const size_t got = fread(begin, 1, sizeof(begin) - 1, file);
	rewind(file);
	return got == sizeof(begin) - 1 && strcmp(begin, FIRST_FIELD) == 0;
}

/*! Takes a number in base64. \return Whether it is one */
static bool take_number(reading_t *reading, CK_ATTRIBUTE_TYPE type, const char *base64)
{
	const size_t len = strlen(base64);
	if (reading->count == PARTS_MAX || len == 0 || len % 4 != 0 ||
	    len / 4 * 3 > sizeof(reading->bytes[0])) {
		return false;
	}
	uint8_t *bytes = reading->bytes[reading->count];
	const int got = EVP_DecodeBlock(bytes, (const uint8_t *)base64, (int)len);
	const size_t padding = base64[len - 1] != '=' ? 0 : base64[len - 2] != '=' ? 1 : 2;
	if (got < 0 || (size_t)got <= padding) {
		return false;
	}
	reading->parts[reading->count++] = (CK_ATTRIBUTE){ type, bytes, (CK_ULONG)got - padding };
	return true;
}

/*! Takes a line "Field: value". \return Whether it is one; times and what else is not needed pass */
static bool take_line(reading_t *reading, char *line)
{
	line[strcspn(line, "\r\n")] = '\0';
	char *value = strchr(line, ':');
	if (value == NULL) {
		return line[0] == '\0';
	}
	*value++ = '\0';
	value += strspn(value, " \t");
	if (strcmp(line, "Algorithm") == 0) {
		reading->algorithm = (unsigned)strtoul(value, NULL, 10);
	} else if (strcmp(line, "Engine") == 0 || strcmp(line, "Label") == 0) {
		reading->in_token = true;
	}
	for (size_t i = 0; i < sizeof(FIELDS) / sizeof(FIELDS[0]); i++) {
		if (strcmp(line, FIELDS[i].name) == 0) {
			return take_number(reading, FIELDS[i].type, value);
		}
	}
	return true;
}

/*! \return The kind of key that a DNSSEC algorithm has. */
static const pair_kind_t *kind_of(uint8_t algorithm)
{
	static const struct {
		uint8_t algorithm;
		const char *name;
	} CURVES[] = { { 13, "P-256" }, { 14, "P-384" }, { 15, "ED25519" }, { 16, "ED448" } };
	for (size_t i = 0; i < sizeof(CURVES) / sizeof(CURVES[0]); i++) {
		if (CURVES[i].algorithm == algorithm) {
			return pair_kind_named(CURVES[i].name);
		}
	}
	return pair_kind_named("RSA");
}

static int make(const reading_t *reading, const char *path, uint8_t algorithm, EVP_PKEY **key,
                hsm_error_t *err)
{
	if (reading->algorithm != algorithm) {
		return hsm_error_set(err, HSM_EALGORITHM, 0, "%s: the key is one for algorithm %u, not "
		                     "%u", path, reading->algorithm, algorithm);
	}
	if (reading->in_token) {
		return hsm_error_set(err, HSM_ENOKEY, 0, "%s: the key is in a token, which the file "
		                     "names, and not in the file", path);
	}
	EVP_PKEY *made = pair_make(kind_of(algorithm), reading->parts, reading->count);
	if (made == NULL) {
		return hsm_error_set(err, HSM_ENOKEY, 0, "%s: the key is not whole", path);
	}
	*key = made;
	return HSM_EOK;
}

int bind_key_read(FILE *file, const char *path, uint8_t algorithm, EVP_PKEY **key, hsm_error_t *err)
{
	char line[LINE_SIZE];
	reading_t reading = { 0 };
	bool good = true;
	for (unsigned number = 1; good && fgets(line, sizeof(line), file) != NULL; number++) {
		good = take_line(&reading, line);
		if (!good) {
			hsm_error_set(err, HSM_ENOKEY, 0, "%s: line %u is not one of a private key of "
			              "BIND's", path, number);
		}
	}
	const int ret = good ? make(&reading, path, algorithm, key, err) : HSM_ENOKEY;
	OPENSSL_cleanse(line, sizeof(line));
	OPENSSL_cleanse(&reading, sizeof(reading));
	return ret;
}
