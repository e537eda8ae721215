/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Frees zones and tokens that are not used any more, when that can be done.
 *
 * A token that hangs holds up every thread that works with it, and the thread that closes it. So
 * knotd's threads, which take zones away, only hand them over.
 */
#pragma once

#include "module/zone/zone.h"

typedef struct {
	const zone_env_t *env;
	task_t task;             /*!< For the fetchers. */
	pthread_mutex_t lock;    /*!< Of what follows. */
	zone_t *zones;           /*!< They have stopped, but may be at work still. */
	tokens_t *tokens;
	bool busy;               /*!< Something is being freed. */
	pthread_cond_t done;     /*!< It has been. */
} reap_t;

void reap_init(reap_t *reap, const zone_env_t *env);
void reap_deinit(reap_t *reap);

/*! Hands over a zone that nobody can find any more. Does not block. */
void reap_zone(reap_t *reap, zone_t *zone);

/*! \return A zone that was handed over and is not freed yet, taken back; NULL if there is none. */
zone_t *reap_return_zone(reap_t *reap, const knot_dname_t *name);

/*! \return Whether a zone was handed over and has not begun to be freed. */
bool reap_has_zone(reap_t *reap, const knot_dname_t *name);

/*! Hands over tokens that nobody uses. Does not block, but if nothing can be signed. */
void reap_tokens(reap_t *reap, tokens_t *tokens);

/*! Frees what can be; the task. \return When to look again, ms; 0 = when there is something new. */
int64_t reap_work(reap_t *reap);

/*! Waits until all is freed. \return Whether it is, after so many milliseconds at most. */
bool reap_wait(reap_t *reap, int64_t most_ms);
