/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief How soon a version may follow the last one, of a zone with updates.
 *
 * knotd walks the zone for each version that it loads, and forwards no update meanwhile. A version
 * for each update would leave it no time for them. So one that comes alone is published at once,
 * also if another comes as soon as it is public; but as long as one follows the other's answer, in a
 * stream, they are gathered.
 *
 * Times are milliseconds, by the scheduler's clock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct {
	uint64_t names;     /*!< In the zone. */
	int64_t published;  /*!< When the last version was made; 0 = none yet. */
	int64_t loaded;     /*!< When knotd had done with it; 0 = it has not. */
	int64_t updated;    /*!< When the last update was done. */
	int64_t load;       /*!< What knotd takes for a version; 0 = not known. */
	bool stream;        /*!< Updates follow one another. */
	unsigned soon;      /*!< Versions in a row that did not wait for others. */
} pace_t;

/*! An update was done. */
void pace_update(pace_t *pace, int64_t now);

/*! A version was made. */
void pace_publish(pace_t *pace, int64_t now);

/*! knotd has done with the last version. \param took  For changes alone; 0 = it was more. */
void pace_load(pace_t *pace, int64_t now, int64_t took);

/*! \return How far apart the versions of a stream are. */
int64_t pace_apart(const pace_t *pace);

/*! \return When the next version may be made. */
int64_t pace_next(const pace_t *pace, int64_t now);
