/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/desk/desk.h"

#include <stdlib.h>

void desk_init(desk_t *desk, void (*wake)(void *ctx), void *ctx)
{
	*desk = (desk_t){ .wake = wake, .wake_ctx = ctx, .audited = true };
	pthread_mutex_init(&desk->lock, NULL);
	live_init(&desk->live);
}

void desk_deinit(desk_t *desk)
{
	live_deinit(&desk->live);
	db_close(desk->db);
	policies_deinit(&desk->policies);
	free(desk->policies_text);
	free(desk->policies_digest);
	engine_conf_deinit(&desk->conf);
	pthread_mutex_destroy(&desk->lock);
}

void desk_wake(const desk_t *desk)
{
	desk->wake(desk->wake_ctx);
}

void desk_keys_wanted(desk_t *desk, int64_t when)
{
	desk->keys_wanted_at = when;
}

int desk_save_zone(desk_t *desk, kasp_zone_t *zone, int64_t now)
{
	zone->next = now;
	if (db_begin(desk->db) == 0 && db_zone_save(desk->db, zone) == 0 &&
	    db_commit(desk->db) == 0) {
		return 0;
	}
	db_rollback(desk->db);
	return -1;
}
