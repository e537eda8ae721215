/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zone/work.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <libknot/libknot.h>

#include "common/backoff.h"
#include "module/base/moment.h"
#include "module/rr/serial.h"
#include "module/sign/changeover.h"
#include "module/sign/refresh.h"
#include "module/source/file.h"
#include "module/source/foreign.h"
#include "module/zone/judge.h"

/* Seconds after which what has failed is tried again. */
static const backoff_t retry_delay = { .first = 5, .max = 300 };

/* Seconds until signatures are looked at again that a lacking key would have to make, or that were made
 * ahead: little work, and short beside any Refresh. */
#define LACK_LOOK 60

/* Seconds until the worker looks again whether knotd has said what it serves: it is woken when
 * knotd has. */
#define LOOK_AGAIN 5

/*! What could not be done has to be done the next time. */
static void keep_wish(zone_t *zone, unsigned wish)
{
	pthread_mutex_lock(&zone->lock);
	zone->wishes |= wish;
	pthread_mutex_unlock(&zone->lock);
}

static unsigned take_wishes(zone_t *zone)
{
	pthread_mutex_lock(&zone->lock);
	const unsigned wishes = zone->wishes;
	zone->wishes = 0;
	pthread_mutex_unlock(&zone->lock);
	return wishes;
}

static int64_t retry(zone_t *zone, int64_t now)
{
	return now + backoff_delay(&retry_delay, ++zone->failures);
}

/*** Keys. ***/

typedef struct {
	zone_t *zone;
	state_t *state;
	const clock_span_t *now; /* Only where keys are judged. */
	bool found;
} found_keys_t;

static keys_may_t may(void *ctx, const keyset_t *before, const keyset_t *set)
{
	const found_keys_t *found = ctx;
	return judge_keys(found->zone, found->state, before, set, found->now);
}

static void adopt(void *ctx, const keyset_t *before, const keyset_t *set)
{
	found_keys_t *found = ctx;
	changeover_adopt(found->state, before, set);
	found->found = true;
}

static const keys_calls_t keys_calls = { .may = may, .found = adopt };

/*! Finds the zone's keys. \return As keys_look() */
static int look_at_keys(zone_t *zone, state_t *state, unsigned wishes, const clock_span_t *now)
{
	char warning[TROUBLE_MAX];
	found_keys_t found = { .zone = zone, .state = state, .now = now };
	int ret = keys_look(&zone->keys, wishes & ZONE_KEYS, &keys_calls, &found);
	if (found.found && zone_warning(zone, warning, sizeof(warning))) {
		log_msg(zone->env->log, LOG_WARNING, zone->name, "%s", warning);
	}
	if (found.found && foreign_warning(&zone->source, warning, sizeof(warning))) {
		log_msg(zone->env->log, LOG_WARNING, zone->name, "%s", warning);
	}
	return ret;
}

/*** Signing. ***/

typedef struct {
	zone_t *zone;
	state_t *state;
} lost_t;

static const keyring_t *lost(void *ctx, const keyring_key_t *key, const char *why)
{
	const lost_t *lost = ctx;
	keys_t *keys = &lost->zone->keys;
	found_keys_t found = { .zone = lost->zone, .state = lost->state };
	return keys_lose(keys, key, why, &keys_calls, &found) ? keys->ring : NULL;
}

/*! What the serial of the next version has to be above. */
typedef struct {
	const uint32_t *served;    /*!< What knotd serves; NULL: nothing. */
	const serial_shown_t *shown; /*!< What a secondary shows; NULL: nothing that matters. */
} above_t;

static int sign(zone_t *zone, state_t *state, bool renew, const above_t *above,
                const clock_span_t *now, sign_result_t *result)
{
	signer_job_t job = {
		.pool = zone->keys.tokens->pool, .ring = zone->keys.ring, .renew = renew,
		.served = above->served, .shown = above->shown, .now = *now,
		.apart_ms = serving_apart(&zone->serving),
		.lost = lost, .ctx = &(lost_t) { zone, state },
	};
	pthread_mutex_lock(&zone->lock);
	job.verify = zone->settings.verify;
	pthread_mutex_unlock(&zone->lock);
	return signer_run(&zone->signer, &job, state, result);
}

/* Unix seconds before which no version was ever made: the beginning of 2026. A clock that says
 * less has lost the time. */
#define CLOCK_EARLIEST INT64_C(1767225600)
/* Seconds within which an RRSIG's times are sure to be told from each other: they count to 2^32,
 * and are compared by half of that (RFC 4034, section 3.1.5). */
#define SIGNABLE (INT64_C(1) << 30)

/*! \return Whether the clock cannot be right, and no signature would be good by it and now. */
static bool is_lost(zone_t *zone, const clock_span_t *now)
{
	char text[TROUBLE_MAX], when[MOMENT_MAX];
	if (now->to >= CLOCK_EARLIEST && now->to - now->from <= SIGNABLE) {
		return false;
	}
	snprintf(text, sizeof(text), "the clock says %.10s, which cannot be: nothing is signed "
	         "until it is set, what knotd has stays as it is", moment_text(time(NULL), when));
	signer_trouble(&zone->signer, text);
	return true;
}

/*! Whether a new version has to wait a little, since the last one is fresh. */
static bool held(zone_t *zone)
{
	const int64_t now = sched_now();
	const int64_t next = serving_next(&zone->serving, now);
	zone->held_until = next > now ? next : 0;
	return zone->held_until > 0;
}

/*! A version has been published. \param more  Not all that is due fitted in. */
static void published(zone_t *zone, const state_t *state, bool more)
{
	serving_published(&zone->serving, state->in.names);
	if (more && !held(zone)) {
		zone->held_until = sched_now();
	}
}

/*! \return When signatures are due, by the clock, Unix seconds; 0 = never */
static int64_t due_by_clock(const zone_t *zone, const state_t *state, const keyset_t *set,
                            const clock_span_t *now)
{
	const int64_t due = signer_due(&zone->signer, state, set, now);
	return due != 0 ? due - now->to + time(NULL) : 0;
}

/*! Tells whether a secondary is ahead of the zone. What knotd serves has to be known first: it can be
 *  the same. */
static bool is_outdone(zone_t *zone, const state_t *state, serial_shown_t *shown)
{
	uint32_t served;
	bool serves;
	return secondaries_heard(&zone->secondaries) &&
	       serving_served(&zone->serving, &served, &serves) &&
	       secondaries_shown(&zone->secondaries, state, serves ? &served : NULL, shown);
}

/*! Tells whether a version that is held for its signatures can get better ones: that does not wait for
 * Resign. */
static bool can_mend(zone_t *zone, const state_t *state, int64_t now)
{
	const keyring_t *ring = zone->keys.ring;
	return atomic_load(&zone->verdict.stale) && keyring_lack(ring) == NULL &&
	       refresh_is_due(zone->env->store, state, &ring->set, now);
}

/*! Sees what has to be known before a version is made. \return When to look again, Unix seconds; 0:
 *  it may be made now */
static int64_t not_yet(zone_t *zone, const state_t *state, const clock_span_t *span,
                       uint32_t *served, bool *serves)
{
	const int64_t now = time(NULL);
	if (state->version > 0 && external_waits(&zone->external)) {
		return now + 1;
	}
	if (is_lost(zone, span)) {
		return retry(zone, now);
	}
	if (!secondaries_asked(&zone->secondaries)) {
		return now + 1;
	}
	if (!serving_served(&zone->serving, served, serves)) {
		return now + LOOK_AGAIN;
	}
	const keys_may_t may = judge_version(zone, state);
	if (may == KEYS_MAY) {
		return 0;
	}
	signer_trouble(&zone->signer, "");
	return may == KEYS_MAY_LATER ? now + LOOK_AGAIN : zone->verdict.again;
}

/*! Signs what there is to sign. \return When to come back, Unix seconds; 0 = no need */
static int64_t sign_if_due(zone_t *zone, state_t *state, unsigned wishes, const clock_span_t *span)
{
	const int64_t now = time(NULL);
	if (state->in.count == 0) {
		return 0;
	}
	const keyset_t *set = &zone->keys.ring->set;
	serial_shown_t shown;
	const bool outdone = is_outdone(zone, state, &shown);
	int64_t due = due_by_clock(zone, state, set, span);
	if (state->version > 0 && !state->sign_all && !(wishes & ZONE_RENEW) &&
	    !zone->verdict.barred && !outdone && !can_mend(zone, state, span->to) &&
	    state->revision == set->revision && state->doomed[0] == 0 &&
	    (due == 0 || due > now) && !serving_is_ahead(&zone->serving, state) &&
	    (state->signed_input == state->in.count || held(zone))) {
		signer_trouble(&zone->signer, "");
		zone->failures = 0;
		return due;
	}
	sign_result_t result;
	uint32_t served;
	bool serves;
	const int64_t later = not_yet(zone, state, span, &served, &serves);
	if (later != 0) {
		keep_wish(zone, wishes & ZONE_RENEW);
		return later;
	}
	judge_first(zone, state, serves ? &served : NULL);
	const bool older = serving_is_ahead(&zone->serving, state);
	if (older) {
		/* An older copy can have signatures of keys that left since. */
		changeover_afresh(state);
	}
	const above_t above = { serves ? &served : NULL, outdone ? &shown : NULL };
	if (sign(zone, state, older || (wishes & ZONE_RENEW), &above, span, &result) != KNOT_EOK) {
		keep_wish(zone, wishes & ZONE_RENEW);
		return retry(zone, now);
	}
	zone->failures = 0;
	if (result.published) {
		published(zone, state, result.more);
	} else if (result.more) {
		return now;
	}
	/* The run may have gone on with the keys of another key set. */
	due = due_by_clock(zone, state, &zone->keys.ring->set, span);
	const keyring_t *ring = zone->keys.ring;
	const bool can = keyring_lack(ring) == NULL && !keyring_is_given(ring);
	return due > now || can ? due : now + LACK_LOOK;
}

/*** All of it. ***/

static int write_state(zone_t *zone, state_t *state)
{
	store_txn_t txn;
	const int ret = store_write(zone->env->store, &txn);
	if (ret != KNOT_EOK) {
		return ret;
	}
	return store_end(&txn, state_save(&txn, zone->name, state));
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a == 0 ? b : b == 0 || a < b ? a : b;
}

/*! Looks at the source if that is wished. \return When to do so again, Unix seconds; 0 = no need */
static int64_t look_at_source(zone_t *zone, state_t *state, unsigned wishes, int64_t now)
{
	if (!(wishes & SOURCE_WISHES)) {
		return 0;
	}
	const int again = file_look(&zone->source, state, wishes);
	keep_wish(zone, again > 0 ? wishes & SOURCE_WISHES : 0);
	return again > 0 ? now + again : 0;
}

/*! Notes when the first signature of the version expires that knotd has just taken. If there is a
 * newer one, it soon takes that. */
static void note_taken(zone_t *zone, state_t *state, int64_t now)
{
	lasting_t lasting = { .until = 0 };
	if (serial_greater(state->taken_serial, state->serial)) {
		state->taken_expires = 0; /* It is none of the store's. */
	} else if (state->taken_serial == state->serial &&
	    lasting_read(&lasting, zone->env->store, zone->name, state, now) == KNOT_EOK) {
		state->taken_expires = lasting.until;
	}
}

/*! Sees whether the store is an older copy, also if nothing is due: knotd is asked once. While it has
 *  not answered, the engine takes no step: the key set may be an older one, too. */
static void look_at_age(zone_t *zone, const state_t *state)
{
	char text[TROUBLE_MAX] = "";
	uint32_t served;
	bool serves;
	const bool known = serving_served(&zone->serving, &served, &serves) &&
	                   !serving_is_silent(&zone->serving);
	const bool older = known && state->version > 0 && serving_is_ahead(&zone->serving, state);
	zone_show_unsure(zone, state->version > 0 && (!known || older));
	if (older) {
		snprintf(text, sizeof(text), "the store is an older copy: it has serial %u, knotd "
		         "serves %u; what comes next is made from the store, without updates that "
		         "came since", state->serial, served);
	}
	trouble_set(&zone->older, zone->env->log, zone->name, LOG_WARNING, text);
}

/*! Shows what has become of the zone, and how long it lasts now. */
static void show(zone_t *zone, const state_t *state, int64_t due, int64_t now)
{
	lasting_t lasting;
	uint32_t refresh, resign;
	zone_read_lasting(zone, &lasting);
	if (keys_times(&zone->keys, &refresh, &resign)) {
		lasting.alarm = lasting_alarm(refresh, resign);
		lasting.least = lasting_least(refresh, resign);
	}
	/* It changes with the version, and what knotd has taken: most runs change neither. */
	if (lasting.until == 0 || !shown_is(&zone->shown, state)) {
		(void)lasting_read(&lasting, zone->env->store, zone->name, state, now);
	}
	zone_show(zone, state, &lasting, due);
	if (lasting_alarm_at(&lasting) > now) {
		(void)sched_wake(zone->env->fetchers, zone->env->vigil,
		                 1000 * lasting_alarm_at(&lasting));
	}
}

/*! Does what there is to do. \return When there will be more, Unix seconds; 0 = no need */
static int64_t work(zone_t *zone)
{
	const clock_span_t span = timekeeper_now(zone->env->timekeeper);
	const int64_t now = time(NULL);
	state_t state, before;
	int ret = state_read(zone->env->store, zone->name, &state);
	if (ret != KNOT_EOK) {
		signer_trouble(&zone->signer, store_strerror(ret));
		return retry(zone, now);
	}
	const unsigned wishes = take_wishes(zone);
	if (wishes & ZONE_AGAIN) {
		zone->failures = 0;
		keys_hasten(&zone->keys);
	}
	int64_t due = look_at_source(zone, &state, wishes, now);

	before = state;
	zone->verdict.again = 0;
	serving_track(&zone->serving, &state);
	const bool taken = serving_note(&zone->serving, &state, span.to - now);
	if (taken) {
		note_taken(zone, &state, now);
	}
	look_at_age(zone, &state);
	ret = look_at_keys(zone, &state, wishes, &span);
	/* Before a first version there is nothing to store: it is made in any case. */
	const bool first = state.version == 0 && state.next_nodes == 0;
	if (taken || (!first && memcmp(&before, &state, sizeof(state)) != 0)) {
		int saved = write_state(zone, &state);
		ret = saved != KNOT_EOK ? saved : ret;
	}
	if (ret == KNOT_EOK) {
		due = earlier(due, sign_if_due(zone, &state, wishes, &span));
		due = earlier(due, keys_again(&zone->keys));
	} else if (ret == KNOT_EBUSY) {
		keep_wish(zone, wishes & (ZONE_KEYS | ZONE_RENEW));
		due = now;
	} else if (ret != KNOT_ENOENT) {
		due = earlier(due, retry(zone, now));
	}
	if (judge_time(zone, &state, now)) {
		(void)write_state(zone, &state);
	}
	due = earlier(due, zone->verdict.again);
	serving_track(&zone->serving, &state);
	show(zone, &state, due, now);
	output_note(&zone->output, &state);
	return external_note(&zone->external, &state) && !atomic_load(&zone->verdict.stale)
	       ? earlier(due, serving_offer(&zone->serving, &state, now)) : due;
}

int64_t zone_work(zone_t *zone)
{
	zone->held_until = 0;
	atomic_store(&zone->stopped, false);
	if (atomic_load(&zone->stop)) {
		return 0;
	}
	const int64_t due = 1000 * work(zone);
	return earlier(due, zone->held_until);
}
