/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* ods back: whether zones can go back to OpenDNSSEC, and by which commands. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/tool/ask.h"
#include "policy-engine/tool/commands.h"

/* OpenDNSSEC's commands take names without the dot at their end. */
static int name_len(const char *zone)
{
	size_t len = strlen(zone);
	return (int)(len > 1 && zone[len - 1] == '.' ? len - 1 : len);
}

static void print_commands(const engine_answer_t *answer)
{
	printf("\nThe way back, for those that can; secondaries answer meanwhile:\n"
	       "  systemctl stop ods-engine knot   # or take these zones out of knot.conf: two signers\n"
	       "                                   # must not have the same zone\n"
	       "  ods-control start\n");
	for (size_t i = 0; i < answer->count; i++) {
		const line_t *line = &answer->lines[i];
		if (strcmp(line_get(line, "back"), "open") == 0) {
			printf("  ods-signer sign %.*s --serial %s\n", name_len(line->zone),
			       line->zone, line_get(line, "next-serial"));
		}
	}
	printf("  and have the secondaries follow OpenDNSSEC again, when it has signed. Before another\n"
	       "  move: ods forget, and ods import once more.\n");
}

static void print_zones(const engine_answer_t *answer)
{
	size_t open = answer_count(answer, "back", "open");
	for (size_t i = 0; i < answer->count; i++) {
		const line_t *line = &answer->lines[i];
		const char *why = line_get(line, "why");
		if (line->zone != NULL) {
			printf("%s  %s%s%s\n", line->zone, line_get(line, "back"),
			       why[0] != '\0' ? ": " : "", why);
		}
	}
	printf("%zu zones can go back, %zu cannot\n", open, answer->count - open);
	if (open > 0) {
		print_commands(answer);
	}
}

int tool_back(const invocation_t *run)
{
	/* The engine has another working directory. */
	char *database = realpath(run->args[0], NULL);
	const ctl_unit_t unit = { .cmd = "zone-back", .zone = run->args[1],
	                          .section = database != NULL ? database : run->args[0] };
	int ret = tool_show(run, &unit, print_zones);
	free(database);
	return ret;
}
