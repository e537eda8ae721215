/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Whether the clock can be believed, by what it said before: by a wrong one keys would come
 * and go too early, and signatures would not be good.
 *
 * Times are Unix seconds. The uptime is the seconds since the machine started; nobody can set it.
 * Only clock_uptime() and clock_start() look at the machine.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*! Seconds that the clock may be set back: what NTP corrects at once is less. */
#define CLOCK_BACK_MAX 60

/*! Seconds that the clock may be set ahead, beyond what the uptime counted meanwhile. */
#define CLOCK_AHEAD_MAX 600

/*! Seconds that the clock may go ahead if the machine has started meanwhile: it may have been off
 *  for three months. */
#define CLOCK_AWAY_MAX (92 * 86400)

/*! When the clock was believed last. */
typedef struct {
	int64_t seen;      /*!< What the clock said; 0 = never. */
	int64_t uptime;    /*!< What the uptime was; -1 = it may have begun anew since. */
} clock_mark_t;

typedef enum {
	CLOCK_GOOD,
	CLOCK_BACK,        /*!< The clock says an earlier time than it did. */
	CLOCK_AHEAD,       /*!< The clock went on by more than the time that can have passed. */
} clock_verdict_t;

/*! Within this it is now; both ends are the same if the clock is believed. */
typedef struct {
	int64_t from, to;
} clock_span_t;

/*!
 * Judges what the clock says.
 *
 * \param mark  Moved on if the verdict is good, and left alone otherwise: a clock that is set right
 *              again is then good again.
 */
clock_verdict_t clock_judge(clock_mark_t *mark, int64_t now, int64_t uptime);

/*! \return What the clock should say at least, by a mark that is not empty. */
int64_t clock_expected(const clock_mark_t *mark, int64_t uptime);

/*! \return From what the clock should say to what it says, or the other way about. */
clock_span_t clock_span(const clock_mark_t *mark, int64_t now, int64_t uptime);

/*! \return Seconds since the machine started, those included in which it slept. */
int64_t clock_uptime(void);

#define CLOCK_START_MAX 40 /*!< Bytes of clock_start(), its end included. */

/*! Names the machine's last start: uptimes compare if these are the same. "" = not known. */
void clock_start(char name[CLOCK_START_MAX]);

/*! \return Whether the system says that the clock is kept right by others (NTP). */
bool clock_synchronised(int64_t now);
