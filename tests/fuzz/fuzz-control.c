/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Any bytes from a client of the control socket: no crash, and the next client is served. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/client.h"
#include "control/server.h"
#include "tests/fuzz/target.h"

static char path[64];
static ctl_server_t *server;

static void echo(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	(void)ctx;
	ctl_reply(req, unit->zone, unit->type, unit->data);
	ctl_extra(req, unit->owner, unit->ttl);
	ctl_counter(req, unit->zone, unit->section, unit->item, unit->id, unit->filters);
	if (unit->flags != NULL) {
		ctl_error(req, unit->zone, "%s", unit->flags);
	}
}

static const ctl_command_t COMMANDS[] = {
	{ "status", echo }, { "zone-status", echo }, { NULL, NULL }
};

static void stop(void)
{
	ctl_server_stop(server);
}

static void start(void)
{
	char err[256] = "";
	snprintf(path, sizeof(path), "/tmp/fuzz-control-%d.sock", (int)getpid());
	demand(ctl_server_start(&server, path, COMMANDS, NULL, err, sizeof(err)) == 0, err);
	atexit(stop);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (server == NULL) {
		start();
	}

	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	strcpy(addr.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	demand(fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0, "connect");
	ssize_t sent = send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)sent;
	shutdown(fd, SHUT_WR);

	/* The server closes it when it has seen the end. */
	char answer[4096];
	while (recv(fd, answer, sizeof(answer), 0) > 0) {
		;
	}
	close(fd);

	char err[256] = "";
	ctl_unit_t unit = { .cmd = "status" };
	const ctl_call_t call = { .path = path, .timeout_ms = 5000, .units = &unit, .count = 1 };
	demand(ctl_client_call(&call, err, sizeof(err)) == 0, err);
	return 0;
}
