/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Any bytes as the answer of knotd, or of the module, on its control socket: the call ends, and says
 * why if there was no answer. */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <libknot/errcode.h>

#include "control/client.h"
#include "tests/fuzz/target.h"

static struct sockaddr_un addr = { .sun_family = AF_UNIX };
static int listener = -1;

typedef struct {
	const uint8_t *data;
	size_t size;
} answer_t;

static void finish(void)
{
	close(listener);
	unlink(addr.sun_path);
}

static void start(void)
{
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/tmp/fuzz-client-%d.sock", (int)getpid());
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	demand(listener >= 0 && bind(listener, (struct sockaddr *)&addr, sizeof(addr)) == 0 &&
	       listen(listener, 1) == 0, "there is a socket");
	atexit(finish);
}

/*! The server: answers without reading, and waits for the client to close. */
static void *serve(void *arg)
{
	const answer_t *answer = arg;
	uint8_t read[4096];
	int fd = accept(listener, NULL, NULL);
	demand(fd >= 0, "accept");
	ssize_t sent = send(fd, answer->data, answer->size, MSG_NOSIGNAL);
	(void)sent;
	shutdown(fd, SHUT_WR);
	while (recv(fd, read, sizeof(read), 0) > 0) {
		;
	}
	close(fd);
	return NULL;
}

/*! Reads all texts to their ends, which a sanitizer watches. */
static int take(void *ctx, const ctl_unit_t *unit, const char *error, int first)
{
	size_t *sum = ctx;
	const char *const texts[] = {
		unit->cmd, unit->flags, unit->section, unit->item, unit->id, unit->zone,
		unit->owner, unit->ttl, unit->type, unit->data, unit->filters, error,
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		*sum += texts[i] != NULL ? strlen(texts[i]) : 0;
	}
	return first && *sum > 10000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (listener < 0) {
		start();
	}
	answer_t answer = { data, size };
	pthread_t server;
	demand(pthread_create(&server, NULL, serve, &answer) == 0, "there are threads");

	char err[256] = "";
	size_t sum = 0;
	const ctl_unit_t unit = { .cmd = "zone-status", .zone = "example." };
	/* The last octet tells whether the answer is of interest beyond its errors. */
	const bool taken = size > 0 && data[size - 1] % 2 == 0;
	const ctl_call_t call = {
		.path = addr.sun_path, .timeout_ms = 5000, .units = &unit, .count = 1,
		.answer = taken ? take : NULL, .ctx = &sum,
	};
	int ret = ctl_client_call(&call, err, sizeof(err));
	/* The reason of KNOT_ERROR is the server's, who may give none. */
	demand(ret == KNOT_ERROR || (ret == KNOT_EOK) == (err[0] == '\0'),
	       "an error has a reason");
	pthread_join(server, NULL);
	return 0;
}
