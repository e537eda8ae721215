/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "keyset/ds.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes a number and the blank behind it. \return 0, or -1. */
static int take_number(const char **text, unsigned long max, unsigned long *number)
{
	char *end = NULL;
	if (!isdigit((unsigned char)**text)) {
		return -1;
	}
	*number = strtoul(*text, &end, 10);
	if (*number > max || *end != ' ') {
		return -1;
	}
	*text = end + 1;
	return 0;
}

static int take_digest(const char **text, ds_t *ds)
{
	unsigned octet = 0;
	size_t len = 0;
	while (isxdigit((unsigned char)(*text)[0]) && isxdigit((unsigned char)(*text)[1])) {
		if (len == DS_DIGEST_MAX || sscanf(*text, "%2x", &octet) != 1) {
			return -1;
		}
		ds->digest[len++] = octet;
		*text += 2;
	}
	ds->digest_len = len;
	return len > 0 ? 0 : -1;
}

int ds_next(const char **text, ds_t *ds)
{
	if (**text == '\0') {
		return 0;
	}
	unsigned long keytag, algorithm, type;
	ds_t read = { 0 };
	if (take_number(text, UINT16_MAX, &keytag) != 0 ||
	    take_number(text, UINT8_MAX, &algorithm) != 0 ||
	    take_number(text, UINT8_MAX, &type) != 0 || take_digest(text, &read) != 0) {
		return -1;
	}
	if (strncmp(*text, ", ", 2) == 0 && (*text)[2] != '\0') {
		*text += 2;
	} else if (**text != '\0') {
		return -1;
	}
	read.keytag = keytag;
	read.algorithm = algorithm;
	read.digest_type = type;
	*ds = read;
	return 1;
}

char *ds_write(const ds_t *ds, char out[DS_TEXT_MAX])
{
	int used = snprintf(out, DS_TEXT_MAX, "%u %u %u ", ds->keytag, ds->algorithm,
	                    ds->digest_type);
	for (size_t i = 0; i < ds->digest_len; i++) {
		used += snprintf(out + used, DS_TEXT_MAX - used, "%02x", ds->digest[i]);
	}
	return out;
}
