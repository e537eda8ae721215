/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The machine's clock, as far as the engine believes it.
 *
 * On a wrong clock keys would come and go too early. The engine decides nothing until the clock is
 * right again, or a person says that it is right. All functions run under the desk's lock.
 */
#pragma once

#include <stdint.h>

#include "common/clock-mark.h"
#include "policy-engine/database/db.h"

typedef struct {
	clock_mark_t mark;       /*!< When the clock was believed last. */
	clock_verdict_t verdict; /*!< The last one; it belongs to the mark. */
	int64_t saved;           /*!< Time of the mark in the database; 0 = none. */
} timekeeper_t;

/*! Reads from the database when the clock was believed last. \return 0, or -1 if that failed. */
int timekeeper_load(timekeeper_t *keeper, db_t *db);

/*!
 * Judges the clock; notes in the database, about once an hour, that it was believed.
 *
 * \param now  What the clock says.
 * \return 1 if the clock can be believed, 0 if not, -1 if the database failed.
 */
int timekeeper_check(timekeeper_t *keeper, db_t *db, int64_t now);

/*! \return The time; while the clock is wrong, the last believed time and what has passed since. */
int64_t timekeeper_now(const timekeeper_t *keeper);

/*! Believes the clock as it is: a person looked at it and says that it is right. */
void timekeeper_accept(timekeeper_t *keeper);
