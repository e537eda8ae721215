/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/publish/serving.h"

#include <stdio.h>
#include <time.h>

#include <libknot/libknot.h>

#include "module/zone/zone.h"

#define OFFER_FIRST 60   /* Seconds; doubled up to */
#define OFFER_MAX 3600
/* knotd serves what it takes before it closes the connection; for how long it is asked all the same. */
#define SURE_MS 1000     /* Before it is taken to have refused it. */
#define ASK_MS 60000     /* Then it is offered again. */

/*! With the zone's lock held. \return Whether that is news. */
static bool see(zone_t *zone, uint32_t serial)
{
	serving_t *serving = &zone->serving;
	if (serving->handed && serving->handed_serial == serial) {
		serving->handed = false;
		serving->error[0] = '\0';
	}
	if (zone->state.taken_at > 0 && zone->state.taken_serial == serial) {
		return false;
	}
	serving->seen = true;
	serving->seen_serial = serial;
	serving->seen_at = time(NULL);
	return true;
}

void serving_seen(zone_t *zone, uint32_t serial)
{
	pthread_mutex_lock(&zone->lock);
	const bool news = see(zone, serial);
	pthread_mutex_unlock(&zone->lock);
	if (news) {
		zone_wake(zone, 0);
	}
}

void serving_handed(zone_t *zone, uint32_t serial, int64_t ms)
{
	const int64_t now = sched_now();
	pthread_mutex_lock(&zone->lock);
	zone->serving.handed = true;
	zone->serving.handed_serial = serial;
	zone->serving.handed_ms = now;
	pace_load(&zone->serving.pace, now, ms);
	pthread_mutex_unlock(&zone->lock);
	trigger_zone(zone->env->asker, zone->name);
	zone_wake(zone, 0); /* Changes may have been gathered for this moment. */
}

bool serving_answer(zone_t *zone, const uint32_t *serial)
{
	serving_t *serving = &zone->serving;
	char warning[256] = "";
	pthread_mutex_lock(&zone->lock);
	const bool news = serial != NULL && see(zone, *serial);
	const int64_t age = sched_now() - serving->handed_ms;
	const uint32_t handed = serving->handed_serial;
	const bool again = serving->handed && age < ASK_MS;
	const bool refused = serving->handed && age >= SURE_MS && serving->error[0] == '\0';
	if (refused) {
		snprintf(serving->error, sizeof(serving->error),
		         "knotd was sent serial %u, but does not serve it: its log says why; it is "
		         "offered again within %d minutes, and by knotc zone-refresh",
		         handed, OFFER_MAX / 60);
		(void)zone_warning(zone, warning, sizeof(warning));
	}
	pthread_mutex_unlock(&zone->lock);
	if (news) {
		zone_wake(zone, 0);
	}
	if (refused) {
		log_msg(zone->env->log, LOG_ERR, zone->name, "knotd was sent serial %u, but does "
		        "not serve it%s%s", handed, warning[0] != '\0' ? ": " : "", warning);
	}
	return again;
}

/*** The worker's part. ***/

void serving_track(zone_t *zone, const state_t *state)
{
	serving_t *serving = &zone->serving;
	if (serving->revision != state->revision) {
		serving->revision = state->revision;
		serving->revision_serial = state->serial;
	}
}

/*! Whether a serial is that of a version, or of a later one up to what is published (RFC 1982). */
static bool reaches(const state_t *state, uint32_t serial, uint32_t version)
{
	return (int32_t)(serial - version) >= 0 && (int32_t)(state->serial - serial) >= 0;
}

bool serving_note(zone_t *zone, state_t *state)
{
	serving_t *serving = &zone->serving;
	pthread_mutex_lock(&zone->lock);
	const bool seen = serving->seen;
	const uint32_t serial = serving->seen_serial;
	const int64_t at = serving->seen_at;
	serving->seen = false;
	pthread_mutex_unlock(&zone->lock);
	if (!seen || state->version == 0) {
		return false;
	}
	state->taken_serial = serial;
	state->taken_at = at;
	if (reaches(state, serial, serving->revision_serial) &&
	    (state->taken_revision != state->revision || state->revision_since == 0)) {
		state->taken_revision = state->revision;
		state->revision_since = at;
	}
	for (uint32_t i = 0; i < state->key_count; i++) {
		state_key_t *key = &state->keys[i];
		if (key->last_gone < 0 && reaches(state, serial, key->last_gone_serial)) {
			key->last_gone = at;
		}
	}
	return true;
}

int64_t serving_offer(zone_t *zone, const state_t *state, int64_t now)
{
	serving_t *serving = &zone->serving;
	if (state->version == 0 || (state->taken_at > 0 && state->taken_serial == state->serial)) {
		serving->offer_delay = 0;
		return 0;
	}
	const bool fresh = serving->offer_delay == 0 || state->serial != serving->offered;
	if (fresh || now >= serving->offered_at + serving->offer_delay ||
	    now < serving->offered_at) {
		serving->offer_delay = fresh ? OFFER_FIRST :
		                       serving->offer_delay < OFFER_MAX / 2 ?
		                       2 * serving->offer_delay : OFFER_MAX;
		serving->offered = state->serial;
		serving->offered_at = now;
		trigger_zone(zone->env->trigger, zone->name);
		if (!fresh) {
			/* It may have it, and we were not there to see it. */
			trigger_zone(zone->env->asker, zone->name);
		}
	}
	return serving->offered_at + serving->offer_delay;
}
