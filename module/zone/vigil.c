/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zone/vigil.h"

#include <string.h>
#include <time.h>

#include <libknot/libknot.h>

/* Seconds between two looks at all zones: some milliseconds of work for 100,000. A zone that will be
 * short of time earlier is looked at then. */
#define LOOK_EVERY 60

/* Seconds for which a zone may be short of time without a known cause: a policy with another Refresh
 * leaves some work to be done first. */
#define PATIENCE 600

typedef struct {
	vigil_t *vigil;
	int64_t now, next;       /*!< Unix seconds. */
} look_t;

static void see_time(look_t *look, int64_t when)
{
	look->next = when > look->now && when < look->next ? when : look->next;
}

/*! A zone is short of time. */
static void see_short(look_t *look, zone_t *zone, const lasting_t *lasting)
{
	char cause[HELD_TEXT_MAX];
	const int64_t patience = lasting->alarm / 2 < PATIENCE ? lasting->alarm / 2 : PATIENCE;
	zone->short_since = zone->short_since != 0 ? zone->short_since : look->now;
	if (zone_hindrance(zone, cause, sizeof(cause)) ||
	    look->now - zone->short_since >= patience) {
		alarms_add(&look->vigil->alarms, zone->name, lasting->until, cause);
	}
	see_time(look, lasting->until);
	see_time(look, zone->short_since + patience);
}

static void look_at(void *ctx, zone_t *zone)
{
	look_t *look = ctx;
	lasting_t lasting;
	zone_read_lasting(zone, &lasting);
	if (lasting_is_short(&lasting, look->now)) {
		see_short(look, zone, &lasting);
		return;
	}
	zone->short_since = 0;
	if (lasting.until != 0) {
		see_time(look, lasting_alarm_at(&lasting));
	}
}

int64_t vigil_work(vigil_t *vigil)
{
	const int64_t now = time(NULL);
	look_t look = { .vigil = vigil, .now = now, .next = now + LOOK_EVERY };
	alarms_begin(&vigil->alarms);
	zones_each(vigil->zones, look_at, &look);
	alarms_end(&vigil->alarms, vigil->log, now);
	return 1000 * look.next;
}

typedef struct {
	vigil_sum_t *sum;
	int64_t now;
} summing_t;

static void add(void *ctx, zone_t *zone)
{
	const summing_t *summing = ctx;
	vigil_sum_t *sum = summing->sum;
	lasting_t lasting;
	zone_read_lasting(zone, &lasting);
	sum->short_of_time += lasting_is_short(&lasting, summing->now);
	if (lasting.until != 0 && (sum->until == 0 || lasting.until < sum->until)) {
		sum->until = lasting.until;
		memcpy(sum->first, zone->name, knot_dname_size(zone->name));
	}
}

void vigil_sum(zones_t *zones, vigil_sum_t *sum)
{
	memset(sum, 0, sizeof(*sum));
	zones_each(zones, add, &(summing_t){ .sum = sum, .now = time(NULL) });
}
