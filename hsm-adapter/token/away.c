/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/token/away.h"

#include "common/backoff.h"
#include "common/clock.h"

/* So many looks may follow each other at once: an error may pass, and who signs tries again by itself. */
#define FREE_LOOKS 8
/* Milliseconds from one look to the next. */
static const backoff_t pause_ms = { .first = 10, .max = 1000 };
/* A look that takes so long is one that waits: what it has found out holds for as long again. */
#define LONG_MS 100
#define HOLDS_MAX_MS 30000

void away_note(away_t *away, int64_t begun_ms, int code, const hsm_error_t *err)
{
	const int64_t now_ms = monotonic_ms(), took_ms = now_ms - begun_ms;
	const unsigned failures = away->failures + 1;
	int64_t wait_ms = failures > FREE_LOOKS ? backoff_delay(&pause_ms, failures - FREE_LOOKS) : 0;
	if (took_ms >= LONG_MS && took_ms > wait_ms) {
		wait_ms = took_ms < HOLDS_MAX_MS ? took_ms : HOLDS_MAX_MS;
	}
	*away = (away_t){ failures, now_ms + wait_ms, code, *err };
}

bool away_still(const away_t *away)
{
	return monotonic_ms() < away->until_ms;
}

void away_look(away_t *away)
{
	away->until_ms = 0;
}
