/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The tables of the database, by version.
 */
#pragma once

#include "policy-engine/database/db.h"

/*!
 * Makes the tables of an empty file, and brings those of an earlier version up to date.
 *
 * \return 0; -1 with db_error() set, also if the file is damaged, of a later version, or not made
 *         by ods-engine.
 */
int schema_check(db_t *db);
