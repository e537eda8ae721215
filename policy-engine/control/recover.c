/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/control/handlers.h"

#include <stdlib.h>
#include <string.h>

#include "policy-engine/base/zone-name.h"
#include "policy-engine/control/argument.h"
#include "policy-engine/control/context.h"
#include "policy-engine/control/row.h"
#include "policy-engine/recover/recover.h"
#include "policy-engine/recover/save.h"

static void send_row(void *ctx, const char *zone, const char *what, const char *text)
{
	row_t row = { .req = ctx, .zone = zone };
	row_column(&row, "what", what);
	row_column(&row, "text", text);
}

void control_recover(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	const context_t *c = ctx;
	char err[1024];
	bool named = argument_given(unit->zone);
	char *zone = named ? zone_name_canonical(unit->zone) : NULL;
	const recover_t what = {
		.desk = c->desk,
		.asker = &c->parent->asker,
		.zone = zone,
		.plan = unit->data != NULL && strcmp(unit->data, "plan") == 0,
		.say = send_row,
		.ctx = req,
	};
	if (named && zone == NULL) {
		ctl_error(req, unit->zone, "no such zone");
	} else if (recover_run(&what, err, sizeof(err)) < 0) {
		ctl_error(req, unit->zone, "%s", err);
	}
	free(zone);
	desk_wake(c->desk);
}

void control_save(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	const context_t *c = ctx;
	char text[1024];
	if (unit->data == NULL || unit->data[0] != '/') {
		ctl_error(req, NULL, "name a folder, by its whole path");
		return;
	}
	const save_t what = { c->desk, engine_conf_path(c->engine), unit->data };
	if (save_run(&what, text, sizeof(text)) != 0) {
		ctl_error(req, NULL, "%s", text);
	} else {
		ctl_reply(req, NULL, NULL, text);
	}
}
