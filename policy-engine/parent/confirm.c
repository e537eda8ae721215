/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/parent/confirm.h"

#include "policy-engine/base/event.h"
#include "policy-engine/engine/internal.h"

static bool concerns(const confirm_t *confirm, const kasp_zone_t *zone, size_t i)
{
	return (confirm->keytag < 0 || zone->core.keys[i].keytag == confirm->keytag) &&
	       (confirm->key == 0 || zone->keys[i].id == confirm->key);
}

/* A time that the clock said while it was wrong may be far too early. */
static int64_t since(const engine_t *e, const confirm_t *confirm)
{
	return e->clock_verdict == CLOCK_GOOD ? confirm->since : engine_clock_now(e);
}

static int confirm_keys(const engine_t *e, const confirm_t *confirm, kasp_zone_t *zone)
{
	int count = 0;
	for (size_t i = 0; i < zone->core.count; i++) {
		core_key_t *key = &zone->core.keys[i];
		if (concerns(confirm, zone, i) &&
		    core_ds_confirm(key, confirm->appear, since(e, confirm))) {
			log_event(LOG_INFO, zone->name, "%s %u: the parent has its DS%s, %s",
			          keyset_role_name(key->role), key->keytag,
			          confirm->appear ? "" : " no more", confirm->who);
			count++;
		}
	}
	return count;
}

int confirm_save(engine_t *e, kasp_zone_t *zone, int64_t now)
{
	zone->next = now;
	if (db_begin(e->db) == 0 && db_zone_save(e->db, zone) == 0 &&
	    db_commit(e->db) == 0) {
		return 0;
	}
	db_rollback(e->db);
	return -1;
}

int confirm_ds(engine_t *e, const confirm_t *confirm)
{
	kasp_zone_t zone = { 0 };
	int found = db_zone_get(e->db, confirm->zone, &zone);
	int count = found > 0 ? confirm_keys(e, confirm, &zone) : found;
	if (count > 0 && confirm_save(e, &zone, confirm->since) != 0) {
		count = -1;
	}
	kasp_zone_deinit(&zone);
	return count;
}
