/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Counters and key states, as knotd's own zone-stats shows them.
 *
 * Knot keeps the pointer to a counter's name. So each slot for a key is a counter whose name is
 * written when there is such a key.
 */
#pragma once

#include <knot/module.h>

#include "module/zone/zone.h"

/*! Number of the counter of signatures made on the fly; its parts are by online_result_t. */
#define STATS_ONLINE 13

/*! Registers the counters. \return KNOT_EOK or an error */
int stats_init(knotd_mod_t *mod);

/*! Registers STATS_ONLINE, after stats_init(). */
int stats_add_online(knotd_mod_t *mod);

/*! Shows the zone's numbers; a zone_report_f whose context is a knotd_mod_t. */
void stats_report(void *ctx, const zone_counters_t *counters, const shown_t *shown,
                  const lasting_t *lasting, const keyset_t *keys);
