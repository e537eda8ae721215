/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/desk/timekeeper.h"

#include <time.h>

#include "policy-engine/base/event.h"

#define SAVE_S 3600 /* Seconds between two notes in the database: an idle engine hardly writes. */

int timekeeper_load(timekeeper_t *keeper, db_t *db)
{
	keeper->mark = (clock_mark_t){ .uptime = -1 };
	int found = db_clock_get(db, &keeper->mark);
	keeper->saved = keeper->mark.seen;
	return found < 0 ? -1 : 0;
}

static int save(timekeeper_t *keeper, db_t *db, int64_t now)
{
	if (keeper->saved != 0 && now >= keeper->saved && now < keeper->saved + SAVE_S) {
		return 0;
	}
	keeper->saved = now;
	return db_clock_put(db, &keeper->mark);
}

static void complain(const timekeeper_t *keeper)
{
	log_about(LOG_ERROR, (about_t){ .event = "clock" },
	          "the clock went %s: it said %lld before; no key comes or goes "
	          "until it is right again, the signer signs on, where the KSK is offline until "
	          "its bundle ends. If it is right now: ods clock-accept",
	          keeper->verdict == CLOCK_BACK ? "back" : "ahead", (long long)keeper->mark.seen);
}

int timekeeper_check(timekeeper_t *keeper, db_t *db, int64_t now)
{
	clock_verdict_t before = keeper->verdict;
	keeper->verdict = clock_judge(&keeper->mark, now, clock_uptime());
	bool good = keeper->verdict == CLOCK_GOOD;
	int ret = good ? save(keeper, db, now) : 0;
	if (!good && keeper->verdict != before) {
		complain(keeper);
	} else if (good && before != CLOCK_GOOD) {
		log_about(LOG_INFO, (about_t){ .event = "clock" }, "the clock is believed again");
	}
	return ret != 0 ? -1 : good;
}

int64_t timekeeper_now(const timekeeper_t *keeper)
{
	const clock_mark_t *mark = &keeper->mark;
	if (keeper->verdict == CLOCK_GOOD) {
		return time(NULL);
	}
	return clock_expected(mark, clock_uptime());
}

void timekeeper_accept(timekeeper_t *keeper)
{
	keeper->mark = (clock_mark_t){ .seen = time(NULL), .uptime = clock_uptime() };
	keeper->saved = 0;
}
