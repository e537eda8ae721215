/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zone/news.h"

#include <stddef.h>

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
static void take_out(news_t *news, news_item_t *item)
{
	if (item->generation == 0) {
		return;
	}
	if (item->newer != NULL) {
		item->newer->older = item->older;
	} else {
		news->newest = item->older;
	}
	if (item->older != NULL) {
		item->older->newer = item->newer;
	}
	*item = (news_item_t) { .generation = 0 };
}

void news_add(news_t *news, news_item_t *item)
{
	pthread_mutex_lock(&news->lock);
	take_out(news, item);
	item->generation = ++news->generation;
	item->older = news->newest;
	if (news->newest != NULL) {
		news->newest->newer = item;
	}
	news->newest = item;
	pthread_mutex_unlock(&news->lock);
}

void news_remove(news_t *news, news_item_t *item)
{
	pthread_mutex_lock(&news->lock);
	take_out(news, item);
	pthread_mutex_unlock(&news->lock);
}

void news_each(news_t *news, uint64_t since, void (*call)(void *ctx, news_item_t *item), void *ctx)
{
	pthread_mutex_lock(&news->lock);
	for (news_item_t *item = news->newest; item != NULL && item->generation > since;
	     item = item->older) {
		call(ctx, item);
	}
	pthread_mutex_unlock(&news->lock);
}
