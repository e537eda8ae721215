/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The module's log: one line an event, safe from any thread.
 */
#pragma once

#include <pthread.h>
#include <syslog.h>

#include <libknot/dname.h>

/*! Writes one line. \param priority  LOG_ERR … LOG_DEBUG of syslog.h. */
typedef void (*log_sink_f)(void *ctx, int priority, const char *line);

/*! Where lines go; the sink can be changed while other threads write. */
typedef struct {
	pthread_mutex_t lock;
	log_sink_f sink; /*!< NULL: lines are dropped. */
	void *ctx;
} log_t;

void log_init(log_t *log, log_sink_f sink, void *ctx);
void log_deinit(log_t *log);

/*! Sets another sink; on return no thread uses the old one any more. */
void log_redirect(log_t *log, log_sink_f sink, void *ctx);

/*! Drops the sink, if it is still the one of that context. */
void log_leave(log_t *log, const void *ctx);

/*! Writes a line that begins "zone NAME, " if zone is not NULL. */
void log_msg(log_t *log, int priority, const knot_dname_t *zone, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
