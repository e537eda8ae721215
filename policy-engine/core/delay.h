/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief How long the world takes to learn of a change, and to forget what was before.
 */
#pragma once

#include "keyset/facts.h"
#include "policy-engine/core/state.h"

/*!
 * Follows the TTLs that policy and facts say, and that of the absence of DS or DNSKEY while some
 * cache may hold it.
 *
 * One that rises counts at once. One that falls does so when no cache can have the old one: this
 * long after the signer published the key set that has the lower one.
 *
 * \return When one is forgotten; CORE_NEVER if none is falling.
 */
int64_t delay_follow(core_zone_t *zone, const policy_t *policy, const facts_t *facts, int64_t now);

/*! \return Seconds from when a change of that record is public until every cache knows it. */
int64_t delay_known(const core_zone_t *zone, const policy_t *policy, keyset_record_t record,
                    keyset_state_t to);
