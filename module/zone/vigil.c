/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zone/vigil.h"

#include <string.h>
#include <time.h>

#include <libknot/libknot.h>

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

/*! Whether the time is nearly over for which a zone may be served that no primary confirms. */
static bool is_unconfirmed(zone_t *zone, const lasting_t *lasting, int64_t now, alarm_zone_t *why)
{
	source_primary_t primary;
	trouble_read(&zone->source.trouble, why->cause, sizeof(why->cause));
	if (why->cause[0] == '\0' || !source_primary(&zone->source, &primary) ||
	    primary.expires_at <= now) {
		return false; /* That it has expired the fetcher says. */
	}
	const int64_t half = (primary.expires_at - primary.checked_at) / 2;
	why->kind = ALARM_PRIMARY;
	why->until = primary.expires_at;
	return why->until - now < (lasting->alarm != 0 && lasting->alarm < half ? lasting->alarm
	                                                                        : half);
}

bool vigil_short(zone_t *zone, const lasting_t *lasting, int64_t now, alarm_zone_t *why,
                 bool *known)
{
	if (lasting_is_short(lasting, now)) {
		why->kind = ALARM_SIGNATURES;
		why->until = lasting->until;
		*known = zone_hindrance(zone, why->cause, sizeof(why->cause));
		return true;
	}
	*known = true;
	return is_unconfirmed(zone, lasting, now, why);
}

static void look_at(void *ctx, zone_t *zone)
{
	look_t *look = ctx;
	lasting_t lasting;
	alarm_zone_t why;
	bool known;
	zone_read_lasting(zone, &lasting);
	see_time(look, lasting_alarm_at(&lasting));
	if (!vigil_short(zone, &lasting, look->now, &why, &known)) {
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
