/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/zone/dnskey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libdnssec/binary.h>
#include <libdnssec/error.h>
#include <libdnssec/key.h>
#include <libknot/dname.h>

#include "policy-engine/policy/policy.h"

#define FLAGS_ZONE 256
#define FLAGS_SEP 257
#define PROTOCOL 3

static dnssec_key_t *make(const char *zone, keyset_role_t role, uint8_t algorithm,
                          const uint8_t *public_key, size_t len)
{
	dnssec_key_t *key = NULL;
	knot_dname_storage_t owner;
	dnssec_binary_t pubkey = { .data = (uint8_t *)public_key, .size = len };
	if (knot_dname_from_str(owner, zone, sizeof(owner)) == NULL ||
	    dnssec_key_new(&key) != DNSSEC_EOK) {
		return NULL;
	}
	if (dnssec_key_set_dname(key, owner) != DNSSEC_EOK ||
	    dnssec_key_set_flags(key, role == KEYSET_ZSK ? FLAGS_ZONE : FLAGS_SEP) != DNSSEC_EOK ||
	    dnssec_key_set_protocol(key, PROTOCOL) != DNSSEC_EOK ||
	    dnssec_key_set_algorithm(key, algorithm) != DNSSEC_EOK ||
	    dnssec_key_set_pubkey(key, &pubkey) != DNSSEC_EOK) {
		dnssec_key_free(key);
		return NULL;
	}
	return key;
}

int dnskey_tag(keyset_role_t role, uint8_t algorithm, const uint8_t *public_key, size_t len)
{
	dnssec_key_t *key = make(".", role, algorithm, public_key, len);
	if (key == NULL) {
		return -1;
	}
	int tag = dnssec_key_get_keytag(key);
	dnssec_key_free(key);
	return tag;
}

int dnskey_parse(const char *text, dnskey_record_t *record)
{
	unsigned flags = 0, protocol = 0, algorithm = 0;
	int used = 0;
	if (sscanf(text, "%5u %3u %3u %n", &flags, &protocol, &algorithm, &used) != 3 ||
	    (flags != FLAGS_ZONE && flags != FLAGS_SEP) || protocol != PROTOCOL ||
	    algorithm > UINT8_MAX) {
		return -1;
	}
	dnssec_binary_t raw = { 0 };
	dnssec_binary_t base64 = { .data = (uint8_t *)text + used, .size = strlen(text + used) };
	if (dnssec_binary_from_base64(&base64, &raw) != DNSSEC_EOK) {
		return -1;
	}
	keyset_role_t role = flags == FLAGS_SEP ? KEYSET_KSK : KEYSET_ZSK;
	int tag = dnskey_tag(role, (uint8_t)algorithm, raw.data, raw.size);
	if (tag < 0) {
		dnssec_binary_free(&raw);
		return -1;
	}
	*record = (dnskey_record_t){ role, (uint8_t)algorithm, (uint16_t)tag, raw.data, raw.size };
	return 0;
}

unsigned dnskey_bits(uint8_t algorithm, const uint8_t *public_key, size_t len)
{
	dnssec_key_t *key = make(".", KEYSET_ZSK, algorithm, public_key, len);
	if (key == NULL) {
		return 0;
	}
	unsigned bits = policy_key_bits(algorithm, dnssec_key_get_size(key));
	dnssec_key_free(key);
	return bits;
}

int dnskey_ds(const dnskey_t *key, unsigned digest, uint8_t *rdata)
{
	dnssec_key_t *made = make(key->zone, key->role, key->algorithm, key->public_key, key->len);
	if (made == NULL) {
		return -1;
	}
	dnssec_binary_t ds = { 0 };
	int ret = dnssec_key_create_ds(made, (dnssec_key_digest_t)digest, &ds);
	dnssec_key_free(made);
	if (ret != DNSSEC_EOK || ds.size > DNSKEY_DS_RDATA_MAX) {
		dnssec_binary_free(&ds);
		return -1;
	}
	memcpy(rdata, ds.data, ds.size);
	int len = (int)ds.size;
	dnssec_binary_free(&ds);
	return len;
}

static char *ds_rdata_text(const dnskey_t *key, unsigned digest)
{
	uint8_t rdata[DNSKEY_DS_RDATA_MAX];
	char hex[2 * DNSKEY_DS_RDATA_MAX + 1] = "", *text = NULL;
	int len = dnskey_ds(key, digest, rdata);
	for (int i = 4; i < len; i++) {
		snprintf(hex + 2 * (i - 4), 3, "%02X", rdata[i]);
	}
	if (len < 4 || asprintf(&text, "%u %u %u %s", rdata[0] << 8 | rdata[1], rdata[2], rdata[3],
	                        hex) < 0) {
		return NULL;
	}
	return text;
}

static char *dnskey_rdata_text(const dnskey_t *key)
{
	dnssec_binary_t raw = { .data = (uint8_t *)key->public_key, .size = key->len };
	dnssec_binary_t base64 = { 0 };
	char *text = NULL;
	if (dnskey_tag(key->role, key->algorithm, key->public_key, key->len) < 0 ||
	    dnssec_binary_to_base64(&raw, &base64) != DNSSEC_EOK) {
		return NULL;
	}
	if (asprintf(&text, "%u %u %u %.*s", key->role == KEYSET_ZSK ? FLAGS_ZONE : FLAGS_SEP,
	             PROTOCOL, key->algorithm, (int)base64.size, (char *)base64.data) < 0) {
		text = NULL;
	}
	dnssec_binary_free(&base64);
	return text;
}

char *dnskey_text(const dnskey_t *key, dnskey_form_t form, uint32_t ttl)
{
	static const struct {
		const char *type;
		unsigned digest; /* 0 = the key itself. */
	} forms[] = {
		[DNSKEY_DS_SHA256] = { "DS", 2 }, [DNSKEY_DS_SHA384] = { "DS", 4 },
		[DNSKEY_DNSKEY] = { "DNSKEY", 0 }, [DNSKEY_CDS] = { "CDS", 2 },
		[DNSKEY_CDNSKEY] = { "CDNSKEY", 0 },
	};
	char *rdata = forms[form].digest != 0 ? ds_rdata_text(key, forms[form].digest)
	                                      : dnskey_rdata_text(key);
	char *text = NULL;
	if (rdata != NULL && asprintf(&text, "%s %u IN %s %s", key->zone, ttl, forms[form].type,
	                              rdata) < 0) {
		text = NULL;
	}
	free(rdata);
	return text;
}
