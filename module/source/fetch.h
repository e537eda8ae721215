/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Keeps a zone's input as its primaries have it: refresh, retry and expire of its SOA (RFC
 *        1034, section 4.3.5), IXFR and AXFR.
 *
 * The fetchers' threads do nothing else, for primaries can be slow.
 */
#pragma once

#include "module/source/source.h"

/*!
 * Asks the primaries if it is time; a task, for one thread at a time. A source without primaries is
 * left alone.
 * \return When to do so again, ms (sched_now()); 0 = when source_ask() says so
 */
int64_t fetch_work(source_t *source);

/*!
 * Tells how long the input may be served.
 *
 * \return Seconds left; 0: it has expired; UINT32_MAX: it does not come from a primary
 */
uint32_t fetch_expires_in(const state_input_t *in, int64_t now);
