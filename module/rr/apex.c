/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/rr/apex.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libdnssec/binary.h>
#include <libdnssec/keytag.h>
#include <libknot/descriptor.h>
#include <libknot/errcode.h>
#include <libknot/rrtype/dnskey.h>

/* Octets before the public key: flags, protocol, algorithm (RFC 4034, section 2.1). */
#define DNSKEY_HEAD 4

static int add_key(apex_t *apex, const uint8_t *rdata, size_t len)
{
	const dnssec_binary_t wire = { .data = (uint8_t *)rdata, .size = len };
	apex_key_t key = { 0 };
	if (len <= DNSKEY_HEAD || dnssec_keytag(&wire, &key.keytag) != 0) {
		return KNOT_EMALF;
	}
	apex_key_t *keys = realloc(apex->keys, (apex->key_count + 1) * sizeof(*keys));
	if (keys == NULL) {
		return KNOT_ENOMEM;
	}
	apex->keys = keys;
	key.flags = rdata[0] << 8 | rdata[1];
	key.algorithm = rdata[3];
	key.public_key_len = len - DNSKEY_HEAD;
	key.public_key = malloc(key.public_key_len);
	if (key.public_key == NULL) {
		return KNOT_ENOMEM;
	}
	memcpy(key.public_key, rdata + DNSKEY_HEAD, key.public_key_len);
	apex->keys[apex->key_count++] = key;
	return KNOT_EOK;
}

int apex_add_dnskeys(apex_t *apex, const knot_rdataset_t *rrs)
{
	const knot_rdata_t *rdata = rrs->rdata;
	int ret = KNOT_EOK;
	for (uint16_t i = 0; ret == KNOT_EOK && i < rrs->count; i++) {
		ret = add_key(apex, rdata->data, rdata->len);
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
	return ret;
}

/*** Presentation form. ***/

/*! Base64 can have blanks in it (RFC 4034, section 2.2). \param text  Overwritten. */
static void drop_blanks(char *text)
{
	char *to = text;
	for (const char *from = text; *from != '\0'; from++) {
		if (*from != ' ' && *from != '\t') {
			*to++ = *from;
		}
	}
	*to = '\0';
}

static int add_key_text(apex_t *apex, const char *text)
{
	uint16_t flags;
	uint8_t protocol, algorithm;
	int at = 0;
	if (sscanf(text, "%" SCNu16 " %" SCNu8 " %" SCNu8 " %n", &flags, &protocol, &algorithm,
	           &at) < 3 || at == 0) {
		return KNOT_EMALF;
	}
	char *base64 = strdup(text + at);
	if (base64 == NULL) {
		return KNOT_ENOMEM;
	}
	drop_blanks(base64);
	const dnssec_binary_t encoded = { .data = (uint8_t *)base64, .size = strlen(base64) };
	dnssec_binary_t key = { 0 };
	int ret = dnssec_binary_from_base64(&encoded, &key) == 0 ? KNOT_EOK : KNOT_EMALF;
	uint8_t *rdata = ret == KNOT_EOK ? malloc(DNSKEY_HEAD + key.size) : NULL;
	if (rdata != NULL) {
		const uint8_t head[DNSKEY_HEAD] = { flags >> 8, flags & 0xff, protocol, algorithm };
		memcpy(rdata, head, sizeof(head));
		memcpy(rdata + sizeof(head), key.data, key.size);
		ret = add_key(apex, rdata, sizeof(head) + key.size);
	} else if (ret == KNOT_EOK) {
		ret = KNOT_ENOMEM;
	}
	free(rdata);
	dnssec_binary_free(&key);
	free(base64);
	return ret;
}

/*! Reads YYYYMMDDHHmmSS, or Unix seconds (RFC 4034, section 3.2). \return -1 if it is neither. */
static int64_t read_time(const char *text)
{
	struct tm tm = { 0 };
	int end = 0;
	if (strlen(text) != 14) {
		char *rest = NULL;
		const unsigned long seconds = strtoul(text, &rest, 10);
		return rest != text && *rest == '\0' && seconds <= UINT32_MAX ? (int64_t)seconds
		                                                              : -1;
	}
	if (sscanf(text, "%4d%2d%2d%2d%2d%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
	           &tm.tm_min, &tm.tm_sec, &end) != 6 || end != 14) {
		return -1;
	}
	tm.tm_year -= 1900;
	tm.tm_mon--;
	return timegm(&tm);
}

/*! \param signature  Copied, without its blanks. */
static int add_signer(apex_t *apex, const apex_signer_t *signer, const char *signature,
                      int64_t inception, int64_t expiration)
{
	apex_signer_t *signers =
		realloc(apex->signers, (apex->signer_count + 1) * sizeof(*signers));
	char *copy = strdup(signature);
	apex->signers = signers != NULL ? signers : apex->signers;
	if (signers == NULL || copy == NULL) {
		free(copy);
		return KNOT_ENOMEM;
	}
	drop_blanks(copy);
	signers[apex->signer_count] = *signer;
	signers[apex->signer_count++].signature = copy;
	if (signer->covered == KNOT_RRTYPE_SOA && inception > apex->inception) {
		apex->inception = inception;
	}
	if (apex->expiration == 0 || expiration < apex->expiration) {
		apex->expiration = expiration;
	}
	return KNOT_EOK;
}

static int add_signature(apex_t *apex, const char *text)
{
	char covered[32], expiration[16], inception[16];
	apex_signer_t signer;
	int at = 0;
	if (sscanf(text, "%31s %" SCNu8 " %*u %*u %15s %15s %" SCNu16 " %*s %n", covered,
	           &signer.algorithm, expiration, inception, &signer.keytag, &at) != 5 || at == 0) {
		return KNOT_EMALF;
	}
	if (knot_rrtype_from_string(covered, &signer.covered) != 0) {
		return KNOT_EMALF;
	}
	if (signer.covered != KNOT_RRTYPE_SOA && signer.covered != KNOT_RRTYPE_DNSKEY) {
		return KNOT_EOK;
	}
	const int64_t from = read_time(inception), to = read_time(expiration);
	return from < 0 || to < 0 ? KNOT_EMALF
	                          : add_signer(apex, &signer, text + at, from, to);
}

static int add_soa(apex_t *apex, const char *text)
{
	if (sscanf(text, "%*s %*s %" SCNu32, &apex->serial) != 1) {
		return KNOT_EMALF;
	}
	apex->has_soa = true;
	return KNOT_EOK;
}

int apex_add(apex_t *apex, const char *type, const char *ttl, const char *rdata)
{
	const uint32_t seconds = strtoul(ttl, NULL, 10);
	if (strcmp(type, "SOA") == 0) {
		apex->soa_ttl = seconds;
		return add_soa(apex, rdata);
	}
	if (strcmp(type, "DNSKEY") == 0) {
		apex->dnskey_ttl = seconds;
		return add_key_text(apex, rdata);
	}
	return strcmp(type, "RRSIG") == 0 ? add_signature(apex, rdata) : KNOT_EOK;
}

char *apex_key_text(const apex_key_t *key)
{
	const dnssec_binary_t wire = { .data = key->public_key, .size = key->public_key_len };
	dnssec_binary_t base64 = { 0 };
	char *text = NULL;
	if (dnssec_binary_to_base64(&wire, &base64) == 0 &&
	    asprintf(&text, "%u 3 %u %.*s", key->flags, key->algorithm, (int)base64.size,
	             (const char *)base64.data) < 0) {
		text = NULL;
	}
	dnssec_binary_free(&base64);
	return text;
}

void apex_deinit(apex_t *apex)
{
	for (size_t i = 0; i < apex->key_count; i++) {
		free(apex->keys[i].public_key);
	}
	free(apex->keys);
	for (size_t i = 0; i < apex->signer_count; i++) {
		free(apex->signers[i].signature);
	}
	free(apex->signers);
	memset(apex, 0, sizeof(*apex));
}
