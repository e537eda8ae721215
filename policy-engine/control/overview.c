/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* How all zones are with their keys, for programs. */

#include "config.h"

#include "control/overview.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy-engine/audit/chain.h"
#include "policy-engine/control/context.h"
#include "policy-engine/control/handlers.h"
#include "policy-engine/control/zones.h"
#include "policy-engine/parent/ds-task.h"

/* -- groups -------------------------------------------------------------- */

static const char *state_name(unsigned state)
{
	return live_state_name(state);
}

static void write_name(const tally_member_t *member, knot_dname_txt_storage_t out)
{
	snprintf(out, sizeof(knot_dname_txt_storage_t), "%s", live_of_tally(member)->name);
}

/* Says what a person has to do at the parent, for the first key that needs that. */
static void write_task(const context_t *c, const char *name, char out[OVERVIEW_TEXT_MAX])
{
	kasp_zone_t zone = { 0 };
	char *text = NULL;
	const int found = db_zone_get(c->desk->db, name, &zone);
	const policy_t *policy = found > 0 ? policies_find(&c->desk->policies, zone.policy) : NULL;
	for (size_t i = 0; policy != NULL && text == NULL && i < zone.core.count; i++) {
		const wait_t *wait = ds_watch_find(c->parent->watch, &zone, i);
		const ds_task_t task = { &c->desk->conf, &zone, i, policy, wait };
		if (wait != NULL && core_ds_waits(&zone.core.keys[i]) &&
		    ds_task_needs_person(&c->desk->conf, wait)) {
			text = ds_task_text(&task);
		}
	}
	snprintf(out, OVERVIEW_TEXT_MAX, "%s", text != NULL ? text : "");
	free(text);
	kasp_zone_deinit(&zone);
}

static void write_text(void *ctx, const char *zone, char out[OVERVIEW_TEXT_MAX])
{
	const context_t *c = ctx;
	pthread_mutex_lock(&c->desk->lock);
	const live_zone_t *live = live_find(&c->desk->live, zone);
	const live_state_t state = live != NULL ? live_state(live) : LIVE_OK;
	const char *text = state == LIVE_REFUSED ? live->push_problem
	                   : state == LIVE_UNSEEN ? live->unseen
	                   : live != NULL ? live->problem : NULL;
	if (state == LIVE_PERSON) {
		write_task(c, zone, out);
	} else {
		snprintf(out, OVERVIEW_TEXT_MAX, "%s", text != NULL ? text : "");
	}
	pthread_mutex_unlock(&c->desk->lock);
}

/* -- what zones share ---------------------------------------------------- */

static void send_tokens(const context_t *c, ctl_request_t *req)
{
	const hsm_conf_t *conf = &c->desk->conf.tokens;
	for (size_t i = 0; i < conf->count; i++) {
		const hsm_repository_t *repository = &conf->repositories[i];
		char why[TOKENS_PROBLEM_MAX] = "";
		const bool works = repos_usable(c->keys->tokens, repository->name, why);
		ctl_reply(req, NULL, "token", repository->name);
		ctl_extra(req, "text", works ? "works" : why);
		overview_number(req, "failing", !works);
		if (repository->require_backup) {
			overview_number(req, "unsaved", db_keys_unsaved_count(c->desk->db,
			                                                      repository->name));
		}
	}
}

static void send_moment(const context_t *c, ctl_request_t *req, const char *type, db_moment_t what)
{
	int64_t at = 0;
	char text[24];
	if (db_moment_get(c->desk->db, what, &at) > 0) {
		snprintf(text, sizeof(text), "%" PRId64, at);
		ctl_reply(req, NULL, type, text);
	}
}

/* Says where the audit ends: a file of it that ends earlier was cut. */
static void send_audit(const context_t *c, ctl_request_t *req)
{
	uint64_t seq;
	char hash[CHAIN_HASH_MAX];
	if (db_audit_head(c->desk->db, &seq, hash, sizeof(hash)) > 0) {
		ctl_reply(req, NULL, "audit", hash);
		overview_number(req, "seq", (int64_t)seq);
	}
}

/* Says how many keys have which record in which state. */
static void send_keys(const context_t *c, ctl_request_t *req)
{
	for (int role = 0; role < CORE_ROLES; role++) {
		for (int record = 0; record < KEYSET_RECORDS; record++) {
			ctl_reply(req, NULL, "keys", keyset_role_name(role));
			ctl_extra(req, "record", keyset_record_name(record));
			for (int state = KEYSET_HIDDEN; state < KEY_STATES; state++) {
				overview_number(req, keyset_state_name(state),
				                (int64_t)c->desk->live.keys.of[role][record][state]);
			}
		}
	}
}

static void send_engine(const context_t *c, ctl_request_t *req)
{
	const char *refused = engine_reload_problem(c->engine);
	char zones[24];
	snprintf(zones, sizeof(zones), "%zu", c->desk->live.count);
	ctl_reply(req, NULL, "version", PACKAGE_VERSION);
	ctl_reply(req, NULL, "zones", zones);
	ctl_reply(req, NULL, "signer", c->link->up ? "connected" : "not reachable");
	ctl_extra(req, "text", c->link->problem);
	overview_number(req, "up", c->link->up);
	overview_number(req, "looked-at", c->desk->looked_at);
	if (refused[0] != '\0') {
		ctl_reply(req, NULL, "reload", refused);
	}
	if (c->desk->clock.verdict != CLOCK_GOOD) {
		ctl_reply(req, NULL, "clock", c->desk->clock.verdict == CLOCK_BACK
		          ? "the clock went back: no key comes or goes until it is right again, or "
		            "ods clock-accept says so"
		          : "the clock went ahead: no key comes or goes until it is right again, or "
		            "ods clock-accept says so");
	}
	send_tokens(c, req);
	send_keys(c, req);
	send_moment(c, req, "saved", DB_MOMENT_SAVED);
	send_moment(c, req, "backed-up", DB_MOMENT_BACKED_UP);
	overview_send_disk(req, c->desk->conf.datastore);
	send_audit(c, req);
}

void control_overview(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	context_t *c = ctx;
	(void)unit;
	const overview_form_t form = { .well = LIVE_OK, .state = state_name, .name = write_name,
	                               .text = write_text, .ctx = c };
	pthread_mutex_lock(&c->desk->lock);
	send_engine(c, req);
	pthread_mutex_unlock(&c->desk->lock);
	overview_send(req, &c->desk->live.tally, &form);
}

/* -- zones --------------------------------------------------------------- */

static void add_zone(void *ctx, live_zone_t *zone)
{
	overview_lines_t *lines = ctx;
	char next[24];
	snprintf(next, sizeof(next), "%" PRId64, zone->next_at);
	overview_add(lines, (const char *[]){
		zone->name, live_state_name(live_state(zone)), next,
		zone->tokens != NULL ? zone->tokens : "",
		zone->facts.policy != NULL ? zone->facts.policy : "",
		zone->next != NULL ? zone->next : "", NULL });
}

void control_zone_overview(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	context_t *c = ctx;
	overview_lines_t lines = { .text = NULL };
	(void)unit;
	pthread_mutex_lock(&c->desk->lock);
	live_each(&c->desk->live, add_zone, &lines);
	pthread_mutex_unlock(&c->desk->lock);
	overview_send_lines(req, &lines);
}
