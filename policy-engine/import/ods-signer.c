/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/import/ods-signer.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINE_MAX_LEN 4096
#define HEAD_LINES 200 /* Read at most; about 10 and one a key are used, then the zone follows. */
#define MAGIC ";OpenDNSSEC-backup-v3"

static void note_serial(ods_signer_t *out, uint32_t serial)
{
	/* RFC 1982: greater if less than half the circle ahead. */
	if (!out->published || (int32_t)(serial - out->serial) > 0) {
		out->serial = serial;
	}
	out->published = true;
}

/* Opens a file that need not be there. \return 1, 0 if there is none, -1. */
static int open_file(const char *path, FILE **file, char *err, size_t err_size)
{
	*file = fopen(path, "re");
	if (*file != NULL) {
		return 1;
	}
	if (errno == ENOENT || errno == ENOTDIR) {
		return 0;
	}
	snprintf(err, err_size, "%s: %s; ods-engine's user has to be able to read it", path,
	         strerror(errno));
	return -1;
}

static bool take_zone(const char *line, ods_signer_t *out)
{
	uint32_t inbound, internal, outbound;
	const char *class = strstr(line, " class ");
	if (class == NULL || sscanf(class, " class %*d inbound %" SCNu32 " internal %" SCNu32
	                            " outbound %" SCNu32, &inbound, &internal, &outbound) != 3) {
		return false;
	}
	note_serial(out, outbound);
	note_serial(out, internal); /* The signer may be publishing it. */
	return true;
}

static bool take_key(const char *line, ods_signer_t *out)
{
	int publish, ksk, zsk;
	if (out->key_count == ODS_SIGNER_KEYS) {
		return false;
	}
	ods_signer_key_t *key = &out->keys[out->key_count];
	if (sscanf(line, ";;Key: locator %128s algorithm %*u flags %*u publish %d ksk %d zsk %d",
	           key->locator, &publish, &ksk, &zsk) != 4) {
		return false;
	}
	key->publish = publish != 0;
	key->sign_dnskey = ksk != 0;
	key->sign_zone = zsk != 0;
	out->key_count++;
	return true;
}

static bool starts(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

/* \return Whether the head of the file is whole. */
static bool read_head(FILE *file, ods_signer_t *out)
{
	char line[LINE_MAX_LEN];
	bool zone = false;
	if (fgets(line, sizeof(line), file) == NULL || !starts(line, MAGIC)) {
		return false;
	}
	for (int i = 0; i < HEAD_LINES && fgets(line, sizeof(line), file) != NULL; i++) {
		if (starts(line, ";;Zone:")) {
			if (zone || !take_zone(line, out)) {
				return false;
			}
			zone = true;
		} else if (starts(line, ";;Key:")) {
			if (!take_key(line, out)) {
				return false;
			}
		} else if (strcmp(line, ";;\n") == 0) {
			return zone;
		}
	}
	return false;
}

int ods_signer_read(const char *dir, const char *zone, ods_signer_t *out, char *err,
                    size_t err_size)
{
	char path[PATH_MAX], name[1024];
	FILE *file = NULL;
	snprintf(name, sizeof(name), "%s", zone);
	for (char *c = name; *c != '\0'; c++) {
		*c = *c == '/' || *c == ' ' ? '-' : *c; /* As the signer does. */
	}
	int len = snprintf(path, sizeof(path), "%s/%s.backup2", dir, name);
	int ret = len < (int)sizeof(path) ? open_file(path, &file, err, err_size) : 0;
	if (ret <= 0) {
		return ret;
	}
	ods_signer_t read = *out;
	out->state = read.state = read_head(file, &read);
	fclose(file);
	if (!read.state) {
		snprintf(err, err_size, "%s is no state of OpenDNSSEC's signer, or a broken one; "
		         "have the zone signed once more (ods-signer sign %s)", path, zone);
		return -1;
	}
	*out = read;
	return 0;
}

/* The serial of an SOA in one line, as the signer writes it. */
static bool parse_soa(char *line, uint32_t *serial)
{
	char *rest = NULL, *end = NULL;
	unsigned fields = 0;
	bool soa = false;
	for (char *word = strtok_r(line, " \t\n", &rest); word != NULL;
	     word = strtok_r(NULL, " \t\n", &rest)) {
		soa = soa || strcasecmp(word, "SOA") == 0;
		fields += soa;
		if (fields == 4) { /* SOA, primary, mailbox, serial. */
			unsigned long long number = strtoull(word, &end, 10);
			*serial = (uint32_t)number;
			return word[0] >= '0' && word[0] <= '9' && *end == '\0' &&
			       number <= UINT32_MAX;
		}
	}
	return false;
}

int ods_signer_read_zone(const char *path, ods_signer_t *out, char *err, size_t err_size)
{
	char line[LINE_MAX_LEN];
	FILE *file = NULL;
	int ret = open_file(path, &file, err, err_size);
	if (ret <= 0) {
		return ret;
	}
	uint32_t serial = 0;
	bool found = false;
	for (int i = 0; i < HEAD_LINES && !found && fgets(line, sizeof(line), file) != NULL; i++) {
		found = line[0] != ';' && line[0] != '$' && line[0] != '\n';
	}
	fclose(file);
	if (!found || !parse_soa(line, &serial)) {
		snprintf(err, err_size, "%s does not begin with the SOA of a signed zone", path);
		return -1;
	}
	note_serial(out, serial);
	return 0;
}
