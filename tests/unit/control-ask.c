/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* control-ask SOCKET COMMAND [ZONE [DATA]]: sends a command that knotc does not know, and shows the
 * answer: a line "TYPE: DATA" for each unit. Exits with 1 if there is an error. */

#include <stdio.h>

#include "control/client.h"

static int show(void *ctx, const ctl_unit_t *unit, const char *error, int first)
{
	bool *failed = ctx;
	(void)first;
	if (error != NULL) {
		*failed = true;
		printf("error: %s\n", error);
	} else {
		printf("%s: %s\n", unit->type != NULL ? unit->type : "",
		       unit->data != NULL ? unit->data : "");
	}
	return 0;
}

int main(int argc, char *argv[])
{
	char err[256];
	bool failed = false;
	if (argc < 3) {
		fprintf(stderr, "usage: control-ask SOCKET COMMAND [ZONE [DATA]]\n");
		return 2;
	}
	const ctl_unit_t unit = {
		.cmd = argv[2], .zone = argv[3], .data = argc > 4 ? argv[4] : NULL
	};
	const ctl_call_t call = {
		.path = argv[1], .timeout_ms = 10000, .units = &unit, .count = 1,
		.answer = show, .ctx = &failed,
	};
	if (ctl_client_call(&call, err, sizeof(err)) != KNOT_EOK) {
		fprintf(stderr, "%s\n", err);
		return 2;
	}
	return failed;
}
