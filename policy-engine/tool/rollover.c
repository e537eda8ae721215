/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* The commands that replace keys: they show the engine's plan, and ask. */

#include <stdio.h>
#include <string.h>

#include "common/question.h"
#include "policy-engine/tool/ask.h"
#include "policy-engine/tool/commands.h"

static int show_plan(const invocation_t *run, ctl_unit_t unit)
{
	engine_answer_t answer = { 0 };
	unit.cmd = "zone-key-plan";
	int ret = tool_ask(run, &unit, &answer);
	if (ret == DONE) {
		printf("What will happen if nothing holds it up, and the parent does at once what "
		       "it is asked to:\n");
		for (size_t i = 0; i < answer.count; i++) {
			printf("  %-34s  %s\n", line_get(&answer.lines[i], "when"),
			       line_get(&answer.lines[i], "what"));
		}
	}
	answer_deinit(&answer);
	return ret;
}

/* \param how  "emergency", "lost" or NULL. */
static int act(const invocation_t *run, const char *how)
{
	ctl_unit_t unit = { .cmd = "zone-key-rollover", .zone = run->args[0],
	                    .type = run->args[1], .data = how };
	int ret = show_plan(run, unit);
	if (ret != DONE) {
		return ret;
	}
	return run->yes || question_confirmed("ods", "Do it?") ? tool_tell(run, &unit)
	                                                              : FAILED;
}

static bool is_number(const char *text)
{
	return text[strspn(text, "0123456789")] == '\0' && text[0] != '\0';
}

int tool_rollover(const invocation_t *run)
{
	if (is_number(run->args[1])) {
		fprintf(stderr, "ods: rollover %s %s: say ksk, zsk or csk; a single key goes "
		        "by ods remove\n", run->args[0], run->args[1]);
		return USAGE;
	}
	return act(run, run->emergency ? "emergency" : NULL);
}

int tool_remove(const invocation_t *run)
{
	if (!is_number(run->args[1])) {
		fprintf(stderr, "ods: remove %s %s: name a key by its tag; ods keys "
		        "has them\n", run->args[0], run->args[1]);
		return USAGE;
	}
	return act(run, "emergency");
}

int tool_key_lost(const invocation_t *run)
{
	if (!is_number(run->args[1])) {
		fprintf(stderr, "ods: key-lost %s %s: name a key by its tag; ods keys has them\n",
		        run->args[0], run->args[1]);
		return USAGE;
	}
	return act(run, "lost");
}
