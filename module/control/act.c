/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/control/act.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/control/gate.h"
#include "module/control/wishes.h"
#include "module/store/acts.h"

static const ctl_command_t acts[] = {
	{ "zone-keys-load", wishes_keys_load },
	{ "zone-purge", wishes_purge },
	{ "zone-pass", gate_pass },
	{ "zone-freeze", gate_freeze },
	{ "zone-thaw", gate_thaw },
	{ "clock-accept", wishes_clock_accept },
	{ NULL, NULL },
};

static void keep(control_t *control, const act_t *act)
{
	server_t *server = control->server;
	log_msg(&server->log, LOG_NOTICE, NULL, "uid %u: %s%s%s%s%s, %s", act->uid, act->command,
	        act->zone[0] != '\0' ? " " : "", act->zone, act->what[0] != '\0' ? " " : "",
	        act->what, act->outcome);
	const int ret = server_fault(server)[0] == '\0' ? acts_add(server->env.store, act)
	                                                : STORE_LOST;
	if (ret != KNOT_EOK) {
		log_msg(&server->log, LOG_ERR, NULL, "%s by uid %u is not kept for the audit: %s",
		        act->command, act->uid, store_strerror(ret));
	}
}

static const char *text_of(const char *text)
{
	return text != NULL ? text : "";
}

void act_command(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	const ctl_command_t *command = acts;
	while (command->name != NULL && strcmp(command->name, unit->cmd) != 0) {
		command++;
	}
	if (command->name == NULL) {
		return;
	}
	command->handler(ctx, req, unit);
	keep(ctx, &(act_t){ .uid = ctl_peer(req), .command = command->name,
	                    .zone = text_of(unit->zone), .what = text_of(unit->data),
	                    .outcome = ctl_refused(req) ? "refused" : "done" });
}

void act_keysets(control_t *control, const ctl_request_t *req, const char *zone, size_t count, size_t refused)
{
	const unsigned uid = ctl_peer(req);
	char what[40] = "";
	if (uid == atomic_load(&control->engine)) {
		return;
	}
	if (zone == NULL) {
		snprintf(what, sizeof(what), "%zu zones, %zu refused", count, refused);
	}
	keep(control, &(act_t){ .uid = uid, .command = "zone-keyset", .zone = text_of(zone), .what = what,
	                        .outcome = refused == count ? "refused" : "done" });
}

void act_list(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	control_t *control = ctx;
	char *lines = NULL, *rest, *line;
	bool gone = false;
	if (server_fault(control->server)[0] != '\0') {
		ctl_error(req, NULL, "%s", server_fault(control->server));
		return;
	}
	const int ret = acts_after(control->server->env.store,
	                           strtoull(text_of(unit->data), NULL, 10), &lines, &gone);
	if (ret != KNOT_EOK) {
		ctl_error(req, NULL, "%s", store_strerror(ret));
		return;
	}
	if (gone) {
		ctl_reply(req, NULL, "gone", "");
	}
	rest = lines;
	while ((line = strsep(&rest, "\n")) != NULL && line[0] != '\0') {
		ctl_text(req, NULL, "act", line);
	}
	free(lines);
}
