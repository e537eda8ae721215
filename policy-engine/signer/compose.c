/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/signer/compose.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>

#include "policy-engine/base/duration.h"
#include "policy-engine/zone/memory.h"
#include "policy-engine/zone/offer.h"

static const char *const record_names[KEYSET_RECORDS] = {
	[KEYSET_DS] = "DS",
	[KEYSET_DNSKEY] = "DNSKEY",
	[KEYSET_RRSIG_DNSKEY] = "RRSIG DNSKEY",
	[KEYSET_RRSIG] = "RRSIG",
};

bool zone_is_signed(const kasp_zone_t *zone)
{
	bool dnskey = false, rest = false;
	for (size_t i = 0; i < zone->core.count; i++) {
		dnskey = dnskey || core_in_zone(&zone->core.keys[i], KEYSET_RRSIG_DNSKEY);
		rest = rest || core_in_zone(&zone->core.keys[i], KEYSET_RRSIG);
	}
	return dnskey && rest;
}

#define LONG_TTL (7 * 86400) /* Seconds; what is waited for longer than that is said. */

/* Says what is to blame for a long wait, and what limits it. */
static void add_ttl(char buf[STEP_TEXT_MAX], int record, uint32_t ttl)
{
	static const char *const whose[KEYSET_RECORDS] = {
		[KEYSET_DS] = "the parent sets it",
		[KEYSET_DNSKEY] = "<Keys><TTL> in kasp.xml sets it",
		[KEYSET_RRSIG_DNSKEY] = "<Keys><TTL> in kasp.xml sets it",
		[KEYSET_RRSIG] = "MaxZoneTTL in kasp.xml limits it",
	};
	char span[DURATION_TEXT_MAX];
	size_t used = strlen(buf);
	if (ttl > LONG_TTL) {
		snprintf(buf + used, STEP_TEXT_MAX - used, " (caches may keep a TTL of %s, %s)",
		         duration_text(ttl, span), whose[record]);
	}
}

void step_text(const core_key_t *key, char buf[STEP_TEXT_MAX], int64_t *when)
{
	static const char *const reasons[] = {
		[CORE_WAIT_TIME] = "",
		[CORE_WAIT_PUBLISH] = " once the signer has published the change",
		[CORE_WAIT_REPLACED] = " once the signer has replaced all signatures that come due",
		[CORE_WAIT_CHAIN] = " once a DNSKEY it can lead to is in all caches",
		[CORE_WAIT_SIGNED] = " once the signatures and their DNSKEYs are in all caches",
		[CORE_WAIT_SECURE] = " once another DS keeps the zone secure",
		[CORE_WAIT_ORDER] = " once the key's other records are there",
		[CORE_WAIT_CHANGES] = " once caches have forgotten some of the earlier changes",
		[CORE_WAIT_PARTNER] = " once there is a partner key of the same algorithm",
		[CORE_WAIT_LOOK] = " once all DS in use were seen at the parent again",
	};
	buf[0] = '\0';
	*when = 0;
	int r = core_next_record(key);
	if (r < 0) {
		return;
	}
	const core_step_t *step = &key->step[r];
	if (step->wait == CORE_WAIT_PARENT) {
		snprintf(buf, STEP_TEXT_MAX, "%s", step->to == KEYSET_OMNIPRESENT
		         ? "DS has to be seen at the parent"
		         : "DS has to go from the parent");
		return;
	}
	bool submission = r == KEYSET_DS && step->to == KEYSET_RUMOURED;
	snprintf(buf, STEP_TEXT_MAX, "%s %s%s", record_names[r],
	         submission ? "may be given to the parent" : keyset_state_name(step->to),
	         reasons[step->wait]);
	if (step->wait == CORE_WAIT_TIME) {
		add_ttl(buf, r, step->ttl);
		*when = step->when;
	}
}

/* out borrows from zone and from step, which has STEP_TEXT_MAX bytes. */
static void fill_key(keyset_key_t *out, const kasp_zone_t *zone, size_t i, char *step)
{
	const core_key_t *core = &zone->core.keys[i];
	const zone_key_t *info = &zone->keys[i];
	*out = (keyset_key_t){
		.repository = info->repository,
		.cka_id = info->cka_id,
		.role = core->role,
		.algorithm = core->algorithm,
		.public_key = info->public_key,
		.public_key_len = info->public_key_len,
		.keytag = core->keytag,
		.publish = core_in_zone(core, KEYSET_DNSKEY),
		.sign_dnskey = core_in_zone(core, KEYSET_RRSIG_DNSKEY),
		.sign_zone = core_signs_zone(&zone->core, core),
		.replace = core_replaces(&zone->core, core),
		.cds = core_in_zone(core, KEYSET_DS),
		.step = step,
	};
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		out->state[r] = core->record[r].state;
	}
	step_text(core, step, &out->step_time);
}

static void fill_policy(keyset_t *set, const compose_t *with)
{
	const policy_t *p = with->policy;
	set->resign = p->resign;
	set->refresh = p->refresh;
	set->validity_default = p->validity_default;
	set->validity_denial = p->validity_denial;
	set->validity_keyset = p->validity_keyset != 0 ? p->validity_keyset : p->validity_default;
	set->jitter = p->jitter;
	set->inception_offset = p->inception_offset;
	set->max_zone_ttl = p->max_zone_ttl;
	set->nsec3 = p->nsec3;
	set->nsec3_optout = p->optout;
	set->nsec3_iterations = p->iterations;
	set->nsec3_ttl = p->nsec3_ttl;
	set->dnskey_ttl = p->keys_ttl;
	set->soa_ttl = p->soa_ttl;
	set->soa_minimum = p->soa_minimum;
	set->serial = p->serial;
	set->cds = p->cds;
	set->zonemd = p->zonemd;
	set->foreign_keys = p->foreign_keys;
	if (p->nsec3 && with->salt_len > 0) {
		memcpy(set->nsec3_salt, with->salt, with->salt_len);
		set->nsec3_salt_len = (uint8_t)with->salt_len;
	}
}

int compose_digest(const keyset_t *set, uint8_t digest[ZONE_DIGEST_LEN])
{
	keyset_t bare = *set;
	bare.revision = 0;
	bare.ds_seen = 0;
	bare.ds = "";
	bare.memory = (char *)memory_of_freeze(set->memory != NULL ? set->memory : "");
	bare.keys = calloc(set->key_count > 0 ? set->key_count : 1, sizeof(*bare.keys));
	for (size_t i = 0; bare.keys != NULL && i < set->key_count; i++) {
		bare.keys[i] = set->keys[i];
		bare.keys[i].memory = "";
	}
	char *text = bare.keys != NULL ? keyset_write(&bare) : NULL;
	int ret = text != NULL ? gnutls_hash_fast(GNUTLS_DIG_SHA256, text, strlen(text), digest)
	                       : -1;
	free(text);
	free(bare.keys);
	return ret == 0 ? 0 : -1;
}

/* Adds the engine's memory of the keys. \return 0, or -1 if out of memory; what was added is freed by
 * forget(). */
static int remember(keyset_t *set, const kasp_zone_t *zone, const size_t *places)
{
	int ret = 0;
	for (size_t i = 0; i < set->key_count && ret == 0; i++) {
		set->keys[i].memory = memory_of_key(zone, places[i]);
		ret = set->keys[i].memory != NULL ? 0 : -1;
	}
	return ret;
}

static void forget(keyset_t *set)
{
	for (size_t i = 0; i < set->key_count; i++) {
		free(set->keys[i].memory);
	}
	free(set->memory);
}

/* \param set  With the memory of the zone; those of the keys are added. */
static int write_text(kasp_zone_t *zone, const compose_t *with, keyset_t *set, const size_t *places,
                      char **text)
{
	uint8_t digest[ZONE_DIGEST_LEN];
	if (compose_digest(set, digest) != 0) {
		return -1;
	}
	bool same = memcmp(digest, zone->digest, ZONE_DIGEST_LEN) == 0;
	if (zone->core.revision == with->saved && (!same || with->force)) {
		zone->core.revision++;
	}
	memcpy(zone->digest, digest, ZONE_DIGEST_LEN);
	*text = NULL;
	if (zone->core.revision <= with->known) {
		return 0;
	}
	set->revision = zone->core.revision;
	set->ds = with->watched ? zone->ds : "";
	set->ds_seen = with->watched ? zone->ds_seen : 0;
	*text = remember(set, zone, places) == 0 ? keyset_write(set) : NULL;
	return *text != NULL ? 0 : -1;
}

static int write_set(kasp_zone_t *zone, const compose_t *with, keyset_t *set, const size_t *places,
                     char **text)
{
	set->memory = memory_of_zone(zone);
	const int ret = set->memory != NULL ? write_text(zone, with, set, places, text) : -1;
	forget(set);
	return ret;
}

/* Whether a key is on its way out and in no cache any more, or waits for the bundle that brings it: the
 * module need not know it. */
static bool is_away(const core_key_t *key, bool offline)
{
	return (!key->goal_in || (offline && key->standby)) && core_is_hidden(key);
}

/* Whether the zone asks the parent to remove its last DS (RFC 8078, section 4). */
static bool asks_for_no_ds(const kasp_zone_t *zone, const policy_t *policy)
{
	bool waits = false;
	for (size_t i = 0; i < zone->core.count; i++) {
		const core_key_t *key = &zone->core.keys[i];
		if (core_in_zone(key, KEYSET_DS)) {
			return false;
		}
		waits = waits || key->record[KEYSET_DS].state == KEYSET_UNRETENTIVE;
	}
	return waits && policy_is_unsigned(policy);
}

/* What was signed ahead says what its keys do: they are in no repository, wherever else they are. */
static void follow_bundle(keyset_t *set, const kasp_zone_t *zone)
{
	set->dnskey_ttl = offer_ttl(zone);
	for (size_t i = 0; i < set->key_count; i++) {
		if (set->keys[i].role == KEYSET_KSK) {
			set->keys[i].repository = "";
		}
	}
}

/* \param places  Filled: which of the zone's keys each key of the set is. */
static void fill_keys(keyset_t *set, const kasp_zone_t *zone, bool offline, char *steps,
                      size_t *places)
{
	for (size_t i = 0; i < zone->core.count; i++) {
		if (!is_away(&zone->core.keys[i], offline)) {
			places[set->key_count] = i;
			fill_key(&set->keys[set->key_count++], zone, i, steps + i * STEP_TEXT_MAX);
		}
	}
}

int publish(kasp_zone_t *zone, const compose_t *with, char **text)
{
	keyset_t set = { .policy = with->policy->name, .taken_over = zone->taken_over,
	                 .serial_before = zone->serial_before };
	if (!zone_is_signed(zone)) {
		set.passthrough = true;
		return write_set(zone, with, &set, NULL, text);
	}
	size_t count = zone->core.count;
	set.keys = calloc(count, sizeof(*set.keys));
	size_t *places = calloc(count, sizeof(*places));
	char *steps = malloc(count * STEP_TEXT_MAX);
	int ret = -1;
	if (set.keys != NULL && places != NULL && steps != NULL) {
		fill_policy(&set, with);
		const bool offline = policy_is_offline(with->policy);
		fill_keys(&set, zone, offline, steps, places);
		set.cds_delete = !offline && asks_for_no_ds(zone, with->policy);
		set.bundle = offline ? offer_text(zone, &with->policy->cds) : NULL;
		if (keyset_has_bundle(&set)) {
			follow_bundle(&set, zone);
		}
		ret = offline && set.bundle == NULL ? -1 : write_set(zone, with, &set, places, text);
		free(set.bundle);
	}
	free(steps);
	free(places);
	free(set.keys);
	return ret;
}
