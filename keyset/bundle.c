/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "keyset/bundle.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libdnssec/error.h>
#include <libdnssec/keytag.h>
#include <libknot/descriptor.h>

static const struct {
	uint16_t type;
	const char *name;
} types[] = {
	{ KNOT_RRTYPE_DNSKEY, "DNSKEY" }, { KNOT_RRTYPE_CDS, "CDS" },
	{ KNOT_RRTYPE_CDNSKEY, "CDNSKEY" }, { KNOT_RRTYPE_RRSIG, "RRSIG" },
};
#define TYPES (sizeof(types) / sizeof(types[0]))

static const char *type_name(uint16_t type)
{
	for (size_t i = 0; i < TYPES; i++) {
		if (types[i].type == type) {
			return types[i].name;
		}
	}
	return "";
}

static int take_type(const char **text, uint16_t *type)
{
	for (size_t i = 0; i < TYPES; i++) {
		const size_t len = strlen(types[i].name);
		if (strncmp(*text, types[i].name, len) == 0 && (*text)[len] == ' ') {
			*type = types[i].type;
			*text += len + 1;
			return 0;
		}
	}
	return -1;
}

static int take_ttl(const char **text, uint32_t *ttl)
{
	char *end = NULL;
	if (!isdigit((unsigned char)**text)) {
		return -1;
	}
	const unsigned long number = strtoul(*text, &end, 10);
	if (number > INT32_MAX || *end != ' ') {
		return -1;
	}
	*ttl = number;
	*text = end + 1;
	return 0;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int take_rdata(const char **text, bundle_record_t *record)
{
	record->len = 0;
	while (digit((*text)[0]) >= 0 && digit((*text)[1]) >= 0) {
		if (record->len == BUNDLE_RDATA_MAX) {
			return -1;
		}
		record->rdata[record->len++] = digit((*text)[0]) << 4 | digit((*text)[1]);
		*text += 2;
	}
	return record->len > 0 ? 0 : -1;
}

int bundle_next(const char **text, bundle_record_t *record)
{
	if (**text == '\0') {
		return 0;
	}
	if (take_type(text, &record->type) != 0 || take_ttl(text, &record->ttl) != 0 ||
	    take_rdata(text, record) != 0) {
		return -1;
	}
	if (strncmp(*text, ", ", 2) == 0 && (*text)[2] != '\0') {
		*text += 2;
	} else if (**text != '\0') {
		return -1;
	}
	return 1;
}

int bundle_add(char **text, const bundle_record_t *record)
{
	static const char digits[] = "0123456789abcdef";
	const size_t used = *text != NULL ? strlen(*text) : 0;
	const size_t head = sizeof(", CDNSKEY 4294967295 ");
	char *longer = realloc(*text, used + head + 2 * (size_t)record->len + 1);
	if (longer == NULL) {
		return -1;
	}
	char *out = longer + used;
	out += sprintf(out, "%s%s %u ", used > 0 ? ", " : "", type_name(record->type),
	               (unsigned)record->ttl);
	for (size_t i = 0; i < record->len; i++) {
		*out++ = digits[record->rdata[i] >> 4];
		*out++ = digits[record->rdata[i] & 0xf];
	}
	*out = '\0';
	*text = longer;
	return 0;
}

int bundle_put(knot_rdataset_t *rrs, const bundle_record_t *record)
{
	uint16_t buffer[BUNDLE_RDATA_MAX / 2 + 2];
	knot_rdata_t *rdata = (knot_rdata_t *)buffer;
	knot_rdata_init(rdata, record->len, record->rdata);
	return knot_rdataset_add(rrs, rdata, NULL);
}

uint16_t bundle_covered(const bundle_record_t *rrsig)
{
	return rrsig->len >= 2 ? rrsig->rdata[0] << 8 | rrsig->rdata[1] : 0;
}

size_t bundle_count(const char *text, uint16_t type)
{
	bundle_record_t record;
	size_t count = 0;
	while (bundle_next(&text, &record) == 1) {
		count += record.type == type;
	}
	return count;
}

bool bundle_key(const bundle_record_t *dnskey, bundle_key_t *key)
{
	const dnssec_binary_t rdata = { .data = (uint8_t *)dnskey->rdata, .size = dnskey->len };
	uint16_t keytag;
	if (dnskey->type != KNOT_RRTYPE_DNSKEY || dnskey->len <= DNSKEY_HEAD ||
	    dnssec_keytag(&rdata, &keytag) != DNSSEC_EOK) {
		return false;
	}
	*key = (bundle_key_t){
		.sep = (dnskey->rdata[1] & DNSKEY_SEP) != 0, .algorithm = dnskey->rdata[3],
		.keytag = keytag, .public_key = dnskey->rdata + DNSKEY_HEAD,
		.public_key_len = (size_t)dnskey->len - DNSKEY_HEAD,
	};
	return true;
}

bool bundle_has_key(const char *text, uint16_t type, const bundle_key_t *key)
{
	const uint8_t head[DNSKEY_HEAD] = { 1, key->sep, 3, key->algorithm };
	bundle_record_t record;
	while (bundle_next(&text, &record) == 1) {
		if (record.type == type && record.len == DNSKEY_HEAD + key->public_key_len &&
		    memcmp(record.rdata, head, DNSKEY_HEAD) == 0 &&
		    memcmp(record.rdata + DNSKEY_HEAD, key->public_key, key->public_key_len) == 0) {
			return true;
		}
	}
	return false;
}

bool bundle_signed_by(const char *text, const bundle_key_t *key)
{
	bundle_record_t record;
	while (bundle_next(&text, &record) == 1) {
		if (record.type == KNOT_RRTYPE_RRSIG && record.len > RRSIG_SIGNER &&
		    bundle_covered(&record) == KNOT_RRTYPE_DNSKEY &&
		    record.rdata[RRSIG_ALGORITHM] == key->algorithm &&
		    (record.rdata[RRSIG_KEYTAG] << 8 | record.rdata[RRSIG_KEYTAG + 1]) ==
		    key->keytag) {
			return true;
		}
	}
	return false;
}
