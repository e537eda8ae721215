/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* What ods looks ahead from: the policies that are in force, and where the zones' keys stand. */

#include <stdlib.h>
#include <string.h>

#include "policy-engine/control/handlers.h"
#include "policy-engine/control/zones.h"
#include "policy-engine/zone/standing.h"

#define PART_MAX 60000 /* Bytes of a part; the protocol has 65535. */

static void answer_standing(context_t *c, ctl_request_t *req, const char *name,
                            const ctl_unit_t *unit)
{
	kasp_zone_t zone = { 0 };
	db_scope_t scope;
	(void)unit;
	pthread_mutex_lock(&c->desk->lock);
	const live_zone_t *live = live_find(&c->desk->live, name);
	int found = live != NULL ? control_load(c, req, name, &zone) : 0;
	if (found > 0) {
		found = db_freeze_get(c->desk->db, name, zone.policy,
		                      timekeeper_now(&c->desk->clock), &scope, &zone.frozen) < 0
		                ? -1 : 1;
	}
	char *text = found > 0 ? standing_write(&zone, &live->facts) : NULL;
	pthread_mutex_unlock(&c->desk->lock);
	if (text != NULL) {
		ctl_text(req, name, "standing", text);
	} else if (found != 0 && !ctl_refused(req)) {
		ctl_error(req, name, "out of memory, or the database cannot be read");
	}
	free(text);
	kasp_zone_deinit(&zone);
}

void control_standing(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	control_zones(ctx, req, unit, answer_standing);
}

void control_policies(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	const context_t *c = ctx;
	char part[PART_MAX + 1];
	(void)unit;
	pthread_mutex_lock(&c->desk->lock);
	const char *text = c->desk->policies_text;
	for (size_t left = text != NULL ? strlen(text) : 0; left > 0;) {
		const size_t len = left < PART_MAX ? left : PART_MAX;
		memcpy(part, text, len);
		part[len] = '\0';
		ctl_text(req, NULL, "policies", part);
		text += len;
		left -= len;
	}
	pthread_mutex_unlock(&c->desk->lock);
}
