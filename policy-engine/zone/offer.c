/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/zone/offer.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>

#include "keyset/bundle.h"

static bundle_key_t key_of(const core_key_t *core, const zone_key_t *info)
{
	return (bundle_key_t){
		.sep = core->role != KEYSET_ZSK, .algorithm = core->algorithm,
		.keytag = core->keytag, .public_key = info->public_key,
		.public_key_len = info->public_key_len,
	};
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
		const bundle_key_t key = key_of(&core->keys[i], &zone->keys[i]);
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

static const char *bundle_of(const kasp_zone_t *zone)
{
	return zone->bundle != NULL ? zone->bundle : "";
}

uint32_t offer_ttl(const kasp_zone_t *zone)
{
	const char *at = bundle_of(zone);
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

static bool cds_fits(const kasp_zone_t *zone)
{
	const char *bundle = bundle_of(zone);
	const bool cds = bundle_count(bundle, KNOT_RRTYPE_CDS) > 0;
	const bool cdnskey = bundle_count(bundle, KNOT_RRTYPE_CDNSKEY) > 0;
	for (size_t i = 0; i < zone->core.count; i++) {
		const core_key_t *core = &zone->core.keys[i];
		const bundle_key_t key = key_of(core, &zone->keys[i]);
		const bool wanted = core_in_zone(core, KEYSET_DS);
		if ((cds && has_cds(bundle, &key) != wanted) ||
		    (cdnskey && bundle_has_key(bundle, KNOT_RRTYPE_CDNSKEY, &key) != wanted)) {
			return false;
		}
	}
	return true;
}

char *offer_text(const kasp_zone_t *zone)
{
	const bool all = cds_fits(zone);
	const char *at = bundle_of(zone);
	bundle_record_t record;
	char *text = NULL;
	while (bundle_next(&at, &record) == 1) {
		const uint16_t type = record.type == KNOT_RRTYPE_RRSIG ? bundle_covered(&record)
		                                                       : record.type;
		if ((all || type == KNOT_RRTYPE_DNSKEY) && bundle_add(&text, &record) != 0) {
			free(text);
			return NULL;
		}
	}
	return text != NULL ? text : strdup("");
}
