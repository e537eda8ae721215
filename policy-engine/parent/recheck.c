/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/parent/recheck.h"

#include <stdlib.h>
#include <string.h>

#include "common/fnv1a.h"
#include "policy-engine/base/errands.h"
#include "policy-engine/base/event.h"
#include "policy-engine/engine/internal.h"
#include "policy-engine/parent/check.h"

#define THREADS 4
#define RUNNING_MAX 64
#define GOOD_S 60     /* How long a look counts: until the engine has taken its steps. */
#define TICKS 1440    /* In a <Recheck>: the zones of one are looked at together. */
#define RETRIES 24    /* In a <Recheck>, at most, if nothing waits for it. */

/* A key whose DS should be there. */
typedef struct {
	int64_t key;       /* In its zone. */
	parent_question_t *question;
	parent_result_t result;
} item_t;

/* A look at one zone. */
typedef struct {
	char *zone;
	item_t *items;
	size_t count;
} recheck_job_t;

struct recheck {
	engine_t *engine;
	errands_t *errands;
	int64_t ticked;     /* Up to when it was seen whose turn it is. */
	unsigned running;
};

static void job_free(void *arg)
{
	recheck_job_t *job = arg;
	for (size_t i = 0; i < job->count; i++) {
		parent_question_free(job->items[i].question);
	}
	free(job->items);
	free(job->zone);
	free(job);
}

static void do_job(void *arg, int stop_fd)
{
	recheck_job_t *job = arg;
	for (size_t i = 0; i < job->count; i++) {
		parent_check(job->items[i].question, stop_fd, &job->items[i].result);
	}
}

static const errands_kind_t jobs = { do_job, job_free };

recheck_t *recheck_start(engine_t *e)
{
	recheck_t *recheck = calloc(1, sizeof(*recheck));
	if (recheck == NULL) {
		return NULL;
	}
	recheck->engine = e;
	recheck->errands = errands_start(THREADS, &jobs, e);
	if (recheck->errands == NULL) {
		recheck_stop(recheck);
		return NULL;
	}
	return recheck;
}

void recheck_stop(recheck_t *recheck)
{
	if (recheck != NULL) {
		errands_stop(recheck->errands);
		free(recheck);
	}
}

bool recheck_is_needed(const engine_t *e, const live_zone_t *zone, int64_t now)
{
	return e->conf.watch.on && (zone->seen_at > now || now - zone->seen_at > GOOD_S);
}

void recheck_ask(engine_t *e, live_zone_t *zone, bool waits, int64_t now)
{
	if (waits && !zone->look_asked && !zone->looking) {
		live_look(&e->live, zone, now);
	}
	zone->look_asked = waits;
}

static void is_seen(engine_t *e, live_zone_t *zone, int64_t now)
{
	zone->seen_at = now;
	live_set(&zone->unseen, NULL);
	if (zone->look_asked) {
		zone->look_asked = false;
		live_mark(&e->live, zone, true);
	}
}

bool recheck_believe(engine_t *e, const char *name, int64_t now)
{
	live_zone_t *zone = live_find(&e->live, name);
	if (zone == NULL || !zone->look_asked) {
		return false;
	}
	is_seen(e, zone, now);
	live_look(&e->live, zone, 0);
	return true;
}

/* -- starting ------------------------------------------------------------ */

/* \return NULL if out of memory. */
static recheck_job_t *job_new(recheck_t *recheck, const kasp_zone_t *zone)
{
	engine_t *e = recheck->engine;
	recheck_job_t *job = calloc(1, sizeof(*job));
	if (job == NULL) {
		return NULL;
	}
	job->zone = strdup(zone->name);
	job->items = calloc(zone->core.count, sizeof(*job->items));
	bool good = job->zone != NULL && job->items != NULL;
	for (size_t i = 0; good && i < zone->core.count; i++) {
		if (!core_ds_counts(&zone->core.keys[i])) {
			continue;
		}
		item_t *item = &job->items[job->count++];
		item->key = zone->keys[i].id;
		item->question = parent_question(&e->conf.watch, ds_watch_resolver(e->watch), zone,
		                                 i, PARENT_STAYS);
		good = item->question != NULL;
	}
	if (!good) {
		job_free(job);
		return NULL;
	}
	return job;
}

static bool has_ds(const kasp_zone_t *zone)
{
	for (size_t i = 0; i < zone->core.count; i++) {
		if (core_ds_counts(&zone->core.keys[i])) {
			return true;
		}
	}
	return false;
}

/* \return 0, or -1 if the database failed. */
static int start(recheck_t *recheck, live_zone_t *live, int64_t now)
{
	engine_t *e = recheck->engine;
	kasp_zone_t zone = { 0 };
	int found = db_zone_get(e->db, live->name, &zone);
	live_look(&e->live, live, 0);
	if (found > 0 && has_ds(&zone)) {
		recheck_job_t *job = job_new(recheck, &zone);
		live->looking = job != NULL && errands_add(recheck->errands, job) == 0;
		recheck->running += live->looking;
		if (!live->looking) {
			live_look(&e->live, live, now + GOOD_S);
		}
		if (!live->looking && job != NULL) {
			job_free(job);
		}
	} else {
		live_set(&live->unseen, NULL);
	}
	kasp_zone_deinit(&zone);
	return found < 0 ? -1 : 0;
}

static int start_due(recheck_t *recheck, int64_t now)
{
	live_zone_t *next = TAILQ_FIRST(&recheck->engine->live.looks);
	int ret = 0;
	while (next != NULL && recheck->running < RUNNING_MAX && ret == 0) {
		live_zone_t *zone = next;
		next = TAILQ_NEXT(zone, look_link);
		if (zone->look_at <= now && !zone->looking) {
			ret = start(recheck, zone, now);
		}
	}
	return ret;
}

/* -- whose turn it is ---------------------------------------------------- */

typedef struct {
	live_t *live;
	int64_t from, to, period;
} turn_t;

static int64_t place_of(const char *name, int64_t period)
{
	return fnv1a(name, strlen(name)) % period;
}

static void queue(void *ctx, live_zone_t *zone)
{
	turn_t *turn = ctx;
	int64_t place = place_of(zone->name, turn->period);
	bool come = (turn->to - place) / turn->period > (turn->from - place) / turn->period;
	if (come && !zone->looking) {
		live_look(turn->live, zone, turn->to);
	}
}

static void tick(recheck_t *recheck, int64_t now)
{
	engine_t *e = recheck->engine;
	const int64_t period = e->conf.watch.recheck;
	if (!e->conf.watch.on || recheck->ticked == 0 || recheck->ticked > now) {
		recheck->ticked = now;
	}
	if (now - recheck->ticked >= period / TICKS && now > recheck->ticked) {
		turn_t turn = { &e->live, recheck->ticked, now, period };
		live_each(&e->live, queue, &turn);
		recheck->ticked = now;
	}
}

/* -- results ------------------------------------------------------------- */

static item_t *item_of(const recheck_job_t *job, int64_t key)
{
	for (size_t i = 0; i < job->count; i++) {
		if (job->items[i].key == key) {
			return &job->items[i];
		}
	}
	return NULL;
}

/* Judges all of a zone's keys whose DS should be there. \return How many were lost. */
static unsigned judge(const recheck_job_t *job, kasp_zone_t *zone, int64_t now, bool *seen,
                      const char **why) {
	unsigned lost = 0;
	*seen = true;
	for (size_t i = 0; i < zone->core.count; i++) {
		core_key_t *key = &zone->core.keys[i];
		if (!core_ds_counts(key)) {
			continue;
		}
		item_t *item = item_of(job, zone->keys[i].id);
		parent_verdict_t verdict = item != NULL ? item->result.verdict : PARENT_UNKNOWN;
		if (verdict == PARENT_GONE && core_ds_lose(&zone->core, i, now)) {
			log_event(LOG_WARNING, zone->name, "%s %u: the parent lost its DS, none of "
			          "its servers has it any more; no rollover step relies on it until "
			          "it is back", keyset_role_name(key->role), key->keytag);
			lost++;
			continue;
		}
		*seen = *seen && verdict == PARENT_YES;
		*why = verdict != PARENT_YES && item != NULL ? item->result.why : *why;
	}
	return lost;
}

/* \return 0, or -1 if the database failed. */
static int save(engine_t *e, kasp_zone_t *zone, int64_t now)
{
	int ret = db_begin(e->db);
	zone->next = now;
	for (size_t i = 0; i < zone->core.count && ret == 0; i++) {
		const core_record_t *ds = &zone->core.keys[i].record[KEYSET_DS];
		if (ds->since == now && core_ds_waits(&zone->core.keys[i])) {
			ret = db_errand_put(e->db, zone->keys[i].id, DB_ERRAND_LOST, now,
			                    now);
		}
	}
	if (ret == 0 && db_zone_save(e->db, zone) == 0 && db_commit(e->db) == 0) {
		return 0;
	}
	db_rollback(e->db);
	return -1;
}

/* One that failed is tried again soon if something waits for it. */
static void look_again(engine_t *e, live_zone_t *live, int64_t now)
{
	int64_t rest = e->conf.watch.recheck / RETRIES, soon = e->conf.watch.interval;
	live_look(&e->live, live, now + (live->look_asked || rest < soon ? soon : rest));
}

/* \return 0, or -1 if the database failed. */
static int take_result(recheck_t *recheck, const recheck_job_t *job, int64_t now)
{
	engine_t *e = recheck->engine;
	kasp_zone_t zone = { 0 };
	live_zone_t *live = live_find(&e->live, job->zone);
	recheck->running--;
	if (live == NULL) {
		return 0;
	}
	live->looking = false;
	bool seen = false;
	const char *why = NULL;
	int ret = db_zone_get(e->db, job->zone, &zone);
	unsigned lost = ret > 0 ? judge(job, &zone, now, &seen, &why) : 0;
	ret = lost > 0 ? save(e, &zone, now) : ret;
	if (seen) {
		is_seen(e, live, now);
	} else if (ret > 0) {
		live_set(&live->unseen, why);
		look_again(e, live, now);
	}
	kasp_zone_deinit(&zone);
	return ret < 0 ? -1 : 0;
}

static int take_results(recheck_t *recheck, int64_t now)
{
	errands_t *errands = recheck->errands;
	int ret = 0;
	for (recheck_job_t *job = errands_take(errands); job != NULL; job = errands_take(errands)) {
		ret = ret == 0 ? take_result(recheck, job, now) : ret;
		job_free(job);
	}
	return ret;
}

int recheck_pass(engine_t *e, int64_t now)
{
	pthread_mutex_lock(&e->lock);
	int ret = take_results(e->recheck, now);
	tick(e->recheck, now);
	ret = ret == 0 ? start_due(e->recheck, now) : ret;
	pthread_mutex_unlock(&e->lock);
	return ret;
}
