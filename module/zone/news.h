/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Which zones have changed since when.
 *
 * The policy engine asks every second: its question costs what has changed, not what there is.
 */
#pragma once

#include <pthread.h>
#include <stdint.h>

/*! A zone's place in the list; to be embedded in the zone, zeroed. Under the lock of the news. */
typedef struct news_item {
	uint64_t generation;     /*!< Of the zone's last change; 0 = none, it is not in the list. */
	struct news_item *newer, *older;
} news_item_t;

/*! All zones that have ever changed, newest change first. Zeroed it is empty. */
typedef struct {
	pthread_mutex_t lock;
	uint64_t generation;     /*!< Of the newest change. */
	news_item_t *newest;
} news_t;

void news_init(news_t *news);
void news_deinit(news_t *news);

/*! \return A number greater than all it has returned. */
uint64_t news_next(news_t *news);

/*! \return The number it has returned last. */
uint64_t news_now(news_t *news);

/*! Notes that a zone's facts have changed. */
void news_add(news_t *news, news_item_t *item);

/*! Forgets a zone that goes away. */
void news_remove(news_t *news, news_item_t *item);

/*! Calls a function for the zones that have changed since; it must not wait for a zone's lock. */
void news_each(news_t *news, uint64_t since, void (*call)(void *ctx, news_item_t *item), void *ctx);
