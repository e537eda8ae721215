/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/parent/confirm.h"

#include "policy-engine/base/event.h"

static bool concerns(const confirm_t *confirm, const kasp_zone_t *zone, size_t i)
{
	return (confirm->keytag < 0 || zone->core.keys[i].keytag == confirm->keytag) &&
	       (confirm->key == 0 || zone->keys[i].id == confirm->key);
}

/* A time that the clock said while it was wrong may be far too early. */
static int64_t since(const desk_t *desk, const confirm_t *confirm)
{
	return desk->clock.verdict == CLOCK_GOOD ? confirm->since : timekeeper_now(&desk->clock);
}

static int confirm_keys(const desk_t *desk, const confirm_t *confirm, kasp_zone_t *zone)
{
	int count = 0;
	for (size_t i = 0; i < zone->core.count; i++) {
		core_key_t *key = &zone->core.keys[i];
		if (concerns(confirm, zone, i) &&
		    core_ds_confirm(key, confirm->appear, since(desk, confirm))) {
			log_event(LOG_INFO, zone->name, "%s %u: the parent has its DS%s, %s",
			          keyset_role_name(key->role), key->keytag,
			          confirm->appear ? "" : " no more", confirm->who);
			count++;
		}
	}
	return count;
}

int confirm_ds(desk_t *desk, const confirm_t *confirm)
{
	kasp_zone_t zone = { 0 };
	int found = db_zone_get(desk->db, confirm->zone, &zone);
	int count = found > 0 ? confirm_keys(desk, confirm, &zone) : found;
	if (count > 0 && desk_save_zone(desk, &zone, confirm->since) != 0) {
		count = -1;
	}
	kasp_zone_deinit(&zone);
	return count;
}

bool confirm_ttls(const desk_t *desk, kasp_zone_t *zone, const confirm_ttls_t *ttls)
{
	const policy_t *policy = policies_find(&desk->policies, zone->policy);
	if (policy == NULL) {
		return false;
	}
	const uint32_t before = zone->core.shown.ttl;
	bool news = core_see_parent(&zone->core, policy, &ttls->shown, ttls->whole, ttls->now);
	const uint32_t ttl = zone->core.shown.ttl;
	if (ttl != before && ttl > policy->parent_ds_ttl) {
		log_event(LOG_WARNING, zone->name, "the parent's DS has a TTL of %u s, policy %s "
		          "says %u s; the longer one is waited for", ttl, policy->name,
		          policy->parent_ds_ttl);
	}
	return news;
}
