/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "module/zone/zone.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

/*** The parts call back. ***/

static void report(zone_t *zone);

static void wake(void *ctx)
{
	zone_wake(ctx, 0);
}

/*! Has an update published in its time: not at once, but gathered with those that follow. */
static void updated(void *ctx, bool changed)
{
	zone_t *zone = ctx;
	serving_updated(&zone->serving);
	pthread_mutex_lock(&zone->lock);
	report(zone);
	pthread_mutex_unlock(&zone->lock);
	if (changed) {
		(void)sched_wake(zone->env->workers, &zone->task,
		                 serving_next(&zone->serving, sched_now()));
	}
}

/*! Shows others that what is held has changed. */
static void held_changed(void *ctx)
{
	zone_t *zone = ctx;
	pthread_mutex_lock(&zone->lock);
	report(zone);
	pthread_mutex_unlock(&zone->lock);
	news_add(zone->env->news, &zone->news);
}

static void abandoned(void *ctx)
{
	const zone_t *zone = ctx;
	sweep_now(zone->env->sweep);
}

static void unexpired(void *ctx)
{
	const zone_t *zone = ctx;
	trigger_zone(zone->env->trigger, zone->name);
}

static void version_ready(void *ctx)
{
	zone_t *zone = ctx;
	(void)sched_wake(zone->env->checkers, &zone->check_task, sched_now());
}

static void output_ready(void *ctx)
{
	zone_t *zone = ctx;
	if (zone->env->outputs != NULL) {
		(void)sched_wake(zone->env->outputs, &zone->output_task, sched_now());
	}
}

static bool enter(void *ctx, const char *lane)
{
	zone_t *zone = ctx;
	sched_set_lane(zone->env->workers, &zone->task, lane);
	return sched_in_lane(zone->env->workers, &zone->task);
}

/*** A zone. ***/

static void init_parts(zone_t *zone)
{
	static const source_calls_t source_calls = {
		.changed = wake, .updated = updated, .abandoned = abandoned, .unexpired = unexpired
	};
	const zone_env_t *env = zone->env;
	held_init(&zone->held, &(held_args_t) {
		.log = env->log, .store = env->store, .zone = zone->name,
		.changed = held_changed, .ctx = zone,
	});
	/* What was held is judged anew, though there may be nothing to sign. */
	zone->verdict.barred = held_is(&zone->held, HELD_CHAIN);
	atomic_store(&zone->verdict.shut, held_stops(&zone->held, HELD_CHAIN));
	atomic_store(&zone->verdict.stale, held_is(&zone->held, HELD_TIME));
	source_init(&zone->source, &(source_args_t) {
		.log = env->log, .store = env->store, .held = &zone->held, .zone = zone->name,
		.control_socket = env->control_socket, .stop = &zone->stop,
		.calls = &source_calls, .ctx = zone,
	});
	keys_init(&zone->keys, &(keys_args_t) {
		.log = env->log, .store = env->store, .holder = env->tokens, .zone = zone->name,
		.enter = enter, .ctx = zone,
	});
	signer_init(&zone->signer, &(signer_args_t) {
		.log = env->log, .store = env->store, .held = &zone->held, .zone = zone->name,
		.stop = &zone->stop, .stopped = &zone->stopped,
	});
	serving_init(&zone->serving, &(serving_args_t){
					     .log = env->log,
					     .held = &zone->held,
					     .zone = zone->name,
					     .trigger = env->trigger,
					     .asker = env->asker,
					     .reader = env->reader,
					     .wake = wake,
					     .ctx = zone,
				     });
	trouble_init(&zone->older);
	zone->unsure = true;
	external_init(&zone->external, &(external_args_t) {
		.log = env->log, .held = &zone->held, .store = env->store, .zone = zone->name,
		.folder = env->storage, .stop_fd = env->stop_fd,
		.ready = version_ready, .judged = wake, .ctx = zone,
	});
	output_init(&zone->output, &(output_args_t) {
		.log = env->log, .store = env->store, .zone = zone->name, .stop_fd = env->stop_fd,
		.ready = output_ready, .ctx = zone,
	});
	secondaries_init(&zone->secondaries, &(secondaries_args_t) {
		.log = env->log, .held = &zone->held, .deaf = env->deaf, .zone = zone->name,
		.stop = &zone->stop, .asked = wake, .ctx = zone,
	});
}

zone_t *zone_new(const zone_env_t *env, const knot_dname_t *name)
{
	zone_t *zone = calloc(1, sizeof(*zone));
	if (zone == NULL) {
		return NULL;
	}
	zone->env = env;
	zone->name = knot_dname_copy(name, NULL);
	if (zone->name == NULL) {
		free(zone);
		return NULL;
	}
	knot_dname_to_lower(zone->name);
	pthread_mutex_init(&zone->lock, NULL);
	init_parts(zone);
	return zone;
}

void zone_free(zone_t *zone)
{
	news_remove(zone->env->news, &zone->news);
	held_deinit(&zone->held);
	apex_deinit(&zone->verdict.served);
	source_deinit(&zone->source);
	keys_deinit(&zone->keys);
	signer_deinit(&zone->signer);
	serving_deinit(&zone->serving);
	external_deinit(&zone->external);
	output_deinit(&zone->output);
	trouble_deinit(&zone->older);
	secondaries_deinit(&zone->secondaries);
	pthread_mutex_destroy(&zone->lock);
	zone_settings_deinit(&zone->settings);
	shown_deinit(&zone->shown);
	knot_dname_free(zone->name, NULL);
	free(zone);
}

bool zone_rests(zone_t *zone)
{
	const zone_env_t *env = zone->env;
	/* One task may have woken another before it ended. */
	return sched_try_remove(env->fetchers, &zone->fetch_task) &&
	       sched_try_remove(env->inquirers, &zone->ask_task) &&
	       sched_try_remove(env->checkers, &zone->check_task) &&
	       sched_try_remove(env->workers, &zone->task) &&
	       sched_try_remove(env->outputs, &zone->output_task) &&
	       sched_try_remove(env->checkers, &zone->check_task) &&
	       sched_try_remove(env->fetchers, &zone->fetch_task);
}

zone_t *zone_of_news(news_item_t *item)
{
	return (zone_t *)((char *)item - offsetof(zone_t, news));
}

const zone_t *zone_of_tally(const tally_member_t *member)
{
	return (const zone_t *)((const char *)member - offsetof(zone_t, tally));
}

/*** Settings and wishes. ***/

void zone_settings_deinit(zone_settings_t *settings)
{
	source_settings_deinit(&settings->source);
	primaries_deinit(&settings->secondaries);
	free(settings->policy);
	free(settings->check);
	memset(settings, 0, sizeof(*settings));
}

/*! Sets the secondaries, and has those asked that are new. */
static void configure_secondaries(zone_t *zone, primaries_t *servers)
{
	sched_t *inquirers = zone->env->inquirers;
	if (inquirers != NULL && servers->count > 0) {
		sched_set_lane(inquirers, &zone->ask_task, servers->all[0].id);
	}
	if (secondaries_configure(&zone->secondaries, servers) && inquirers != NULL) {
		(void)sched_wake(inquirers, &zone->ask_task, sched_now());
	}
}

void zone_configure(zone_t *zone, zone_settings_t *settings)
{
	const primaries_t *primaries = &settings->source.primaries;
	if (primaries->count > 0 && zone->env->fetchers != NULL) {
		sched_set_lane(zone->env->fetchers, &zone->fetch_task, primaries->all[0].id);
	}
	source_configure(&zone->source, &settings->source);
	external_configure(&zone->external, settings->check, settings->check_limit);
	settings->check = NULL;
	output_again(&zone->output); /* conf.xml may be another. */
	configure_secondaries(zone, &settings->secondaries);
	const primaries_t old_secondaries = settings->secondaries;
	settings->secondaries = (primaries_t) { .count = 0 };
	const source_settings_t old_source = settings->source;
	settings->source = (source_settings_t) { .file = NULL };

	pthread_mutex_lock(&zone->lock);
	const zone_settings_t old = zone->settings;
	zone->settings = *settings;
	pthread_mutex_unlock(&zone->lock);
	*settings = old;
	settings->source = old_source;
	settings->secondaries = old_secondaries;
	news_add(zone->env->news, &zone->news);
}

void zone_wake(zone_t *zone, unsigned wishes)
{
	pthread_mutex_lock(&zone->lock);
	zone->wishes |= wishes;
	pthread_mutex_unlock(&zone->lock);
	const bool fetch = source_ask(&zone->source, wishes);
	if (wishes & ZONE_KEYS) {
		output_again(&zone->output); /* conf.xml may be another. */
	}
	if (zone->env->workers != NULL && fetch) {
		(void)sched_wake(zone->env->fetchers, &zone->fetch_task, sched_now());
	}
	if (zone->env->workers != NULL) {
		(void)sched_wake(zone->env->workers, &zone->task, sched_now());
	}
}

void zone_token_returned(zone_t *zone)
{
	if (trouble_is(&zone->keys.trouble) || trouble_is(&zone->signer.trouble)) {
		zone_wake(zone, ZONE_AGAIN);
	}
}

void zone_pushed(zone_t *zone, uint64_t revision)
{
	keys_pushed(&zone->keys, revision);
	news_add(zone->env->news, &zone->news);
	/* Failures with other keys say nothing of the new ones. */
	zone_wake(zone, ZONE_AGAIN | source_rekeyed(&zone->source));
}

/*** What it shows. ***/

void zone_read_counters(zone_t *zone, zone_counters_t *counters)
{
	source_read(&zone->source, &counters->source);
	(void)signer_read(&zone->signer, &counters->signer);
	counters->held = held_rules(&zone->held);
}

void zone_read_lasting(zone_t *zone, lasting_t *lasting)
{
	pthread_mutex_lock(&zone->lock);
	*lasting = zone->lasting;
	pthread_mutex_unlock(&zone->lock);
}

bool zone_hindrance(zone_t *zone, char *text, size_t size)
{
	/* These hold versions back; the other rules hold what comes in. */
	static const held_rule_t rules[] = {
		HELD_CHAIN, HELD_SERIAL, HELD_TIME, HELD_REFUSED, HELD_CHECK
	};
	signer_counters_t counters;
	text[0] = '\0';
	for (size_t i = 0; text[0] == '\0' && i < sizeof(rules) / sizeof(rules[0]); i++) {
		(void)held_text(&zone->held, rules[i], text, size);
	}
	if (text[0] == '\0') {
		keys_trouble(&zone->keys, text, size);
	}
	if (text[0] == '\0') {
		trouble_read(&zone->signer.trouble, text, size);
	}
	if (text[0] == '\0' && external_waits(&zone->external)) {
		snprintf(text, size, "the operator's check of the newest version has not ended");
	}
	const bool known = text[0] != '\0';
	if (!known) {
		snprintf(text, size, signer_read(&zone->signer, &counters)
		         ? "signing does not come to its end; see how the tokens are: knotc -s %s "
		           "status"
		         : "it has not been signed in time; to see why: knotc -s %s zone-sign",
		         zone->env->control_socket);
	}
	return known;
}

typedef struct {
	const zone_t *zone;
	zone_counters_t counters;
} report_t;

static void report_set(void *ctx, const keyset_t *set)
{
	const report_t *report = ctx;
	const zone_t *zone = report->zone;
	zone->report(zone->report_ctx, &report->counters, &zone->shown, &zone->lasting, set);
}

/*! With the lock held. */
static void report(zone_t *zone)
{
	report_t report = { .zone = zone };
	if (zone->report != NULL) {
		zone_read_counters(zone, &report.counters);
		keys_with_set(&zone->keys, report_set, &report);
	}
}

void zone_set_report(zone_t *zone, zone_report_f to, void *ctx)
{
	pthread_mutex_lock(&zone->lock);
	zone->report = to;
	zone->report_ctx = ctx;
	report(zone);
	pthread_mutex_unlock(&zone->lock);
}

void zone_unset_report(zone_t *zone, const void *ctx)
{
	pthread_mutex_lock(&zone->lock);
	if (zone->report_ctx == ctx) {
		zone->report = NULL;
		zone->report_ctx = NULL;
	}
	pthread_mutex_unlock(&zone->lock);
}

void zone_show_unsure(zone_t *zone, bool unsure)
{
	pthread_mutex_lock(&zone->lock);
	const bool news = zone->unsure != unsure;
	zone->unsure = unsure;
	pthread_mutex_unlock(&zone->lock);
	if (news) {
		news_add(zone->env->news, &zone->news);
	}
}

void zone_show(zone_t *zone, const state_t *state, const lasting_t *lasting, int64_t due)
{
	pthread_mutex_lock(&zone->lock);
	const bool news = !shown_is(&zone->shown, state) && shown_set(&zone->shown, state) == KNOT_EOK;
	zone->lasting = *lasting;
	zone->due = due;
	report(zone);
	pthread_mutex_unlock(&zone->lock);
	if (news) {
		news_add(zone->env->news, &zone->news);
	}
}

/* Whether Knot's dnssec-validation takes two CSKs: since 3.3.5, which brought that function, too. */
#define CSKS_PASS HAVE_DECL_KNOTD_QDATA_ZONE_RRSET

static void find_csk(void *ctx, const keyset_t *set)
{
	bool *found = ctx;
	for (size_t i = 0; set != NULL && i < set->key_count; i++) {
		*found |= set->keys[i].role == KEYSET_CSK;
	}
}

bool zone_warning(zone_t *zone, char *text, size_t size)
{
	bool csk = false;
	keys_with_set(&zone->keys, find_csk, &csk);
	pthread_mutex_lock(&zone->lock);
	const uint64_t bytes = zone->shown.bytes;
	const size_t journal_max = zone->settings.journal_max;
	const bool validated = zone->settings.validated;
	pthread_mutex_unlock(&zone->lock);
	if (bytes >= journal_max / 2) {
		snprintf(text, size, "the signed zone takes about %.2f MB, and knotd refuses it (not "
		         "enough space provided) once it does not fit into journal-max-usage, %.2f "
		         "MB: set that to three times the zone or more in knot.conf", bytes / 1e6,
		         journal_max / 1e6);
		return true;
	}
	if (validated && csk && !CSKS_PASS) {
		snprintf(text, size, "dnssec-validation is on in knot.conf: Knot refuses a zone that "
		         "has two CSKs, as in each rollover; set it off for this zone");
		return true;
	}
	return false;
}
