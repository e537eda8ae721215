/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief How soon a version of a zone with updates may follow the last one.
 *
 * knotd walks the zone for each version that it loads, and forwards no update meanwhile. A version
 * for each update would leave knotd no time for updates. So an update that comes alone is published
 * at once, also if another comes as soon as the first is public. In a stream, where each update
 * follows the answer to the last one, updates are gathered.
 *
 * Times are milliseconds, by the scheduler's clock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct {
	uint64_t names;     /*!< Of the zone. */
	int64_t published;  /*!< When the last version was made; 0 = none yet. */
	int64_t loaded;     /*!< When knotd had done with that version; 0 = it has not. */
	int64_t updated;    /*!< When the last update was done. */
	int64_t load;       /*!< What knotd took for a version of changes; 0 = not known. */
	bool stream;        /*!< Updates follow one another. */
	unsigned soon;      /*!< Versions in a row that did not wait for others. */
} pace_t;

/*! An update was done. */
void pace_update(pace_t *pace, int64_t now);

/*! A version was made. */
void pace_publish(pace_t *pace, int64_t now);

/*! knotd has done with the last version. \param took  If it was sent as changes; else 0. */
void pace_load(pace_t *pace, int64_t now, int64_t took);

/*! \return How far apart the versions of a stream are. */
int64_t pace_apart(const pace_t *pace);

/*! \return When the next version may be made; now if it may at once. */
int64_t pace_next(const pace_t *pace, int64_t now);
