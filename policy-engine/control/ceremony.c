/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Requests for a ceremony, which signs where the KSK is, and what comes back from it. */

#include "policy-engine/control/handlers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy-engine/base/event.h"
#include "policy-engine/base/text-file.h"
#include "policy-engine/base/when.h"
#include "policy-engine/ceremony/check.h"
#include "policy-engine/ceremony/ksr.h"
#include "policy-engine/control/argument.h"
#include "policy-engine/control/row.h"
#include "policy-engine/control/zones.h"
#include "policy-engine/engine/response.h"

#define AHEAD_MAX 50             /* ZSKs for one request; a zone has CORE_KEYS_MAX keys at most. */
#define WHY_MAX 400

static const text_file_t skr_file = { .most = (size_t)16 << 20 }; /* Bundles for decades. */

/* Loads a zone whose KSK is offline. Under the lock. \return Its policy; NULL after an error. */
static const policy_t *load(context_t *c, ctl_request_t *req, const char *name, kasp_zone_t *zone)
{
	if (control_load(c, req, name, zone) <= 0) {
		return NULL;
	}
	const policy_t *policy = policies_find(&c->desk->policies, zone->policy);
	if (policy == NULL || policy->defect != NULL || !policy_is_offline(policy)) {
		ctl_error(req, name, "its policy \"%.60s\" has no KSK that is <Offline/>, or cannot be "
		          "used", zone->policy);
		return NULL;
	}
	return policy;
}

/* -- requests ------------------------------------------------------------ */

/* Sends a text by its lines. */
static void send_text(ctl_request_t *req, const char *name, char *text)
{
	char *rest = NULL;
	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		ctl_reply(req, name, "ksr", line);
	}
}

/* Has the next look at the zone see that there are as many ZSKs on standby. */
static void want_keys(const context_t *c, ctl_request_t *req, const char *name, unsigned needed)
{
	live_zone_t *live = live_find(&c->desk->live, name);
	if (live == NULL || needed > AHEAD_MAX) {
		ctl_error(req, name, live == NULL ? "the signer does not have this zone now"
		                                  : "more than %d ZSKs would be needed: ask for less "
		                                    "time", AHEAD_MAX);
		return;
	}
	live->ahead = needed;
	live_mark(&c->desk->live, live, true);
	ctl_reply(req, name, "wait", live->problem != NULL ? live->problem
	                                                  : "ZSKs are being made ready");
	desk_wake(c->desk);
}

static void request(context_t *c, ctl_request_t *req, const char *name, const ksr_t *wanted)
{
	kasp_zone_t zone = { 0 };
	char *text = NULL;
	unsigned needed = 0;
	pthread_mutex_lock(&c->desk->lock);
	ksr_t ksr = *wanted;
	ksr.zone = &zone;
	live_zone_t *live = live_find(&c->desk->live, name);
	ksr.policy = load(c, req, name, &zone);
	ksr.facts = control_facts(live);
	if (ksr.policy != NULL && ksr_make(&ksr, &text, &needed) != 0) {
		ctl_error(req, name, "out of memory");
	} else if (ksr.policy != NULL && text == NULL) {
		want_keys(c, req, name, needed);
	} else if (text != NULL && live != NULL) {
		live->ahead = 0; /* Else a ZSK that a bundle puts in use would be made up for. */
	}
	pthread_mutex_unlock(&c->desk->lock);
	if (text != NULL) {
		send_text(req, name, text);
	}
	free(text);
	kasp_zone_deinit(&zone);
}

static void request_for(context_t *c, ctl_request_t *req, const char *name, const ctl_unit_t *unit)
{
	uint64_t from = 0, until = 0;
	ksr_t ksr = { .now = time(NULL) };
	if ((argument_given(unit->type) && !argument_number(unit->type, INT32_MAX, &from)) ||
	    !argument_number(unit->data, UINT32_MAX, &until)) {
		ctl_error(req, name, "say from when, and until when, in Unix seconds");
		return;
	}
	ksr.from = from == 0 ? ksr.now : (int64_t)from;
	ksr.until = (int64_t)until;
	if (ksr.from < ksr.now || ksr.until <= ksr.from) {
		ctl_error(req, name, "the time has to be in the future, and its end behind its begin");
		return;
	}
	request(c, req, name, &ksr);
}

void control_ksr(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	if (control_needs_zone(req, unit)) {
		control_zones(ctx, req, unit, request_for);
	}
}

/* -- responses ----------------------------------------------------------- */

/* Takes a response that is good, or nothing. \return Whether it was. */
static bool take(const response_t *to, const skr_t *skr, char why[WHY_MAX])
{
	db_t *db = to->desk->db;
	if (db_begin(db) != 0) {
		snprintf(why, WHY_MAX, "%s", db_error(db));
		return false;
	}
	if (response_take(to, skr, why, WHY_MAX) != 0) {
		db_rollback(db);
		return false;
	}
	if (db_commit(db) != 0) {
		snprintf(why, WHY_MAX, "%s", db_error(db));
		db_rollback(db);
		return false;
	}
	return true;
}

static void say_taken(ctl_request_t *req, const response_t *to, const skr_t *skr)
{
	const kasp_zone_t *zone = to->zone;
	const skr_rules_t rules = { zone, to->policy, to->now, { 0, 0 } };
	char text[WHY_MAX], from[WHEN_TEXT_MAX], until[WHEN_TEXT_MAX];
	const skr_bundle_t *last = &skr->bundles[skr->count - 1];
	snprintf(text, sizeof(text), "%zu bundles, from %s; the last signatures are good until %s",
	         skr->count, when_stamp(skr->bundles[0].at, from),
	         when_text(skr_span(last->text, zone->name, last->at).until, to->now, until));
	ctl_reply(req, zone->name, NULL, text);
	log_about(LOG_INFO, (about_t){ .event = "skr", .zone = zone->name }, "signed ahead: %s", text);
	skr_advise(skr, &rules, text, sizeof(text));
	if (text[0] != '\0') {
		ctl_reply(req, zone->name, NULL, text);
		log_about(LOG_WARNING, (about_t){ .event = "skr", .zone = zone->name }, "%s", text);
	}
}

static void respond(context_t *c, ctl_request_t *req, const char *name, const ctl_unit_t *unit)
{
	char why[WHY_MAX] = "";
	skr_t skr = { 0 };
	kasp_zone_t zone = { 0 };
	char *text = text_file_read(unit->data, &skr_file, why, sizeof(why));
	if (text == NULL || skr_read(text, name, &skr, why, sizeof(why)) != 0) {
		ctl_error(req, name, "nothing is taken: %s", why);
		free(text);
		return;
	}
	free(text);
	pthread_mutex_lock(&c->desk->lock);
	const response_t to = { c->desk, &zone, load(c, req, name, &zone), time(NULL) };
	if (to.policy != NULL && take(&to, &skr, why)) {
		live_zone_t *live = live_find(&c->desk->live, name);
		if (live != NULL) {
			live_mark(&c->desk->live, live, true);
		}
		say_taken(req, &to, &skr);
	} else if (to.policy != NULL) {
		ctl_error(req, name, "nothing is taken: %s", why);
	}
	pthread_mutex_unlock(&c->desk->lock);
	desk_wake(c->desk);
	skr_deinit(&skr);
	kasp_zone_deinit(&zone);
}

void control_skr(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	if (!argument_given(unit->data)) {
		ctl_error(req, unit->zone, "name the file of the response");
	} else if (control_needs_zone(req, unit)) {
		control_zones(ctx, req, unit, respond);
	}
}
