/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/engine/bundle.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock-mark.h"
#include "keyset/bundle.h"
#include "policy-engine/base/event.h"
#include "policy-engine/base/when.h"
#include "policy-engine/ceremony/check.h"
#include "policy-engine/core/mutant.h"
#include "policy-engine/core/plan.h"
#include "policy-engine/signer/compose.h"
#include "policy-engine/zone/offer.h"

#define TRIES 64              /* Bundles that are tried in one look, the newest first. */
#define NOTICE_S (30 * 86400) /* Before the last signatures end, a ceremony is to be held. */

uint32_t bundle_ttl(const kasp_zone_t *zone, const policy_t *policy)
{
	const uint32_t ttl = offer_ttl(zone);
	return ttl > policy->keys_ttl ? ttl : policy->keys_ttl;
}

/* -- a trial ------------------------------------------------------------- */

static bool introduce_none(void *ctx, const plan_want_t *want)
{
	(void)ctx;
	(void)want;
	return false;
}

static void forget_none(void *ctx, size_t key)
{
	(void)ctx;
	(void)key;
}

/* Puts the keys in use that a bundle brings. */
static void bring(core_zone_t *core, int64_t now)
{
	for (size_t i = 0; i < core->count; i++) {
		core_key_t *key = &core->keys[i];
		if (key->offered && key->standby) {
			key->standby = false;
			key->inception = now;
		}
	}
}

static void run(core_zone_t *core, const bundle_look_t *look)
{
	const plan_ops_t ops = { introduce_none, forget_none, NULL, NULL };
	uint64_t revision;
	do {
		revision = core->revision;
		plan_run(core, look->policy, look->now, &ops);
		core_run(core, look->policy, look->facts, look->now, NULL, NULL);
	} while (core->revision != revision);
}

__attribute__((format(printf, 2, 3)))
static void say(bundle_seen_t *seen, const char *format, ...)
{
	size_t used = strlen(seen->why);
	va_list args;
	if (used > 0) {
		used += (size_t)snprintf(seen->why + used, sizeof(seen->why) - used, "; ");
	}
	va_start(args, format);
	if (used < sizeof(seen->why)) {
		vsnprintf(seen->why + used, sizeof(seen->why) - used, format, args);
	}
	va_end(args);
}

/* Of the newest bundle alone: with an older one that is not taken either, nothing is better. */
static void say_not_yet(const bundle_look_t *look, const db_bundle_t *bundle,
                        const core_zone_t *trial, size_t key, bundle_seen_t *seen)
{
	char when[WHEN_TEXT_MAX], step[STEP_TEXT_MAX] = "";
	int64_t at = 0;
	if (seen->why[0] != '\0') {
		return;
	}
	if (key == SIZE_MAX) {
		say(seen, "the bundle of %s is not published: it has a key that the zone has no more",
		    when_stamp(bundle->at, when));
		return;
	}
	step_text(&trial->keys[key], step, &at);
	say(seen, "the bundle of %s is not published yet: %s %u waits%s%s",
	    when_stamp(bundle->at, when), keyset_role_name(trial->keys[key].role),
	    trial->keys[key].keytag, step[0] != '\0' ? ": " : "", step);
	seen->next = at > look->now && at < seen->next ? at : seen->next;
}

/* Tells whether the rules allow a bundle: whether the keys would just be as it has them. */
static int try_bundle(const bundle_look_t *look, const db_bundle_t *bundle, bundle_seen_t *seen)
{
	core_zone_t trial = look->zone->core;
	trial.keys = malloc((trial.count + 1) * sizeof(*trial.keys));
	if (trial.keys == NULL) {
		return 0;
	}
	memcpy(trial.keys, look->zone->core.keys, trial.count * sizeof(*trial.keys));
	const bool known = offer_note(&trial, look->zone, bundle->text);
	bool good = known && offer_mismatch(&trial) == SIZE_MAX; /* Newer signatures alone. */
	if (!good && known && !look->frozen) {
		bring(&trial, look->now);
		run(&trial, look);
		seen->look = seen->look || core_needs_look(&trial);
		good = offer_mismatch(&trial) == SIZE_MAX ||
		       !CORE_RULE(MUTANT_BUNDLE_TRIAL);
	}
	if (!good && !look->frozen) {
		say_not_yet(look, bundle, &trial, known ? offer_mismatch(&trial) : SIZE_MAX, seen);
	}
	free(trial.keys);
	return good;
}

/* -- the bundles --------------------------------------------------------- */

/* Forgets what an earlier response has to come, and what ended so long ago that no wrong clock that was
 * believed hides that it is in force. */
static int forget_old(const bundle_look_t *look, int64_t skr)
{
	const int64_t ended = look->now - CLOCK_AWAY_MAX;
	const kasp_zone_t *zone = look->zone;
	db_t *db = look->desk->db;
	db_bundle_t old = { .skr = INT64_MAX, .at = INT64_MAX };
	int ret = db_bundles_drop(db, zone->id, skr, look->now);
	int found = 0;
	while (ret == 0 && (found = db_bundle_before(db, zone->id, ended, &old)) > 0) {
		if (skr_span(old.text, zone->name, old.at).until < ended) {
			ret = db_bundle_drop(db, zone->id, &old);
		}
		free(old.text);
	}
	return found < 0 ? -1 : ret;
}

/* Publishes a bundle, which is taken over. */
static int take(const bundle_look_t *look, db_bundle_t *bundle)
{
	char when[WHEN_TEXT_MAX];
	kasp_zone_t *zone = look->zone;
	log_about(LOG_INFO, (about_t){ .event = "bundle", .zone = zone->name },
	          "the bundle of %s is published", when_stamp(bundle->at, when));
	free(zone->bundle);
	zone->bundle = bundle->text;
	bundle->text = NULL;
	offer_note(&zone->core, zone, zone->bundle);
	bring(&zone->core, look->now);
	return forget_old(look, bundle->skr);
}

/* Whether a bundle may take the place of what is published. One that was signed before that comes from an older
 * copy of the database, unless what is published was taken by a clock that was ahead. */
static bool may_follow(const bundle_look_t *look, const db_bundle_t *bundle, int64_t published)
{
	const skr_span_t span = skr_span(bundle->text, look->zone->name, bundle->at);
	return span.until > look->now && (span.from >= published || published > look->now);
}

/* \return 1 if one was taken, 0, -1. */
static int take_newest(const bundle_look_t *look, bundle_seen_t *seen)
{
	const kasp_zone_t *zone = look->zone;
	const int64_t published = skr_span(bundle_text(zone->bundle), zone->name, look->now).from;
	db_bundle_t bundle = { .skr = INT64_MAX, .at = INT64_MAX };
	const int64_t due = CORE_RULE(MUTANT_BUNDLE_DUE) ? look->now : INT64_MAX - 1;
	int ret = 0, found = 1;
	bool newer = true; /* Than the one in force. */
	for (unsigned i = 0; i < TRIES && ret == 0 && newer; i++) {
		found = db_bundle_before(look->desk->db, zone->id, due + 1, &bundle);
		if (found <= 0) {
			break;
		}
		newer = strcmp(bundle.text, bundle_text(zone->bundle)) != 0;
		if (newer && may_follow(look, &bundle, published)) {
			const bool good = try_bundle(look, &bundle, seen);
			seen->waits = seen->waits || !good;
			ret = !good ? 0 : take(look, &bundle) == 0 ? 1 : -1;
		}
		free(bundle.text);
	}
	return found < 0 ? -1 : ret;
}

/* Says when the signatures in force end, if they are in the last quarter of their time. */
static void foresee_end(const kasp_zone_t *zone, int64_t now, bundle_seen_t *seen)
{
	char when[WHEN_TEXT_MAX];
	const skr_span_t span = skr_span(bundle_text(zone->bundle), zone->name, now);
	const int64_t notice = span.until - (span.until - span.from) / 4;
	if (span.until == 0) {
		return;
	}
	if (notice > now) {
		seen->next = notice < seen->next ? notice : seen->next;
		return;
	}
	seen->urgent = true;
	say(seen, "the signatures of the KSK end at %s, and no bundle takes their place: validators "
	    "refuse the zone then", when_stamp(span.until, when));
}

/* Until when the last signatures that there are will be good; 0 = there are none; -1. */
static int64_t last_until(const bundle_look_t *look)
{
	const kasp_zone_t *zone = look->zone;
	const int64_t published = skr_span(bundle_text(zone->bundle), zone->name, look->now).until;
	db_bundle_t last = { .skr = INT64_MAX, .at = INT64_MAX };
	const int ret = db_bundle_before(look->desk->db, zone->id, INT64_MAX, &last);
	if (ret <= 0) {
		return ret < 0 ? -1 : published;
	}
	const int64_t until = skr_span(last.text, zone->name, last.at).until;
	free(last.text);
	return until > published ? until : published;
}

/* Says when the next ceremony has to be held. */
static int foresee_ceremony(const bundle_look_t *look, bundle_seen_t *seen)
{
	char when[WHEN_TEXT_MAX];
	const int64_t until = last_until(look);
	if (until < 0) {
		return -1;
	}
	if (until == 0) {
		seen->urgent = true;
		say(seen, "waits for a DNSKEY RRset that was signed ahead, since the policy's KSK is "
		    "offline: ods ksr, a ceremony, ods skr");
	} else if (until - NOTICE_S <= look->now) {
		seen->urgent = true;
		say(seen, "a ceremony is due: the last signatures of the KSK are good until %s: ods ksr, "
		    "a ceremony, ods skr", when_stamp(until, when));
	} else if (until - NOTICE_S < seen->next) {
		seen->next = until - NOTICE_S;
	}
	return 0;
}

int bundle_follow(const bundle_look_t *look, bundle_seen_t *seen)
{
	kasp_zone_t *zone = look->zone;
	int64_t next;
	*seen = (bundle_seen_t){ .next = CORE_NEVER };
	offer_note(&zone->core, zone, bundle_text(zone->bundle));
	if (take_newest(look, seen) < 0) {
		return -1;
	}
	const int found = db_bundle_next(look->desk->db, zone->id, look->now + 1, &next);
	if (found > 0) {
		seen->next = next < seen->next ? next : seen->next;
	}
	if (seen->waits) {
		foresee_end(zone, look->now, seen);
	}
	return found < 0 ? -1 : foresee_ceremony(look, seen);
}

void bundle_stay(const kasp_zone_t *zone, int64_t now, bundle_seen_t *seen)
{
	*seen = (bundle_seen_t){ .next = CORE_NEVER };
	foresee_end(zone, now, seen);
}
