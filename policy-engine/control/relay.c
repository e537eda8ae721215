/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/control/relay.h"

#include <stdlib.h>
#include <string.h>

#include "control/client.h"

#define SIGNER_TIMEOUT_MS 5000 /* Of a call to the module. */

typedef struct {
	ctl_request_t *req;
	bool refused;
} relay_t;

static int pass_on(void *ctx, const ctl_unit_t *unit, const char *error, int first)
{
	relay_t *relay = ctx;
	if (error != NULL) {
		relay->refused = true;
		ctl_error(relay->req, unit->zone, "%s", error);
	} else if (first && unit->data != NULL) {
		ctl_reply(relay->req, unit->zone, unit->type, unit->data);
	}
	return 0;
}

bool relay_ask(const context_t *c, ctl_request_t *req, const ctl_unit_t *unit)
{
	char err[512];
	relay_t relay = { .req = req };
	pthread_mutex_lock(&c->desk->lock);
	char *path = strdup(c->desk->conf.signer_socket);
	pthread_mutex_unlock(&c->desk->lock);
	const ctl_call_t call = { .path = path, .timeout_ms = SIGNER_TIMEOUT_MS, .units = unit,
	                          .count = 1, .answer = pass_on, .ctx = &relay };
	if (path == NULL) {
		ctl_error(req, unit->zone, "out of memory");
		return false;
	}
	if (ctl_client_call(&call, err, sizeof(err)) != 0) {
		ctl_error(req, unit->zone, "signer: %s", err);
		relay.refused = true;
	}
	free(path);
	return !relay.refused;
}
