/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/zone/kasp-zone.h"

#include <stdlib.h>
#include <string.h>

int kasp_zone_add_key(kasp_zone_t *zone, const core_key_t *core, const zone_key_t *info)
{
	size_t count = zone->core.count + 1;
	core_key_t *core_keys = reallocarray(zone->core.keys, count, sizeof(*core_keys));
	if (core_keys == NULL) {
		return -1;
	}
	zone->core.keys = core_keys;
	zone_key_t *keys = reallocarray(zone->keys, count, sizeof(*keys));
	if (keys == NULL) {
		return -1;
	}
	zone->keys = keys;
	core_keys[count - 1] = *core;
	core_keys[count - 1].repository = info->repository;
	keys[count - 1] = *info;
	zone->core.count = count;
	return 0;
}

dnskey_t kasp_zone_dnskey(const kasp_zone_t *zone, size_t i)
{
	return (dnskey_t){ zone->name, zone->core.keys[i].role, zone->core.keys[i].algorithm,
	                   zone->keys[i].public_key, zone->keys[i].public_key_len };
}

static void free_key(zone_key_t *key)
{
	free(key->repository);
	free(key->cka_id);
	free(key->public_key);
}

void kasp_zone_remove_key(kasp_zone_t *zone, size_t i)
{
	size_t behind = --zone->core.count - i;
	free_key(&zone->keys[i]);
	memmove(&zone->keys[i], &zone->keys[i + 1], behind * sizeof(zone->keys[0]));
	memmove(&zone->core.keys[i], &zone->core.keys[i + 1],
	        behind * sizeof(zone->core.keys[0]));
}

int kasp_zone_set_ds(kasp_zone_t *zone, const char *ds, int64_t seen)
{
	char *copy = strdup(ds);
	if (copy == NULL) {
		return -1;
	}
	free(zone->ds);
	zone->ds = copy;
	zone->ds_seen = seen;
	return 0;
}

void kasp_zone_deinit(kasp_zone_t *zone)
{
	for (size_t i = 0; i < zone->core.count; i++) {
		free_key(&zone->keys[i]);
	}
	free(zone->keys);
	free(zone->core.keys);
	free(zone->ds);
	free(zone->bundle);
	free(zone->policy);
	free(zone->name);
	*zone = (kasp_zone_t){ 0 };
}
