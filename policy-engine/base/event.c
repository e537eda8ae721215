/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/base/event.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "common/text.h"

void log_event(log_level_t level, const char *zone, const char *fmt, ...)
{
	static const char *const names[] = {
		[LOG_ERROR] = "error",
		[LOG_WARNING] = "warning",
		[LOG_INFO] = "info",
		[LOG_DEBUG] = "debug",
	};
	char stamp[40] = "";
	time_t now = time(NULL);
	struct tm tm;
	if (localtime_r(&now, &tm) != NULL) {
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S%z", &tm);
	}
	char text[2048];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	text_tame(text);
	/* In one call, so that lines of two threads do not mix. */
	fprintf(stderr, "%s %s: %s%s%s%s\n", stamp, names[level], zone != NULL ? "[" : "",
	        zone != NULL ? zone : "", zone != NULL ? "] " : "", text);
}
