/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zone/news.h"

#include <stddef.h>

#include "module/zone/zone.h"

void news_init(news_t *news)
{
	pthread_mutex_init(&news->lock, NULL);
}

void news_deinit(news_t *news)
{
	pthread_mutex_destroy(&news->lock);
}

uint64_t news_next(news_t *news)
{
	pthread_mutex_lock(&news->lock);
	const uint64_t next = ++news->generation;
	pthread_mutex_unlock(&news->lock);
	return next;
}

uint64_t news_now(news_t *news)
{
	pthread_mutex_lock(&news->lock);
	const uint64_t now = news->generation;
	pthread_mutex_unlock(&news->lock);
	return now;
}

/*! With the lock held. */
static void take_out(news_t *news, zone_t *zone)
{
	news_zone_t *at = &zone->news;
	if (at->generation == 0) {
		return;
	}
	if (at->newer != NULL) {
		at->newer->news.older = at->older;
	} else {
		news->newest = at->older;
	}
	if (at->older != NULL) {
		at->older->news.newer = at->newer;
	}
	*at = (news_zone_t) { .generation = 0 };
}

void news_add(news_t *news, zone_t *zone)
{
	pthread_mutex_lock(&news->lock);
	take_out(news, zone);
	zone->news.generation = ++news->generation;
	zone->news.older = news->newest;
	if (news->newest != NULL) {
		news->newest->news.newer = zone;
	}
	news->newest = zone;
	pthread_mutex_unlock(&news->lock);
}

void news_remove(news_t *news, zone_t *zone)
{
	pthread_mutex_lock(&news->lock);
	take_out(news, zone);
	pthread_mutex_unlock(&news->lock);
}

void news_each(news_t *news, uint64_t since, void (*call)(void *ctx, zone_t *zone), void *ctx)
{
	pthread_mutex_lock(&news->lock);
	for (zone_t *zone = news->newest; zone != NULL && zone->news.generation > since;
	     zone = zone->news.older) {
		call(ctx, zone);
	}
	pthread_mutex_unlock(&news->lock);
}
