/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The key timing of one zone, as a pure function: no I/O, no clock, no allocation.
 *
 * Each key has four records (DS, DNSKEY, its signature over the DNSKEY RRset, its signatures over
 * the zone), and each record a state. Publishing and withdrawing one are decisions (hidden ->
 * rumoured, rumoured or omnipresent -> unretentive); the other changes are conclusions about
 * the world's caches (rumoured -> omnipresent, unretentive -> hidden), drawn when enough time has
 * passed since the change was public. A decision is taken only if the zone stays valid in every
 * cache, see rules.h.
 *
 * Which keys a zone should have is the business of plan.h.
 */
#pragma once

#include "keyset/facts.h"
#include "policy-engine/core/state.h"
#include "policy-engine/policy/policy.h"

/*! Called for each change of a state, after it. */
typedef void (*core_change_f)(void *ctx, const core_key_t *key, keyset_record_t record,
                              keyset_state_t from);

/*!
 * Notes which changes are public by now.
 *
 * \return Whether there were new ones.
 */
bool core_observe(core_zone_t *zone, const facts_t *facts);

/*!
 * Takes all steps that can be taken now.
 *
 * The decisions of one call belong to one key set, so that the world sees them together. The signer
 * may skip a key set: it then goes from one before it to one behind it.
 *
 * \param facts   Of the zone; its largest TTL counts if it is larger than the policy's.
 * \param change  May be NULL.
 * \return When to call again at the latest, if nothing happens before; CORE_NEVER = never.
 */
int64_t core_run(core_zone_t *zone, const policy_t *policy, const facts_t *facts, int64_t now,
                 core_change_f change, void *ctx);

/*!
 * Notes that all of the parent's servers have the key's DS, or that none has it any more.
 *
 * \param there  Which of both.
 * \param since  Since when.
 * \return Whether the key waited for that; if not, nothing changed.
 */
bool core_ds_confirm(core_key_t *key, bool there, int64_t since);

/*!
 * Notes that none of the parent's servers has the DS of key i any more, though nobody withdrew it.
 *
 * One that leads to its DNSKEY in all caches may come back at any time: it waits for the parent as
 * if it had just been handed over. Any other counts as withdrawn; if the key needs it, it is handed
 * over again when that can be done.
 *
 * \return Whether it was taken to be there; if not, nothing changed.
 */
bool core_ds_lose(core_zone_t *zone, size_t i, int64_t now);

/*! \return Whether a step waits for a look at the parent. */
bool core_needs_look(const core_zone_t *zone);

/*!
 * Asks for new keys of a role, in all policy entries of it.
 *
 * An emergency that was asked for before and is not served yet stays one.
 *
 * \return Whether the zone has a key of that role to be replaced; if not, nothing changed.
 */
bool core_request_roll(core_zone_t *zone, keyset_role_t role, bool emergency, int64_t now);

/*! \return Whether signatures of a key that signs no more are to be replaced at once: there is an
 *          emergency, and a key younger than it has to wait for them to be gone. */
bool core_replaces(const core_zone_t *zone, const core_key_t *key);

/*! \return Whether all of its records are known everywhere. */
bool core_is_settled(const core_key_t *key);

/*! \return The record whose step says most about what the key waits for; -1 if for nothing. */
int core_next_record(const core_key_t *key);
