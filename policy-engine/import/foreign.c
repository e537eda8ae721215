/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/import/foreign.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/base/zone-name.h"

int foreign_start(ods_db_t *db, const source_t *source)
{
	ods_policy_t *policy = calloc(1, sizeof(*policy));
	char *name = strdup(source->policy);
	if (policy == NULL || name == NULL) {
		free(policy);
		free(name);
		return -1;
	}
	*policy = (ods_policy_t){ .name = name, .ds_ttl = source->ttl, .dnskey_ttl = source->ttl,
	                          .zone_ttl = source->ttl };
	*db = (ods_db_t){ .policies = policy, .policy_count = 1 };
	return 0;
}

/* Makes room for one more. \return The elements; NULL if out of memory. */
static void *grown(void *elements, size_t count, size_t size)
{
	return (count & (count - 1)) == 0 ? reallocarray(elements, count == 0 ? 1 : 2 * count, size)
	                                  : elements;
}

ods_zone_t *foreign_zone(ods_db_t *db, const char *name)
{
	char *canonical = zone_name_canonical(name);
	const char *one = canonical != NULL ? canonical : name;
	for (size_t i = 0; i < db->zone_count; i++) {
		if (strcmp(db->zones[i].name, one) == 0) {
			free(canonical);
			return &db->zones[i];
		}
	}
	char *copy = canonical != NULL ? canonical : strdup(name);
	ods_zone_t *zones = grown(db->zones, db->zone_count, sizeof(*zones));
	db->zones = zones != NULL ? zones : db->zones;
	if (zones == NULL || copy == NULL) {
		free(copy);
		return NULL;
	}
	zones[db->zone_count] = (ods_zone_t){ .name = copy };
	return &zones[db->zone_count++];
}

void foreign_blame(ods_zone_t *zone, const char *format, ...)
{
	if (zone->fault[0] != '\0') {
		return;
	}
	va_list args;
	va_start(args, format);
	vsnprintf(zone->fault, sizeof(zone->fault), format, args);
	va_end(args);
}

/* -- keys ---------------------------------------------------------------- */

/* How keys of a role follow one another at all three: RFC 7583, sections 3.2.1 and 3.3.1. */
static unsigned minimized(keyset_role_t role)
{
	return role == KEYSET_KSK ? ODS_FEW_DSS : ODS_FEW_RRSIGS;
}

static bool is_pair(const ods_pair_t *pair, const foreign_key_t *key)
{
	return pair->algorithm == key->algorithm &&
	       (key->locator != NULL
	                ? pair->locator != NULL && strcmp(pair->locator, key->locator) == 0
	                : pair->public_len == key->public_len &&
	                  memcmp(pair->public_key, key->public_key, key->public_len) == 0);
}

static int add_pair(ods_db_t *db, const foreign_key_t *key)
{
	ods_pair_t *pairs = grown(db->pairs, db->pair_count, sizeof(*pairs));
	if (pairs == NULL) {
		return -1;
	}
	db->pairs = pairs;
	char *locator = key->locator != NULL ? strdup(key->locator) : NULL;
	uint8_t *public_key = key->public_len > 0 ? malloc(key->public_len) : NULL;
	if (locator == NULL && public_key == NULL) {
		return -1;
	}
	if (public_key != NULL) {
		memcpy(public_key, key->public_key, key->public_len);
	}
	pairs[db->pair_count++] = (ods_pair_t){
		.locator = locator, .public_key = public_key,
		.public_len = public_key != NULL ? key->public_len : 0, .policy = db->policies[0].id,
		.algorithm = key->algorithm, .role = key->role, .inception = key->inception,
	};
	return 0;
}

ods_key_t *foreign_key(ods_db_t *db, ods_zone_t *zone, const foreign_key_t *from)
{
	size_t pair = 0; /* Zones may share one. */
	while (pair < db->pair_count && !is_pair(&db->pairs[pair], from)) {
		pair++;
	}
	ods_key_t *keys = grown(zone->keys, zone->key_count, sizeof(*keys));
	zone->keys = keys != NULL ? keys : zone->keys;
	if (keys == NULL || (pair == db->pair_count && add_pair(db, from) != 0)) {
		return NULL;
	}
	ods_key_t *key = &keys[zone->key_count++];
	*key = (ods_key_t){
		.pair = pair, .role = from->role, .algorithm = from->algorithm,
		.keytag = from->keytag, .inception = from->inception, .introducing = true,
		.lifetime = from->lifetime, .role_open = from->role == KEYSET_KSK && !from->role_told,
		.minimize = minimized(from->role), .seen = (1u << KEYSET_RECORDS) - 1,
	};
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		const bool none = from->role == KEYSET_ZSK ? r == KEYSET_DS || r == KEYSET_RRSIG_DNSKEY
		                                           : from->role == KEYSET_KSK && r == KEYSET_RRSIG;
		key->record[r].state = none ? KEYSET_NA : KEYSET_HIDDEN;
	}
	return key;
}

static bool is_in(keyset_state_t state)
{
	return state == KEYSET_RUMOURED || state == KEYSET_OMNIPRESENT;
}

void foreign_seal(ods_key_t *key)
{
	key->publish = is_in(key->record[KEYSET_DNSKEY].state);
	key->sign_dnskey = is_in(key->record[KEYSET_RRSIG_DNSKEY].state);
	key->sign_zone = is_in(key->record[KEYSET_RRSIG].state);
	switch (key->record[KEYSET_DS].state) {
	case KEYSET_RUMOURED:
		key->ds = ODS_DS_SUBMIT;
		break;
	case KEYSET_OMNIPRESENT:
		key->ds = ODS_DS_SEEN;
		break;
	case KEYSET_UNRETENTIVE:
		key->ds = ODS_DS_RETRACT;
		break;
	default:
		key->ds = ODS_DS_UNSUBMITTED;
	}
}

/* The states of the four records, by KEYSET_DS, KEYSET_DNSKEY, KEYSET_RRSIG_DNSKEY, KEYSET_RRSIG. */
static const keyset_state_t states[][KEYSET_RECORDS] = {
	[FOREIGN_COMING] = { KEYSET_RUMOURED, KEYSET_RUMOURED, KEYSET_HIDDEN, KEYSET_HIDDEN },
	[FOREIGN_PUBLISHED] = { KEYSET_HIDDEN, KEYSET_RUMOURED, KEYSET_RUMOURED, KEYSET_HIDDEN },
	[FOREIGN_READY] = { KEYSET_RUMOURED, KEYSET_RUMOURED, KEYSET_RUMOURED, KEYSET_HIDDEN },
	[FOREIGN_ACTIVE] = { KEYSET_RUMOURED, KEYSET_RUMOURED, KEYSET_RUMOURED, KEYSET_RUMOURED },
	[FOREIGN_RETIRING] = { KEYSET_UNRETENTIVE, KEYSET_RUMOURED, KEYSET_RUMOURED, KEYSET_RUMOURED },
	[FOREIGN_RETIRED] = { KEYSET_UNRETENTIVE, KEYSET_RUMOURED, KEYSET_UNRETENTIVE,
	                      KEYSET_UNRETENTIVE },
	[FOREIGN_WITHDRAWN] = { KEYSET_UNRETENTIVE, KEYSET_UNRETENTIVE, KEYSET_UNRETENTIVE,
	                        KEYSET_UNRETENTIVE },
};

int foreign_use(ods_db_t *db, ods_zone_t *zone, const foreign_key_t *from, foreign_use_t use)
{
	ods_key_t *key = use != FOREIGN_UNUSED ? foreign_key(db, zone, from) : NULL;
	if (key == NULL) {
		return use == FOREIGN_UNUSED ? 0 : -1;
	}
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		if (key->record[r].state != KEYSET_NA) {
			key->record[r] = (ods_record_t){ .state = states[use][r], .since = from->since };
		}
	}
	key->introducing = use < FOREIGN_RETIRING;
	key->coming = use < FOREIGN_ACTIVE;
	foreign_seal(key);
	if (key->ds == ODS_DS_SUBMIT) {
		key->ds = ODS_DS_SUBMITTED; /* It may have been there for years: nobody is told again. */
	}
	return 0;
}

/* Whether a key of that algorithm has signed the zone; one without the flag only, if zsk. */
static bool has_signer(const ods_zone_t *zone, uint8_t algorithm, bool zsk)
{
	bool has = false;
	for (size_t i = 0; i < zone->key_count; i++) {
		const ods_key_t *key = &zone->keys[i];
		const keyset_state_t state = key->record[KEYSET_RRSIG].state;
		has = has || (key->algorithm == algorithm && (!zsk || key->role == KEYSET_ZSK) &&
		              state != KEYSET_HIDDEN && state != KEYSET_NA);
	}
	return has;
}

static void finish_key(ods_db_t *db, const ods_zone_t *zone, ods_key_t *key)
{
	const bool is_csk = key->role_open && !has_signer(zone, key->algorithm, true);
	if (is_csk) {
		key->role = db->pairs[key->pair].role = KEYSET_CSK;
		key->minimize = minimized(key->role);
	}
	if (is_csk || (key->role == KEYSET_CSK && !has_signer(zone, key->algorithm, false))) {
		key->record[KEYSET_RRSIG] = key->record[KEYSET_RRSIG_DNSKEY];
		key->sign_zone = key->sign_dnskey;
	}
}

/* A key goes as soon as its successor comes, and stays in use until that can be: as the enforcer has it. */
static bool has_successor(const ods_zone_t *zone, const ods_key_t *key)
{
	bool has = false;
	for (size_t i = 0; i < zone->key_count && !key->coming; i++) {
		const ods_key_t *other = &zone->keys[i];
		has = has || (other->coming && other->role == key->role && other->algorithm == key->algorithm);
	}
	return has;
}

static void check_twice(ods_zone_t *zone)
{
	for (size_t i = 0; i < zone->key_count; i++) {
		for (size_t k = 0; k < i; k++) {
			if (zone->keys[i].pair == zone->keys[k].pair) {
				foreign_blame(zone, "key %u is there twice", zone->keys[i].keytag);
			}
		}
	}
}

void foreign_finish(ods_db_t *db)
{
	for (size_t i = 0; i < db->zone_count; i++) {
		ods_zone_t *zone = &db->zones[i];
		for (size_t k = 0; k < zone->key_count; k++) {
			finish_key(db, zone, &zone->keys[k]);
		}
		for (size_t k = 0; k < zone->key_count; k++) {
			ods_key_t *key = &zone->keys[k];
			key->introducing = key->introducing && !has_successor(zone, key);
		}
		check_twice(zone);
	}
}
