/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/key/id.h"

#include <ctype.h>
#include <string.h>

#include <gnutls/crypto.h>

#define RANDOM_BYTES 16

int hsm_id_set(hsm_id_t *id, const uint8_t *data, size_t len)
{
	static const char DIGITS[] = "0123456789abcdef";
	if (len == 0 || len > HSM_ID_MAX) {
		return HSM_ENOKEY;
	}
	memcpy(id->data, data, len);
	id->len = len;
	for (size_t i = 0; i < len; i++) {
		id->hex[2 * i] = DIGITS[data[i] >> 4];
		id->hex[2 * i + 1] = DIGITS[data[i] & 0x0f];
	}
	id->hex[2 * len] = '\0';
	return HSM_EOK;
}

int hsm_id_random(hsm_id_t *id, hsm_error_t *err)
{
	uint8_t random[RANDOM_BYTES];
	if (gnutls_rnd(GNUTLS_RND_RANDOM, random, sizeof(random)) != 0) {
		return hsm_error_set(err, HSM_EDEVICE, 0, "no random numbers from the system");
	}
	return hsm_id_set(id, random, sizeof(random));
}

static uint8_t digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

int hsm_id_parse(hsm_id_t *id, const char *hex)
{
	size_t digits = strlen(hex);
	if (digits == 0 || digits % 2 != 0 || digits > 2 * HSM_ID_MAX ||
	    strspn(hex, "0123456789abcdefABCDEF") != digits) {
		return HSM_ENOKEY;
	}
	uint8_t data[HSM_ID_MAX];
	for (size_t i = 0; i < digits / 2; i++) {
		data[i] = (uint8_t)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
	}
	return hsm_id_set(id, data, digits / 2);
}

int hsm_id_read(hsm_id_t *id, const char *repository, const char *hex, hsm_error_t *err)
{
	return hsm_id_parse(id, hex) == HSM_EOK ? HSM_EOK
	       : hsm_error_set(err, HSM_ENOKEY, 0, "repository \"%s\": \"%.80s\" is no CKA_ID in "
	                       "hexadecimal", repository, hex);
}
