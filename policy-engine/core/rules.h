/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Which steps keep a zone valid in every cache.
 */
#pragma once

#include "policy-engine/core/core.h"

/*!
 * Judges a step by the states it would lead to.
 *
 * A rule that does not hold already cannot forbid anything: a step never makes it worse.
 *
 * \param unsigned_goal  Whether the policy wants the zone without keys.
 * \return CORE_DONE if the step is allowed, else what forbids it.
 */
core_wait_t rules_judge(core_zone_t *zone, size_t key, keyset_record_t record, keyset_state_t to,
                        bool unsigned_goal);
