/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/parent/ds-watch.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/backoff.h"
#include "policy-engine/base/duration.h"
#include "policy-engine/base/event.h"
#include "policy-engine/parent/confirm.h"
#include "policy-engine/parent/ds-chore.h"

_Static_assert((int)CHORE_COMMAND == (int)DB_ERRAND_COMMAND &&
               (int)CHORE_NOTICE == (int)DB_ERRAND_NOTICE, "numbers in the database");

#define THREADS 4    /* For commands, and as many for checks; one that hangs delays few others. */
#define START_MAX 64 /* Chores started in one pass; the lock is held meanwhile. */

/* Seconds between the tries of a chore that fails. */
static const backoff_t retry_s = { .first = 2, .max = 3600 };

/* The same for a NOTIFY: that of RFC 1996, section 3.6, but it goes on, one message a day. */
static const backoff_t notify_retry_s = { .first = 60, .max = 86400 };

#define NOTIFY_LATER_S 5 /* To look again whether all name servers have what the parent is told of. */

struct ds_watch {
	desk_t *desk;
	const asker_t *asker;
	errands_t *commands, *checks; /* Apart, so that neither holds up the other. */
	void *tree;         /* Of wait_t, by key. Under the desk's lock, as due. */
	int64_t due;        /* No chore is due before. */
	bool up;            /* The module answers: it has the zones that it said it has. */
};

static int compare(const void *a, const void *b)
{
	int64_t x = ((const wait_t *)a)->key, y = ((const wait_t *)b)->key;
	return x < y ? -1 : x > y;
}

static void wait_free(void *node)
{
	wait_t *wait = node;
	for (int i = 0; i < CHORES; i++) {
		free(wait->chores[i].problem);
		free(wait->chores[i].note);
	}
	free(wait->zone);
	free(wait);
}

ds_watch_t *ds_watch_start(desk_t *desk, const asker_t *asker)
{
	ds_watch_t *w = calloc(1, sizeof(*w));
	if (w == NULL) {
		return NULL;
	}
	w->desk = desk;
	w->asker = asker;
	w->due = CORE_NEVER;
	w->commands = errands_start(THREADS, &ds_chores, desk->wake, desk->wake_ctx);
	w->checks = errands_start(THREADS, &ds_chores, desk->wake, desk->wake_ctx);
	if (w->commands == NULL || w->checks == NULL) {
		ds_watch_stop(w);
		return NULL;
	}
	return w;
}

void ds_watch_stop(ds_watch_t *w)
{
	if (w == NULL) {
		return;
	}
	errands_stop(w->commands);
	errands_stop(w->checks);
	tdestroy(w->tree, wait_free);
	free(w);
}

static wait_t *find(const ds_watch_t *w, int64_t key)
{
	wait_t probe = { .key = key };
	wait_t **node = tfind(&probe, &w->tree, compare);
	return node != NULL ? *node : NULL;
}

const wait_t *ds_watch_find(const ds_watch_t *w, const kasp_zone_t *zone, size_t i)
{
	return find(w, zone->keys[i].id);
}

static void forget(ds_watch_t *w, wait_t *wait)
{
	tdelete(wait, &w->tree, compare);
	wait_free(wait);
}

/* Sets when a chore is to be done, if it is still to be done. */
static void schedule(ds_watch_t *w, wait_t *wait, chore_kind_t kind, int64_t at)
{
	chore_t *chore = &wait->chores[kind];
	bool wanted = chore->done == 0 && !chore->running &&
	              ds_chore_is_wanted(&w->desk->conf, wait, kind);
	chore->at = wanted ? at : CORE_NEVER;
	w->due = chore->at < w->due ? chore->at : w->due;
}

/* \param failed  Set if the database failed. \return The new entry; NULL on failure. */
static wait_t *add(ds_watch_t *w, const kasp_zone_t *zone, size_t i, const policy_t *policy,
                   int64_t now, bool *failed)
{
	const core_record_t *ds = &zone->core.keys[i].record[KEYSET_DS];
	wait_t *wait = calloc(1, sizeof(*wait));
	if (wait == NULL || (wait->zone = strdup(zone->name)) == NULL) {
		free(wait);
		return NULL;
	}
	wait->key = zone->keys[i].id;
	wait->keytag = zone->core.keys[i].keytag;
	wait->cds = policy_has_cds(policy);
	wait->appear = ds->state == KEYSET_RUMOURED;
	wait->since = ds->since;
	*failed = *failed || db_errand_get(w->desk->db, wait->key, DB_ERRAND_LOST,
	                                   wait->since, &wait->lost) < 0;
	for (int kind = 0; kind < CHORES; kind++) {
		chore_t *chore = &wait->chores[kind];
		*failed = *failed || (kind <= CHORE_NOTICE &&
		                      db_errand_get(w->desk->db, wait->key,
		                                    (db_errand_t)kind, wait->since,
		                                    &chore->done) < 0);
	}
	if (*failed || tsearch(wait, &w->tree, compare) == NULL) {
		wait_free(wait);
		return NULL;
	}
	for (int kind = 0; kind < CHORES; kind++) {
		schedule(w, wait, (chore_kind_t)kind, now);
	}
	return wait;
}

static about_t about(const wait_t *wait, const char *event)
{
	return (about_t){ .event = event, .zone = wait->zone, .keytag = wait->keytag };
}

static void log_task(const ds_watch_t *w, const kasp_zone_t *zone, size_t i, const policy_t *policy,
                     const wait_t *wait)
{
	const engine_conf_t *conf = &w->desk->conf;
	ds_task_t task = { conf, zone, i, policy, wait };
	char *text = ds_task_text(&task);
	if (text != NULL) {
		log_about(ds_task_needs_person(conf, wait) ? LOG_WARNING : LOG_INFO,
		          about(wait, "ds-task"), "%s", text);
	}
	free(text);
}

int ds_watch_note(ds_watch_t *w, const kasp_zone_t *zone, const policy_t *policy, int64_t now,
                  bool *waits)
{
	bool failed = false;
	*waits = false;
	for (size_t i = 0; i < zone->core.count; i++) {
		const core_record_t *ds = &zone->core.keys[i].record[KEYSET_DS];
		wait_t *wait = find(w, zone->keys[i].id);
		bool due = core_ds_waits(&zone->core.keys[i]);
		if (wait != NULL && (!due || wait->since != ds->since)) {
			wait->over = wait->chores[CHORE_COMMAND].running;
			if (wait->over) {
				continue;
			}
			forget(w, wait);
			wait = NULL;
		}
		if (due && wait == NULL) {
			wait = add(w, zone, i, policy, now, &failed);
			if (wait != NULL) {
				log_task(w, zone, i, policy, wait);
			}
		}
		if (wait != NULL && wait->cds != policy_has_cds(policy)) {
			wait->cds = !wait->cds;
			schedule(w, wait, CHORE_NOTIFY, now);
		}
		*waits = *waits || (wait != NULL && ds_task_needs_person(&w->desk->conf, wait));
	}
	return failed ? -1 : 0;
}

static void reset(const void *node, VISIT which, void *closure)
{
	wait_t *wait = *(wait_t *const *)node;
	if (which == postorder || which == leaf) {
		for (int kind = 0; kind < CHORES; kind++) {
			schedule(closure, wait, (chore_kind_t)kind, 0);
		}
	}
}

void ds_watch_reset(ds_watch_t *w)
{
	twalk_r(w->tree, reset, w);
}

/* -- starting ------------------------------------------------------------ */

static void start(ds_watch_t *w, const ds_task_t *task, wait_t *wait, chore_kind_t kind)
{
	errands_t *errands = kind <= CHORE_NOTICE ? w->commands : w->checks;
	if (errands_add(errands, ds_chore_new(w->asker, task, kind)) != 0) {
		schedule(w, wait, kind, time(NULL) + retry_s.first);
		return;
	}
	wait->chores[kind].running = true;
	wait->chores[kind].at = CORE_NEVER;
}

/* \return The index of the key in its zone; -1 if the key does not wait any more as noted. */
static int place_of(const wait_t *wait, const kasp_zone_t *zone)
{
	for (size_t i = 0; i < zone->core.count; i++) {
		if (zone->keys[i].id == wait->key && core_ds_waits(&zone->core.keys[i]) &&
		    zone->core.keys[i].record[KEYSET_DS].since == wait->since) {
			return (int)i;
		}
	}
	return -1;
}

/* Whether the parent has to hear of nothing yet: until the module says again which zones it has, until the engine has
 * seen which TTLs the parent shows, later there may be nothing to see, and until a frozen zone is
 * thawed. */
static bool is_early(const ds_watch_t *w, const wait_t *wait, chore_kind_t kind)
{
	bool unseen = ds_chore_is_wanted(&w->desk->conf, wait, CHORE_CHECK) &&
	              wait->chores[CHORE_CHECK].tried == 0;
	const live_zone_t *live = live_find(&w->desk->live, wait->zone);
	return (kind == CHORE_COMMAND || kind == CHORE_NOTIFY) &&
	       (!w->up || unseen || (live != NULL && live->frozen));
}

/* \return When all name servers of a zone have the CDS that the parent is to be told of, as far as the
 *          policy knows; if that is not known yet, when to look again. */
static int64_t shown_at(const live_zone_t *live, const kasp_zone_t *zone, const policy_t *policy,
                        int64_t now)
{
	if (live->facts.revision < zone->core.revision || live->facts.revision_since == 0) {
		return now + NOTIFY_LATER_S;
	}
	return live->facts.revision_since + policy->zone_propagation;
}

/* \return The key of the zone for which the parent is told of the same change; NULL = it is this one. */
static const wait_t *find_teller(const ds_watch_t *w, const wait_t *wait, const kasp_zone_t *zone)
{
	for (size_t i = 0; i < zone->core.count; i++) {
		const wait_t *other = find(w, zone->keys[i].id);
		if (other != NULL && other->key < wait->key && other->since == wait->since) {
			return other;
		}
	}
	return NULL;
}

/* \return Whether the parent is to be told now; if not, when is noted. */
static bool is_to_notify(ds_watch_t *w, wait_t *wait, const ds_task_t *task)
{
	const int64_t now = time(NULL);
	const live_zone_t *live = live_find(&w->desk->live, wait->zone);
	const wait_t *teller = find_teller(w, wait, task->zone);
	chore_t *chore = &wait->chores[CHORE_NOTIFY];
	if (teller != NULL) {
		const chore_t *told = &teller->chores[CHORE_NOTIFY];
		chore->done = told->done;
		chore->failed = told->failed;
		schedule(w, wait, CHORE_NOTIFY, (told->at != CORE_NEVER ? told->at : now) + 1);
		return false;
	}
	const int64_t at = shown_at(live, task->zone, task->policy, now);
	if (at > now) {
		schedule(w, wait, CHORE_NOTIFY, at);
	}
	return at <= now;
}

/* \return 0, or -1 if the database failed. */
static int start_chore(ds_watch_t *w, wait_t *wait, chore_kind_t kind)
{
	const desk_t *desk = w->desk;
	if (live_find(&desk->live, wait->zone) == NULL) {
		forget(w, wait); /* The zone left. If it comes back, it is noted anew. */
		return 0;
	}
	if (wait->over) {
		wait->chores[kind].at = CORE_NEVER;
		return 0;
	}
	if (is_early(w, wait, kind)) {
		schedule(w, wait, kind, time(NULL) + 1);
		return 0;
	}
	if (kind == CHORE_NOTICE && !ds_task_needs_person(&desk->conf, wait)) {
		wait->chores[kind].at = CORE_NEVER; /* Until something fails. */
		return 0;
	}
	kasp_zone_t zone = { 0 };
	int found = db_zone_get(desk->db, wait->zone, &zone);
	int i = found > 0 ? place_of(wait, &zone) : -1;
	const policy_t *policy = i >= 0 ? policies_find(&desk->policies, zone.policy) : NULL;
	if (i < 0 && found >= 0) {
		forget(w, wait);
	} else if (policy != NULL) {
		ds_task_t task = { &desk->conf, &zone, (size_t)i, policy, wait };
		if (kind != CHORE_NOTIFY || is_to_notify(w, wait, &task)) {
			start(w, &task, wait, kind);
		}
	} else {
		wait->chores[kind].at = CORE_NEVER; /* Until a reload brings a policy. */
	}
	kasp_zone_deinit(&zone);
	return found < 0 ? -1 : 0;
}

/* The chores that are due. */
typedef struct {
	struct {
		int64_t key;
		chore_kind_t kind;
	} due[START_MAX];
	size_t count;
	int64_t now, next;
} pick_t;

static void pick(const void *node, VISIT which, void *closure)
{
	const wait_t *wait = *(wait_t *const *)node;
	pick_t *pick = closure;
	if (which != postorder && which != leaf) {
		return;
	}
	for (int kind = 0; kind < CHORES; kind++) {
		int64_t at = wait->chores[kind].at;
		if (at <= pick->now && pick->count < START_MAX) {
			pick->due[pick->count].key = wait->key;
			pick->due[pick->count++].kind = (chore_kind_t)kind;
		} else if (at < pick->next) {
			pick->next = at;
		}
	}
}

static int start_due(ds_watch_t *w, int64_t now)
{
	if (now < w->due) {
		return 0;
	}
	pick_t all = { .now = now, .next = CORE_NEVER };
	twalk_r(w->tree, pick, &all);
	w->due = all.next;
	int ret = 0;
	for (size_t i = 0; i < all.count && ret == 0; i++) {
		wait_t *wait = find(w, all.due[i].key); /* An earlier chore may have removed it. */
		ret = wait != NULL ? start_chore(w, wait, all.due[i].kind) : 0;
	}
	return ret;
}

/* -- results ------------------------------------------------------------- */

/* \return 0, or -1 if the database failed. */
static int succeed(ds_watch_t *w, wait_t *wait, chore_kind_t kind, int64_t now)
{
	db_t *db = w->desk->db;
	chore_t *chore = &wait->chores[kind];
	chore->done = now;
	chore->failed = 0;
	log_about(LOG_INFO, about(wait, "ds-command"),
	          "%s: the command succeeded", ds_chore_name(wait, kind));
	if (db_begin(db) != 0 ||
	    db_errand_put(db, wait->key, (db_errand_t)kind, wait->since, now) != 0 ||
	    db_commit(db) != 0) {
		db_rollback(db);
		return -1;
	}
	return 0;
}

static void fail(ds_watch_t *w, wait_t *wait, const ds_chore_t *job, int64_t now)
{
	chore_t *chore = &wait->chores[job->kind];
	int64_t delay = backoff_delay(&retry_s, ++chore->failed);
	char span[DURATION_TEXT_MAX];
	log_about(LOG_ERROR, about(wait, "ds-command"),
	          "%s failed: %s; tried again in %s", ds_chore_name(wait, job->kind), job->why, duration_text(delay, span));
	schedule(w, wait, job->kind, now + delay);
}

/* \return 0, or -1 if the database failed. */
static int take_command(ds_watch_t *w, wait_t *wait, const ds_chore_t *job, int64_t now)
{
	live_set(&wait->chores[job->kind].problem, job->ret == 0 ? NULL : job->why);
	if (job->ret == 0) {
		return succeed(w, wait, job->kind, now);
	}
	fail(w, wait, job, now);
	return 0;
}

/* \return 0, or -1 if the database failed. */
static int note_look(ds_watch_t *w, const wait_t *wait, const parent_result_t *result, int64_t now)
{
	const confirm_look_t look = { result->shown, result->whole, result->ds, now };
	kasp_zone_t zone = { 0 };
	int found = db_zone_get(w->desk->db, wait->zone, &zone);
	int ret = found < 0 ? -1 : 0;
	if (found > 0 && confirm_look(w->desk, &zone, &look)) {
		ret = desk_save_zone(w->desk, &zone, now);
	}
	kasp_zone_deinit(&zone);
	return ret;
}

/* \return 0, or -1 if the database failed. */
static int take_check(ds_watch_t *w, wait_t *wait, const ds_chore_t *job, int64_t now)
{
	chore_t *check = &wait->chores[CHORE_CHECK];
	const parent_result_t *result = &job->result;
	bool unknown = result->verdict == PARENT_UNKNOWN;
	if (live_set(&check->problem, unknown ? result->why : NULL) && unknown) {
		log_about(LOG_WARNING, about(wait, "parent"), "the parent cannot "
		          "be asked for the DS: %s; "
		          "asked again later", result->why);
	}
	live_set(&check->note, result->verdict == PARENT_NOT_YET ? result->why : NULL);
	if (note_look(w, wait, result, now) != 0) {
		return -1;
	}
	check->failed = unknown ? check->failed + 1 : 0;
	if (result->verdict != PARENT_YES) {
		schedule(w, wait, CHORE_CHECK, now + w->desk->conf.watch.interval);
		return 0;
	}
	check->done = now;
	confirm_t confirm = { .zone = wait->zone, .appear = wait->appear, .keytag = -1,
	                      .key = wait->key, .since = now, .who = "all of its servers show that" };
	return confirm_ds(w->desk, &confirm) < 0 ? -1 : 0;
}

static void take_notify(ds_watch_t *w, wait_t *wait, const ds_chore_t *job, int64_t now)
{
	const about_t notified = about(wait, "parent-notified");
	chore_t *chore = &wait->chores[CHORE_NOTIFY];
	const bool failed = job->outcome == NOTIFY_FAILED;
	if (live_set(&chore->problem, failed ? job->why : NULL) && failed) {
		log_about(LOG_WARNING, notified, "the parent could not be notified of new CDS: %s; tried "
		          "again later", job->why);
	}
	if (live_set(&chore->note, failed ? NULL : job->why) && !failed) {
		log_about(LOG_INFO, notified, job->outcome == NOTIFY_DONE
		          ? "the parent was notified of new CDS: %s answered"
		          : "the parent is not notified of new CDS: %s", job->why);
	}
	if (job->outcome == NOTIFY_DONE) {
		chore->done = now;
		chore->failed = 0;
		return;
	}
	chore->failed++;
	schedule(w, wait, CHORE_NOTIFY,
	         now + (failed ? backoff_delay(&notify_retry_s, chore->failed) : notify_retry_s.max));
}

/* The last command of what is over has ended: what comes next is noted when the zone is looked at. */
static void end(ds_watch_t *w, wait_t *wait)
{
	live_zone_t *live = live_find(&w->desk->live, wait->zone);
	forget(w, wait);
	if (live != NULL) {
		live_mark(&w->desk->live, live, true);
	}
}

/* The results of one pass. */
typedef struct {
	ds_watch_t *watch;
	int64_t now;
} settle_t;

/* \return 0, or -1 if the database failed. */
static int take_result(void *ctx, const void *done)
{
	const settle_t *settle = ctx;
	ds_watch_t *w = settle->watch;
	const ds_chore_t *job = done;
	wait_t *wait = find(w, job->key);
	if (wait == NULL || wait->since != job->since) {
		return 0;
	}
	if (wait->over) {
		if (job->kind == CHORE_COMMAND) {
			end(w, wait);
		}
		return 0;
	}
	chore_t *chore = &wait->chores[job->kind];
	chore->running = false;
	chore->tried = settle->now;
	int ret = 0;
	if (job->kind == CHORE_NOTIFY) {
		take_notify(w, wait, job, settle->now);
	} else {
		ret = job->kind == CHORE_CHECK ? take_check(w, wait, job, settle->now)
		                               : take_command(w, wait, job, settle->now);
	}
	live_zone_t *live = live_find(&w->desk->live, wait->zone);
	if (live != NULL) {
		live->waits = ds_task_needs_person(&w->desk->conf, wait);
		live->waits_since = wait->since;
		live_count(&w->desk->live, live);
	}
	if (job->kind != CHORE_NOTICE && wait->chores[CHORE_NOTICE].at == CORE_NEVER) {
		schedule(w, wait, CHORE_NOTICE, settle->now);
	}
	return ret;
}

int ds_watch_pass(ds_watch_t *w, bool up, int64_t now)
{
	w->up = up;
	settle_t settle = { w, now };
	int ret = errands_settle(w->commands, take_result, &settle);
	ret = ret == 0 ? errands_settle(w->checks, take_result, &settle) : ret;
	return ret == 0 ? start_due(w, now) : ret;
}
