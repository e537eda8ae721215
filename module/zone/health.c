/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zone/health.h"

#include <stdio.h>
#include <time.h>

#include <libknot/libknot.h>

#include "common/cause.h"

const char *health_name(health_t health)
{
	static const char *const names[HEALTH_STATES] = {
		[HEALTH_EXPIRING] = "expiring", [HEALTH_HELD] = "held", [HEALTH_OLDER] = "older",
		[HEALTH_SOURCE] = "source", [HEALTH_KEYS] = "keys", [HEALTH_SIGN] = "sign",
		[HEALTH_OUTPUT] = "output", [HEALTH_FROZEN] = "frozen", [HEALTH_SIGNING] = "signing",
		[HEALTH_NOT_SIGNED] = "unsigned", [HEALTH_OK] = "ok",
	};
	return names[health];
}

/*** Time. ***/

/*! Whether the time is nearly over for which a zone may be served that no primary confirms. */
static bool is_unconfirmed(zone_t *zone, const lasting_t *lasting, int64_t now, alarm_zone_t *why)
{
	source_primary_t primary;
	trouble_read(&zone->source.trouble, why->cause, sizeof(why->cause));
	if (why->cause[0] == '\0' || !source_primary(&zone->source, &primary) ||
	    primary.expires_at == 0) {
		return false;
	}
	const int64_t half = (primary.expires_at - primary.checked_at) / 2;
	why->kind = ALARM_PRIMARY;
	why->until = primary.expires_at;
	return why->until - now < (lasting->alarm != 0 && lasting->alarm < half ? lasting->alarm
	                                                                        : half);
}

bool health_short(zone_t *zone, const lasting_t *lasting, int64_t now, alarm_zone_t *why,
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

/*! Says that the zone's time comes to its end, and why. */
static void look_at_time(zone_t *zone, health_look_t *look)
{
	alarm_zone_t why;
	bool known;
	char text[ALARM_LINE_MAX];
	const int64_t now = time(NULL);
	look->expiring[0] = '\0';
	look->until = look->lasting.until;
	if (health_short(zone, &look->lasting, now, &why, &known)) {
		alarm_text(&why, now, text, sizeof(text));
		snprintf(look->expiring, sizeof(look->expiring), "%s: %s",
		         why.until > now ? "expiring" : "expired", text);
		look->until = why.until;
	}
}

/*** All of it. ***/

void health_look(zone_t *zone, health_look_t *look)
{
	signer_counters_t counters;
	look->held[0] = look->frozen[0] = '\0';
	for (int rule = 0; rule < HELD_FREEZE && look->held[0] == '\0'; rule++) {
		(void)held_text(&zone->held, rule, look->held, sizeof(look->held));
	}
	(void)held_text(&zone->held, HELD_FREEZE, look->frozen, sizeof(look->frozen));
	look->refused = held_is(&zone->held, HELD_REFUSED);
	look->checking = external_waits(&zone->external);
	trouble_read(&zone->older, look->older, sizeof(look->older));
	trouble_read(&zone->source.trouble, look->source, sizeof(look->source));
	keys_trouble(&zone->keys, look->keys, sizeof(look->keys));
	trouble_read(&zone->signer.trouble, look->sign, sizeof(look->sign));
	trouble_read(&zone->output.trouble, look->output, sizeof(look->output));
	look->signing = signer_read(&zone->signer, &counters);
	pthread_mutex_lock(&zone->lock);
	look->shown = zone->shown;
	look->shown.keys = NULL;
	look->shown.key_count = 0;
	look->lasting = zone->lasting;
	look->due = zone->due;
	pthread_mutex_unlock(&zone->lock);
	look_at_time(zone, look);
}

health_t health_of(const health_look_t *look)
{
	return look->expiring[0] != '\0' ? HEALTH_EXPIRING :
	       look->held[0] != '\0' ? HEALTH_HELD :
	       look->older[0] != '\0' ? HEALTH_OLDER :
	       look->source[0] != '\0' ? HEALTH_SOURCE :
	       look->keys[0] != '\0' ? HEALTH_KEYS :
	       look->sign[0] != '\0' ? HEALTH_SIGN :
	       look->output[0] != '\0' ? HEALTH_OUTPUT :
	       look->frozen[0] != '\0' ? HEALTH_FROZEN :
	       look->signing ? HEALTH_SIGNING :
	       look->shown.version == 0 ? HEALTH_NOT_SIGNED : HEALTH_OK;
}

const char *health_text(const health_look_t *look, health_t health)
{
	const char *const texts[HEALTH_STATES] = {
		[HEALTH_EXPIRING] = look->expiring, [HEALTH_HELD] = look->held,
		[HEALTH_OLDER] = look->older, [HEALTH_SOURCE] = look->source,
		[HEALTH_KEYS] = look->keys, [HEALTH_SIGN] = look->sign,
		[HEALTH_OUTPUT] = look->output, [HEALTH_FROZEN] = look->frozen,
		[HEALTH_SIGNING] = "", [HEALTH_NOT_SIGNED] = "", [HEALTH_OK] = "",
	};
	return texts[health];
}

/*! \return The state to be counted: that a run is under way is none that lasts. */
static health_t lasting_health(const health_look_t *look)
{
	const health_t health = health_of(look);
	return health != HEALTH_SIGNING ? health :
	       look->shown.version == 0 ? HEALTH_NOT_SIGNED : HEALTH_OK;
}

void health_count(zone_t *zone)
{
	health_look_t look;
	char cause[CAUSE_MAX];
	knot_dname_txt_storage_t name;
	const uint64_t turn = tally_turn(zone->env->tally);
	health_look(zone, &look);
	const health_t health = lasting_health(&look);
	knot_dname_to_str(name, zone->name, sizeof(name));
	cause_common(health_text(&look, health), name, cause);
	tally_put(zone->env->tally, &zone->tally, &(tally_entry_t){
		.state = health, .cause = cause, .turn = turn,
		.rank = look.until != 0 ? look.until : INT64_MAX });
}
