/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The module's log: one line an event, safe from any thread.
 */
#pragma once

#include <pthread.h>
#include <syslog.h>

#include <libknot/dname.h>

#include "common/repeat.h"

/*!
 * Writes one line. It is called under the log's lock, and must not use the log.
 *
 * \param priority  LOG_ERR to LOG_DEBUG, of syslog.h.
 */
typedef void (*log_sink_f)(void *ctx, int priority, const char *line);

/*! Where lines go. Other threads may write while the sink is changed. */
typedef struct {
	pthread_mutex_t lock;
	log_sink_f sink; /*!< NULL: lines are dropped. */
	void *ctx;
	repeat_t repeat; /*!< What many zones have. */
} log_t;

void log_init(log_t *log, log_sink_f sink, void *ctx);
void log_deinit(log_t *log);

/*! Sets another sink; on return no thread uses the old one any more. */
void log_redirect(log_t *log, log_sink_f sink, void *ctx);

/*! Drops the sink if its context is that one. On return no thread uses it any more. */
void log_leave(log_t *log, const void *ctx);

/*! Writes a line. It begins with "zone NAME, " if zone is not NULL. */
void log_msg(log_t *log, int priority, const knot_dname_t *zone, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*! As log_msg(), what many zones may have at the same time: it is written for the first of them, then their
 *  number at growing intervals, as of repeat.h. What is alike is as of common/cause.h. */
void log_many(log_t *log, int priority, const knot_dname_t *zone, const char *text);

/*! Writes the numbers that are due. To be called now and then. */
void log_pass(log_t *log);
