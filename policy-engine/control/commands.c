/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"

#include "policy-engine/control/commands.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "policy-engine/base/event.h"
#include "policy-engine/control/act.h"
#include "policy-engine/control/argument.h"
#include "policy-engine/control/handlers.h"
#include "policy-engine/control/relay.h"
#include "policy-engine/control/status.h"
#include "policy-engine/control/zones.h"

#define RELOAD_WAIT_S 30       /* Then knotc gets an answer, before it gives up by itself (60 s). */

static void do_status(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	if (unit->type != NULL && strcmp(unit->type, "version") == 0) {
		ctl_reply(req, NULL, NULL, PACKAGE_VERSION);
	} else if (argument_given(unit->type)) {
		ctl_error(req, NULL, "status %.40s is not known; there are status and "
		          "status version",
		          unit->type);
	} else {
		status_engine(ctx, req);
	}
}

static void zone_status(context_t *c, ctl_request_t *req, const char *name, const ctl_unit_t *unit)
{
	(void)unit;
	status_zone(c, req, name);
}

static void do_zone_status(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	control_zones(ctx, req, unit, zone_status);
}

static void push_again(context_t *c, ctl_request_t *req, const char *name, const ctl_unit_t *unit)
{
	(void)unit;
	pthread_mutex_lock(&c->desk->lock);
	live_zone_t *live = live_find(&c->desk->live, name);
	if (live != NULL) {
		live->force = true;
		live_mark(&c->desk->live, live, true);
	} else {
		ctl_error(req, name, "the signer does not have this zone now");
	}
	pthread_mutex_unlock(&c->desk->lock);
}

static void do_keys_load(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	const context_t *c = ctx;
	control_zones(ctx, req, unit, push_again);
	desk_wake(c->desk);
}

/* The module does it; the command is here, too, so that one socket is enough for an operator. */
static void do_sign(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	relay_ask(ctx, req, unit);
}

static void do_reload(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	(void)unit;
	const context_t *c = ctx;
	reload_result_t result;
	if (!engine_reload(c->engine, RELOAD_WAIT_S, &result)) {
		ctl_error(req, NULL, "the engine is busy, the reload comes later; see its log");
	} else if (result.problem[0] != '\0') {
		ctl_error(req, NULL, "%s", result.problem);
	} else if (result.note[0] != '\0') {
		ctl_reply(req, NULL, NULL, result.note);
	}
}

static void do_clock_accept(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	context_t *c = ctx;
	pthread_mutex_lock(&c->desk->lock);
	timekeeper_accept(&c->desk->clock);
	log_about(LOG_INFO, (about_t){ .event = "clock" },
	          "a person says that the clock is right");
	pthread_mutex_unlock(&c->desk->lock);
	desk_wake(c->desk);
	relay_ask(c, req, unit);
}

static void do_stop(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	(void)ctx;
	(void)req;
	(void)unit;
	kill(getpid(), SIGTERM);
}

/* What is noted for the audit. */
static const ctl_command_t acts[] = {
	{ "zone-ksk-submitted", control_ds_seen },
	{ "zone-key-rollover", control_rollover },
	{ "zone-freeze", control_freeze },
	{ "zone-thaw", control_thaw },
	{ "zone-ds-seen", control_ds_seen },
	{ "zone-ds-gone", control_ds_gone },
	{ "backup-prepare", control_backup_prepare },
	{ "backup-commit", control_backup_commit },
	{ "backup-rollback", control_backup_rollback },
	{ "key-generate", control_generate },
	{ "key-adopt", control_adopt },
	{ "zone-import", control_import },
	{ "zone-forget", control_forget },
	{ "zone-recover", control_recover },
	{ "zone-skr", control_skr },
	{ "save", control_save },
	{ "reload", do_reload },
	{ "clock-accept", do_clock_accept },
	{ "zone-keys-load", do_keys_load },
	{ NULL, NULL },
};

static void do_act(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	const ctl_command_t *command = acts;
	while (command->name != NULL && strcmp(command->name, unit->cmd) != 0) {
		command++;
	}
	if (command->name != NULL) {
		act(ctx, req, unit, command->handler);
	}
}

const ctl_command_t control_commands[] = {
	{ "status", do_status },
	{ "zone-status", do_zone_status },
	{ "overview", control_overview },
	{ "zone-overview", control_zone_overview },
	{ "zone-keys-load", do_act },
	{ "zone-sign", do_sign },
	{ "zone-ksk-submitted", do_act },
	{ "zone-key-rollover", do_act },
	{ "zone-freeze", do_act },
	{ "zone-thaw", do_act },
	{ "reload", do_act },
	{ "stop", do_stop },
	/* What stock knotc does not send; ods does. */
	{ "zone-key-plan", control_plan },
	{ "zone-standing", control_standing },
	{ "policies", control_policies },
	{ "zone-keys", control_keys },
	{ "zone-ds", control_ds },
	{ "zone-ds-seen", do_act },
	{ "zone-ds-gone", do_act },
	{ "backup-list", control_backup_list },
	{ "backup-prepare", do_act },
	{ "backup-commit", do_act },
	{ "backup-rollback", do_act },
	{ "key-generate", do_act },
	{ "key-adopt", do_act },
	{ "zone-import", do_act },
	{ "zone-back", control_back },
	{ "zone-forget", do_act },
	{ "zone-recover", do_act },
	{ "zone-ksr", control_ksr },
	{ "zone-skr", do_act },
	{ "save", do_act },
	{ "clock-accept", do_act },
	{ NULL, NULL },
};
