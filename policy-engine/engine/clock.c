/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <time.h>

#include "policy-engine/base/event.h"
#include "policy-engine/engine/internal.h"

#define SAVE_S 3600 /* An idle engine does not write all the time. */

static int64_t uptime(void)
{
	struct timespec since_boot = { 0 };
	clock_gettime(CLOCK_BOOTTIME, &since_boot);
	return since_boot.tv_sec;
}

int engine_clock_load(engine_t *e)
{
	e->clock = (clock_mark_t){ .uptime = -1 };
	int found = db_clock_get(e->db, &e->clock.seen);
	e->clock_saved = e->clock.seen;
	return found < 0 ? -1 : 0;
}

static int save(engine_t *e, int64_t now)
{
	if (e->clock_saved != 0 && now >= e->clock_saved && now < e->clock_saved + SAVE_S) {
		return 0;
	}
	e->clock_saved = now;
	return db_clock_put(e->db, now);
}

static void complain(const engine_t *e, clock_verdict_t verdict)
{
	int64_t seen = e->clock.seen;
	log_event(LOG_ERROR, NULL, "the clock went %s: it said %lld before; no key comes or goes "
	          "until it is right again, the signer signs on. If it is right now: "
	          "ods clock-accept", verdict == CLOCK_BACK ? "back" : "ahead",
	          (long long)seen);
}

int engine_clock_check(engine_t *e, int64_t now)
{
	pthread_mutex_lock(&e->lock);
	clock_verdict_t before = e->clock_verdict;
	e->clock_verdict = clock_judge(&e->clock, now, uptime());
	clock_verdict_t verdict = e->clock_verdict;
	int ret = verdict == CLOCK_GOOD ? save(e, now) : 0;
	if (verdict != CLOCK_GOOD && verdict != before) {
		complain(e, verdict);
	} else if (verdict == CLOCK_GOOD && before != CLOCK_GOOD) {
		log_event(LOG_INFO, NULL, "the clock is believed again");
	}
	pthread_mutex_unlock(&e->lock);
	return ret != 0 ? -1 : verdict == CLOCK_GOOD;
}

int64_t engine_clock_now(const engine_t *e)
{
	if (e->clock_verdict == CLOCK_GOOD) {
		return time(NULL);
	}
	return e->clock.seen + (e->clock.uptime >= 0 ? uptime() - e->clock.uptime : 0);
}

void engine_clock_accept(engine_t *e)
{
	e->clock = (clock_mark_t){ .seen = time(NULL), .uptime = uptime() };
	e->clock_saved = 0;
}
