/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/control/keyset.h"

#include <stdlib.h>

#include <libknot/libknot.h>

#include "module/control/act.h"
#include "module/control/push.h"

/*! \return The key sets of the block at hand; NULL: out of memory. */
static pushes_t *pushes_of(ctl_request_t *req)
{
	void **kept = ctl_kept(req);
	if (*kept == NULL) {
		*kept = calloc(1, sizeof(pushes_t));
	}
	return *kept;
}

static void add_keyset(control_t *control, ctl_request_t *req, const ctl_unit_t *unit)
{
	if (unit->zone == NULL || unit->data == NULL) {
		ctl_error(req, unit->zone, "a zone and a key set are needed");
		return;
	}
	if (server_fault(control->server)[0] != '\0') {
		ctl_error(req, unit->zone, "%s", server_fault(control->server));
		return;
	}
	/* Uses the zone rather than lock all zones: the store takes its time. */
	zone_t *zone = request_use_zone(req, control, unit->zone);
	if (zone == NULL) {
		return;
	}
	pushes_t *pushes = pushes_of(req);
	if (pushes == NULL || pushes_add(pushes, zone, unit->data) != KNOT_EOK) {
		ctl_error(req, unit->zone, "out of memory");
		zones_drop(&control->server->zones, zone);
	}
}

/*! Stores all key sets of a block together, and answers when they are on the disk. */
static void store_keysets(control_t *control, ctl_request_t *req)
{
	pushes_t *pushes = *ctl_kept(req);
	if (pushes == NULL) {
		return;
	}
	if (pushes->count > 0) {
		pushes_store(pushes, control->server->env.store);
	}
	knot_dname_txt_storage_t zone;
	size_t refused = 0;
	for (size_t i = 0; i < pushes->count; i++) {
		const push_t *push = &pushes->list[i];
		knot_dname_to_str(zone, push->zone->name, sizeof(zone));
		if (push->ret != KNOT_EOK) {
			ctl_error(req, zone, "%s", push->err);
			refused++;
		}
		zones_drop(&control->server->zones, push->zone);
	}
	if (pushes->count > 0) {
		act_keysets(control, req, pushes->count == 1 ? zone : NULL, pushes->count, refused);
	}
	pushes_deinit(pushes);
	free(pushes);
	*ctl_kept(req) = NULL;
}

void keyset_command(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	add_keyset(ctx, req, unit);
	if (!unit->more) {
		store_keysets(ctx, req);
	}
}
