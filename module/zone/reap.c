/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zone/reap.h"

#include <libknot/libknot.h>

#include "common/clock.h"
#include "module/zone/server.h"

#define LOOK_MS 200 /* Between two looks at zones whose work has not come to its end. */

void reap_init(reap_t *reap)
{
	monotonic_cond_init(&reap->done);
}

void reap_deinit(reap_t *reap)
{
	pthread_cond_destroy(&reap->done);
}

static void call(server_t *server)
{
	(void)sched_wake(server->fetchers, &server->reap.task, sched_now());
}

void reap_zone(server_t *server, zone_t *zone)
{
	zone->next_gone = server->reap.zones;
	server->reap.zones = zone;
	call(server);
}

static zone_t **find(reap_t *reap, const knot_dname_t *name)
{
	zone_t **at = &reap->zones;
	while (*at != NULL && !knot_dname_is_case_equal((*at)->name, name)) {
		at = &(*at)->next_gone;
	}
	return at;
}

zone_t *reap_return_zone(server_t *server, const knot_dname_t *name)
{
	zone_t **at = find(&server->reap, name), *zone = *at;
	if (zone != NULL) {
		*at = zone->next_gone;
		zone->next_gone = NULL;
	}
	return zone;
}

bool reap_has_zone(const server_t *server, const knot_dname_t *name)
{
	return *find((reap_t *)&server->reap, name) != NULL;
}

void reap_tokens(server_t *server, tokens_t *tokens)
{
	if (tokens != NULL) {
		tokens->next_gone = server->reap.tokens;
		server->reap.tokens = tokens;
		call(server);
	}
}

/*! Takes the zones that are not at work any more. With the lock held. */
static zone_t *take_zones(server_t *server)
{
	zone_t *taken = NULL, **at = &server->reap.zones;
	while (*at != NULL) {
		zone_t *zone = *at;
		/* The one may have woken the other before it ended. */
		if (sched_try_remove(server->fetchers, &zone->fetch.task) &&
		    sched_try_remove(server->sched, &zone->task) &&
		    sched_try_remove(server->fetchers, &zone->fetch.task)) {
			*at = zone->next_gone;
			zone->next_gone = taken;
			taken = zone;
		} else {
			at = &zone->next_gone;
		}
	}
	return taken;
}

int64_t reap_work(server_t *server)
{
	reap_t *reap = &server->reap;
	pthread_mutex_lock(&server->lock);
	zone_t *zones = take_zones(server), *next_zone;
	tokens_t *tokens = reap->tokens, *next_tokens;
	reap->tokens = NULL;
	reap->busy = true;
	pthread_mutex_unlock(&server->lock);
	for (; zones != NULL; zones = next_zone) {
		next_zone = zones->next_gone;
		zone_free(zones);
	}
	for (; tokens != NULL; tokens = next_tokens) {
		next_tokens = tokens->next_gone;
		tokens_leave(tokens);
	}
	pthread_mutex_lock(&server->lock);
	reap->busy = false;
	const bool more = reap->zones != NULL;
	pthread_cond_broadcast(&reap->done);
	pthread_mutex_unlock(&server->lock);
	return more ? sched_now() + LOOK_MS : 0;
}

bool reap_wait(server_t *server, int64_t most_ms)
{
	reap_t *reap = &server->reap;
	const int64_t until = monotonic_ms() + most_ms;
	bool in_time = true;
	pthread_mutex_lock(&server->lock);
	while ((reap->zones != NULL || reap->tokens != NULL || reap->busy) && in_time) {
		in_time = monotonic_wait(&reap->done, &server->lock, until);
	}
	const bool done = reap->zones == NULL && reap->tokens == NULL && !reap->busy;
	pthread_mutex_unlock(&server->lock);
	return done;
}
