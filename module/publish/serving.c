/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/publish/serving.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "module/base/sched.h"
#include "module/rr/serial.h"

/* Seconds after which knotd is told again of a version that it has not fetched. */
static const backoff_t offer_delay = { .first = 60, .max = 3600 };

/* knotd serves what it takes before it closes the connection, but that is seen a moment later. For
 * so many milliseconds it is asked before it is taken to have refused a version... */
#define SURE_MS 1000
/* ...and for so many it is asked all the same; then the version is offered again. */
#define ASK_MS 60000

void serving_init(serving_t *serving, const serving_args_t *args)
{
	memset(serving, 0, sizeof(*serving));
	serving->args = *args;
	pthread_mutex_init(&serving->lock, NULL);
}

void serving_deinit(serving_t *serving)
{
	apex_deinit(&serving->apex);
	pthread_mutex_destroy(&serving->lock);
}

/*** What knotd says and does. ***/

/* Milliseconds for which a version waits for knotd's answer. knotd answers as soon as it has loaded
 * its zones; if it never does, its control socket is elsewhere. */
#ifndef SERVING_KNOWN_MS
#define SERVING_KNOWN_MS 60000
#endif

/*! Notes what knotd says that it serves. With the lock held. \return Whether the worker waits for
 *  it. */
static bool know(serving_t *serving, const uint32_t *serial)
{
	const bool waits = serving->asked_ms != 0;
	serving->asked_ms = 0;
	serving->known = true;
	serving->silent = false;
	serving->serves = serial != NULL;
	serving->served = serial != NULL ? *serial : 0;
	return waits;
}

/*! With the lock held. \return Whether that is news. */
static bool see(serving_t *serving, uint32_t serial)
{
	if (serving->handed && serving->handed_serial == serial) {
		serving->handed = false;
	}
	if (serving->taken && serving->taken_serial == serial) {
		return false;
	}
	serving->seen = true;
	serving->seen_serial = serial;
	serving->seen_at = time(NULL);
	return true;
}

void serving_seen(serving_t *serving, uint32_t serial)
{
	pthread_mutex_lock(&serving->lock);
	const bool waits = know(serving, &serial);
	const bool news = see(serving, serial);
	pthread_mutex_unlock(&serving->lock);
	if (news || waits) {
		serving->args.wake(serving->args.ctx);
	}
}

void serving_handed(serving_t *serving, uint32_t serial, int64_t ms)
{
	const int64_t now = sched_now();
	pthread_mutex_lock(&serving->lock);
	serving->handed = true;
	serving->refused = false;
	serving->handed_serial = serial;
	serving->handed_ms = now;
	pace_load(&serving->pace, now, ms);
	pthread_mutex_unlock(&serving->lock);
	trigger_zone(serving->args.asker, serving->args.zone);
	/* Changes may have been gathered for this moment. */
	serving->args.wake(serving->args.ctx);
}

/*! Holds a version that knotd refuses. */
static void hold(serving_t *serving, uint32_t serial, const char *warning)
{
	char what[32], why[HELD_TEXT_MAX];
	snprintf(what, sizeof(what), "serial %u", serial);
	snprintf(
		why, sizeof(why),
		"knotd was sent serial %u, but does not serve it: %s%sits log says "
		"why; take back the change that brought this, or give it room in knot.conf and say "
		"knotc zone-refresh; a new version is offered at once, this one again within %d "
		"minutes",
		serial, warning, warning[0] != '\0' ? "; " : "", (int)(offer_delay.max / 60));
	held_set(serving->args.held, HELD_REFUSED, what, why);
}

bool serving_answer(serving_t *serving, const uint32_t *serial, const char *warning)
{
	pthread_mutex_lock(&serving->lock);
	const bool waits = know(serving, serial);
	const bool news = serial != NULL && see(serving, *serial);
	const bool wanted = serial != NULL && serving->kept_wanted;
	serving->kept = serial != NULL;
	serving->kept_serial = serial != NULL ? *serial : 0;
	serving->kept_wanted &= !wanted;
	const int64_t age = sched_now() - serving->handed_ms;
	const uint32_t handed = serving->handed_serial;
	const bool again = serving->handed && age < ASK_MS;
	const bool refused = serving->handed && age >= SURE_MS && !serving->refused;
	serving->refused |= refused;
	pthread_mutex_unlock(&serving->lock);
	if (news || waits) {
		serving->args.wake(serving->args.ctx);
	}
	if (wanted) {
		trigger_zone(serving->args.trigger, serving->args.zone);
	}
	if (refused) {
		hold(serving, handed, warning);
	}
	return again;
}

void serving_loading(serving_t *serving)
{
	pthread_mutex_lock(&serving->lock);
	serving->asked_ms = serving->asked_ms != 0 ? monotonic_ms() : 0;
	pthread_mutex_unlock(&serving->lock);
}

bool serving_kept(serving_t *serving, uint32_t *serial)
{
	pthread_mutex_lock(&serving->lock);
	const bool kept = serving->kept;
	*serial = serving->kept_serial;
	serving->kept_wanted = !kept;
	pthread_mutex_unlock(&serving->lock);
	trigger_zone(serving->args.asker, serving->args.zone);
	return kept;
}

/*** How soon versions follow one another. ***/

void serving_updated(serving_t *serving)
{
	pthread_mutex_lock(&serving->lock);
	pace_update(&serving->pace, sched_now());
	pthread_mutex_unlock(&serving->lock);
}

int64_t serving_next(serving_t *serving, int64_t now)
{
	pthread_mutex_lock(&serving->lock);
	const int64_t next = pace_next(&serving->pace, now);
	pthread_mutex_unlock(&serving->lock);
	return next;
}

int64_t serving_apart(serving_t *serving)
{
	pthread_mutex_lock(&serving->lock);
	const int64_t apart = pace_apart(&serving->pace);
	pthread_mutex_unlock(&serving->lock);
	return apart;
}

void serving_published(serving_t *serving, uint64_t names)
{
	pthread_mutex_lock(&serving->lock);
	serving->pace.names = names;
	pace_publish(&serving->pace, sched_now());
	pthread_mutex_unlock(&serving->lock);
}

/*** The worker's part. ***/

static void say_silent(const serving_t *serving, const char *what)
{
	char text[128];
	snprintf(text, sizeof(text), "knotd has not said for %d s which %s it serves; the store is believed",
	         SERVING_KNOWN_MS / 1000, what);
	log_many(serving->args.log, LOG_WARNING, serving->args.zone, text);
}

bool serving_served(serving_t *serving, uint32_t *serial, bool *serves)
{
	const int64_t now = monotonic_ms();
	pthread_mutex_lock(&serving->lock);
	const bool ask = !serving->known && serving->asked_ms == 0;
	const bool late = !serving->known && !ask && now - serving->asked_ms >= SERVING_KNOWN_MS;
	if (ask) {
		serving->asked_ms = now;
	} else if (late) {
		(void)know(serving, NULL);
		serving->silent = true;
	}
	const bool known = serving->known;
	*serves = serving->serves;
	*serial = serving->served;
	pthread_mutex_unlock(&serving->lock);
	if (ask) {
		trigger_zone(serving->args.asker, serving->args.zone);
	} else if (late) {
		say_silent(serving, "serial");
	}
	return known;
}

bool serving_is_silent(serving_t *serving)
{
	pthread_mutex_lock(&serving->lock);
	const bool silent = serving->silent;
	pthread_mutex_unlock(&serving->lock);
	return silent;
}

void serving_apex(serving_t *serving, apex_t *apex)
{
	pthread_mutex_lock(&serving->lock);
	const bool waits = serving->reading_ms != 0;
	(void)know(serving, apex->has_soa ? &apex->serial : NULL);
	if (waits) {
		apex_deinit(&serving->apex);
		serving->apex = *apex;
		serving->read = true;
		memset(apex, 0, sizeof(*apex));
	}
	pthread_mutex_unlock(&serving->lock);
	if (waits) {
		serving->args.wake(serving->args.ctx);
	}
}

int serving_read(serving_t *serving, apex_t *apex)
{
	const int64_t now = monotonic_ms();
	pthread_mutex_lock(&serving->lock);
	const bool read = serving->read, ask = serving->reading_ms == 0;
	const bool late = !read && !ask && now - serving->reading_ms >= SERVING_KNOWN_MS;
	if (read) {
		*apex = serving->apex;
		memset(&serving->apex, 0, sizeof(serving->apex));
	}
	serving->read = false;
	serving->reading_ms = ask ? now : read || late ? 0 : serving->reading_ms;
	pthread_mutex_unlock(&serving->lock);
	if (ask) {
		trigger_zone(serving->args.reader, serving->args.zone);
	} else if (late) {
		say_silent(serving, "keys");
	}
	return read ? KNOT_EOK : late ? KNOT_ETIMEOUT : KNOT_EAGAIN;
}

bool serving_is_ahead(serving_t *serving, const state_t *state)
{
	pthread_mutex_lock(&serving->lock);
	const bool ahead = serving->serves && state->version > 0 &&
	                   serial_greater(serving->served, state->serial);
	pthread_mutex_unlock(&serving->lock);
	return ahead;
}

void serving_track(serving_t *serving, const state_t *state)
{
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

bool serving_note(serving_t *serving, state_t *state, int64_t behind)
{
	pthread_mutex_lock(&serving->lock);
	const bool seen = serving->seen;
	const uint32_t serial = serving->seen_serial;
	const int64_t at = serving->seen_at + behind;
	serving->seen = false;
	pthread_mutex_unlock(&serving->lock);
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

int64_t serving_offer(serving_t *serving, const state_t *state, int64_t now)
{
	pthread_mutex_lock(&serving->lock);
	serving->taken = state->taken_at > 0;
	serving->taken_serial = state->taken_serial;
	pthread_mutex_unlock(&serving->lock);
	if (state->version == 0 || (state->taken_at > 0 && state->taken_serial == state->serial)) {
		serving->offers = 0;
		held_end(serving->args.held, HELD_REFUSED);
		return 0;
	}
	const bool fresh = serving->offers == 0 || state->serial != serving->offered;
	if (fresh || now >= serving->offered_at + backoff_delay(&offer_delay, serving->offers) ||
	    now < serving->offered_at) {
		serving->offers = fresh ? 1 : serving->offers + 1;
		serving->offered = state->serial;
		serving->offered_at = now;
		trigger_zone(serving->args.trigger, serving->args.zone);
		if (!fresh) {
			/* knotd may have fetched it just before this process began to see that. */
			trigger_zone(serving->args.asker, serving->args.zone);
		}
	}
	return serving->offered_at + backoff_delay(&offer_delay, serving->offers);
}
