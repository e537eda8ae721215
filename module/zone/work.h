/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What there is to do for a zone, done in turn: look at its source, its keys, sign it, tell
 *        knotd.
 */
#pragma once

#include "module/zone/zone.h"

/*! Does it; a task of the workers, for one thread at a time. \return When there will be more, ms
 *  (sched_now()); 0 = when the zone is woken. */
int64_t zone_work(zone_t *zone);
