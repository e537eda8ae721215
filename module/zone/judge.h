/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The rule chain at work: what the store, the key set and knotd know of a zone is put before
 *        trust_passes(). What does not pass is held (HELD_CHAIN).
 *
 * A key set is judged when it asks for other keys than the one in force; if it is held, that one
 * stays. A version is judged if the store cannot know what resolvers hold: it has no version, or
 * knotd serves one that is none of the store's, as when the store was lost, or is an older copy.
 * While a version is held, nothing is published.
 *
 * A version is held (HELD_TIME) if its signatures expire soon, and earlier than those that knotd
 * serves: an older copy of the store has old ones, and what cannot be made anew, for a key is away,
 * or for there is too much of it for one version, must not take the place of what is better. What
 * knotd cannot have yet is signed on.
 *
 * A key set whose DNSKEY RRset was signed ahead waits (HELD_TIME) until its signatures are good by any
 * time that it may be now, as those are that the signer makes. It does not if the version before would
 * expire over that: a clock that nothing sets right must not cost the zone its signatures.
 *
 * For the zone's worker. No function waits: KEYS_MAY_LATER is returned while knotd has not
 * answered.
 */
#pragma once

#include "module/zone/zone.h"

/*!
 * Judges a key set that is not in force.
 *
 * \param before  The one in force; NULL: none.
 * \param now     Within which it is now.
 */
keys_may_t judge_keys(zone_t *zone, const state_t *state, const keyset_t *before,
                      const keyset_t *set, const clock_span_t *now);

/*! Judges a version that is to be made with the key set in force. If all is well, the rule holds
 *  nothing any more. */
keys_may_t judge_version(zone_t *zone, const state_t *state);

/*! A version is about to be made. If knotd serves none of the store's, it may not have the new one
 *  before judge_time(). \param served  NULL: it serves none. */
void judge_first(zone_t *zone, const state_t *state, const uint32_t *served);

/*!
 * Judges the signatures of the newest version, as far as knotd does not serve it.
 *
 * \param state  Gets to know until when what is served is good.
 * \return Whether the state has changed
 */
bool judge_time(zone_t *zone, state_t *state, int64_t now);
