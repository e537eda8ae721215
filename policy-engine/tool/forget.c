/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* ods forget: shows the zone's keys, and asks. */

#include <stdio.h>

#include "common/question.h"
#include "policy-engine/tool/ask.h"
#include "policy-engine/tool/commands.h"

int tool_forget(const invocation_t *run)
{
	const ctl_unit_t keys = { .cmd = "zone-keys", .zone = run->args[0] };
	const ctl_unit_t forget = { .cmd = "zone-forget", .zone = run->args[0] };
	engine_answer_t answer = { 0 };
	int ret = tool_ask(run, &keys, &answer);
	if (ret == DONE) {
		printf("These keys are forgotten, with all that is known of them; they stay in their "
		       "tokens:\n");
		answer_print_table(&answer);
		ret = run->yes || question_confirmed("ods", "Do it?") ? tool_tell(run, &forget)
		                                                      : FAILED;
	}
	answer_deinit(&answer);
	return ret;
}
