/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/engine/response.h"

#include <stdio.h>
#include <stdlib.h>

#include "policy-engine/ceremony/check.h"
#include "policy-engine/zone/offer.h"

/* Adds a KSK that the zone does not have yet. It waits for its bundle. */
static int add_ksk(void *ctx, const bundle_key_t *ksk)
{
	const response_t *to = ctx;
	kasp_zone_t *zone = to->zone;
	const dnskey_t dnskey = { zone->name, KEYSET_KSK, ksk->algorithm, ksk->public_key,
		                  ksk->public_key_len };
	uint8_t digest[DNSKEY_DS_RDATA_MAX];
	char id[2 * DNSKEY_DS_RDATA_MAX + 1] = "";
	if (offer_find(zone, ksk) != SIZE_MAX) {
		return 0;
	}
	const int len = dnskey_ds(&dnskey, 2, digest);
	for (int i = 4; i < len; i++) {
		snprintf(id + 2 * (i - 4), 3, "%02x", digest[i]);
	}
	db_token_key_t pair = {
		.repository = "", .cka_id = id, .algorithm = ksk->algorithm,
		.bits = dnskey_bits(ksk->algorithm, ksk->public_key, ksk->public_key_len),
		.public_key = ksk->public_key, .public_key_len = ksk->public_key_len,
	};
	core_key_t core;
	policy_roll_t roll = POLICY_ROLL_DOUBLE_SIGNATURE;
	for (size_t i = 0; i < to->policy->key_count; i++) {
		roll = to->policy->keys[i].role == KEYSET_KSK ? to->policy->keys[i].roll : roll;
	}
	core_key_init(&core, KEYSET_KSK, ksk->algorithm, ksk->keytag, roll, to->now);
	core.standby = true;
	return len > 4 && db_key_put(to->desk->db, &pair, to->now) == 0
	               ? db_zone_give_key(to->desk->db, zone, &pair, &core) : -1;
}

static int store(const response_t *to, const skr_t *skr)
{
	db_t *db = to->desk->db;
	kasp_zone_t *zone = to->zone;
	int64_t number = 0;
	int ret = db_skr_next(db, zone->id, &number);
	for (size_t i = 0; ret == 0 && i < skr->count; i++) {
		const skr_bundle_t *bundle = &skr->bundles[i];
		ret = skr_each_ksk(bundle->text, add_ksk, (void *)to);
		ret = ret == 0 ? db_bundle_put(db, zone->id, &(db_bundle_t){ number, bundle->at,
		                                                            bundle->text })
		               : ret;
	}
	return ret;
}

/* Tells when what the zone has, before a time, is good. \return 0, or -1. */
static int look_before(const response_t *to, int64_t at, skr_span_t *before)
{
	const kasp_zone_t *zone = to->zone;
	db_bundle_t last = { .skr = INT64_MAX, .at = INT64_MAX };
	const int ret = db_bundle_before(to->desk->db, zone->id, at, &last);
	if (ret > 0 && last.at > to->now) {
		*before = skr_span(last.text, zone->name, last.at);
	} else if (ret >= 0) { /* What is not to come was tried already. */
		*before = skr_span(bundle_text(zone->bundle), zone->name, to->now);
		before->from = before->from > to->now ? 0 : before->from; /* By a clock that was ahead. */
	}
	if (ret > 0) {
		free(last.text);
	}
	return ret < 0 ? -1 : 0;
}

int response_take(const response_t *to, const skr_t *skr, char *why, size_t why_size)
{
	skr_rules_t rules = { to->zone, to->policy, to->now, { 0, 0 } };
	if (look_before(to, skr->bundles[0].at, &rules.before) != 0) {
		snprintf(why, why_size, "%s", db_error(to->desk->db));
		return -1;
	}
	if (skr_check(skr, &rules, why, why_size) != 0) {
		return -1;
	}
	if (store(to, skr) != 0) {
		snprintf(why, why_size, "%s", db_error(to->desk->db));
		return -1;
	}
	return 0;
}
