/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zone/zone.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libknot/libknot.h>

#include "module/rr/node.h"
#include "module/sign/changeover.h"
#include "module/sign/refresh.h"
#include "module/sign/run.h"
#include "module/source/file.h"

#define RETRY_FIRST 5       /* Seconds; doubled up to */
#define RETRY_MAX 300
#define SOURCE_WISHES (ZONE_LOOK | ZONE_SOURCE | ZONE_REPLACE | ZONE_FLUSH | ZONE_OVERWRITE)
#define PROGRESS_EVERY 10   /* Seconds. */
#define BATCH_MS 2000       /* What a version takes to sign, or so, if the token is slow. */
#define SPEED_NODES 100     /* Fewer do not tell how fast it is. */

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
	pthread_mutex_init(&zone->input_lock, NULL);
	return zone;
}

zone_t *zone_of_news(news_item_t *item)
{
	return (zone_t *)((char *)item - offsetof(zone_t, news));
}

bool zone_rests(zone_t *zone)
{
	const zone_env_t *env = zone->env;
	/* The one task may have woken the other before it ended. */
	return sched_try_remove(env->fetchers, &zone->fetch.task) &&
	       sched_try_remove(env->workers, &zone->task) &&
	       sched_try_remove(env->fetchers, &zone->fetch.task);
}

void zone_free(zone_t *zone)
{
	news_remove(zone->env->news, &zone->news);
	keyring_free(zone->ring);
	tokens_leave(zone->tokens);
	pthread_mutex_destroy(&zone->lock);
	pthread_mutex_destroy(&zone->input_lock);
	zone_settings_deinit(&zone->settings);
	free(zone->source_error);
	free(zone->keys_error);
	free(zone->sign_error);
	knot_dname_free(zone->name, NULL);
	free(zone);
}

void zone_settings_deinit(zone_settings_t *settings)
{
	free(settings->file);
	free(settings->policy);
	tsig_deinit(&settings->update_keys);
	primaries_deinit(&settings->primaries);
	memset(settings, 0, sizeof(*settings));
}

void zone_configure(zone_t *zone, zone_settings_t *settings)
{
	pthread_mutex_lock(&zone->lock);
	const zone_settings_t old = zone->settings;
	zone->settings = *settings;
	*settings = old;
	if (old.file != NULL && !primaries_equal(&zone->settings.primaries, &settings->primaries)) {
		zone->fetch.wishes |= ZONE_LOOK;
	}
	if (zone->settings.primaries.count > 0 && zone->env->workers != NULL) {
		sched_set_lane(zone->env->fetchers, &zone->fetch.task,
		               zone->settings.primaries.all[0].id);
	}
	zone->fetch.expired &= zone->settings.primaries.count > 0;
	news_add(zone->env->news, &zone->news);
	pthread_mutex_unlock(&zone->lock);
}

static void report(zone_t *zone)
{
	if (zone->report != NULL) {
		zone->report(zone->report_ctx, &zone->counters, &zone->state,
		             zone->ring != NULL ? &zone->ring->set : NULL);
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

void zone_count_update(zone_t *zone, bool done)
{
	pthread_mutex_lock(&zone->lock);
	zone->counters.updates += done;
	pace_update(&zone->serving.pace, sched_now());
	zone->counters.updates_refused += !done;
	report(zone);
	pthread_mutex_unlock(&zone->lock);
}

void zone_wake(zone_t *zone, unsigned wishes)
{
	pthread_mutex_lock(&zone->lock);
	const bool fetches = zone->settings.primaries.count > 0;
	zone->wishes |= wishes;
	zone->fetch.wishes |= fetches ? wishes & (ZONE_LOOK | ZONE_SOURCE) : 0;
	const bool fetch = fetches && (zone->fetch.wishes != 0 || zone->fetch.next == 0);
	pthread_mutex_unlock(&zone->lock);
	if (zone->env->workers != NULL && fetch) {
		(void)sched_wake(zone->env->fetchers, &zone->fetch.task, sched_now());
	}
	if (zone->env->workers != NULL) {
		(void)sched_wake(zone->env->workers, &zone->task, sched_now());
	}
}

void zone_updated(zone_t *zone)
{
	/* Not at once, only to find that it is gathered with what follows. */
	pthread_mutex_lock(&zone->lock);
	const int64_t when = pace_next(&zone->serving.pace, sched_now());
	pthread_mutex_unlock(&zone->lock);
	(void)sched_wake(zone->env->workers, &zone->task, when);
}

/*** The worker's part. ***/

void zone_set_error(zone_t *zone, char **place, int priority, const char *text)
{
	pthread_mutex_lock(&zone->lock);
	const bool news = strcmp(*place != NULL ? *place : "", text) != 0;
	if (news) {
		free(*place);
		*place = text[0] != '\0' ? strdup(text) : NULL;
	}
	pthread_mutex_unlock(&zone->lock);
	if (news && text[0] != '\0') {
		log_msg(zone->env->log, priority, zone->name, "%s", text);
	}
}

static void sign_error(zone_t *zone, const char *text)
{
	zone_set_error(zone, &zone->sign_error, LOG_ERR, text);
}

static void keys_error(zone_t *zone, int priority, const char *text)
{
	zone_set_error(zone, &zone->keys_error, priority, text);
}

/*! Zones with the same tokens share a lane: if these are slow, other zones do not notice. */
static void set_lane(zone_t *zone, const keyset_t *set)
{
	char name[256] = "";
	size_t len = 0;
	for (size_t i = 0; i < set->key_count && len < sizeof(name); i++) {
		const char *repository = set->keys[i].repository;
		bool known = false;
		for (size_t n = 0; n < i && !known; n++) {
			known = strcmp(set->keys[n].repository, repository) == 0;
		}
		if (!known) {
			len += snprintf(name + len, sizeof(name) - len, "%s\n", repository);
		}
	}
	sched_set_lane(zone->env->workers, &zone->task, name);
}

static bool has_csk(const zone_t *zone)
{
	for (size_t i = 0; zone->ring != NULL && i < zone->ring->set.key_count; i++) {
		if (zone->ring->set.keys[i].role == KEYSET_CSK) {
			return true;
		}
	}
	return false;
}

bool zone_warning(const zone_t *zone, char *text, size_t size)
{
	const uint64_t bytes = state_bytes(&zone->state);
	if (bytes >= zone->settings.journal_max / 2) {
		snprintf(text, size, "the signed zone takes about %.2f MB, and knotd refuses it (not "
		         "enough space provided) once it does not fit into journal-max-usage, %.2f "
		         "MB: set that to three times the zone or more in knot.conf", bytes / 1e6,
		         zone->settings.journal_max / 1e6);
		return true;
	}
	if (zone->settings.validated && has_csk(zone)) {
		snprintf(text, size, "dnssec-validation is on in knot.conf: Knot refuses a zone that "
		         "has two CSKs, as in each rollover; set it off for this zone");
		return true;
	}
	return false;
}

static void swap_ring(zone_t *zone, keyring_t *ring, tokens_t *tokens)
{
	pthread_mutex_lock(&zone->lock);
	keyring_t *old = zone->ring;
	zone->ring = ring;
	pthread_mutex_unlock(&zone->lock);
	keyring_free(old);
	tokens_leave(zone->tokens);
	zone->tokens = tokens_use(tokens);
}

/*! \param text  Copy of the key set that is stored. \return KNOT_EOK, KNOT_ENOENT, other errors */
static int stored_keyset(zone_t *zone, char **text)
{
	store_txn_t txn;
	const void *stored = NULL;
	size_t len = 0;
	int ret = store_read(zone->env->store, &txn);
	if (ret == KNOT_EOK) {
		ret = store_get(&txn, STORE_KEYSET, zone->name, &stored, &len);
		*text = ret == KNOT_EOK ? strdup(stored) : NULL;
		ret = ret == KNOT_EOK && *text == NULL ? KNOT_ENOMEM : ret;
		store_abort(&txn);
	}
	return ret;
}

/*! Finds the keys of a key set in their tokens, which can take its time. */
static int find_keys(zone_t *zone, state_t *state, const char *text, tokens_t *tokens)
{
	char reason[640] = "";
	keyring_t *ring = NULL;
	int ret = keyring_load(text, zone->name, tokens->hsm, &ring, reason, sizeof(reason));
	if (ret != KNOT_EOK) {
		keys_error(zone, LOG_ERR, reason);
		return ret;
	}
	changeover_adopt(state, zone->ring != NULL ? &zone->ring->set : NULL, &ring->set);
	swap_ring(zone, ring, tokens);
	pthread_mutex_lock(&zone->lock);
	const bool warned = zone_warning(zone, reason, sizeof(reason));
	pthread_mutex_unlock(&zone->lock);
	if (warned) {
		log_msg(zone->env->log, LOG_WARNING, zone->name, "%s", reason);
	}
	return KNOT_EOK;
}

/*! Sees whether the keys have to be found, and does so in their tokens' lane. */
static int see_keys(zone_t *zone, state_t *state, const char *text, tokens_t *tokens,
                    unsigned wishes)
{
	char reason[640] = "";
	keyset_t set;
	if (keyset_read(text, &set, reason, sizeof(reason)) != 0) {
		keys_error(zone, LOG_ERR, reason);
		return KNOT_EMALF;
	}
	const bool known = zone->ring != NULL && zone->tokens == tokens &&
	                   !(wishes & ZONE_KEYS) && set.revision == zone->ring->set.revision;
	set_lane(zone, &set);
	keyset_deinit(&set);
	if (!sched_in_lane(zone->env->workers, &zone->task)) {
		return KNOT_EBUSY;
	}
	return known ? KNOT_EOK : find_keys(zone, state, text, tokens);
}

/*!
 * Gets the key set that is stored, and finds its keys.
 * \return KNOT_EOK: the zone can be signed; KNOT_EBUSY: in another lane
 */
static int look_at_keys(zone_t *zone, state_t *state, unsigned wishes)
{
	char reason[640] = "";
	tokens_t *tokens = holder_use(zone->env->tokens, reason, sizeof(reason));
	if (tokens == NULL) {
		keys_error(zone, LOG_ERR, reason);
		return KNOT_EAGAIN;
	}
	char *text = NULL;
	int ret = stored_keyset(zone, &text);
	if (ret == KNOT_ENOENT) {
		keys_error(zone, LOG_NOTICE, "waiting for keys: the policy engine has not sent any "
		           "yet; is ods-engine running?");
	} else if (ret != KNOT_EOK) {
		keys_error(zone, LOG_ERR, store_strerror(ret));
	} else {
		ret = see_keys(zone, state, text, tokens, wishes);
	}
	if (ret == KNOT_EOK) {
		keys_error(zone, LOG_ERR, "");
	}
	free(text);
	tokens_leave(tokens);
	return ret;
}

static void progress(void *ctx, size_t done)
{
	zone_t *zone = ctx;
	int64_t now = time(NULL);
	if (now - zone->progress_at >= PROGRESS_EVERY) {
		zone->progress_at = now;
		log_msg(zone->env->log, LOG_INFO, zone->name,
		        "signing, %zu signatures made so far", done);
	}
}

/*!
 * How much goes into one version: with a slow token less, since changes of the input wait for it; but
 * no less than is signed in the time by which knotd wants versions to be apart. With the lock held.
 */
static size_t batch_size(const zone_t *zone)
{
	const int64_t apart = pace_apart(&zone->serving.pace);
	const uint64_t size = zone->speed * (apart > BATCH_MS ? apart : BATCH_MS) / 1000;
	return zone->speed == 0 || size > SIGN_BATCH ? SIGN_BATCH : size;
}

/*! Sees how fast a run was, if it was long enough to tell. */
static void see_speed(zone_t *zone, const sign_result_t *result, double seconds)
{
	if (result->nodes >= SPEED_NODES && seconds > 0) {
		zone->speed = 1 + result->nodes / seconds;
	}
}

static int sign(zone_t *zone, state_t *state, bool renew, sign_result_t *result)
{
	char reason[768] = "";
	struct timespec begin, end;
	sign_run_t run = {
		.store = zone->env->store, .pool = zone->tokens->pool, .zone = zone->name,
		.ring = zone->ring, .now = time(NULL), .renew = renew,
		.stop = &zone->stop, .progress = progress, .ctx = zone,
	};
	zone->progress_at = run.now;
	pthread_mutex_lock(&zone->lock);
	run.verify = zone->settings.verify;
	run.batch = batch_size(zone);
	zone->signing = true;
	pthread_mutex_unlock(&zone->lock);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	int ret = sign_run(&run, state, result, reason, sizeof(reason));
	clock_gettime(CLOCK_MONOTONIC, &end);

	pthread_mutex_lock(&zone->lock);
	zone->signing = false;
	zone->counters.signatures += result->signatures;
	zone->counters.versions += result->published;
	zone->counters.sign_errors += ret != KNOT_EOK;
	pthread_mutex_unlock(&zone->lock);
	if (ret == KNOT_EOK) {
		double seconds = end.tv_sec - begin.tv_sec + (end.tv_nsec - begin.tv_nsec) / 1e9;
		see_speed(zone, result, seconds);
		sign_error(zone, "");
		log_msg(zone->env->log, result->published ? LOG_INFO : LOG_DEBUG, zone->name,
		        "signed, serial %u, input serial %u, %llu signatures made, "
		        "%llu names changed, "
		        "%.2f s",
		        state->serial, state->in.serial, (unsigned long long)result->signatures,
		        (unsigned long long)result->nodes, seconds);
	} else if (!atomic_load(&zone->stopped)) {
		sign_error(zone, reason);
	}
	return ret;
}

/*! Says so if the zone has a larger TTL than its policy allows for; with each key set once. */
static void check_ttl(zone_t *zone, const state_t *state)
{
	const keyset_t *set = &zone->ring->set;
	if (set->max_zone_ttl > 0 && state->max_ttl > set->max_zone_ttl && !set->passthrough &&
	    zone->ttl_warned != set->revision) {
		zone->ttl_warned = set->revision;
		log_msg(zone->env->log, LOG_WARNING, zone->name,
		        "the largest TTL is %u, the policy's MaxZoneTTL %u; it is published as "
		        "it is, and key rollovers wait for the larger", state->max_ttl,
		        set->max_zone_ttl);
	}
}

/*! Says so if a key of another operator is not published (RFC 4035, section 2.2). */
static void check_foreign(zone_t *zone, uint8_t left_out)
{
	if (left_out != 0 && left_out != zone->left_out) {
		log_msg(zone->env->log, LOG_WARNING, zone->name,
		        "a DNSKEY of algorithm %u in the unsigned zone is left out, since the zone is "
		        "not signed with that algorithm; give the policy keys of it, or have the other "
		        "operator use one of the policy's", left_out);
	}
	zone->left_out = left_out;
}

/*! Says so, once a type, if the unsigned zone has records that the signer makes itself. */
static void check_strays(zone_t *zone, uint8_t strays)
{
	static const uint16_t types[] = NODE_BY_SIGNER;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		char type[16];
		if ((node_by_signer(types[i]) & strays & ~zone->strays) != 0 &&
		    knot_rrtype_to_string(types[i], type, sizeof(type)) > 0) {
			log_msg(zone->env->log, LOG_WARNING, zone->name,
			        "the unsigned zone's %s records are left out, the signer makes its own",
			        type);
		}
	}
	zone->strays = zone->ring->set.passthrough ? 0 : zone->strays | strays;
}

/*! \return When signatures have to be refreshed next, 0 = never. */
static int64_t refresh_due(const zone_t *zone, const state_t *state, int64_t now)
{
	store_txn_t txn;
	const keyset_t *set = &zone->ring->set;
	int64_t due = 0;
	if (store_read(zone->env->store, &txn) == KNOT_EOK) {
		due = refresh_next(&txn, state, set, now);
		store_abort(&txn);
	}
	return due;
}

/*! What could not be done has to be done the next time. */
static void keep_wish(zone_t *zone, unsigned wish)
{
	pthread_mutex_lock(&zone->lock);
	zone->wishes |= wish;
	pthread_mutex_unlock(&zone->lock);
}

static int64_t retry(zone_t *zone, int64_t now)
{
	int64_t delay = zone->failures < 8 ? RETRY_FIRST << zone->failures : RETRY_MAX;
	zone->failures++;
	return now + (delay < RETRY_MAX ? delay : RETRY_MAX);
}

/*! Whether a new version has to wait a little, since the last one is fresh. */
static bool held(zone_t *zone)
{
	const int64_t now = sched_now();
	pthread_mutex_lock(&zone->lock);
	const int64_t next = pace_next(&zone->serving.pace, now);
	pthread_mutex_unlock(&zone->lock);
	zone->held_until = next > now ? next : 0;
	return zone->held_until > 0;
}

/*! A version has been published. \param more  Not all that is due fitted in. */
static void published(zone_t *zone, const state_t *state, bool more)
{
	pthread_mutex_lock(&zone->lock);
	zone->serving.pace.names = state->in.names;
	pace_publish(&zone->serving.pace, sched_now());
	pthread_mutex_unlock(&zone->lock);
	if (more && !held(zone)) {
		zone->held_until = sched_now();
	}
}

/*! Signs what there is to sign. \return When to come back. */
static int64_t sign_if_due(zone_t *zone, state_t *state, unsigned wishes, int64_t now)
{
	if (state->in.count == 0) {
		return 0;
	}
	int64_t due = refresh_due(zone, state, now);
	if (state->version > 0 && !state->sign_all && !(wishes & ZONE_RENEW) &&
	    state->revision == zone->ring->set.revision && state->doomed[0] == 0 &&
	    (due == 0 || due > now) && (state->signed_input == state->in.count || held(zone))) {
		sign_error(zone, "");
		zone->failures = 0;
		return due;
	}
	sign_result_t result;
	if (sign(zone, state, wishes & ZONE_RENEW, &result) != KNOT_EOK) {
		keep_wish(zone, wishes & ZONE_RENEW);
		return retry(zone, now);
	}
	zone->failures = 0;
	if (result.published) {
		check_ttl(zone, state);
		check_foreign(zone, result.left_out);
		check_strays(zone, result.strays);
		published(zone, state, result.more);
	} else if (result.more) {
		return now;
	}
	return refresh_due(zone, state, now);
}

static int read_state(zone_t *zone, state_t *state)
{
	store_txn_t txn;
	int ret = store_read(zone->env->store, &txn);
	if (ret == KNOT_EOK) {
		ret = state_load(&txn, zone->name, state);
		store_abort(&txn);
	}
	return ret;
}

static int write_state(zone_t *zone, state_t *state)
{
	store_txn_t txn;
	int ret = store_write(zone->env->store, &txn);
	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = state_save(&txn, zone->name, state);
	if (ret != KNOT_EOK) {
		store_abort(&txn);
		return ret;
	}
	return store_commit(&txn);
}

/*! Shows the world what has become of the zone. */
static void show(zone_t *zone, const state_t *state, int64_t due)
{
	pthread_mutex_lock(&zone->lock);
	if (memcmp(&zone->state, state, sizeof(*state)) != 0) {
		news_add(zone->env->news, &zone->news);
	}
	zone->state = *state;
	zone->due = due;
	report(zone);
	pthread_mutex_unlock(&zone->lock);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a == 0 ? b : b == 0 || a < b ? a : b;
}

/*! Does what there is to do. \return When there will be more, in seconds. */
static int64_t work(zone_t *zone)
{
	const int64_t now = time(NULL);
	state_t state, before;
	int ret = read_state(zone, &state);
	if (ret != KNOT_EOK) {
		sign_error(zone, store_strerror(ret));
		return retry(zone, now);
	}
	pthread_mutex_lock(&zone->lock);
	const unsigned wishes = zone->wishes;
	zone->wishes = 0;
	pthread_mutex_unlock(&zone->lock);

	int64_t due = 0;
	if (wishes & SOURCE_WISHES) {
		int again = source_look(zone, &state, wishes);
		due = again > 0 ? now + again : 0;
		keep_wish(zone, again > 0 ? wishes & SOURCE_WISHES : 0);
	}

	before = state;
	serving_track(zone, &state);
	const bool taken = serving_note(zone, &state);
	ret = look_at_keys(zone, &state, wishes);
	/* A first version has to be made in any case, and that the state says so is stored with it. */
	const bool first = state.version == 0 && state.next_nodes == 0;
	if (taken || (!first && memcmp(&before, &state, sizeof(state)) != 0)) {
		int saved = write_state(zone, &state);
		ret = saved != KNOT_EOK ? saved : ret;
	}
	if (ret == KNOT_EOK) {
		due = earlier(due, sign_if_due(zone, &state, wishes, now));
	} else if (ret == KNOT_EBUSY) {
		keep_wish(zone, wishes & (ZONE_KEYS | ZONE_RENEW));
		due = now;
	} else if (ret != KNOT_ENOENT) {
		due = earlier(due, retry(zone, now));
	}
	serving_track(zone, &state);
	show(zone, &state, due);
	return earlier(due, serving_offer(zone, &state, now));
}

int64_t zone_work(zone_t *zone)
{
	zone->held_until = 0;
	atomic_store(&zone->stopped, false);
	if (atomic_load(&zone->stop)) {
		return 0;
	}
	const int64_t due = 1000 * work(zone);
	return earlier(due, zone->held_until);
}
