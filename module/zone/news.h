/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Which zones have changed since when, so that the policy engine, which asks every second,
 * costs what has changed and not what there is.
 */
#pragma once

#include <pthread.h>
#include <stdint.h>

struct zone;

/*! All zones that have changed ever, newest change first. Zeroed it is empty. */
typedef struct {
	pthread_mutex_t lock;
	uint64_t generation;     /*!< Of the newest change. */
	struct zone *newest;
} news_t;

/*! A zone's part. */
typedef struct {
	uint64_t generation;     /*!< When it changed last; 0 = never, and it is not in the list. */
	struct zone *newer, *older;
} news_zone_t;

void news_init(news_t *news);
void news_deinit(news_t *news);

/*! \return A number greater than all it has returned. */
uint64_t news_next(news_t *news);

/*! \return The number it has returned last. */
uint64_t news_now(news_t *news);

/*! Notes that a zone's facts have changed. With the zone's lock held, or nobody else has the zone. */
void news_add(news_t *news, struct zone *zone);

/*! Forgets a zone that goes away. */
void news_remove(news_t *news, struct zone *zone);

/*! Calls a function for the zones that have changed since; it must not wait for a zone's lock. */
void news_each(news_t *news, uint64_t since, void (*call)(void *ctx, struct zone *zone), void *ctx);
