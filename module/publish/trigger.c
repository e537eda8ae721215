/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "module/publish/trigger.h"

#include <search.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <libknot/libknot.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "common/thread.h"
#include "control/client.h"
#include "module/publish/served.h"

/* Zones that are told of in one block: few enough that an operator's command gets in between. */
#define BATCH 64
/* If more than one in so many of knotd's zones is to be asked about, it is asked about all at once: after a
 * start, say. That is one command, and one line in its log. */
#define WHOLE 4
/* Milliseconds that knotd may take to answer; it is asked again then. */
#define TIMEOUT_MS 2000
/* Milliseconds after which a zone that knotd refuses to refresh is no longer told of. */
#define GIVE_UP_MS (3600 * 1000)
/* Milliseconds after which a knotd that is not reached is worth a warning. Before Knot 3.5 it opens
 * its control socket only after it has loaded its zones. */
#define PATIENCE_MS (60 * 1000)

/* All waits there are: each number of failures has a queue, whose first zone is due first. The
 * wait of the last queue is the longest. */
#define LEVELS 8
static const backoff_t delay_ms = { .first = 1000, .max = 60000 };
/* Waits while knotd is not reached. All are short: when knotd starts, its control socket comes when its
 * zones are loaded, and until it answers nothing is signed. A try costs next to nothing. */
static const backoff_t away_ms = { .first = 100, .max = 1000 };
#define AWAY_LEVELS 5

typedef struct pending {
	TAILQ_ENTRY(pending) link;
	int64_t due_ms;
	int64_t refused_ms;  /*!< Since when knotd refuses the zone; 0 = it does not. */
	unsigned level;      /*!< Of its queue. */
	bool sending;        /*!< In the batch being sent, and in no queue. */
	bool again;          /*!< Triggered while it was being sent. */
	bool answered;       /*!< knotd's answer is about it, too. */
	served_t served;     /*!< knotd's answer. */
	bool unsettled;      /*!< knotd has to be asked again. */
	uint8_t name[];
} pending_t;

struct trigger {
	log_t *log;
	trigger_kind_t kind;
	trigger_answer_f answer;
	void *answer_ctx;
	pthread_t thread;
	atomic_bool stop;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	char *path;
	void *zones;         /*!< tsearch(3) tree of all entries' names. */
	TAILQ_HEAD(, pending) queues[LEVELS];
	int64_t pause_ms;    /*!< When to try again, since knotd was not reached. */
	unsigned pause_level;

	/* The thread's own. */
	pending_t **batch;
	size_t count, capacity;
	knot_dname_txt_storage_t texts[BATCH];
	bool whole;          /*!< It is all that was due; knotd is asked about all of its zones. */
	size_t zones_seen;   /*!< Zones of the answer to that... */
	size_t all;          /*!< ...and of the last such answer. */
	pending_t *answering; /*!< Which zone the answer that is being read is about... */
	bool for_all;        /*!< ...or all of the batch. */
	int64_t away_ms;     /*!< Since when knotd is not reached; 0 = it is. */
	bool warned;
};

static int name_cmp(const void *a, const void *b)
{
	return knot_dname_cmp(a, b);
}

/*! \return The entry of a zone; NULL: there is none. Under the lock. */
static pending_t *find_entry(trigger_t *t, const knot_dname_t *zone)
{
	uint8_t **found = tfind(zone, &t->zones, name_cmp);
	return found != NULL ? (pending_t *)(*found - offsetof(pending_t, name)) : NULL;
}

/* Queues; all under the lock. */

static void enqueue(trigger_t *t, pending_t *entry, unsigned level, int64_t now)
{
	entry->level = level;
	entry->due_ms = now + backoff_delay(&delay_ms, level);
	TAILQ_INSERT_TAIL(&t->queues[level], entry, link);
}

/*! Queues an entry as if it had not been triggered before. */
static void enqueue_anew(trigger_t *t, pending_t *entry, int64_t now)
{
	entry->refused_ms = 0;
	enqueue(t, entry, 0, now);
}

/*! \return The entry due first, NULL if there is none. */
static pending_t *first_due(trigger_t *t)
{
	pending_t *first = NULL;
	for (unsigned i = 0; i < LEVELS; i++) {
		pending_t *entry = TAILQ_FIRST(&t->queues[i]);
		if (entry != NULL && (first == NULL || entry->due_ms < first->due_ms)) {
			first = entry;
		}
	}
	return first;
}

/*! \return How many entries are due, up to some more than asked for. */
static size_t count_due(const trigger_t *t, int64_t now, size_t most)
{
	size_t count = 0;
	for (unsigned i = 0; i < LEVELS; i++) {
		const pending_t *entry;
		TAILQ_FOREACH(entry, &t->queues[i], link) {
			if (entry->due_ms > now || count > most) {
				break;
			}
			count++;
		}
	}
	return count;
}

/*! Whether to ask about all zones that knotd has. How many these are is known once that was done. */
static bool asks_whole(const trigger_t *t, int64_t now)
{
	const size_t part = t->all / WHOLE;
	const size_t least = part > BATCH ? part : BATCH;
	return t->kind == TRIGGER_SERIAL && count_due(t, now, least) > least;
}

static bool has_room(trigger_t *t)
{
	if (t->count < t->capacity) {
		return true;
	}
	const size_t capacity = t->capacity > 0 ? 2 * t->capacity : BATCH;
	pending_t **batch = reallocarray(t->batch, capacity, sizeof(*batch));
	if (batch != NULL) {
		t->batch = batch;
		t->capacity = capacity;
	}
	return batch != NULL;
}

static void take_batch(trigger_t *t, int64_t now)
{
	pending_t *entry;
	t->count = 0;
	t->whole = asks_whole(t, now);
	while ((t->whole || t->count < BATCH) && has_room(t) &&
	       (entry = first_due(t)) != NULL && entry->due_ms <= now) {
		TAILQ_REMOVE(&t->queues[entry->level], entry, link);
		entry->sending = true;
		entry->again = false;
		entry->answered = false;
		served_deinit(&entry->served);
		entry->unsettled = false;
		t->batch[t->count++] = entry;
	}
}

static void forget(trigger_t *t, pending_t *entry)
{
	tdelete(entry->name, &t->zones, name_cmp);
	served_deinit(&entry->served);
	free(entry);
}

/*! Puts a batch that did not reach knotd back into its queues. */
static void put_back(trigger_t *t, int64_t now)
{
	while (t->count > 0) {
		pending_t *entry = t->batch[--t->count];
		entry->sending = false;
		TAILQ_INSERT_HEAD(&t->queues[entry->level], entry, link);
	}
	if (t->pause_level < AWAY_LEVELS) {
		t->pause_level++;
	}
	t->pause_ms = now + backoff_delay(&away_ms, t->pause_level);
}

static void settle_refused(trigger_t *t, pending_t *entry, int64_t now)
{
	if (entry->refused_ms == 0) {
		entry->refused_ms = now;
	}
	if (now - entry->refused_ms < GIVE_UP_MS) {
		enqueue(t, entry, entry->level + 1 < LEVELS ? entry->level + 1 : LEVELS - 1, now);
		return;
	}
	/* A zone that knotd does not know has left its configuration. */
	const bool unknown = t->kind != TRIGGER_REFRESH ||
	                     strcmp(entry->served.error, knot_strerror(KNOT_ENOZONE)) == 0;
	log_msg(t->log, unknown ? LOG_DEBUG : LOG_WARNING, entry->name,
	        "trigger, knotd refuses to refresh the zone (%s); not asked any more",
	        entry->served.error);
	forget(t, entry);
}

/*! Acts on knotd's answer to a batch. */
static void settle(trigger_t *t, int64_t now)
{
	t->pause_level = 0;
	for (size_t i = 0; i < t->count; i++) {
		pending_t *entry = t->batch[i];
		entry->sending = false;
		if (entry->again) {
			enqueue_anew(t, entry, now);
		} else if (entry->served.error[0] != '\0' || entry->unsettled) {
			settle_refused(t, entry, now);
		} else {
			forget(t, entry);
		}
	}
	t->count = 0;
}

/* knotd */

/*! \return The entry of the batch that is of that zone; NULL: none is. */
static pending_t *find_in_batch(trigger_t *t, const char *zone)
{
	knot_dname_storage_t name;
	if (knot_dname_from_str(name, zone, sizeof(name)) == NULL) {
		return NULL;
	}
	knot_dname_to_lower(name);
	pthread_mutex_lock(&t->lock);
	pending_t *entry = find_entry(t, name);
	entry = entry != NULL && entry->sending ? entry : NULL;
	pthread_mutex_unlock(&t->lock);
	return entry;
}

static void take_unit(trigger_t *t, pending_t *entry, const ctl_unit_t *unit, const char *error)
{
	entry->answered = true;
	if (t->kind == TRIGGER_APEX) {
		served_take(&entry->served, unit, error);
	} else {
		served_take_status(&entry->served, unit, error);
	}
}

/*! Notes knotd's answer. An error that names no zone is that of all. */
static int note_answer(void *ctx, const ctl_unit_t *unit, const char *error, int first)
{
	trigger_t *t = ctx;
	if (first) {
		/* Further units of the same line need not name the zone. */
		t->for_all = unit->zone == NULL;
		t->answering = unit->zone != NULL ? find_in_batch(t, unit->zone) : NULL;
		t->zones_seen++;
	}
	if (t->answering != NULL) {
		take_unit(t, t->answering, unit, error);
	}
	for (size_t i = 0; t->for_all && error != NULL && i < t->count; i++) {
		take_unit(t, t->batch[i], unit, error);
	}
	return t->stop;
}

/*! A zone that is not among all zones is none of knotd's. */
static void note_missing(trigger_t *t)
{
	const ctl_unit_t none = { .zone = NULL };
	for (size_t i = 0; i < t->count; i++) {
		if (!t->batch[i]->answered) {
			take_unit(t, t->batch[i], &none, knot_strerror(KNOT_ENOZONE));
		}
	}
	t->all = t->zones_seen;
}

static int send_batch(trigger_t *t, const char *path, char *err, size_t err_size)
{
	static const char *const commands[] = {
		[TRIGGER_REFRESH] = "zone-refresh", [TRIGGER_SERIAL] = "zone-status",
	};
	ctl_unit_t units[BATCH] = { { .cmd = commands[TRIGGER_SERIAL] } };
	for (size_t i = 0; !t->whole && i < t->count; i++) {
		(void)knot_dname_to_str(t->texts[i], t->batch[i]->name, sizeof(t->texts[i]));
		units[i] = t->kind == TRIGGER_APEX ? served_question(t->texts[i])
		           : (ctl_unit_t) { .cmd = commands[t->kind], .zone = t->texts[i] };
	}
	const ctl_call_t call = { .path = path, .timeout_ms = TIMEOUT_MS, .units = units,
	                          .count = t->whole ? 1 : t->count, .answer = note_answer, .ctx = t };
	t->zones_seen = 0;
	t->answering = NULL;
	t->for_all = false;
	const int ret = ctl_client_call(&call, err, err_size);
	if (ret == KNOT_EOK && t->whole && !t->stop) {
		note_missing(t);
	}
	return ret;
}

/*! Logs that knotd has not been reached for long, and that it answers again. */
static void log_reached(trigger_t *t, int ret, const char *err, int64_t now)
{
	if (ret == KNOT_EOK) {
		if (t->warned) {
			log_msg(t->log, LOG_NOTICE, NULL, "trigger, knotd answers again");
		}
		t->away_ms = 0;
		t->warned = false;
		return;
	}
	if (t->away_ms == 0) {
		t->away_ms = now;
	}
	if (!t->warned && t->kind == TRIGGER_REFRESH && now - t->away_ms >= PATIENCE_MS) {
		log_msg(t->log, LOG_WARNING, NULL,
		        "trigger, cannot tell knotd of new zone versions for %lld s (%s); is this "
		        "its control socket? Trying on", (long long)(now - t->away_ms) / 1000, err);
		t->warned = true;
	} else {
		log_msg(t->log, LOG_DEBUG, NULL, "trigger, knotd not reached (%s)", err);
	}
}

/*! Hands on the answers. Without the lock: the function that takes them has locks of its own. */
static void give_answers(trigger_t *t)
{
	for (size_t i = 0; i < t->count; i++) {
		pending_t *entry = t->batch[i];
		if (entry->served.error[0] != '\0') {
			continue;
		}
		const int ret = t->kind == TRIGGER_APEX ? served_check(&entry->served) : KNOT_EOK;
		if (ret != KNOT_EOK) {
			entry->unsettled = true;
			log_msg(t->log, LOG_WARNING, entry->name,
			        "trigger, what knotd says of the zone cannot be read (%s); it is "
			        "asked again", knot_strerror(ret));
		} else {
			entry->unsettled = t->answer(t->answer_ctx, entry->name, entry->served.loading
			                             ? NULL : &entry->served.apex);
		}
	}
}

/*! Sends a batch, with the lock released meanwhile. */
static void work(trigger_t *t, int64_t now)
{
	char err[256] = "out of memory";
	char *path = strdup(t->path);
	take_batch(t, now);
	pthread_mutex_unlock(&t->lock);

	int ret = path != NULL ? send_batch(t, path, err, sizeof(err)) : KNOT_ENOMEM;
	free(path);
	now = monotonic_ms();
	if (!t->stop) {
		log_reached(t, ret, err, now);
	}
	if (ret == KNOT_EOK && t->answer != NULL && !t->stop) {
		give_answers(t);
	}

	pthread_mutex_lock(&t->lock);
	if (ret == KNOT_EOK) {
		settle(t, now);
	} else {
		put_back(t, now);
	}
}

static void *run(void *arg)
{
	trigger_t *t = arg;
	pthread_mutex_lock(&t->lock);
	while (!t->stop) {
		const pending_t *first = first_due(t);
		int64_t now = monotonic_ms();
		if (first == NULL) {
			pthread_cond_wait(&t->changed, &t->lock);
		} else if (first->due_ms > now || t->pause_ms > now) {
			(void)monotonic_wait(&t->changed, &t->lock, first->due_ms > t->pause_ms ?
			                     first->due_ms : t->pause_ms);
		} else {
			work(t, now);
		}
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

/* The interface */

static void trigger_free(trigger_t *t)
{
	for (unsigned i = 0; i < LEVELS; i++) {
		pending_t *entry;
		while ((entry = TAILQ_FIRST(&t->queues[i])) != NULL) {
			TAILQ_REMOVE(&t->queues[i], entry, link);
			forget(t, entry);
		}
	}
	pthread_cond_destroy(&t->changed);
	pthread_mutex_destroy(&t->lock);
	free(t->batch);
	free(t->path);
	free(t);
}

int trigger_start(trigger_t **trigger, const char *path, log_t *log, trigger_kind_t kind,
                  trigger_answer_f answer, void *ctx)
{
	trigger_t *t = calloc(1, sizeof(*t));
	if (t == NULL) {
		return KNOT_ENOMEM;
	}
	t->log = log;
	t->kind = kind;
	t->answer = answer;
	t->answer_ctx = ctx;
	for (unsigned i = 0; i < LEVELS; i++) {
		TAILQ_INIT(&t->queues[i]);
	}
	monotonic_cond_init(&t->changed);
	pthread_mutex_init(&t->lock, NULL);

	t->path = strdup(path);
	if (t->path == NULL || thread_start(&t->thread, run, t) != KNOT_EOK) {
		trigger_free(t);
		return KNOT_ENOMEM;
	}
	*trigger = t;
	return KNOT_EOK;
}

void trigger_move(trigger_t *t, const char *path)
{
	char *copy = strdup(path);
	if (copy == NULL) {
		log_msg(t->log, LOG_ERR, NULL, "trigger, out of memory; knotd's control socket is "
		        "still taken to be at its old path, not %s", path);
		return;
	}
	pthread_mutex_lock(&t->lock);
	free(t->path);
	t->path = copy;
	t->pause_ms = 0;
	t->pause_level = 0;
	pthread_cond_signal(&t->changed);
	pthread_mutex_unlock(&t->lock);
}

char *trigger_path(trigger_t *t)
{
	pthread_mutex_lock(&t->lock);
	char *copy = strdup(t->path);
	pthread_mutex_unlock(&t->lock);
	return copy;
}

/*! \return The new entry, queued nowhere; NULL if out of memory. */
static pending_t *entry_new(trigger_t *t, const knot_dname_t *zone)
{
	size_t size = knot_dname_size(zone);
	pending_t *entry = calloc(1, sizeof(*entry) + size);
	if (entry == NULL) {
		return NULL;
	}
	memcpy(entry->name, zone, size);
	if (tsearch(entry->name, &t->zones, name_cmp) == NULL) {
		free(entry);
		return NULL;
	}
	return entry;
}

static bool trigger_known(trigger_t *t, pending_t *entry, int64_t now)
{
	if (entry->sending) {
		entry->again = true;
		return false;
	}
	if (entry->level == 0) {
		return false;
	}
	/* knotd refused the zone earlier; that it is triggered anew may mean that knotd has it
	 * now. */
	TAILQ_REMOVE(&t->queues[entry->level], entry, link);
	enqueue_anew(t, entry, now);
	return true;
}

void trigger_zone(trigger_t *t, const knot_dname_t *zone)
{
	int64_t now = monotonic_ms();
	bool queued = true;
	pthread_mutex_lock(&t->lock);
	pending_t *entry = find_entry(t, zone);
	if (entry != NULL) {
		if (trigger_known(t, entry, now)) {
			pthread_cond_signal(&t->changed);
		}
	} else {
		entry = entry_new(t, zone);
		queued = (entry != NULL);
		if (queued) {
			enqueue_anew(t, entry, now);
			pthread_cond_signal(&t->changed);
		}
	}
	pthread_mutex_unlock(&t->lock);

	if (!queued) {
		log_msg(t->log, LOG_ERR, zone, "trigger, out of memory; knotd will see the zone's "
		        "new version only at its next refresh");
	}
}

void trigger_stop(trigger_t *t)
{
	if (t == NULL) {
		return;
	}
	pthread_mutex_lock(&t->lock);
	t->stop = true;
	pthread_cond_signal(&t->changed);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	trigger_free(t);
}
