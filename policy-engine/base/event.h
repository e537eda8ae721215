/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The engine's log: one line an event, on standard error, in the form of knotd's log.
 */
#pragma once

typedef enum { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG } log_level_t;

/*! Writes a line. Any thread may. \param zone  The zone that the event is about; may be NULL. */
void log_event(log_level_t level, const char *zone, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
