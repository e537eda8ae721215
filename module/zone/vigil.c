/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zone/vigil.h"

#include <string.h>
#include <time.h>

#include <libknot/libknot.h>

/* Seconds between two looks at all zones: some milliseconds of work for 100,000. A zone that will be
 * short of time earlier is looked at then. */
#define LOOK_EVERY 60

typedef struct {
	vigil_t *vigil;
	int64_t now, next;       /*!< Unix seconds. */
} look_t;

static void see_time(look_t *look, int64_t when)
{
	look->next = when > look->now && when < look->next ? when : look->next;
}

static void look_at(void *ctx, zone_t *zone)
{
	look_t *look = ctx;
	lasting_t lasting;
	char cause[HELD_TEXT_MAX];
	zone_read_lasting(zone, &lasting);
	if (lasting_is_short(&lasting, look->now)) {
		zone_hindrance(zone, cause, sizeof(cause));
		alarms_add(&look->vigil->alarms, zone->name, lasting.until, cause);
		see_time(look, lasting.until);
	} else if (lasting.until != 0) {
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
