/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/publish/arrival.h"

#include <stdbool.h>
#include <stdlib.h>

#include <libknot/errcode.h>

#include "common/clock.h"
#include "control/client.h"

#define EVERY_MS 50      /* Between two tries, each of which costs next to nothing. */
#define TIMEOUT_MS 1000  /* Of a try: knotd answers late while it reads its configuration. */
#define GIVE_UP_MS 30000 /* knotd's socket is elsewhere, or it loads some hundred thousands of zones. */

static bool answers(trigger_t *trigger)
{
	char err[256];
	char *path = trigger_path(trigger);
	const ctl_unit_t unit = { .cmd = "status" };
	const ctl_call_t call = { .path = path, .timeout_ms = TIMEOUT_MS, .units = &unit, .count = 1 };
	const bool is = path != NULL && ctl_client_call(&call, err, sizeof(err)) == KNOT_EOK;
	free(path);
	return is;
}

int64_t arrival_work(arrival_t *arrival)
{
	const int64_t now = monotonic_ms();
	arrival->since_ms = arrival->since_ms == 0 ? now : arrival->since_ms;
	if (!answers(arrival->trigger) && now - arrival->since_ms < GIVE_UP_MS) {
		return sched_now() + EVERY_MS;
	}
	sched_release(arrival->workers);
	return 0;
}
