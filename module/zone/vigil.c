/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zone/vigil.h"

#include <time.h>

#include "module/zone/health.h"

/* Seconds between two looks at all zones, which are some work if there are 100,000. When a zone will
 * be short of time earlier, it is looked at then. */
#define LOOK_EVERY 60

/* Seconds for which a zone may be short of time without a known cause: with another Refresh in the
 * policy, there is some work to be done first. */
#define PATIENCE 600

typedef struct {
	vigil_t *vigil;
	int64_t now, next;       /*!< Unix seconds. */
} look_t;

static void see_time(look_t *look, int64_t when)
{
	look->next = when > look->now && when < look->next ? when : look->next;
}

/*! Whether the zone is not served any more, since no primary confirmed it: the fetcher says so. */
static bool is_over(const alarm_zone_t *why, int64_t now)
{
	return why->kind == ALARM_PRIMARY && why->until <= now;
}

static bool is_counted_short(zone_t *zone)
{
	unsigned state = HEALTH_OK;
	int64_t until;
	return tally_read(zone->env->tally, &zone->tally, &state, &until) &&
	       state == HEALTH_EXPIRING;
}

static void look_at(void *ctx, zone_t *zone)
{
	look_t *look = ctx;
	lasting_t lasting;
	alarm_zone_t why;
	bool known;
	zone_read_lasting(zone, &lasting);
	see_time(look, lasting_alarm_at(&lasting));
	const bool is_short = health_short(zone, &lasting, look->now, &why, &known);
	if (is_short != is_counted_short(zone)) {
		health_count(zone);
	}
	if (!is_short || is_over(&why, look->now)) {
		zone->short_since = 0;
		return;
	}
	const int64_t patience = lasting.alarm / 2 < PATIENCE ? lasting.alarm / 2 : PATIENCE;
	zone->short_since = zone->short_since != 0 ? zone->short_since : look->now;
	if (known || look->now - zone->short_since >= patience) {
		alarms_add(&look->vigil->alarms, zone->name, &why);
	}
	see_time(look, why.until);
	see_time(look, zone->short_since + patience);
}

int64_t vigil_work(vigil_t *vigil)
{
	const int64_t now = time(NULL);
	look_t look = { .vigil = vigil, .now = now, .next = now + LOOK_EVERY };
	alarms_begin(&vigil->alarms);
	zones_each(vigil->zones, look_at, &look);
	alarms_end(&vigil->alarms, vigil->log, now);
	log_pass(vigil->log);
	return 1000 * look.next;
}
