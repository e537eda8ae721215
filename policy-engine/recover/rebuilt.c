/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/recover/rebuilt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A zone that is being replaced. */
typedef struct {
	db_t *db;
	const policy_t *policy;
	kasp_zone_t zone;
	int64_t now;
} store_t;

static int put_done(store_t *store, const rebuilt_key_t *from)
{
	const zone_key_t *key = &store->zone.keys[store->zone.core.count - 1];
	int ret = 0;
	for (int i = 0; i < ZONE_ERRANDS && ret == 0; i++) {
		if (from->done[i] != 0) {
			ret = db_errand_put(store->db, key->id, (db_errand_t)i,
			                    from->core.record[KEYSET_DS].since, from->done[i]);
		}
	}
	return ret;
}

/* \return 0; 1 if another zone's key pair has the CKA_ID; -1. */
static int put_key(store_t *store, const rebuilt_key_t *from)
{
	db_token_key_t pair = { .repository = from->repository,
		                .cka_id = from->cka_id,
		                .algorithm = from->core.algorithm,
		                .bits = from->core.bits,
		                .public_key = from->public_key,
		                .public_key_len = from->public_key_len };
	int ret = db_key_put(store->db, &pair, store->now);
	if (ret != 0) {
		return ret;
	}
	if (db_zone_give_key(store->db, &store->zone, &pair, &from->core) != 0 ||
	    put_done(store, from) != 0) {
		return -1;
	}
	db_share_t share = { .policy = store->policy->name,
		             .role = from->core.role,
		             .standby = from->core.standby };
	bool earlier = pair.since == 0 || from->core.inception < pair.since;
	return store->policy->share_keys && earlier
	               ? db_key_share(store->db, pair.id, &share, from->core.inception)
	               : 0;
}

static int put_zone(store_t *store, const rebuilt_t *from)
{
	kasp_zone_t *zone = &store->zone;
	zone->core.revision = from->core.revision;
	memcpy(zone->core.requests, from->core.requests, sizeof(zone->core.requests));
	memcpy(zone->core.ttls, from->core.ttls, sizeof(zone->core.ttls));
	zone->core.shown = from->core.shown;
	memcpy(zone->digest, from->digest, ZONE_DIGEST_LEN);
	zone->next = store->now;
	free(zone->bundle);
	zone->bundle = from->bundle != NULL ? strdup(from->bundle) : NULL;
	if (from->bundle != NULL && zone->bundle == NULL) {
		return -1;
	}
	if (kasp_zone_set_ds(zone, from->ds, from->ds_seen) != 0 ||
	    db_zone_save(store->db, zone) != 0) {
		return -1;
	}
	return from->taken_over ? db_zone_took(store->db, zone->id, from->serial_before) : 0;
}

/* Whether a key stays: it waits for the bundle that brings it, of which the signer knows nothing. */
static bool stays(const store_t *store, const rebuilt_t *from, size_t i)
{
	const core_key_t *core = &store->zone.core.keys[i];
	const zone_key_t *info = &store->zone.keys[i];
	bool waits = policy_is_offline(store->policy) && core->standby && core_is_hidden(core);
	for (size_t k = 0; k < from->count && waits; k++) {
		const rebuilt_key_t *key = &from->keys[k];
		waits = key->core.keytag != core->keytag &&
		        (key->public_key_len != info->public_key_len ||
		         memcmp(key->public_key, info->public_key, info->public_key_len) != 0);
	}
	return waits;
}

/* Takes all keys away that do not stay. \return 0, or -1. */
static int take_keys(store_t *store, const rebuilt_t *from)
{
	int ret = 0;
	for (size_t i = store->zone.core.count; i > 0 && ret == 0; i--) {
		ret = stays(store, from, i - 1)
		              ? 0 : db_zone_take_key(store->db, &store->zone, i - 1);
	}
	return ret;
}

/* \param before  The key pairs that the zone has. \return As put_key(). */
static int replace(store_t *store, const rebuilt_t *from, const int64_t *before)
{
	size_t count = store->zone.core.count;
	int ret = take_keys(store, from);
	for (size_t i = 0; i < from->count && ret == 0; i++) {
		ret = put_key(store, &from->keys[i]);
	}
	for (size_t i = 0; i < count && ret == 0; i++) {
		ret = db_key_leave(store->db, before[i]);
	}
	return ret == 0 ? put_zone(store, from) : ret;
}

int rebuilt_store(db_t *db, const policy_t *policy, const char *name, const rebuilt_t *from,
                  int64_t now, char *why)
{
	store_t store = { .db = db, .policy = policy, .now = now };
	if (db_part_begin(db) != 0 || db_zone_get(db, name, &store.zone) <= 0) {
		return -1;
	}
	size_t count = store.zone.core.count;
	int64_t *before = calloc(count > 0 ? count : 1, sizeof(*before));
	for (size_t i = 0; before != NULL && i < count; i++) {
		before[i] = store.zone.keys[i].token_key;
	}
	int ret = before != NULL ? replace(&store, from, before) : -1;
	free(before);
	kasp_zone_deinit(&store.zone);
	if (ret > 0) {
		snprintf(why, REBUILT_WHY_MAX, "%s", db_error(db));
	}
	if (ret < 0 || db_part_end(db, ret == 0) != 0) {
		return -1;
	}
	return ret == 0;
}
