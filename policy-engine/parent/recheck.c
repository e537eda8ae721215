/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/parent/recheck.h"

#include <stdlib.h>
#include <string.h>

#include "common/fnv1a.h"
#include "policy-engine/base/errands.h"
#include "policy-engine/base/event.h"
#include "policy-engine/parent/confirm.h"

#define THREADS 4      /* Looks at the same time: few, since they ask the servers of others. */
#define RUNNING_MAX 64 /* Zones handed to the threads; the others wait with little memory. */
#define GOOD_S 60      /* Seconds for which a look counts; the engine takes its steps within. */
#define TICKS 1440     /* Ticks in a <Recheck>; zones of the same tick are looked at together. */
#define RETRIES 24     /* Looks in a <Recheck>, at most, if they fail and no step waits for one. */

/* A key whose DS should be there, or no key. */
typedef struct {
	int64_t key;       /* Id of the key in its zone (zone_key_t); 0 = which DS are there? */
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
	desk_t *desk;
	const asker_t *asker;
	errands_t *errands;
	int64_t ticked;     /* Zones whose moment is earlier have had their turn. */
	unsigned running;
};

static void job_free(void *arg)
{
	recheck_job_t *job = arg;
	for (size_t i = 0; i < job->count; i++) {
		parent_question_free(job->items[i].question);
		parent_result_deinit(&job->items[i].result);
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

recheck_t *recheck_start(desk_t *desk, const asker_t *asker)
{
	recheck_t *recheck = calloc(1, sizeof(*recheck));
	if (recheck == NULL) {
		return NULL;
	}
	recheck->desk = desk;
	recheck->asker = asker;
	recheck->errands = errands_start(THREADS, &jobs, desk->wake, desk->wake_ctx);
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

bool recheck_is_needed(const desk_t *desk, const live_zone_t *zone, int64_t now)
{
	return desk->conf.watch.on && (zone->seen_at > now || now - zone->seen_at > GOOD_S);
}

void recheck_want_ds(desk_t *desk, live_zone_t *zone, int64_t now)
{
	if (!zone->ds_wanted && !zone->looking) {
		zone->ds_wanted = true;
		int64_t at = zone->ds_tried + desk->conf.watch.interval;
		live_look(&desk->live, zone, at > now ? at : now);
	}
}

void recheck_ask(desk_t *desk, live_zone_t *zone, bool waits, int64_t now)
{
	if (waits && !zone->look_asked && !zone->looking) {
		live_look(&desk->live, zone, now);
	}
	zone->look_asked = waits;
}

static void is_seen(desk_t *desk, live_zone_t *zone, int64_t now)
{
	zone->seen_at = now;
	live_set(&zone->unseen, NULL);
	live_count(&desk->live, zone);
	if (zone->look_asked) {
		zone->look_asked = false;
		live_mark(&desk->live, zone, true);
	}
}

bool recheck_believe(desk_t *desk, const char *name, int64_t now)
{
	live_zone_t *zone = live_find(&desk->live, name);
	if (zone == NULL || !zone->look_asked) {
		return false;
	}
	is_seen(desk, zone, now);
	live_look(&desk->live, zone, 0);
	return true;
}

/* -- starting ------------------------------------------------------------ */

/* Adds the question which DS there are. \return Whether memory sufficed. */
static bool ask_any(const recheck_t *recheck, recheck_job_t *job)
{
	item_t *item = &job->items[job->count++];
	item->question = asker_question_any(recheck->asker, job->zone);
	return item->question != NULL;
}

/* \return NULL if out of memory. */
static recheck_job_t *job_new(const recheck_t *recheck, const kasp_zone_t *zone)
{
	recheck_job_t *job = calloc(1, sizeof(*job));
	if (job == NULL) {
		return NULL;
	}
	job->zone = strdup(zone->name);
	job->items = calloc(zone->core.count + 1, sizeof(*job->items));
	bool good = job->zone != NULL && job->items != NULL;
	for (size_t i = 0; good && i < zone->core.count; i++) {
		if (!core_ds_counts(&zone->core.keys[i])) {
			continue;
		}
		item_t *item = &job->items[job->count++];
		item->key = zone->keys[i].id;
		item->question = asker_question(recheck->asker, zone, i, PARENT_STAYS);
		good = item->question != NULL;
	}
	good = good && (job->count > 0 || ask_any(recheck, job));
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
	desk_t *desk = recheck->desk;
	kasp_zone_t zone = { 0 };
	int found = db_zone_get(desk->db, live->name, &zone);
	live_look(&desk->live, live, 0);
	if (found > 0 && (has_ds(&zone) || live->ds_wanted)) {
		live->looking = errands_add(recheck->errands, job_new(recheck, &zone)) == 0;
		recheck->running += live->looking;
		if (!live->looking) {
			live_look(&desk->live, live, now + GOOD_S);
		}
	} else {
		live_set(&live->unseen, NULL);
		live_count(&desk->live, live);
	}
	kasp_zone_deinit(&zone);
	return found < 0 ? -1 : 0;
}

static int start_due(recheck_t *recheck, int64_t now)
{
	live_zone_t *next = TAILQ_FIRST(&recheck->desk->live.looks);
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
	desk_t *desk = recheck->desk;
	const int64_t period = desk->conf.watch.recheck;
	if (!desk->conf.watch.on || recheck->ticked == 0 || recheck->ticked > now) {
		recheck->ticked = now;
	}
	if (now - recheck->ticked >= period / TICKS && now > recheck->ticked) {
		turn_t turn = { &desk->live, recheck->ticked, now, period };
		live_each(&desk->live, queue, &turn);
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
                      const char **why)
{
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
			log_about(LOG_WARNING, (about_t){ .event = "ds-lost", .zone = zone->name,
			                                  .keytag = key->keytag },
			          "%s %u: the parent lost its DS, none of "
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

/* Notes the TTLs that all of the answers together showed, and the DS of the last one. \return
 * Whether the zone changed. */
static bool note_look(const desk_t *desk, const recheck_job_t *job, kasp_zone_t *zone, int64_t now)
{
	confirm_look_t look = { .whole = job->count > 0, .now = now };
	for (size_t i = 0; i < job->count; i++) {
		const parent_result_t *result = &job->items[i].result;
		const core_shown_t *shown = &result->shown;
		look.whole = look.whole && result->whole;
		look.ds = result->ds != NULL ? result->ds : look.ds;
		if (shown->ttl > look.shown.ttl) {
			look.shown.ttl = shown->ttl;
		}
		if (shown->absence > look.shown.absence) {
			look.shown.absence = shown->absence;
		}
	}
	return confirm_look(desk, zone, &look);
}

/* \return 0, or -1 if the database failed. */
static int save(desk_t *desk, kasp_zone_t *zone, int64_t now)
{
	int ret = db_begin(desk->db);
	zone->next = now;
	for (size_t i = 0; i < zone->core.count && ret == 0; i++) {
		const core_record_t *ds = &zone->core.keys[i].record[KEYSET_DS];
		if (ds->since == now && core_ds_waits(&zone->core.keys[i])) {
			ret = db_errand_put(desk->db, zone->keys[i].id, DB_ERRAND_LOST, now,
			                    now);
		}
	}
	if (ret == 0 && db_zone_save(desk->db, zone) == 0 && db_commit(desk->db) == 0) {
		return 0;
	}
	db_rollback(desk->db);
	return -1;
}

/* Queues the zone again after a failed look: soon if a step waits for the look. */
static void look_again(desk_t *desk, live_zone_t *live, int64_t now)
{
	int64_t rest = desk->conf.watch.recheck / RETRIES, soon = desk->conf.watch.interval;
	live_look(&desk->live, live, now + (live->look_asked || rest < soon ? soon : rest));
}

/* Tells those who want to know which DS there are. */
static void tell_ds(desk_t *desk, live_zone_t *live, const recheck_job_t *job, int64_t now)
{
	const parent_result_t *result = &job->items[0].result;
	if (!live->ds_wanted) {
		return;
	}
	live->ds_wanted = false;
	live->ds_tried = now;
	live->ds_nowhere = result->ds == NULL && result->no_zone;
	live_set(&live->ds_problem, result->ds == NULL ? result->why : NULL);
	live_mark(&desk->live, live, true);
}

/* The results of one pass. */
typedef struct {
	recheck_t *recheck;
	int64_t now;
} settle_t;

/* \return 0, or -1 if the database failed. */
static int take_result(void *ctx, const void *done)
{
	const settle_t *settle = ctx;
	const recheck_job_t *job = done;
	desk_t *desk = settle->recheck->desk;
	const int64_t now = settle->now;
	kasp_zone_t zone = { 0 };
	live_zone_t *live = live_find(&desk->live, job->zone);
	settle->recheck->running--;
	if (live == NULL) {
		return 0;
	}
	live->looking = false;
	bool seen = false;
	const char *why = NULL;
	int ret = db_zone_get(desk->db, job->zone, &zone);
	bool news = ret > 0 && note_look(desk, job, &zone, now);
	unsigned lost = ret > 0 ? judge(job, &zone, now, &seen, &why) : 0;
	ret = (lost > 0 || news) && save(desk, &zone, now) != 0 ? -1 : ret;
	tell_ds(desk, live, job, now);
	if (job->items[0].key == 0) {
		live_look(&desk->live, live, 0); /* No DS counts: none has to stay. */
	} else if (seen) {
		is_seen(desk, live, now);
	} else if (ret > 0) {
		live_set(&live->unseen, why);
		live_count(&desk->live, live);
		look_again(desk, live, now);
	}
	kasp_zone_deinit(&zone);
	return ret < 0 ? -1 : 0;
}

int recheck_pass(recheck_t *recheck, int64_t now)
{
	settle_t settle = { recheck, now };
	int ret = errands_settle(recheck->errands, take_result, &settle);
	tick(recheck, now);
	return ret == 0 ? start_due(recheck, now) : ret;
}
