/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/publish/pace.h"

/* Names that knotd walks through in a millisecond: an estimate, until a load was measured. */
#define NAMES_PER_MS 1000
/* A measured load counts up to so many times the estimate. One that took longer had many
 * changes, and does not tell how long the walk takes. */
#define SLOWEST 10
/* Versions of a stream are apart by so many loads: knotd then spends a tenth of its time
 * loading. */
#define LOADS 10
/* Milliseconds by which versions of a stream are apart at most. */
#define APART_MAX 10000
/* Without a stream, a version waits for this part of a load after the last load or update: another
 * update may come. */
#define PAUSE 16
/* One version in so many waits for a larger part of a load, to see whether a stream has begun; a
 * stream ends if there is no update for as long. */
#define PROBE 6
#define PAUSE_LONG 2
/* Milliseconds that each pause lasts at least. */
#define PAUSE_MIN 4

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/*! \return What knotd takes to load a version without many changes. */
static int64_t load(const pace_t *pace)
{
	const int64_t walk = pace->names / NAMES_PER_MS, most = walk * SLOWEST + PAUSE_MIN;
	return pace->load == 0 ? walk : pace->load < most ? pace->load : most;
}

int64_t pace_apart(const pace_t *pace)
{
	const int64_t wanted = load(pace) * LOADS;
	return wanted < APART_MAX ? wanted : APART_MAX;
}

/*! \return When the next version of a stream is due. */
static int64_t apart(const pace_t *pace)
{
	return pace->published + pace_apart(pace);
}

static int64_t pause(const pace_t *pace, bool lengthy)
{
	return later(load(pace) / (lengthy ? PAUSE_LONG : PAUSE), PAUSE_MIN);
}

void pace_update(pace_t *pace, int64_t now)
{
	/* An update that knotd held back while it was loading does not tell that the stream
	 * ended. */
	const int64_t gap = now - pace->updated;
	if (gap <= pause(pace, true)) {
		pace->stream = true;
	} else if (pace->loaded < pace->updated && pace->published < pace->updated) {
		pace->stream = false;
	}
	pace->updated = now;
}

void pace_publish(pace_t *pace, int64_t now)
{
	const bool soon = now < apart(pace);
	pace->soon = soon ? pace->soon + 1 : 0;
	pace->stream &= !soon && now - pace->updated <= pause(pace, true);
	pace->published = now;
	pace->loaded = 0;
}

void pace_load(pace_t *pace, int64_t now, int64_t took)
{
	pace->loaded = now;
	pace->load = took > 0 ? took : pace->load;
}

int64_t pace_next(const pace_t *pace, int64_t now)
{
	/* The clock may have been set back. */
	if (now < pace->published || now >= apart(pace)) {
		return now;
	}
	int64_t next = apart(pace);
	if (pace->loaded > 0) {
		const bool lengthy = pace->stream || pace->soon % PROBE == PROBE - 1;
		const int64_t over = later(pace->loaded, pace->updated) + pause(pace, lengthy);
		next = over < next ? over : next;
	}
	return later(next, now);
}
