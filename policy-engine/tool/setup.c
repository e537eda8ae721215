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
	(void)run;
	(void)argc;
	execv(SETUP_SCRIPT, argv);
	fprintf(stderr, "ods: %s: %s; reinstall mod-opendnssec\n", SETUP_SCRIPT, strerror(errno));
	return FAILED;
}
