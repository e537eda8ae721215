/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Whether a zone can go back to the OpenDNSSEC that it came from.
 *
 * It can as long as the records of its keys that are in the zone, and at the parent, are those that
 * OpenDNSSEC believes to be there. OpenDNSSEC then goes on where it was; what caches have leads to it.
 * After a change it can if OpenDNSSEC's database is told of it first, see back-sql.h.
 */
#pragma once

#include "policy-engine/desk/desk.h"

/*! What is known of a zone. Valid during the call. */
typedef struct {
	const char *zone;
	bool open;         /*!< It can go back. */
	uint32_t serial;   /*!< The last one that knotd served; OpenDNSSEC's next has to be above. */
	const char *why;   /*!< What has changed, and why it cannot, if so. */
	const char *sql;   /*!< What OpenDNSSEC's database has to be told first; NULL = nothing. */
} back_row_t;

typedef void (*back_report_f)(void *ctx, const back_row_t *row);

/*! What is asked. All is borrowed. */
typedef struct {
	const char *database; /*!< OpenDNSSEC's kasp.db. */
	const char *zone;     /*!< NULL = all. */
	back_report_f report; /*!< Called for each zone of kasp.db, in the caller's thread. */
	void *ctx;            /*!< Passed to report. */
} back_t;

/*!
 * Looks at zones. Any thread, not locked.
 *
 * \param err  Why nothing can be said.
 * \return 0, or -1.
 */
int back_run(desk_t *desk, const back_t *what, char *err, size_t err_size);
