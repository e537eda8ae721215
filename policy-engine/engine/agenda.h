/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What comes next for the keys of a zone, noted for those who ask for all zones: to load
 * each
 *        of them takes too long.
 */
#pragma once

#include "policy-engine/zone/kasp-zone.h"
#include "policy-engine/zone/live.h"

/*!
 * Notes the next step of a key that has a date, or a key's replacement by age; else what the first
 * key waits for; in which tokens the keys are; and since when one waits for the parent.
 *
 * \param zone    After core_run().
 * \param policy  NULL = there is none.
 */
void agenda_note(live_zone_t *live, const kasp_zone_t *zone, const policy_t *policy, int64_t now);
