/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* ods setup is a script: it calls the programs that a person would call. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "policy-engine/tool/commands.h"

int tool_setup(const invocation_t *run, int argc, char *argv[])
{
	(void)argc;
	if (run->conf != NULL || run->socket != NULL || run->json || run->yes || run->emergency) {
		fprintf(stderr, "ods: the options of setup stand behind it; see ods setup --help\n");
		return USAGE;
	}
	execv(SETUP_SCRIPT, argv);
	fprintf(stderr, "ods: %s: %s; reinstall mod-opendnssec\n", SETUP_SCRIPT, strerror(errno));
	return FAILED;
}
