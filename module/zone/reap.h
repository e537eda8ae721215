/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Frees zones and tokens that are not used any more, when that can be done.
 *
 * A token that hangs holds up who works with it, and who closes it. knotd's threads, which take
 * zones away, only hand them over.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "module/base/sched.h"
#include "module/keys/tokens.h"

struct server;
struct zone;

/*! What is to be freed; under the server's lock. */
typedef struct {
	task_t task;
	struct zone *zones;      /*!< That have stopped, but may be at work still. */
	tokens_t *tokens;
	bool busy;               /*!< Something is being freed. */
	pthread_cond_t done;     /*!< It has been. */
} reap_t;

void reap_init(reap_t *reap);
void reap_deinit(reap_t *reap);

/*! Hands over a zone, which is in no tree any more. With the server's lock held. */
void reap_zone(struct server *server, struct zone *zone);

/*! \return A zone that was handed over and is not freed yet, taken back; NULL if there is none.
 *  With the server's lock held. */
struct zone *reap_return_zone(struct server *server, const knot_dname_t *name);

/*! Whether a zone was handed over and is not freed yet. With the server's lock held. */
bool reap_has_zone(const struct server *server, const knot_dname_t *name);

/*! Hands over a use of tokens. NULL is allowed. With the server's lock held. */
void reap_tokens(struct server *server, tokens_t *tokens);

/*! Frees what can be; the task. \return When to look again, 0 = when there is something new. */
int64_t reap_work(struct server *server);

/*! Waits until all is freed. \return Whether it is, after so many milliseconds. */
bool reap_wait(struct server *server, int64_t most_ms);
