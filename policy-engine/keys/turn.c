/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/keys/turn.h"

#define WAIT_PART 6 /* No key waits longer than that part of the time which all so far have taken. */

bool turn_take(turn_t *turn, int64_t now, bool made, bool left)
{
	turn->due = turn->due || made;
	const bool may_wait = left && turn->since != 0 && now >= turn->taken_at;
	const bool is = turn->due && !(may_wait && now - turn->taken_at <
	                               (now - turn->since) / WAIT_PART);
	turn->since = !left ? 0 : turn->since == 0 ? now : turn->since;
	if (is) {
		turn->due = false;
		turn->taken_at = now;
	}
	return is;
}
