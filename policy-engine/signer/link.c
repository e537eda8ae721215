/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/signer/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/client.h"
#include "policy-engine/base/event.h"
#include "policy-engine/base/zone-name.h"
#include "policy-engine/signer/acts.h"

#define TIMEOUT_MS 5000 /* Of one socket operation; the module answers at once unless busy. */
#define ALL "0"         /* The generation by which the module lists all zones. */
#define PUSH_MAX 32     /* Key sets in one call; other clients of the module wait meanwhile. */
#define PUSH_RETRY_S 10 /* Seconds until a key set that the module refused is sent again. */

/* What the module says of one zone. */
typedef struct {
	char *name;
	facts_t facts;
	bool gone;
} listing_t;

/* An answer to zone-facts. */
typedef struct {
	listing_t *news;
	size_t count, size;
	char *generation;
	int64_t acts;    /* Number of its last act. */
	char problem[512];
} facts_answer_t;

int link_init(link_t *link, desk_t *desk)
{
	*link = (link_t){ .desk = desk, .generation = strdup(ALL), .problem = "not asked yet" };
	return link->generation != NULL ? 0 : -1;
}

void link_deinit(link_t *link)
{
	free(link->generation);
}

void link_reset(link_t *link)
{
	char *generation = strdup(ALL);
	if (generation != NULL) {
		free(link->generation);
		link->generation = generation;
	}
}

static int add_news(facts_answer_t *answer, const ctl_unit_t *unit)
{
	if (answer->count == answer->size) {
		size_t size = answer->size > 0 ? 2 * answer->size : 16;
		listing_t *news = reallocarray(answer->news, size, sizeof(*news));
		if (news == NULL) {
			snprintf(answer->problem, sizeof(answer->problem), "out of memory");
			return -1;
		}
		answer->news = news;
		answer->size = size;
	}
	listing_t item = { .name = zone_name_canonical(unit->zone),
	                   .gone = strcmp(unit->type, "gone") == 0 };
	char why[256];
	if (item.name == NULL ||
	    (!item.gone && facts_read(unit->data != NULL ? unit->data : "", &item.facts, why,
	                              sizeof(why)) != 0)) {
		snprintf(answer->problem, sizeof(answer->problem), "facts of zone %.100s cannot be "
		         "read: %.200s; do module and engine belong to the same version?",
		         unit->zone, item.name == NULL ? "not a zone name" : why);
		free(item.name);
		return -1;
	}
	answer->news[answer->count++] = item;
	return 0;
}

static int take_answer(void *ctx, const ctl_unit_t *unit, const char *error, int first)
{
	(void)first;
	facts_answer_t *answer = ctx;
	if (error != NULL) {
		snprintf(answer->problem, sizeof(answer->problem), "%s", error);
		return -1;
	}
	if (unit->type == NULL) {
		return 0;
	}
	if (unit->zone != NULL && unit->zone[0] != '\0') {
		return strcmp(unit->type, "facts") == 0 || strcmp(unit->type, "gone") == 0
		               ? add_news(answer, unit)
		               : 0;
	}
	if (strcmp(unit->type, "generation") == 0 && unit->data != NULL) {
		free(answer->generation);
		answer->generation = strdup(unit->data);
	} else if (strcmp(unit->type, "acts") == 0 && unit->data != NULL) {
		answer->acts = strtoll(unit->data, NULL, 10);
	}
	return 0;
}

static void answer_deinit(facts_answer_t *answer)
{
	for (size_t i = 0; i < answer->count; i++) {
		free(answer->news[i].name);
		facts_deinit(&answer->news[i].facts);
	}
	free(answer->news);
	free(answer->generation);
}

static void remove_zone(link_t *link, const char *name)
{
	live_zone_t *zone = live_find(&link->desk->live, name);
	if (zone != NULL) {
		log_about(LOG_INFO, (about_t){ .event = "zone", .zone = name },
		          "the signer does not have the zone any more; its keys "
		          "stay in the database");
		if (zone->wants) {
			desk_keys_wanted(link->desk, 0);
		}
		live_remove(&link->desk->live, zone);
	}
}

/* Queues the zone to be learnt if the module has a newer key set than the database. \return 0, or -1
 * if the database failed. */
static int compare(link_t *link, live_zone_t *zone)
{
	uint64_t revision = 0;
	if (db_zone_revision(link->desk->db, zone->name, &revision) < 0) {
		return -1;
	}
	bool behind = zone->facts.pending > revision;
	if (behind != (zone->learn_at != 0)) {
		live_learn(&link->desk->live, zone, behind ? 1 : 0);
	}
	return 0;
}

static void not_later(int64_t *when, int64_t now)
{
	*when = *when > now ? now : *when;
}

/* What the module saw later than now, it saw by a clock that was ahead: waits begin now. */
static void correct(facts_t *facts, int64_t now)
{
	not_later(&facts->revision_since, now);
	not_later(&facts->published, now);
	for (size_t i = 0; i < facts->key_count; i++) {
		not_later(&facts->keys[i].last_gone, now);
	}
}

/* Whether another policy would change a zone, or one of them is not known. */
static bool would_change(const link_t *link, const char *before, const char *wished)
{
	const policy_t *from = policies_find(&link->desk->policies, before);
	const policy_t *to = policies_find(&link->desk->policies, wished);
	return from == NULL || to == NULL || policy_difference(from, to) != NULL;
}

/* Whether the policy that knot.conf has for a zone would change what was imported: a wrong template must
 * not replace keys. \return 1, 0, or -1 if the database failed. */
static int is_held(link_t *link, const listing_t *news)
{
	const char *wished = news->facts.policy;
	db_imported_t by;
	const int found = db_freeze_imported(link->desk->db, news->name, &by);
	if (found <= 0) {
		return found;
	}
	const bool held = wished != NULL && strcmp(by.policy, wished) != 0 &&
	                  would_change(link, by.policy, wished);
	free(by.policy);
	free(by.form);
	return held;
}

/* Takes over one zone's facts. */
static int apply(link_t *link, listing_t *news)
{
	if (news->gone) {
		remove_zone(link, news->name);
		return 0;
	}
	bool known = live_find(&link->desk->live, news->name) != NULL;
	live_zone_t *zone = live_add(&link->desk->live, news->name);
	if (zone == NULL) {
		return 0;
	}
	int held = is_held(link, news);
	int put = held == 0 ? db_zone_put(link->desk->db, news->name, news->facts.policy) : held - 1;
	if (put < 0 || held < 0) {
		return -1;
	}
	zone->held = held;
	if (!known || put > 0) {
		log_about(LOG_INFO, (about_t){ .event = "zone", .zone = news->name }, "%s zone, policy %s",
		          put > 0 ? "new" : "known", news->facts.policy);
	}
	if (known && news->facts.pending < zone->facts.pending) {
		log_about(LOG_WARNING, (about_t){ .event = "older", .zone = news->name },
		          "the signer's store is lost, or an older copy: "
		          "it has key set %llu, and had %llu; it gets the newest one",
		          (unsigned long long)news->facts.pending,
		          (unsigned long long)zone->facts.pending);
	}
	correct(&news->facts, timekeeper_now(&link->desk->clock));
	facts_deinit(&zone->facts);
	zone->facts = news->facts;
	news->facts = (facts_t){ 0 };
	zone->round = link->round;
	live_mark(&link->desk->live, zone, true);
	return compare(link, zone);
}

typedef struct {
	unsigned round;
	char **names;
	size_t count, size;
} stale_t;

static void find_stale(void *ctx, live_zone_t *zone)
{
	stale_t *stale = ctx;
	if (zone->round != stale->round && stale->count < stale->size) {
		stale->names[stale->count] = strdup(zone->name);
		stale->count += stale->names[stale->count] != NULL;
	}
}

/* Forgets the zones that a full listing did not name. */
static void sweep(link_t *link)
{
	stale_t stale = { .round = link->round, .size = link->desk->live.count };
	stale.names = calloc(stale.size > 0 ? stale.size : 1, sizeof(*stale.names));
	if (stale.names == NULL) {
		return;
	}
	live_each(&link->desk->live, find_stale, &stale);
	for (size_t i = 0; i < stale.count; i++) {
		remove_zone(link, stale.names[i]);
		free(stale.names[i]);
	}
	free(stale.names);
}

static int apply_all(link_t *link, facts_answer_t *answer, bool full)
{
	int ret = answer->count > 0 ? db_begin(link->desk->db) : 0;
	for (size_t i = 0; i < answer->count && ret == 0; i++) {
		ret = apply(link, &answer->news[i]);
	}
	if (ret == 0 && answer->count > 0) {
		ret = db_commit(link->desk->db);
	}
	if (ret == 0 && full) {
		sweep(link);
	}
	return ret;
}

static void note_signer(link_t *link, const char *problem)
{
	bool up = problem == NULL;
	if (up && !link->up) {
		log_about(LOG_INFO, (about_t){ .event = "signer" }, "connected to the signer at %s",
		          link->desk->conf.signer_socket);
	} else if (!up && (link->up || strcmp(problem, link->problem) != 0)) {
		log_about(LOG_WARNING, (about_t){ .event = "signer" },
		          "signer: %s; trying again every second, keys and "
		          "signatures stay as they are meanwhile", problem);
	}
	link->up = up;
	snprintf(link->problem, sizeof(link->problem), "%s", up ? "" : problem);
}

/* \return 0, or -1 if the database failed. */
static int take_acts(link_t *link, int64_t last)
{
	const int ret = last != link->acts ? acts_take(link->desk, last) : 0;
	link->acts = ret > 0 ? last : link->acts;
	return ret < 0 ? -1 : 0;
}

int link_poll(link_t *link)
{
	bool full = strcmp(link->generation, ALL) == 0;
	ctl_unit_t unit = { .cmd = "zone-facts", .data = link->generation };
	facts_answer_t answer = { 0 };
	char err[512];
	const char *path = link->desk->conf.signer_socket;
	const ctl_call_t call = { .path = path, .timeout_ms = TIMEOUT_MS, .units = &unit,
	                          .count = 1, .answer = take_answer,
	                          .ctx = &answer };
	int ret = ctl_client_call(&call, err, sizeof(err));
	if (ret == 0 && answer.problem[0] == '\0' && answer.generation == NULL) {
		snprintf(answer.problem, sizeof(answer.problem), "%s answers zone-facts without a "
		         "generation; is it the module's socket?", path);
	}
	const char *problem = ret != 0 ? err : answer.problem[0] != '\0' ? answer.problem : NULL;

	pthread_mutex_lock(&link->desk->lock);
	note_signer(link, problem);
	ret = 0;
	if (problem == NULL) {
		link->round += full;
		ret = apply_all(link, &answer, full);
		free(link->generation);
		link->generation = answer.generation;
		answer.generation = NULL;
	} else if (!full) {
		free(link->generation);
		link->generation = strdup(ALL);
	}
	pthread_mutex_unlock(&link->desk->lock);
	ret = ret == 0 && problem == NULL ? take_acts(link, answer.acts) : ret;
	answer_deinit(&answer);
	return link->generation != NULL ? ret : -1;
}

/* Key sets on their way to the module. */
typedef struct {
	ctl_unit_t units[PUSH_MAX];
	uint64_t revisions[PUSH_MAX];
	char *problems[PUSH_MAX];
	size_t count;
	int64_t now;
} push_batch_t;

static void pick(push_batch_t *batch, const live_zone_t *zone)
{
	char *name = strdup(zone->name), *text = strdup(zone->push);
	if (name == NULL || text == NULL) {
		free(name);
		free(text);
		return;
	}
	batch->units[batch->count] = (ctl_unit_t){ .cmd = "zone-keyset", .zone = name,
	                                           .data = text };
	batch->revisions[batch->count++] = zone->revision;
}

static int take_refusal(void *ctx, const ctl_unit_t *unit, const char *error, int first)
{
	(void)first;
	push_batch_t *batch = ctx;
	char *name = unit->zone != NULL ? zone_name_canonical(unit->zone) : NULL;
	for (size_t i = 0; error != NULL && i < batch->count; i++) {
		if (name == NULL || strcmp(name, batch->units[i].zone) == 0) {
			live_set(&batch->problems[i], error);
		}
	}
	free(name);
	return 0;
}

static void settle(link_t *link, const push_batch_t *batch, size_t i)
{
	live_zone_t *zone = live_find(&link->desk->live, batch->units[i].zone);
	if (zone == NULL) {
		return;
	}
	const char *problem = batch->problems[i];
	const bool news = live_set(&zone->push_problem, problem);
	live_count(&link->desk->live, zone);
	if (news && problem != NULL) {
		log_about(LOG_ERROR, (about_t){ .event = "key-set", .zone = zone->name },
		          "the signer refuses key set %llu: %s",
		          (unsigned long long)batch->revisions[i], problem);
	}
	if (problem != NULL) {
		zone->push_at = batch->now + PUSH_RETRY_S;
		return;
	}
	log_about(LOG_INFO, (about_t){ .event = "key-set", .zone = zone->name },
	          "the signer has key set %llu", (unsigned long long)batch->revisions[i]);
	if (zone->facts.pending < batch->revisions[i]) {
		zone->facts.pending = batch->revisions[i];
	}
	if (zone->revision == batch->revisions[i]) {
		live_push(&link->desk->live, zone, NULL);
	}
}

/* \return Whether there may be more. */
static bool push_batch(link_t *link, int64_t now)
{
	push_batch_t batch = { .now = now };
	pthread_mutex_lock(&link->desk->lock);
	const live_zone_t *zone;
	TAILQ_FOREACH(zone, &link->desk->live.pushes, push_link) {
		if (batch.count == PUSH_MAX) {
			break;
		}
		if (zone->push_at <= now) {
			pick(&batch, zone);
		}
	}
	pthread_mutex_unlock(&link->desk->lock);
	if (batch.count == 0) {
		return false;
	}
	char err[512];
	const ctl_call_t call = { .path = link->desk->conf.signer_socket,
	                          .timeout_ms = TIMEOUT_MS, .units = batch.units,
	                          .count = batch.count, .answer = take_refusal, .ctx = &batch };
	int ret = ctl_client_call(&call, err, sizeof(err));
	pthread_mutex_lock(&link->desk->lock);
	if (ret != 0) {
		note_signer(link, err);
	}
	for (size_t i = 0; i < batch.count; i++) {
		if (ret == 0) {
			settle(link, &batch, i);
		}
		free((char *)batch.units[i].zone);
		free((char *)batch.units[i].data);
		free(batch.problems[i]);
	}
	pthread_mutex_unlock(&link->desk->lock);
	return ret == 0 && batch.count == PUSH_MAX;
}

void link_push(link_t *link, int64_t now)
{
	while (link->up && push_batch(link, now)) {
	}
}
