/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/recover/recover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy-engine/base/event.h"

typedef struct {
	const recover_t *what;
	pairs_t pairs;
	char **names;
	size_t count;
	const char *zone; /* That is said something about. */
} run_t;

static void add_name(run_t *run, const char *name)
{
	char **names = reallocarray(run->names, run->count + 1, sizeof(*names));
	char *copy = strdup(name);
	run->names = names != NULL ? names : run->names;
	if (names == NULL || copy == NULL) {
		free(copy);
		return;
	}
	names[run->count++] = copy;
}

static void pick(void *ctx, live_zone_t *zone)
{
	if (zone->facts.chain || zone->unlearnt != NULL) {
		add_name(ctx, zone->name);
	}
}

static void say(void *ctx, judge_kind_t kind, const char *text)
{
	static const char *const kinds[JUDGE_KINDS] = {
		[JUDGE_KNOWN] = "known",
		[JUDGE_TAKES] = "takes for certain",
		[JUDGE_REFUSES] = "does not dare",
		[JUDGE_WAY_OUT] = "way out",
		[JUDGE_DOES] = "does",
	};
	const run_t *run = ctx;
	run->what->say(run->what->ctx, run->zone, kinds[kind], text);
}

/* Replaces what the database has of the zone; under the lock. \return 1; 0 and why; -1. */
static int store(desk_t *desk, const policy_t *policy, const rebuilt_t *zone, const char *name,
                 char *why)
{
	int64_t now = time(NULL);
	int ret = db_begin(desk->db);
	ret = ret == 0 ? rebuilt_store(desk->db, policy, name, zone, now, why) : -1;
	if (ret <= 0 || db_commit(desk->db) != 0) {
		db_rollback(desk->db);
		return ret > 0 ? -1 : ret;
	}
	live_zone_t *live = live_find(&desk->live, name);
	if (live != NULL) {
		live_set(&live->unlearnt, NULL);
		live_learn(&desk->live, live, 0);
		live->force = true;
		live_mark(&desk->live, live, true);
	}
	log_about(LOG_WARNING, (about_t){ .event = "learnt", .zone = name },
	          "a person has the zone recovered: %zu keys come back from what "
	          "is served and from the tokens; all waits begin anew",
	          zone->count);
	return 1;
}

/* Whether nothing has come in between. */
static bool is_as_planned(const desk_t *desk, const evidence_t *e)
{
	uint64_t revision = 0;
	const live_zone_t *live = live_find(&desk->live, e->zone);
	return live != NULL && live->facts.pending == e->pending &&
	       db_zone_revision(desk->db, e->zone, &revision) > 0 && revision == e->database;
}

/* \return Whether the zone is recovered, or would be. */
static bool act(run_t *run, const evidence_t *e)
{
	desk_t *desk = run->what->desk;
	rebuilt_t zone = { 0 };
	char why[REBUILT_WHY_MAX] = "the zone has changed meanwhile: try again";
	pthread_mutex_lock(&desk->lock);
	const policy_t *policy = policies_find(&desk->policies, e->policy);
	policy = policy != NULL && policy->defect == NULL ? policy : NULL;
	bool good = judge_zone(e, policy, time(NULL), (judge_say_t){ say, run }, &zone);
	if (good && !run->what->plan) {
		int ret = is_as_planned(desk, e) ? store(desk, policy, &zone, e->zone, why) : 0;
		good = ret > 0;
		if (!good) {
			say(run, JUDGE_REFUSES, ret < 0 ? db_error(desk->db) : why);
		}
	}
	pthread_mutex_unlock(&desk->lock);
	free(zone.keys);
	return good;
}

static bool recover(run_t *run, const char *name)
{
	evidence_t evidence;
	run->zone = name;
	int found =
		evidence_gather(run->what->desk, run->what->asker, &run->pairs, name, &evidence);
	bool good = found > 0 && act(run, &evidence);
	if (found <= 0) {
		say(run, JUDGE_REFUSES,
		    found == 0 ? "there is no such zone" : "the database failed, or memory is out");
	}
	evidence_deinit(&evidence);
	return good;
}

int recover_run(const recover_t *what, char *err, size_t err_size)
{
	run_t run = { .what = what };
	hsm_error_t why = { 0 };
	pthread_mutex_lock(&what->desk->lock);
	int ret = pairs_open(&run.pairs, &what->desk->conf.tokens, &why);
	if (what->zone != NULL) {
		add_name(&run, what->zone);
	} else {
		live_each(&what->desk->live, pick, &run);
	}
	pthread_mutex_unlock(&what->desk->lock);
	int count = 0;
	for (size_t i = 0; i < run.count && ret == HSM_EOK; i++) {
		count += recover(&run, run.names[i]);
	}
	if (ret != HSM_EOK) {
		snprintf(err, err_size, "%s", why.text);
		count = -1;
	} else if (run.pairs.problem != NULL) {
		what->say(what->ctx, NULL, "known", run.pairs.problem);
	}
	for (size_t i = 0; i < run.count; i++) {
		free(run.names[i]);
	}
	free(run.names);
	pairs_close(&run.pairs);
	return count;
}
