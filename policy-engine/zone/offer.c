/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/zone/offer.h"

#include <stdlib.h>
#include <string.h>

#include <libdnssec/key.h>
#include <libknot/descriptor.h>

bundle_key_t offer_key(const core_key_t *core, const zone_key_t *info)
{
	return (bundle_key_t){
		.sep = core->role != KEYSET_ZSK, .algorithm = core->algorithm,
		.keytag = core->keytag, .public_key = info->public_key,
		.public_key_len = info->public_key_len,
	};
}

size_t offer_find(const kasp_zone_t *zone, const bundle_key_t *key)
{
	for (size_t i = 0; i < zone->core.count; i++) {
		const bundle_key_t own = offer_key(&zone->core.keys[i], &zone->keys[i]);
		if (own.sep == key->sep && own.algorithm == key->algorithm &&
		    own.public_key_len == key->public_key_len &&
		    memcmp(own.public_key, key->public_key, own.public_key_len) == 0) {
			return i;
		}
	}
	return SIZE_MAX;
}

bool offer_note(core_zone_t *core, const kasp_zone_t *zone, const char *bundle)
{
	size_t offered = 0;
	core->offline = true;
	for (size_t i = 0; i < core->count && bundle[0] == '\0'; i++) {
		core->keys[i].offered = core_in_zone(&core->keys[i], KEYSET_DNSKEY);
		core->keys[i].offered_sign = core_in_zone(&core->keys[i], KEYSET_RRSIG_DNSKEY);
	}
	if (bundle[0] == '\0') {
		return true;
	}
	for (size_t i = 0; i < core->count; i++) {
		const bundle_key_t key = offer_key(&core->keys[i], &zone->keys[i]);
		core->keys[i].offered = bundle_has_key(bundle, KNOT_RRTYPE_DNSKEY, &key);
		core->keys[i].offered_sign = core->keys[i].role == KEYSET_KSK &&
		                             bundle_signed_by(bundle, &key);
		offered += core->keys[i].offered;
	}
	return offered == bundle_count(bundle, KNOT_RRTYPE_DNSKEY);
}

size_t offer_mismatch(const core_zone_t *core)
{
	for (size_t i = 0; i < core->count; i++) {
		const core_key_t *key = &core->keys[i];
		if (core_in_zone(key, KEYSET_DNSKEY) != key->offered ||
		    core_in_zone(key, KEYSET_RRSIG_DNSKEY) != key->offered_sign) {
			return i;
		}
	}
	return SIZE_MAX;
}

uint32_t offer_ttl(const kasp_zone_t *zone)
{
	const char *at = bundle_text(zone->bundle);
	bundle_record_t record;
	while (bundle_next(&at, &record) == 1) {
		if (record.type == KNOT_RRTYPE_DNSKEY) {
			return record.ttl;
		}
	}
	return 0;
}

/* Whether a bundle has a CDS that names a key (RFC 4034, section 5.1); whose it is was verified. */
static bool has_cds(const char *bundle, const bundle_key_t *key)
{
	bundle_record_t record;
	while (bundle_next(&bundle, &record) == 1) {
		if (record.type == KNOT_RRTYPE_CDS && record.len > 4 &&
		    (record.rdata[0] << 8 | record.rdata[1]) == key->keytag &&
		    record.rdata[2] == key->algorithm) {
			return true;
		}
	}
	return false;
}

static bool has_digest(const keyset_cds_t *wanted)
{
	return wanted->sha256 || wanted->sha384;
}

/* Whether the policy has the digests of all of a bundle's CDS (RFC 4034, section 5.1). */
static bool digests_fit(const char *bundle, const keyset_cds_t *wanted)
{
	bundle_record_t record;
	while (bundle_next(&bundle, &record) == 1) {
		const bool is_cds = record.type == KNOT_RRTYPE_CDS && record.len > 4;
		if (is_cds && !(record.rdata[3] == DNSSEC_KEY_DIGEST_SHA256 && wanted->sha256) &&
		    !(record.rdata[3] == DNSSEC_KEY_DIGEST_SHA384 && wanted->sha384)) {
			return false;
		}
	}
	return true;
}

/* Whether what the policy wants of a bundle's CDS and CDNSKEY names just the keys whose DS is to be there. */
static bool cds_fits(const kasp_zone_t *zone, const keyset_cds_t *wanted)
{
	const char *bundle = bundle_text(zone->bundle);
	const bool cds = has_digest(wanted) && bundle_count(bundle, KNOT_RRTYPE_CDS) > 0;
	const bool cdnskey = wanted->cdnskey && bundle_count(bundle, KNOT_RRTYPE_CDNSKEY) > 0;
	if (cds && !digests_fit(bundle, wanted)) {
		return false;
	}
	for (size_t i = 0; i < zone->core.count; i++) {
		const core_key_t *core = &zone->core.keys[i];
		const bundle_key_t key = offer_key(core, &zone->keys[i]);
		const bool ds = core_in_zone(core, KEYSET_DS);
		if ((cds && has_cds(bundle, &key) != ds) ||
		    (cdnskey && bundle_has_key(bundle, KNOT_RRTYPE_CDNSKEY, &key) != ds)) {
			return false;
		}
	}
	return true;
}

char *offer_text(const kasp_zone_t *zone, const keyset_cds_t *wanted)
{
	const bool fits = cds_fits(zone, wanted);
	const char *at = bundle_text(zone->bundle);
	bundle_record_t record;
	char *text = NULL;
	while (bundle_next(&at, &record) == 1) {
		const uint16_t type = record.type == KNOT_RRTYPE_RRSIG ? bundle_covered(&record)
		                                                       : record.type;
		const bool goes = type == KNOT_RRTYPE_DNSKEY ||
		                  (fits && (type == KNOT_RRTYPE_CDS ? has_digest(wanted)
		                                                    : wanted->cdnskey));
		if (goes && bundle_add(&text, &record) != 0) {
			free(text);
			return NULL;
		}
	}
	return text != NULL ? text : strdup("");
}
