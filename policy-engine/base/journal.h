/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief systemd's journal, by its native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): a line
 *        with fields.
 */
#pragma once

#include <stdbool.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/*! What becomes an entry of the journal. */
typedef struct {
	int priority;       /*!< 0 to 7, as in syslog. */
	const char *event;  /*!< EVENT=; NULL: none. */
	const char *zone;   /*!< ZONE=; NULL: none. */
	unsigned keytag;    /*!< KEYTAG=; 0: none. */
	const char *text;   /*!< MESSAGE=; one line. */
} journal_entry_t;

/*! \return Whether a file goes to the journal, as systemd says in JOURNAL_STREAM. */
bool journal_has(int fd);

/*!
 * Sends an entry. It does not wait.
 *
 * \param path  The journal's socket.
 * \return Whether the journal took it. If not, write the line to where else it belongs.
 */
bool journal_send(const char *path, const journal_entry_t *entry);
