/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The engine's log: one line an event, on standard error, in the form of knotd's log; with
 *        fields if systemd's journal has standard error.
 *
 * What is the same for many zones is written for the first of them, then at growing intervals with
 * its number: see repeat.h. This log is the process's one, as standard error is: so what it has
 * said last is the one thing here that is not a caller's.
 */
#pragma once

typedef enum { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG } log_level_t;

/*! What an event is about; fields of the journal. */
typedef struct {
	const char *event; /*!< EVENT=, a word of the manual's list; a literal. */
	const char *zone;  /*!< ZONE=; may be NULL. */
	unsigned keytag;   /*!< KEYTAG=; 0: none. */
	const char *alike; /*!< Lines in which this is the same say the same; NULL: the format is. */
} about_t;

/*! Writes a line. Any thread may. */
void log_about(log_level_t level, about_t about, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*! Writes each line of what many zones had, apart. For who wants details. */
void log_all(void);

/*! Writes the due numbers of lines that were not written. To be called every some seconds. */
void log_pass(void);

/*! Writes all of these numbers, since the process ends. */
void log_end(void);
