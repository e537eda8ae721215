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
 * For the zone's worker. No function waits: KEYS_MAY_LATER is returned while knotd has not
 * answered.
 */
#pragma once

#include "module/zone/zone.h"

/*! Judges a key set that is not in force. \param before  The one in force; NULL: none. */
keys_may_t judge_keys(zone_t *zone, const state_t *state, const keyset_t *before,
                      const keyset_t *set);

/*! Judges a version that is to be made with the key set in force. If all is well, the rule holds
 *  nothing any more. */
keys_may_t judge_version(zone_t *zone, const state_t *state);
