/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The tables of the database, by version.
 */
#pragma once

#include "policy-engine/database/db.h"

/*!
 * Sees whether a database is the engine's own, and whole, or new. Writes nothing.
 *
 * \return 0; -1 with db_error() set: the file is damaged, of a later version, or not made by
 *         ods-engine.
 */
int schema_check(db_t *db);

/*!
 * Makes the tables of a new database, and brings those of an earlier version up to date.
 * \return 0; -1 with db_error() set
 */
int schema_bring_up(db_t *db);
