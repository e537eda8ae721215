/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/dnskey.h"

#include <stdio.h>
#include <string.h>

#include <libdnssec/error.h>
#include <libdnssec/key.h>
#include <libknot/dname.h>

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

int dnskey_ds_text(const char *zone, uint32_t ttl, keyset_role_t role, uint8_t algorithm,
                   const uint8_t *public_key, size_t len, char *buf)
{
	dnssec_key_t *key = make(zone, role, algorithm, public_key, len);
	if (key == NULL) {
		return -1;
	}
	dnssec_binary_t ds = { 0 };
	int ret = dnssec_key_create_ds(key, DNSSEC_KEY_DIGEST_SHA256, &ds);
	dnssec_key_free(key);
	if (ret != DNSSEC_EOK || ds.size < 4) {
		return -1;
	}
	int used = snprintf(buf, DNSKEY_DS_TEXT_MAX, "%s %u IN DS %u %u %u ", zone, ttl,
	                    ds.data[0] << 8 | ds.data[1], ds.data[2], ds.data[3]);
	for (size_t i = 4; i < ds.size && used + 2 < DNSKEY_DS_TEXT_MAX; i++) {
		used += snprintf(buf + used, (size_t)(DNSKEY_DS_TEXT_MAX - used), "%02X",
		                 ds.data[i]);
	}
	dnssec_binary_free(&ds);
	return 0;
}
