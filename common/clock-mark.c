/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "common/clock-mark.h"

#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

clock_verdict_t clock_judge(clock_mark_t *mark, int64_t now, int64_t uptime)
{
	if (mark->seen != 0) {
		const int64_t ahead_max = mark->uptime >= 0 ? CLOCK_AHEAD_MAX : CLOCK_AWAY_MAX;
		const int64_t jump = now - clock_expected(mark, uptime);
		if (jump < -CLOCK_BACK_MAX) {
			return CLOCK_BACK;
		}
		if (jump > ahead_max) {
			return CLOCK_AHEAD;
		}
	}
	*mark = (clock_mark_t){ .seen = now, .uptime = uptime };
	return CLOCK_GOOD;
}

int64_t clock_expected(const clock_mark_t *mark, int64_t uptime)
{
	return mark->seen + (mark->uptime >= 0 ? uptime - mark->uptime : 0);
}

clock_span_t clock_span(const clock_mark_t *mark, int64_t now, int64_t uptime)
{
	const int64_t expected = mark->seen != 0 ? clock_expected(mark, uptime) : now;
	return expected < now ? (clock_span_t){ .from = expected, .to = now }
	                      : (clock_span_t){ .from = now, .to = expected };
}

int64_t clock_uptime(void)
{
	struct timespec since_start = { 0 };
	clock_gettime(CLOCK_BOOTTIME, &since_start);
	return since_start.tv_sec;
}

void clock_start(char name[CLOCK_START_MAX])
{
	name[0] = '\0';
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	if (file != NULL) {
		if (fgets(name, CLOCK_START_MAX, file) != NULL) {
			name[strcspn(name, "\n")] = '\0';
		}
		fclose(file);
	}
}

bool clock_synchronised(int64_t now)
{
	struct timex system = { .modes = 0 };
	const int state = adjtimex(&system);
	/* What this process was told can be another clock than the system's. */
	const int64_t apart = now - system.time.tv_sec;
	return state >= 0 && state != TIME_ERROR && !(system.status & STA_UNSYNC) &&
	       apart >= -1 && apart <= 1;
}
