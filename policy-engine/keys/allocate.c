/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/keys/allocate.h"

#include <stdlib.h>
#include <string.h>

#include "policy-engine/zone/dnskey.h"

typedef struct {
	const kasp_zone_t *zone;
	keyset_role_t role;
	const allocate_t *wanted;
	db_token_key_t key; /* Copied. */
	int tag;
	bool found, failed, unproven;
	unsigned unsuitable;
} search_t;

static bool has_tag(const kasp_zone_t *zone, int tag)
{
	for (size_t i = 0; i < zone->core.count; i++) {
		if (zone->core.keys[i].keytag == tag) {
			return true;
		}
	}
	return false;
}

/* One that other zones have shows that it works by their signatures. */
static bool is_proven(const allocate_t *wanted, const db_token_key_t *key)
{
	return wanted->proofs == NULL || key->since != 0 ||
	       proofs_look(wanted->proofs, key->cka_id, wanted->now) == PROOF_GOOD;
}

/* Takes the first key whose tag none of the zone's keys has. */
static int try_key(void *ctx, const db_token_key_t *key)
{
	search_t *search = ctx;
	int tag = dnskey_tag(search->role, key->algorithm, key->public_key, key->public_key_len);
	if (tag < 0 || has_tag(search->zone, tag)) {
		search->unsuitable++;
		return 0;
	}
	if (search->wanted->backed_up && key->backup != DB_BACKUP_DONE) {
		return 0;
	}
	if (!is_proven(search->wanted, key)) {
		search->unproven = true;
		return 0;
	}
	search->key = *key;
	search->key.repository = strdup(key->repository);
	search->key.cka_id = strdup(key->cka_id);
	uint8_t *public_key = malloc(key->public_key_len);
	if (public_key != NULL) {
		memcpy(public_key, key->public_key, key->public_key_len);
	}
	search->key.public_key = public_key;
	search->failed = search->key.repository == NULL || search->key.cka_id == NULL ||
	                 public_key == NULL;
	search->tag = tag;
	search->found = true;
	return 1;
}

static void search_deinit(search_t *search)
{
	if (search->found) {
		free((char *)search->key.repository);
		free((char *)search->key.cka_id);
		free((uint8_t *)search->key.public_key);
	}
}

static int give(db_t *db, kasp_zone_t *zone, const search_t *search, const plan_want_t *want,
                const db_share_t *share, int64_t inception)
{
	core_key_t core;
	core_key_init(&core, want->entry->role, want->entry->algorithm, (uint16_t)search->tag,
	              want->roll, inception);
	if (db_zone_give_key(db, zone, &search->key, &core) != 0) {
		return -1;
	}
	bool first = search->key.since == 0;
	return share == NULL || !first ? 0
	                               : db_key_share(db, search->key.id, share, inception);
}

static int see_any(void *ctx, const db_token_key_t *key)
{
	(void)key;
	*(bool *)ctx = true;
	return 1;
}

/* Whether there would be a key if no backup, or no proof, were needed. */
static int find_reason(db_t *db, const policy_key_t *entry, const search_t *search)
{
	bool any = false;
	if (search->unproven) {
		return ALLOCATE_NO_PROOF;
	}
	int ret = search->wanted->backed_up ? db_keys_unused(db, entry->repository, entry->algorithm,
	                                     entry->bits, see_any, &any)
	                    : 0;
	return ret != 0 ? -1 : any ? ALLOCATE_NO_BACKUP : ALLOCATE_NONE;
}

/* Looks for a key that no zone has. */
static int search_unused(db_t *db, const policy_key_t *entry, search_t *search)
{
	search->unsuitable = 0;
	search->key.since = 0;
	return (search->wanted->backed_up ? db_keys_backed_up : db_keys_unused)(
	        db, entry->repository, entry->algorithm, entry->bits, try_key, search);
}

int allocate_key(db_t *db, kasp_zone_t *zone, const allocate_t *wanted, unsigned *unsuitable)
{
	const policy_t *policy = wanted->policy;
	const plan_want_t *want = wanted->want;
	const policy_key_t *entry = want->entry;
	search_t search = { .zone = zone, .role = entry->role, .wanted = wanted };
	db_share_t share = { .policy = policy->name, .role = entry->role,
	                     .standby = want->standby, .oldest = want->oldest,
	                     .repository = entry->repository, .algorithm = entry->algorithm,
	                     .bits = entry->bits };
	int ret = 0;
	if (policy->share_keys) {
		ret = db_keys_shared(db, &share, zone->id, try_key, &search);
	}
	if (ret == 0 && !search.found) {
		ret = search_unused(db, entry, &search);
		*unsuitable = search.unsuitable;
	}
	if (ret == 0 && search.found && !search.failed) {
		int64_t inception = search.key.since != 0 ? search.key.since : wanted->now;
		ret = give(db, zone, &search, want, policy->share_keys ? &share : NULL,
		           inception);
		ret = ret == 0 ? ALLOCATED : -1;
	} else if (ret == 0) {
		ret = find_reason(db, entry, &search);
	}
	search_deinit(&search);
	return ret;
}
