/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* The commands that send one thing to the engine and print its answer. */

#include <stdio.h>
#include <string.h>

#include "policy-engine/tool/ask.h"
#include "policy-engine/tool/commands.h"

/* \return NULL if it was left out. */
static const char *argument(const invocation_t *run, int i)
{
	return i < run->count ? run->args[i] : NULL;
}

int tool_keys(const invocation_t *run)
{
	ctl_unit_t unit = { .cmd = "zone-keys", .zone = argument(run, 0) };
	return tool_show(run, &unit, answer_print_table);
}

/* Prints a zone file, in which a record that the parent must not have is a comment. */
static void print_records(const engine_answer_t *answer)
{
	for (size_t i = 0; i < answer->count; i++) {
		const line_t *line = &answer->lines[i];
		const char *state = line_get(line, "state");
		bool meant = strcmp(state, "to be given to the parent") == 0 ||
		             strcmp(state, "at the parent") == 0;
		printf("; %s %s: %s\n%s%s\n", line_get(line, "role"), line_get(line, "keytag"),
		       state, meant ? "" : "; ", line_get(line, "record"));
	}
}

int tool_ds(const invocation_t *run)
{
	ctl_unit_t unit = { .cmd = "zone-ds", .zone = run->args[0],
	                    .type = argument(run, 1) };
	return tool_show(run, &unit, print_records);
}

int tool_ds_seen(const invocation_t *run)
{
	ctl_unit_t unit = { .cmd = "zone-ds-seen", .zone = run->args[0],
	                    .type = argument(run, 1) };
	return tool_tell(run, &unit);
}

int tool_ds_gone(const invocation_t *run)
{
	ctl_unit_t unit = { .cmd = "zone-ds-gone", .zone = run->args[0],
	                    .type = argument(run, 1) };
	return tool_tell(run, &unit);
}

int tool_clock_accept(const invocation_t *run)
{
	ctl_unit_t unit = { .cmd = "clock-accept" };
	return tool_tell(run, &unit);
}

int tool_backup(const invocation_t *run)
{
	static const char *const actions[][2] = {
		{ "list", "backup-list" },
		{ "prepare", "backup-prepare" },
		{ "commit", "backup-commit" },
		{ "rollback", "backup-rollback" },
	};
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(run->args[0], actions[i][0]) == 0) {
			ctl_unit_t unit = { .cmd = actions[i][1],
			                    .type = argument(run, 1) };
			return i == 0 ? tool_show(run, &unit, answer_print_table)
			              : tool_tell(run, &unit);
		}
	}
	fprintf(stderr, "ods: backup %s is not known; there are list, prepare, commit, "
	        "rollback\n", run->args[0]);
	return USAGE;
}

int tool_adopt(const invocation_t *run)
{
	ctl_unit_t unit = { .cmd = "key-adopt", .type = run->args[0], .section = run->args[1],
	                    .data = run->args[2] };
	return tool_tell(run, &unit);
}

int tool_generate(const invocation_t *run)
{
	ctl_unit_t unit = { .cmd = "key-generate", .type = run->args[0], .data = run->args[1] };
	return tool_tell(run, &unit);
}
