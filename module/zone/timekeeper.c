/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zone/timekeeper.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "module/base/moment.h"

#define SAVE_S 3600 /* Seconds between two notes in the store. */
#define NOTE_MAX 96 /* Bytes of a note: two numbers and the name of the machine's start. */

/* The record of no zone. */
static const knot_dname_t *const root = (const knot_dname_t *)"";

static int read_note(timekeeper_t *keeper, char note[NOTE_MAX])
{
	const void *stored;
	size_t len;
	store_txn_t txn;
	int ret = store_read(keeper->store, &txn);
	if (ret == KNOT_EOK) {
		ret = store_get(&txn, STORE_CLOCK, root, &stored, &len);
		if (ret == KNOT_EOK) {
			snprintf(note, NOTE_MAX, "%.*s", (int)len, (const char *)stored);
		}
		store_abort(&txn);
	}
	return ret;
}

/*! If that fails it is done the next time: nothing waits for it. */
static void save(timekeeper_t *keeper, const clock_mark_t *mark)
{
	char note[NOTE_MAX], start[CLOCK_START_MAX];
	store_txn_t txn;
	clock_start(start);
	const int len = snprintf(note, sizeof(note), "%" PRId64 " %" PRId64 " %s", mark->seen,
	                         mark->uptime, start);
	if (store_write(keeper->store, &txn) == KNOT_EOK) {
		(void)store_end(&txn, store_set(&txn, STORE_CLOCK, root, note, len));
	}
}

void timekeeper_init(timekeeper_t *keeper, log_t *log, store_t *store)
{
	char note[NOTE_MAX], start[CLOCK_START_MAX], then[CLOCK_START_MAX] = "";
	*keeper = (timekeeper_t){ .log = log, .store = store };
	pthread_mutex_init(&keeper->lock, NULL);
	if (read_note(keeper, note) != KNOT_EOK) {
		return;
	}
	(void)sscanf(note, "%" SCNd64 " %" SCNd64 " %39s", &keeper->mark.seen,
	             &keeper->mark.uptime, then);
	clock_start(start);
	if (keeper->mark.seen != 0 && (start[0] == '\0' || strcmp(start, then) != 0)) {
		/* The machine has started since: it is later, nobody knows by how much. */
		keeper->mark.uptime = clock_uptime();
		save(keeper, &keeper->mark);
	}
}

void timekeeper_deinit(timekeeper_t *keeper)
{
	pthread_mutex_destroy(&keeper->lock);
}

/*! With the lock held. \return Whether the mark is to be saved */
static bool judge(timekeeper_t *keeper, int64_t now, clock_span_t *span)
{
	const int64_t uptime = clock_uptime();
	clock_mark_t *mark = &keeper->mark;
	if (clock_synchronised(now)) {
		*mark = (clock_mark_t){ .seen = now, .uptime = uptime };
	}
	keeper->verdict = clock_judge(mark, now, uptime);
	*span = clock_span(mark, now, uptime);
	const bool due = keeper->saved == 0 || now < keeper->saved || now >= keeper->saved + SAVE_S;
	keeper->saved = keeper->verdict == CLOCK_GOOD && due ? now : keeper->saved;
	return keeper->verdict == CLOCK_GOOD && due;
}

clock_span_t timekeeper_now(timekeeper_t *keeper)
{
	char text[TIMEKEEPER_TEXT_MAX];
	clock_span_t span;
	pthread_mutex_lock(&keeper->lock);
	const clock_verdict_t before = keeper->verdict;
	const bool saves = judge(keeper, time(NULL), &span);
	const bool news = keeper->verdict != before;
	const clock_mark_t mark = keeper->mark;
	pthread_mutex_unlock(&keeper->lock);
	if (saves) {
		save(keeper, &mark);
	}
	if (news) {
		timekeeper_text(keeper, text);
		log_msg(keeper->log, LOG_WARNING, NULL, "%s",
		        text[0] != '\0' ? text : "the clock is believed again");
	}
	return span;
}

void timekeeper_accept(timekeeper_t *keeper)
{
	pthread_mutex_lock(&keeper->lock);
	keeper->mark = (clock_mark_t){ .seen = time(NULL), .uptime = clock_uptime() };
	keeper->saved = 0;
	pthread_mutex_unlock(&keeper->lock);
	(void)timekeeper_now(keeper);
}

void timekeeper_text(timekeeper_t *keeper, char text[TIMEKEEPER_TEXT_MAX])
{
	char apart[MOMENT_MAX];
	pthread_mutex_lock(&keeper->lock);
	const clock_verdict_t verdict = keeper->verdict;
	const clock_span_t span = clock_span(&keeper->mark, time(NULL), clock_uptime());
	pthread_mutex_unlock(&keeper->lock);
	text[0] = '\0';
	if (verdict != CLOCK_GOOD) {
		snprintf(text, TIMEKEEPER_TEXT_MAX, "the clock went %s by %s: new signatures are "
		         "made to be good by both times until it is right again; if it is right "
		         "now: ods clock-accept", verdict == CLOCK_BACK ? "back" : "ahead",
		         moment_span(span.to - span.from, apart));
	}
}
