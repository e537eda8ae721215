/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Commands by which programs learn how all zones are; their context is a control_t.
 */
#pragma once

#include "module/control/request.h"

/*! overview: version, zones, tokens, store, clock, and the groups of control/overview.h; its cost
 *  does not depend on how many zones are well. */
void module_overview(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! zone-overview: a line for each zone: name, state, serial that knotd serves, until when it lasts,
 *  when there is something to do, serial of the input, when a primary was last seen to have that,
 *  expire of the SOA (seconds), versions and signatures made since knotd started, policy. Times are
 *  Unix seconds, 0 = not known. */
void module_zones(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);
