/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Whether the clock can be believed: on a wrong one keys would come and go too early.
 *
 * Times are Unix seconds; the uptime counts seconds since some start, and no one sets it.
 */
#pragma once

#include <stdint.h>

#define CLOCK_BACK_MAX 60            /*!< Seconds that a clock may be set back. */
#define CLOCK_AHEAD_MAX 600          /*!< Seconds that it may be set ahead while we watch. */
#define CLOCK_AWAY_MAX (92 * 86400)  /*!< Seconds for which nobody may have watched it. */

/*! When the clock was believed last. */
typedef struct {
	int64_t seen;      /*!< What it said; 0 = never. */
	int64_t uptime;    /*!< What the uptime was; -1 = it began anew since. */
} clock_mark_t;

typedef enum {
	CLOCK_GOOD,
	CLOCK_BACK,        /*!< It says an earlier time than it did. */
	CLOCK_AHEAD,       /*!< It went further than the time that passed, or that can have. */
} clock_verdict_t;

/*!
 * Judges what the clock says.
 *
 * \param mark  Moved on if the verdict is good, and left alone otherwise: a clock that comes back
 *              to the time that has really passed is good again.
 */
clock_verdict_t clock_judge(clock_mark_t *mark, int64_t now, int64_t uptime);
