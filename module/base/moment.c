/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/base/moment.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

const char *moment_text(int64_t when, char out[MOMENT_MAX])
{
	return when > 0 && moment_write(when, out) ? out : strcpy(out, "-");
}

const char *moment_span(int64_t seconds, char out[MOMENT_MAX])
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
	const size_t last = sizeof(units) / sizeof(units[0]) - 1;
	const int64_t left = seconds > 0 ? seconds : 0;
	size_t at = 0;
	while (at < last && left < units[at].seconds) {
		at++;
	}
	const int64_t count = left / units[at].seconds, rest = left % units[at].seconds;
	if (at == last || rest < units[at + 1].seconds) {
		snprintf(out, MOMENT_MAX, "%" PRId64 " %s", count, units[at].name);
	} else {
		snprintf(out, MOMENT_MAX, "%" PRId64 " %s %" PRId64 " %s", count,
		         units[at].name, rest / units[at + 1].seconds, units[at + 1].name);
	}
	return out;
}
