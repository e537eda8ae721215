/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zone/judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include <libknot/libknot.h>

#include "common/clock.h"
#include "module/base/moment.h"
#include "module/keys/trust.h"
#include "module/rr/serial.h"
#include "module/sign/refresh.h"

/* Milliseconds for which knotd's answer is taken for what it serves. */
#define FRESH_MS 5000
/* Seconds until knotd's answer is looked at: the worker is woken when it comes. */
#define LOOK_AGAIN 5
/* Seconds after which what is held is judged anew, since knotd may serve something else: that takes
 * an operator. A new key set, or ods pass, is judged at once. */
#define HOLD_LOOK 600

/* What the rule HELD_TIME holds: the newest version, or a key set whose bundle is not good yet. */
#define STALE "signatures"
#define EARLY "bundle"

/*! Sees what knotd serves; if it does not say, the store is believed. \return KNOT_EOK,
 *  KNOT_EAGAIN */
static int look_at_served(zone_t *zone)
{
	verdict_t *verdict = &zone->verdict;
	uint32_t serial;
	bool serves;
	const int64_t now = monotonic_ms();
	if (!serving_served(&zone->serving, &serial, &serves)) {
		return KNOT_EAGAIN;
	}
	apex_t *apex = &verdict->served;
	if (verdict->served_ms != 0 && now - verdict->served_ms < FRESH_MS && serves &&
	    (!apex->has_soa || apex->serial == serial)) {
		return KNOT_EOK;
	}
	apex_deinit(apex);
	verdict->served_ms = 0;
	const int ret = serves ? serving_read(&zone->serving, apex) : KNOT_EOK;
	if (ret == KNOT_EAGAIN) {
		return ret;
	}
	verdict->served_ms = serves ? now : 0;
	return KNOT_EOK;
}

/*!
 * Tells whether a serial is that of a version of the store's. Serials only grow: if knotd once took
 * one of these versions, an older serial is that of an older version.
 */
static bool is_ours(const state_t *state, uint32_t serial)
{
	return state->version > 0 && (serial == state->serial ||
	       (state->taken_at > 0 && !serial_greater(serial, state->serial)));
}

/*! Reads the DNSKEYs that the unsigned zone brings. */
static int read_input(zone_t *zone, const state_t *state, apex_t *input)
{
	uint8_t key[NODE_KEY_MAX];
	const store_key_t at = { STORE_INPUT, state->in.nodes, key, node_key(zone->name, key) };
	store_txn_t txn;
	node_t node;
	int ret = store_read(zone->env->store, &txn);
	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = store_find_node(&txn, &at, &node);
	if (ret == KNOT_EOK) {
		const node_rrset_t *rrset = node_rrset(&node, KNOT_RRTYPE_DNSKEY);
		ret = rrset != NULL ? apex_add_dnskeys(input, &rrset->rrs) : KNOT_EOK;
		node_deinit(&node);
	}
	store_abort(&txn);
	return ret;
}

/*! Whether a newer key set is held, which the text is about. */
static bool is_other_held(zone_t *zone, const keyset_t *set)
{
	const uint64_t open = zone->verdict.open;
	return open != 0 && open != set->revision && held_is(&zone->held, HELD_CHAIN);
}

/*! Puts a case before the rule. \param passed  It passes only since an operator let it through. */
static keys_may_t judge(zone_t *zone, const state_t *state, trust_t *trust, bool *passed)
{
	char what[32], why[HELD_TEXT_MAX];
	apex_t input = { .has_soa = false };
	*passed = false;
	int ret = read_input(zone, state, &input);
	if (ret != KNOT_EOK) {
		apex_deinit(&input);
		signer_trouble(&zone->signer, store_strerror(ret));
		return KEYS_MAY_LATER;
	}
	trust->zone = zone->name;
	trust->input = &input;
	trust->served = &zone->verdict.served;
	const bool passes = trust_passes(trust, why, sizeof(why));
	apex_deinit(&input);
	if (passes) {
		return KEYS_MAY;
	}
	snprintf(what, sizeof(what), "keys %" PRIx64, trust_name(trust->set));
	(void)held_has(&zone->held, HELD_CHAIN, what, passed);
	if (!*passed && !is_other_held(zone, trust->set)) {
		held_set(&zone->held, HELD_CHAIN, what, why);
	}
	return *passed ? KEYS_MAY : KEYS_MAY_NOT;
}

/*! Notes when to judge anew. */
static keys_may_t later(zone_t *zone, keys_may_t may)
{
	zone->verdict.again = time(NULL) + (may == KEYS_MAY_LATER ? LOOK_AGAIN : HOLD_LOOK);
	return may;
}

/*! \return When the first signature of the newest version expires; 0 = none does. */
static int64_t version_until(zone_t *zone, const state_t *state, int64_t now)
{
	store_txn_t txn;
	int64_t until = 0;
	if (store_read(zone->env->store, &txn) == KNOT_EOK) {
		until = refresh_expires(&txn, state, now);
		store_abort(&txn);
	}
	return until;
}

/*! Holds a key set with a bundle. \param until  When that of before expires; 0: there is none. */
static void hold_early(zone_t *zone, const clock_span_t *now, int64_t from, int64_t until)
{
	char why[HELD_TEXT_MAX], first[MOMENT_MAX], then[MOMENT_MAX] = "";
	const bool doubt = now->from != now->to;
	snprintf(why, sizeof(why), "the next DNSKEY RRset that was signed ahead is good from %s on, and "
	         "it may be earlier now%s; the one before stays%s%s", moment_text(from, first),
	         doubt ? ", for the clock is not believed: set it right, or say ods clock-accept" : "",
	         until != 0 ? ", and is good until " : "",
	         until != 0 ? moment_text(until, then) : "");
	held_set(&zone->held, HELD_TIME, EARLY, why);
}

/*! Whether a key set waits until its bundle is good. If so, the next look is when it may be. */
static bool is_early(zone_t *zone, const state_t *state, const keyset_t *before,
                     const keyset_t *set, const clock_span_t *now)
{
	int64_t from, end, old_from, until;
	if (before == NULL || !given_times(set->bundle, now->from, &from, &end) || from <= now->from) {
		return false;
	}
	const bool bundles = given_times(before->bundle, now->to, &old_from, &until);
	until = bundles ? until : version_until(zone, state, now->to);
	int64_t wait = from - now->from < HOLD_LOOK ? from - now->from : HOLD_LOOK;
	if (until != 0) {
		const int64_t spare = until - lasting_alarm(set->refresh, set->resign) - now->to;
		wait = spare < wait ? spare : wait;
	}
	if (wait <= 0) {
		return false;
	}
	hold_early(zone, now, from, bundles ? until : 0);
	zone->verdict.again = time(NULL) + wait;
	return true;
}

keys_may_t judge_keys(zone_t *zone, const state_t *state, const keyset_t *before,
                      const keyset_t *set, const clock_span_t *now)
{
	verdict_t *verdict = &zone->verdict;
	bool passed = false;
	const bool known = state->version == 0 || set->revision == state->revision;
	const bool same = before != NULL && !trust_differs(before, set);
	if (!known && is_early(zone, state, before, set, now)) {
		return KEYS_MAY_LATER;
	}
	if (held_has(&zone->held, HELD_TIME, EARLY, &passed)) {
		held_end(&zone->held, HELD_TIME);
	}
	if (known || same) {
		const bool stays_open = same && verdict->open == before->revision;
		verdict->open = stays_open ? set->revision : 0;
		return KEYS_MAY;
	}
	verdict->open = set->revision;
	if (look_at_served(zone) != KNOT_EOK) {
		return later(zone, KEYS_MAY_LATER);
	}
	const apex_t *served = &verdict->served;
	trust_t trust = {
		.set = set, .before = before != NULL ? before->revision : 0,
		.continuous = !served->has_soa || is_ours(state, served->serial),
	};
	const keys_may_t may = judge(zone, state, &trust, &passed);
	if (may != KEYS_MAY) {
		return later(zone, may);
	}
	verdict->open = passed ? set->revision : 0;
	return KEYS_MAY;
}

/*! There is nothing against a version. What was let through by command stays so until all of the
 *  zone is signed with it: a restart must not have it held again in the midst of that. */
static keys_may_t end(zone_t *zone, const state_t *state)
{
	verdict_t *verdict = &zone->verdict;
	const uint64_t open = verdict->open;
	if (open == 0 || open == state->revision) {
		held_end(&zone->held, HELD_CHAIN);
		verdict->open = 0;
	}
	verdict->barred = verdict->open != 0 && open == zone->keys.ring->set.revision;
	atomic_store(&verdict->shut, false);
	return KEYS_MAY;
}

keys_may_t judge_version(zone_t *zone, const state_t *state)
{
	verdict_t *verdict = &zone->verdict;
	uint32_t serial;
	bool serves, passed = false;
	const bool known = serving_served(&zone->serving, &serial, &serves);
	if (known && serving_is_silent(&zone->serving) && held_stops(&zone->held, HELD_CHAIN)) {
		/* What is held was so by what knotd has said; it loads its zones, maybe. */
		return later(zone, KEYS_MAY_LATER);
	}
	if (known && state->version > 0 && (!serves || is_ours(state, serial))) {
		return end(zone, state);
	}
	if (!known || look_at_served(zone) != KNOT_EOK) {
		return later(zone, KEYS_MAY_LATER);
	}
	const apex_t *served = &verdict->served;
	if (state->version > 0 && (!served->has_soa || is_ours(state, served->serial))) {
		return end(zone, state);
	}
	trust_t trust = { .set = &zone->keys.ring->set };
	const keys_may_t may = judge(zone, state, &trust, &passed);
	if (may == KEYS_MAY && !passed) {
		return end(zone, state);
	}
	verdict->barred = true;
	atomic_store(&verdict->shut, may != KEYS_MAY);
	return may == KEYS_MAY ? may : later(zone, may);
}

/*** Until when signatures are good. ***/

void judge_first(zone_t *zone, const state_t *state, const uint32_t *served)
{
	const bool known = served != NULL && *served == state->taken_serial &&
	                   state->taken_expires != 0;
	const bool fine = served != NULL && zone->verdict.fine &&
	                  *served == zone->verdict.fine_serial;
	if (state->version > 0 && served != NULL && !known && !fine) {
		atomic_store(&zone->verdict.stale, true);
	}
}

/*!
 * Finds when the first signature of another version expires that knotd serves; 0 = it serves no
 * other, or none of its signatures is known. \return KNOT_EOK, KNOT_EAGAIN
 */
static int served_until(zone_t *zone, const state_t *state, int64_t now, int64_t *until)
{
	const apex_t *served = &zone->verdict.served;
	uint32_t serial;
	bool serves;
	*until = 0;
	if (!serving_served(&zone->serving, &serial, &serves)) {
		return KNOT_EAGAIN;
	}
	if (!serves || serial == state->serial) {
		return KNOT_EOK;
	}
	if (serial == state->taken_serial && state->taken_expires != 0) {
		*until = moment_near(state->taken_expires, now);
		return KNOT_EOK;
	}
	const int ret = look_at_served(zone);
	*until = ret == KNOT_EOK && served->has_soa ? served->expiration : 0;
	return ret;
}

/*! Holds the newest version. */
static void hold_stale(zone_t *zone, const state_t *state, int64_t until, int64_t served)
{
	char why[HELD_TEXT_MAX], trouble[TROUBLE_MAX], first[MOMENT_MAX], then[MOMENT_MAX];
	keys_trouble(&zone->keys, trouble, sizeof(trouble));
	snprintf(why, sizeof(why),
	         "the first signature of serial %u expires %s; those that knotd serves are good "
	         "until %s, and stay until then, or until all is signed anew%s%s",
	         state->serial, moment_text(until, first), moment_text(served, then),
	         trouble[0] != '\0' ? ": " : "", trouble);
	held_set(&zone->held, HELD_TIME, STALE, why);
}

/*! Tells whether the newest version expires soon. \param until  When its first signature does. */
static bool expires_soon(zone_t *zone, const state_t *state, int64_t now, int64_t *until)
{
	uint32_t refresh = 0, resign = 0;
	(void)keys_times(&zone->keys, &refresh, &resign);
	*until = version_until(zone, state, now);
	return *until != 0 && *until < now + lasting_alarm(refresh, resign);
}

bool judge_time(zone_t *zone, state_t *state, int64_t now)
{
	verdict_t *verdict = &zone->verdict;
	int64_t served = 0, until;
	bool serves, passed;
	const bool was = atomic_load(&verdict->stale);
	if (state->version == 0 || (!was && state->taken_serial == state->serial)) {
		return false;
	}
	const bool soon = expires_soon(zone, state, now, &until);
	if (soon && served_until(zone, state, now, &served) != KNOT_EOK) {
		(void)later(zone, KEYS_MAY_LATER);
		return false;
	}
	const bool stale = soon && until < served && served > now;
	atomic_store(&verdict->stale, stale);
	verdict->fine = serving_served(&zone->serving, &verdict->fine_serial, &serves) && serves &&
	                !stale;
	if (stale) {
		hold_stale(zone, state, until, served);
		verdict->again = now + LOOK_AGAIN;
	} else if (was && !held_has(&zone->held, HELD_TIME, EARLY, &passed)) {
		held_end(&zone->held, HELD_TIME);
	}
	const bool news = served != 0 && state->taken_expires != (uint32_t)served;
	state->taken_expires = served != 0 ? (uint32_t)served : state->taken_expires;
	return news;
}
