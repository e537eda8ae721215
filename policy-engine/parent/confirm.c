/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/parent/confirm.h"

#include <stdio.h>
#include <string.h>

#include "policy-engine/audit/note.h"
#include "policy-engine/base/event.h"

#define SEEN_SAVE_S 3600 /* Seconds between two notes that the same DS was seen. */

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

/* \return 0, or -1 if the database failed. */
static int note(desk_t *desk, const confirm_t *confirm, const kasp_zone_t *zone, size_t i)
{
	const core_key_t *key = &zone->core.keys[i];
	char what[64];
	snprintf(what, sizeof(what), "%s %u DS", keyset_role_name(key->role), key->keytag);
	return audit_note(desk, &(audit_t){
		.who = confirm->key != 0 ? "parent" : "person", .action = "ds-confirmed",
		.zone = zone->name, .what = what, .why = confirm->who,
		.after = confirm->appear ? "the parent has it" : "the parent has it no more" });
}

static int confirm_keys(desk_t *desk, const confirm_t *confirm, kasp_zone_t *zone)
{
	int count = 0;
	for (size_t i = 0; i < zone->core.count && count >= 0; i++) {
		core_key_t *key = &zone->core.keys[i];
		if (concerns(confirm, zone, i) &&
		    core_ds_confirm(key, confirm->appear, since(desk, confirm))) {
			log_about(LOG_INFO, (about_t){ .event = "ds-seen", .zone = zone->name, .keytag = key->keytag },
			          "%s %u: the parent has its DS%s, %s",
			          keyset_role_name(key->role), key->keytag,
			          confirm->appear ? "" : " no more", confirm->who);
			count = note(desk, confirm, zone, i) == 0 ? count + 1 : -1;
		}
	}
	return count;
}

int confirm_ds(desk_t *desk, const confirm_t *confirm)
{
	kasp_zone_t zone = { 0 };
	int found = db_zone_get(desk->db, confirm->zone, &zone);
	int count = found > 0 ? confirm_keys(desk, confirm, &zone) : found;
	/* What a person says may be newer than the last look, which then says nothing any more. */
	if (count > 0 && confirm->key == 0 && kasp_zone_set_ds(&zone, "", 0) != 0) {
		count = 0;
	}
	if (count > 0 && desk_save_zone(desk, &zone, confirm->since) != 0) {
		count = -1;
	}
	kasp_zone_deinit(&zone);
	return count;
}

int confirm_no_ds(desk_t *desk, const char *name, int64_t now)
{
	kasp_zone_t zone = { 0 };
	const live_zone_t *live = live_find(&desk->live, name);
	int found = live != NULL && live->ds_wanted ? db_zone_get(desk->db, name, &zone) : 0;
	int ret = found > 0 && zone.core.revision == 0;
	if (ret > 0 && (kasp_zone_set_ds(&zone, "", now) != 0 ||
	                desk_save_zone(desk, &zone, now) != 0)) {
		ret = -1;
	} else if (ret > 0) {
		log_about(LOG_INFO, (about_t){ .event = "ds-seen", .zone = name },
		          "the parent has no DS of the zone, a person says");
	}
	kasp_zone_deinit(&zone);
	return found < 0 ? -1 : ret;
}

/* Notes the DS. \return Whether that has to be saved: the time alone is, now and then. */
static bool note_ds(kasp_zone_t *zone, const confirm_look_t *look)
{
	if (look->ds == NULL) {
		return false;
	}
	bool news = zone->ds_seen == 0 || zone->ds_seen > look->now ||
	            zone->ds_seen + SEEN_SAVE_S <= look->now || strcmp(zone->ds, look->ds) != 0;
	return news && kasp_zone_set_ds(zone, look->ds, look->now) == 0;
}

bool confirm_look(const desk_t *desk, kasp_zone_t *zone, const confirm_look_t *look)
{
	bool news = note_ds(zone, look);
	const policy_t *policy = policies_find(&desk->policies, zone->policy);
	if (policy == NULL) {
		return news;
	}
	const uint32_t before = zone->core.shown.ttl;
	news = core_see_parent(&zone->core, policy, &look->shown, look->whole, look->now) || news;
	const uint32_t ttl = zone->core.shown.ttl;
	if (ttl != before && ttl > policy->parent_ds_ttl) {
		log_about(LOG_WARNING, (about_t){ .event = "parent", .zone = zone->name },
		          "the parent's DS has a TTL of %u s, policy %s "
		          "says %u s; the longer one is waited for", ttl, policy->name,
		          policy->parent_ds_ttl);
	}
	return news;
}
