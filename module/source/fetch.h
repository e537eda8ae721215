/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Keeps a zone's input as its primaries have it: refresh, retry and expire of its SOA (RFC
 *        1034, section 4.3.5), IXFR and AXFR. By threads that do nothing else, for primaries can be
 *        slow.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "module/base/sched.h"
#include "module/store/state.h"

struct zone;

/*! What a zone has for it; all but the task is under the zone's lock. */
typedef struct {
	task_t task;
	unsigned wishes;       /*!< ZONE_LOOK, ZONE_SOURCE */
	unsigned failures;     /*!< In a row. */
	int64_t next;          /*!< When the primaries are asked next, Unix seconds; 0 = unknown. */
	char from[256];        /*!< Who was the last to answer; empty: nobody yet. */
	bool expired;          /*!< As it was seen last. */
	state_input_t in;      /*!< As it was then. */
} fetch_t;

/*! Asks the zone's primaries if it is time; the task. \return When to do so again, ms; 0 = never */
int64_t fetch_work(struct zone *zone);

/*!
 * Tells how long the input may be served.
 *
 * \return Seconds left; 0: it has expired; UINT32_MAX: it does not come from a primary
 */
uint32_t fetch_expires_in(const state_input_t *in, int64_t now);
