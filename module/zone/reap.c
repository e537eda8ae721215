/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zone/reap.h"

#include <string.h>

#include <libknot/libknot.h>

#include "common/clock.h"

#define LOOK_MS 200 /* Milliseconds between two looks at zones that are still at work. */

void reap_init(reap_t *reap, const zone_env_t *env)
{
	memset(reap, 0, sizeof(*reap));
	reap->env = env;
	pthread_mutex_init(&reap->lock, NULL);
	monotonic_cond_init(&reap->done);
}

void reap_deinit(reap_t *reap)
{
	pthread_cond_destroy(&reap->done);
	pthread_mutex_destroy(&reap->lock);
}

static void wake(reap_t *reap)
{
	(void)sched_wake(reap->env->fetchers, &reap->task, sched_now());
}

void reap_zone(reap_t *reap, zone_t *zone)
{
	if (reap->env->fetchers == NULL) {
		zone_free(zone);
		return;
	}
	pthread_mutex_lock(&reap->lock);
	zone->next_gone = reap->zones;
	reap->zones = zone;
	pthread_mutex_unlock(&reap->lock);
	wake(reap);
}

/*! With the lock held. */
static zone_t **find(reap_t *reap, const knot_dname_t *name)
{
	zone_t **at = &reap->zones;
	while (*at != NULL && !knot_dname_is_case_equal((*at)->name, name)) {
		at = &(*at)->next_gone;
	}
	return at;
}

zone_t *reap_return_zone(reap_t *reap, const knot_dname_t *name)
{
	pthread_mutex_lock(&reap->lock);
	zone_t **at = find(reap, name), *zone = *at;
	if (zone != NULL) {
		*at = zone->next_gone;
		zone->next_gone = NULL;
	}
	pthread_mutex_unlock(&reap->lock);
	return zone;
}

bool reap_has_zone(reap_t *reap, const knot_dname_t *name)
{
	pthread_mutex_lock(&reap->lock);
	const bool has = *find(reap, name) != NULL;
	pthread_mutex_unlock(&reap->lock);
	return has;
}

void reap_tokens(reap_t *reap, tokens_t *tokens)
{
	if (reap->env->fetchers == NULL) {
		tokens_free(tokens); /* Nothing was signed with them. */
		return;
	}
	pthread_mutex_lock(&reap->lock);
	tokens->next_gone = reap->tokens;
	reap->tokens = tokens;
	pthread_mutex_unlock(&reap->lock);
	wake(reap);
}

/*! Takes the zones that are not at work any more. With the lock held. */
static zone_t *take_zones(reap_t *reap)
{
	zone_t *taken = NULL, **at = &reap->zones;
	while (*at != NULL) {
		zone_t *zone = *at;
		if (zone_rests(zone)) {
			*at = zone->next_gone;
			zone->next_gone = taken;
			taken = zone;
		} else {
			at = &zone->next_gone;
		}
	}
	return taken;
}

int64_t reap_work(reap_t *reap)
{
	pthread_mutex_lock(&reap->lock);
	zone_t *zones = take_zones(reap), *next_zone;
	tokens_t *tokens = reap->tokens, *next_tokens;
	reap->tokens = NULL;
	reap->busy = true;
	pthread_mutex_unlock(&reap->lock);
	for (; zones != NULL; zones = next_zone) {
		next_zone = zones->next_gone;
		zone_free(zones);
	}
	for (; tokens != NULL; tokens = next_tokens) {
		next_tokens = tokens->next_gone;
		tokens_free(tokens);
	}
	pthread_mutex_lock(&reap->lock);
	reap->busy = false;
	const bool more = reap->zones != NULL;
	pthread_cond_broadcast(&reap->done);
	pthread_mutex_unlock(&reap->lock);
	return more ? sched_now() + LOOK_MS : 0;
}

bool reap_wait(reap_t *reap, int64_t most_ms)
{
	const int64_t until = monotonic_ms() + most_ms;
	bool in_time = true;
	pthread_mutex_lock(&reap->lock);
	while ((reap->zones != NULL || reap->tokens != NULL || reap->busy) && in_time) {
		in_time = monotonic_wait(&reap->done, &reap->lock, until);
	}
	const bool done = reap->zones == NULL && reap->tokens == NULL && !reap->busy;
	pthread_mutex_unlock(&reap->lock);
	return done;
}
