/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/control/control.h"

#include <stdio.h>
#include <stdlib.h>

#include "policy-engine/control/commands.h"

struct control {
	context_t context;
	ctl_server_t *server;
};

int control_start(control_t **control, engine_t *engine, char *err, size_t err_size)
{
	control_t *c = calloc(1, sizeof(*c));
	if (c == NULL) {
		snprintf(err, err_size, "out of memory");
		return -1;
	}
	parts_t *parts = engine_parts(engine);
	c->context = (context_t){ &parts->desk, &parts->parent, &parts->link, &parts->keys,
	                          engine };
	if (ctl_server_start(&c->server, parts->desk.conf.socket, control_commands, &c->context,
	                     err, err_size) != 0) {
		free(c);
		return -1;
	}
	*control = c;
	return 0;
}

void control_stop(control_t *control)
{
	if (control != NULL) {
		ctl_server_stop(control->server);
		free(control);
	}
}
