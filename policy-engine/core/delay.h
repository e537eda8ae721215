/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief How long the world takes to learn of a change, and to forget what was before.
 */
#pragma once

#include "keyset/facts.h"
#include "policy-engine/core/state.h"

/*!
 * Brings zone->ttls up to date: by the policy, by the facts, by what the parent's servers showed,
 * and, while some cache may hold that there is no DS or DNSKEY, by the negative TTL.
 *
 * A TTL that rises counts at once. A TTL that falls counts when no cache can hold a record with the
 * old one: that TTL and the propagation delay after the key set with the new one was published.
 *
 * \return When the next TTL that falls will count; CORE_NEVER if none falls.
 */
int64_t delay_follow(core_zone_t *zone, const policy_t *policy, const facts_t *facts, int64_t now);

/*! Does the same for the TTL of the DS alone, which no fact of the module changes. */
int64_t delay_follow_ds(core_zone_t *zone, const policy_t *policy, int64_t now);

/*! \return The TTL, in seconds, that counts for a record. */
uint32_t delay_ttl(const core_zone_t *zone, keyset_record_t record);

/*! \return Seconds from when a record's change to a state is public until every cache knows it. */
int64_t delay_known(const core_zone_t *zone, const policy_t *policy, keyset_record_t record,
                    keyset_state_t to);
