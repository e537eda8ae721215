/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/control/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <libknot/errcode.h>

#include "module/control/act.h"
#include "module/control/facts.h"
#include "module/control/keyset.h"
#include "module/control/overview.h"
#include "module/control/served.h"
#include "module/control/status.h"
#include "module/control/wishes.h"

static const ctl_command_t commands[] = {
	{ "status", status_server },
	{ "zone-status", status_zone },
	{ "zone-stats", status_zone_stats },
	{ "stats", status_stats },
	{ "overview", module_overview },
	{ "zone-overview", module_zones },
	{ "zone-reload", wishes_reload },
	{ "zone-refresh", wishes_refresh },
	{ "zone-sign", wishes_sign },
	{ "zone-keys-load", act_command },
	{ "zone-flush", wishes_flush },
	{ "zone-purge", act_command },
	{ "zone-pass", act_command },
	{ "zone-freeze", act_command },
	{ "zone-thaw", act_command },
	{ "zone-keyset", keyset_command },
	{ "zone-facts", facts_command },
	{ "zone-keyset-read", served_keyset },
	{ "zone-served", served_zone },
	{ "acts", act_list },
	{ "clock-accept", act_command },
	{ NULL, NULL },
};

int control_start(control_t **control, server_t *server)
{
	char err[640];
	control_t *fresh = calloc(1, sizeof(*fresh));
	if (fresh == NULL) {
		return KNOT_ENOMEM;
	}
	fresh->server = server;
	atomic_init(&fresh->engine, (unsigned)-1);
	snprintf(fresh->instance, sizeof(fresh->instance), "%lld.%d", (long long)time(NULL),
	         (int)getpid());
	if (ctl_server_start(&fresh->socket, server->conf.control_socket, commands, fresh, err,
	                     sizeof(err)) != KNOT_EOK) {
		log_msg(&server->log, LOG_ERR, NULL,
		        "control-socket: %s; the policy engine cannot reach "
		        "the signer",
		        err);
	}
	*control = fresh;
	return KNOT_EOK;
}

void control_stop(control_t *control)
{
	if (control != NULL) {
		ctl_server_stop(control->socket);
		free(control);
	}
}
