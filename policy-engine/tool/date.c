/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "policy-engine/tool/date.h"

#include <stdio.h>

#include "policy-engine/base/duration.h"

static bool parse(const char *text, time_t *when)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%d", &tm);
	if (end != NULL && *end != '\0') {
		end = strptime(end, "T%H:%M:%SZ", &tm);
	}
	if (end == NULL || *end != '\0') {
		return false;
	}
	*when = timegm(&tm);
	return true;
}

bool date_read(const char *text, time_t *when)
{
	const bool read = parse(text, when);
	if (!read) {
		fprintf(stderr, "ods: '%s' is no date; write 2026-12-31, or 2026-12-31T12:00:00Z\n",
		        text);
	}
	return read;
}

bool date_read_from(const char *text, time_t now, time_t *when)
{
	uint32_t seconds;
	const char *why;
	if (parse(text, when)) {
		return true;
	}
	if (duration_parse(text, &seconds, &why) != 0) {
		fprintf(stderr, "ods: '%s' is neither a date nor a duration; write 2026-12-31, "
		        "2026-12-31T12:00:00Z, or P7D\n", text);
		return false;
	}
	*when = now + seconds;
	return true;
}
