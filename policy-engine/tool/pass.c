/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* ods pass: has the module let through, once, what a rule of the last gate holds. */

#include "policy-engine/tool/ask.h"
#include "policy-engine/tool/commands.h"

int tool_pass(const invocation_t *run)
{
	invocation_t to_module = *run;
	to_module.module = true;
	const ctl_unit_t unit = { .cmd = "zone-pass", .zone = run->args[0], .data = run->args[1] };
	return tool_tell(&to_module, &unit);
}
