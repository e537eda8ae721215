/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/core/clock.h"

clock_verdict_t clock_judge(clock_mark_t *mark, int64_t now, int64_t uptime)
{
	if (mark->seen != 0) {
		int64_t passed = mark->uptime >= 0 ? uptime - mark->uptime : 0;
		int64_t ahead_max = mark->uptime >= 0 ? CLOCK_AHEAD_MAX : CLOCK_AWAY_MAX;
		int64_t jump = now - mark->seen - passed;
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
