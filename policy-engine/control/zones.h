/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Which zones a command is for.
 */
#pragma once

#include "policy-engine/control/context.h"

/*! Does a command for one zone. \param name  As zone_name_canonical() makes it. */
typedef void (*control_zone_f)(context_t *c, ctl_request_t *req, const char *name,
                               const ctl_unit_t *unit);

/*! Calls work for the unit's zone, or for all zones if it names none; refuses an unknown one. */
void control_zones(context_t *c, ctl_request_t *req, const ctl_unit_t *unit, control_zone_f work);

/*!
 * Loads a zone. Under the desk's lock. If the database fails, the request gets an error.
 *
 * \return 1 and a zone to be freed by kasp_zone_deinit(); 0 if there is none; -1 if the database
 *         failed.
 */
int control_load(const context_t *c, ctl_request_t *req, const char *name, kasp_zone_t *zone);

/*! \return The facts of a zone, borrowed; all zero if the module does not have it (zone is NULL).
 *  */
const facts_t *control_facts(const live_zone_t *zone);

/*!
 * Fills what each key of a loaded zone waits for. All else stays as the engine has it: what it will
 * conclude in this very second it has not done yet.
 *
 * \param policy, live  NULL = none.
 */
void control_foresee(const context_t *c, kasp_zone_t *zone, const policy_t *policy,
                     const live_zone_t *live, int64_t now);

/*! \return Whether the unit names a zone; if not, the request is refused. */
bool control_needs_zone(ctl_request_t *req, const ctl_unit_t *unit);
