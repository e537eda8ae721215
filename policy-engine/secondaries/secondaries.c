/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/secondaries/secondaries.h"

#include <stdlib.h>

#include "policy-engine/base/event.h"
#include "policy-engine/desk/imported.h"

#define THREADS 4      /* Surveys at the same time: few, since they ask the servers of others. */
#define RUNNING_MAX 64 /* Zones handed to the threads. */
#define TICK_S 10      /* Seconds between two looks which zones are due, at most. */
#define REST_S 600     /* Seconds between two surveys of a zone, at most. */
#define TIMES 3        /* Surveys at least, however short the TTLs are. */
#define LATE_MAX 10    /* Surveys in a row in which servers may be behind: a zone that changes all the time
                        * is seldom the same everywhere. */

struct secondaries {
	desk_t *desk;
	const asker_t *asker;
	survey_served_f served;
	errands_t *errands;
	int64_t ticked;
	unsigned running;
};

secondaries_t *secondaries_start(desk_t *desk, const asker_t *asker, survey_served_f served)
{
	secondaries_t *s = calloc(1, sizeof(*s));
	if (s == NULL) {
		return NULL;
	}
	s->desk = desk;
	s->asker = asker;
	s->served = served;
	s->errands = errands_start(THREADS, &survey_kind, desk->wake, desk->wake_ctx);
	if (s->errands == NULL) {
		secondaries_stop(s);
		return NULL;
	}
	return s;
}

void secondaries_stop(secondaries_t *secondaries)
{
	if (secondaries != NULL) {
		errands_stop(secondaries->errands);
		free(secondaries);
	}
}

int64_t secondaries_due(const live_survey_t *survey)
{
	return survey->since != 0 ? survey->since + survey->wait : 0;
}

/* -- asking -------------------------------------------------------------- */

typedef struct {
	secondaries_t *s;
	int64_t now;
} tick_t;

static void start_if_due(void *ctx, live_zone_t *zone)
{
	const tick_t *tick = ctx;
	secondaries_t *s = tick->s;
	live_survey_t *survey = &zone->survey;
	if (!survey->wanted || survey->asking || survey->at > tick->now ||
	    zone->facts.published == 0 || s->running >= RUNNING_MAX) {
		return;
	}
	const uint32_t *oldest = survey->since != 0 ? &survey->first : NULL;
	survey->asking = errands_add(s->errands, survey_new(s->asker, zone->name, oldest, s->served)) == 0;
	s->running += survey->asking;
	survey->at = survey->asking ? survey->at : tick->now + REST_S;
}

static int64_t interval(const secondaries_t *s, int64_t most)
{
	const int64_t wanted = s->desk->conf.watch.interval;
	return wanted < most ? wanted : most;
}

static void tick(secondaries_t *s, int64_t now)
{
	if (s->asker->resolver == NULL ||
	    (now >= s->ticked && now - s->ticked < interval(s, TICK_S))) {
		return;
	}
	tick_t run = { s, now };
	s->ticked = now;
	live_each(&s->desk->live, start_if_due, &run);
}

/* -- what they say ------------------------------------------------------- */

/* Seconds for which caches may have what the signer before had made: the TTLs of OpenDNSSEC count,
 * too. */
static int64_t cached_for(const kasp_zone_t *zone, const live_zone_t *live)
{
	int64_t longest = live->facts.max_ttl;
	for (int kind = 0; kind < CORE_TTLS; kind++) {
		const int64_t ttl = zone->core.ttls[kind].ttl;
		longest = kind != CORE_TTL_DS && ttl > longest ? ttl : longest;
	}
	return longest;
}

/* \return 0, or -1 if the database failed. */
static int thaw(desk_t *desk, live_zone_t *live)
{
	const bool done = db_begin(desk->db) == 0 &&
	                  db_freeze_end(desk->db, DB_FREEZE_IMPORT, live->name) >= 0 &&
	                  db_commit(desk->db) == 0;
	if (!done) {
		db_rollback(desk->db);
		return -1;
	}
	log_about(LOG_INFO, (about_t){ .event = "freeze", .zone = live->name },
	          "all %zu addresses of its name servers have served our "
	          "serial for %u s, as often as they were asked: the zone is thawed, its keys take "
	          "steps again",
	          live->survey.count, live->survey.wait);
	live->survey.wanted = false;
	return 0;
}

/* Once all have served our serial, who is behind follows somebody: that says nothing, for some time. */
static bool says_nothing(live_survey_t *survey, const survey_t *said)
{
	survey->late = said->all && said->late ? survey->late + 1 : 0;
	return survey->late > 0 && survey->late <= LATE_MAX;
}

static void note_all(live_zone_t *live, const survey_t *said, int64_t cached, int64_t now)
{
	live_survey_t *survey = &live->survey;
	const uint32_t wait = said->wait > cached ? said->wait : (uint32_t)cached;
	/* One more, or one less, is another set of servers. */
	if (survey->since == 0 || survey->count != said->count) {
		survey->since = now;
		survey->first = said->serial;
		survey->times = 0;
		survey->wait = 0;
	}
	survey->times++;
	survey->count = said->count;
	survey->wait = wait > survey->wait ? wait : survey->wait;
}

/* \return 0, or -1 if the database failed. */
static int note(desk_t *desk, live_zone_t *live, const survey_t *said, int64_t now)
{
	live_survey_t *survey = &live->survey;
	if (says_nothing(survey, said)) {
		return 0;
	}
	const bool all = said->all && !said->late;
	kasp_zone_t zone = { 0 };
	int ret = db_zone_get(desk->db, live->name, &zone);
	if (ret > 0 && all) {
		note_all(live, said, cached_for(&zone, live), now);
	} else {
		survey->since = 0;
	}
	kasp_zone_deinit(&zone);
	const bool news = live_set(&survey->why, all ? NULL : said->why);
	if (news || survey->times == 1) {
		live_mark(&desk->live, live, true);
	}
	return ret < 0 ? -1 : 0;
}

/* \return 0, or -1 if the database failed. */
static int take_result(void *ctx, const void *done)
{
	const tick_t *run = ctx;
	const survey_t *said = done;
	desk_t *desk = run->s->desk;
	live_zone_t *live = live_find(&desk->live, said->parent->zone);
	run->s->running--;
	if (live == NULL) {
		return 0;
	}
	live_survey_t *survey = &live->survey;
	survey->asking = false;
	survey->at = run->now + interval(run->s, REST_S);
	/* A zone that has changed meanwhile says nothing. */
	if (!survey->wanted || !said->known || live->facts.serial != said->serial) {
		return 0;
	}
	int ret = note(desk, live, said, run->now);
	const bool over = !said->late && survey->since != 0 && survey->times >= TIMES &&
	                  run->now >= secondaries_due(survey);
	if (ret == 0 && over && !live->held && imported_changed(desk, live->name, NULL) == 0) {
		ret = thaw(desk, live);
		live_mark(&desk->live, live, true);
	}
	return ret;
}

int secondaries_pass(secondaries_t *secondaries, int64_t now)
{
	desk_t *desk = secondaries->desk;
	tick_t run = { secondaries, now };
	pthread_mutex_lock(&desk->lock);
	const int ret = errands_settle(secondaries->errands, take_result, &run);
	if (ret == 0) {
		tick(secondaries, now);
	}
	pthread_mutex_unlock(&desk->lock);
	return ret;
}
