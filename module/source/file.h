/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Where a zone's input comes from: its file, and updates. (From primaries: fetch.h.)
 */
#pragma once

#include <libknot/packet/pkt.h>

#include "module/zone/zone.h"

/*!
 * Looks whether the zone's file is another one than the input was read from, and reads it then. For
 * the zone's worker. A zone with primaries has no file.
 *
 * \param wishes  ZONE_SOURCE: reads it in any case; but not over updates without ZONE_REPLACE.
 * \return Seconds after which to try again, 0 = when it changes
 */
int source_look(zone_t *zone, state_t *state, unsigned wishes);

/*!
 * Does what an UPDATE asks for; from any thread.
 *
 * \param message  Parsed, for this zone. That it is allowed has been seen to.
 * \return RCODE of the answer; if it is NOERROR, all is on the disk
 */
uint8_t source_update(zone_t *zone, const knot_pkt_t *message);
