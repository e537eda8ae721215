/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/control/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy-engine/base/when.h"
#include "policy-engine/control/row.h"
#include "policy-engine/control/zones.h"
#include "policy-engine/core/plan.h"
#include "policy-engine/parent/ds-task.h"
#include "policy-engine/signer/compose.h"

#define LINE_MAX 4096

/* Says what has to happen at the parent; only what needs a person, or only what does not. */
static void tasks(row_t *row, const context_t *c, const kasp_zone_t *zone, const policy_t *policy,
                  bool person)
{
	for (size_t i = 0; i < zone->core.count; i++) {
		const wait_t *wait = ds_watch_find(c->parent->watch, zone, i);
		if (wait == NULL || !core_ds_waits(&zone->core.keys[i]) ||
		    ds_task_needs_person(&c->desk->conf, wait) != person) {
			continue;
		}
		ds_task_t task = { &c->desk->conf, zone, i, policy, wait };
		char *text = ds_task_text(&task);
		if (text != NULL) {
			row_column(row, person ? "to-do" : "parent", text);
		}
		free(text);
	}
}

static void key_column(row_t *row, context_t *c, const kasp_zone_t *zone, size_t i, int64_t now)
{
	const core_key_t *key = &zone->core.keys[i];
	char text[LINE_MAX], step[STEP_TEXT_MAX], why[TOKENS_PROBLEM_MAX], date[WHEN_TEXT_MAX];
	const bool offline = zone->keys[i].repository[0] == '\0';
	int used = snprintf(text, sizeof(text), "%u, algorithm %u, %s%s", key->keytag,
	                    key->algorithm, offline ? "offline" : "token ",
	                    zone->keys[i].repository);
	if (!offline && !repos_usable(c->keys->tokens, zone->keys[i].repository, why)) {
		used += snprintf(text + used, sizeof(text) - (size_t)used, " (does not work)");
	}
	if (key->dead) {
		used += snprintf(text + used, sizeof(text) - (size_t)used,
		                 ", its key pair is gone for good");
	}
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		if (key->record[r].state != KEYSET_NA) {
			used += snprintf(text + used, sizeof(text) - (size_t)used, ", %s %s",
			                 keyset_record_name(r), keyset_state_name(key->record[r].state));
		}
	}
	int64_t when;
	step_text(key, step, &when);
	if (step[0] != '\0') {
		snprintf(text + used, sizeof(text) - (size_t)used, ", next: %s%s%s", step,
		         when != 0 ? " at " : "", when != 0 ? when_text(when, now, date) : "");
	}
	row_column(row, keyset_role_name(key->role), text);
}

static void keyset_column(row_t *row, const kasp_zone_t *zone, const live_zone_t *live)
{
	char text[LINE_MAX];
	if (live == NULL) {
		snprintf(text, sizeof(text), "%llu, the signer does not have this zone",
		         (unsigned long long)zone->core.revision);
	} else if (live->push_problem != NULL) {
		snprintf(text, sizeof(text), "%llu, refused by the signer: %s",
		         (unsigned long long)zone->core.revision, live->push_problem);
	} else {
		snprintf(text, sizeof(text), "%llu, signer has %llu, published %llu, serial %u",
		         (unsigned long long)zone->core.revision,
		         (unsigned long long)live->facts.pending,
		         (unsigned long long)live->facts.revision, live->facts.serial);
	}
	row_column(row, "keyset", text);
}

/* What the last recheck of the DS at the parent showed, if it did not see all of them. */
static void unseen_column(row_t *row, const context_t *c, const live_zone_t *live)
{
	char text[LINE_MAX];
	if (live == NULL || live->unseen == NULL) {
		return;
	}
	int used = snprintf(text, sizeof(text), "not all DS in use were seen at the last look: %s",
	                    live->unseen);
	if (live->look_asked) {
		snprintf(text + used, sizeof(text) - (size_t)used, " ; a rollover waits for that; "
		         "when you have seen them: knotc -s %s zone-ksk-submitted %s",
		         c->desk->conf.socket, live->name);
	}
	row_column(row, "parent", text);
}

/* When keys are replaced by age. */
static void rollover_column(row_t *row, const kasp_zone_t *zone, const policy_t *policy,
                            int64_t now) {
	char text[LINE_MAX] = "", when[WHEN_TEXT_MAX];
	for (size_t i = 0; i < policy->key_count; i++) {
		int64_t due = plan_due(&zone->core, &policy->keys[i]);
		size_t used = strlen(text);
		if (due != CORE_NEVER && due > now) {
			snprintf(text + used, sizeof(text) - used, "%s%s at %s",
			         used > 0 ? ", " : "", keyset_role_name(policy->keys[i].role),
			         when_text(due, now, when));
		}
	}
	if (text[0] != '\0') {
		row_column(row, "rollover", text);
	}
}

static void describe(context_t *c, ctl_request_t *req, kasp_zone_t *zone)
{
	row_t row = { .req = req, .zone = zone->name };
	int64_t now = time(NULL);
	const live_zone_t *live = live_find(&c->desk->live, zone->name);
	const policy_t *policy = policies_find(&c->desk->policies, zone->policy);
	if (policy != NULL) {
		tasks(&row, c, zone, policy, true);
	}
	control_foresee(c, zone, policy, live, now);
	if (live != NULL && live->problem != NULL) {
		row_column(&row, "problem", live->problem);
	}
	row_column(&row, "policy", zone->policy);
	if (policy != NULL && policy_is_unsigned(policy)) {
		row_column(&row, "signing", "off by the policy");
	}
	for (size_t i = 0; i < zone->core.count; i++) {
		key_column(&row, c, zone, i, now);
	}
	if (policy != NULL) {
		tasks(&row, c, zone, policy, false);
		rollover_column(&row, zone, policy, now);
	}
	unseen_column(&row, c, live);
	keyset_column(&row, zone, live);
}

void status_zone(context_t *c, ctl_request_t *req, const char *name)
{
	kasp_zone_t zone = { 0 };
	pthread_mutex_lock(&c->desk->lock);
	if (control_load(c, req, name, &zone) > 0) {
		describe(c, req, &zone);
	}
	pthread_mutex_unlock(&c->desk->lock);
	kasp_zone_deinit(&zone);
}

typedef struct {
	size_t waits, problems;
} counts_t;

static void count(void *ctx, live_zone_t *zone)
{
	counts_t *counts = ctx;
	counts->waits += zone->waits;
	counts->problems += zone->problem != NULL || zone->push_problem != NULL;
}

typedef struct {
	char *text;
	size_t size;
} text_t;

static void add_token(void *ctx, const char *repository, const char *last)
{
	text_t *out = ctx;
	size_t used = strlen(out->text);
	snprintf(out->text + used, out->size - used, ", token %s: %s", repository, last);
}

void status_engine(context_t *c, ctl_request_t *req)
{
	char text[LINE_MAX];
	counts_t counts = { 0 };
	pthread_mutex_lock(&c->desk->lock);
	live_each(&c->desk->live, count, &counts);
	int used = snprintf(text, sizeof(text), "Running, zones: %zu", c->desk->live.count);
	if (counts.waits > 0) {
		used += snprintf(text + used, sizeof(text) - (size_t)used,
		                 " (%zu wait for a person, see zone-status)", counts.waits);
	}
	if (counts.problems > 0) {
		used += snprintf(text + used, sizeof(text) - (size_t)used,
		                 " (%zu have a problem, see zone-status)", counts.problems);
	}
	snprintf(text + used, sizeof(text) - (size_t)used, ", signer: %s%s%s",
	         c->link->up ? "connected" : "not reachable", c->link->up ? "" : ": ",
	         c->link->problem);
	text_t out = { text, sizeof(text) };
	repos_each(c->keys->tokens, add_token, &out);
	const char *refused = engine_reload_problem(c->engine);
	if (refused[0] != '\0') {
		size_t len = strlen(text);
		snprintf(text + len, sizeof(text) - len, ", last reload refused: %s", refused);
	}
	if (c->desk->clock.verdict != CLOCK_GOOD) {
		size_t len = strlen(text);
		snprintf(text + len, sizeof(text) - len, ", the clock went %s: no key comes or "
		         "goes until it is right again, or ods clock-accept says so",
		         c->desk->clock.verdict == CLOCK_BACK ? "back" : "ahead");
	}
	pthread_mutex_unlock(&c->desk->lock);
	ctl_reply(req, NULL, NULL, text);
}
