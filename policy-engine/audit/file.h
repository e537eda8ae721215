/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The file of the audit: notes are taken from the database, and put into it, one line each.
 *
 * The file may be moved away at any time; the next one goes on with the chain. If it cannot be
 * written, the notes stay in the database. If the machine stops between the file and the database,
 * the last notes come twice.
 */
#pragma once

#include "policy-engine/desk/desk.h"

#define AUDIT_FILE "audit.jsonl" /*!< Beside the database. */

/*! \return Path of the file, to be freed by free(); NULL if out of memory. */
char *audit_path(const char *datastore);

/*!
 * Writes the notes that there are. Main thread, not locked.
 *
 * \param more  Set if some are left.
 * \return 0, also if the file cannot be written, which is logged once; -1 if the database failed.
 */
int audit_pass(desk_t *desk, bool *more);
