/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The key timing of one zone, as a pure function: no I/O, no clock, no allocation.
 *
 * Each key has four records: DS, DNSKEY, its signature over the DNSKEY RRset, its signatures over
 * the rest of the zone. Each record has a state.
 *
 * To publish a record (hidden -> rumoured) and to withdraw it (rumoured or omnipresent ->
 * unretentive) are decisions. A decision is taken only if the zone stays valid in every cache, see
 * rules.h. The other changes are conclusions about the world's caches (rumoured -> omnipresent,
 * unretentive -> hidden). A conclusion is drawn when enough time has passed since the decision
 * became public.
 *
 * plan.h says which keys a zone should have.
 */
#pragma once

#include "keyset/facts.h"
#include "policy-engine/core/state.h"
#include "policy-engine/policy/policy.h"

/*! Called after each change of a state. \param from  The state before. */
typedef void (*core_change_f)(void *ctx, const core_key_t *key, keyset_record_t record,
                              keyset_state_t from);

/*!
 * Notes which decisions are public by now.
 *
 * \return Whether there are new ones.
 */
bool core_observe(core_zone_t *zone, const facts_t *facts);

/*!
 * Takes all steps that can be taken now.
 *
 * The decisions of one call belong to one key set, so that the world sees them together. The signer
 * may skip key sets.
 *
 * \param facts   What the module says of the zone. The zone's largest TTL counts if it is larger
 *                than the policy's.
 * \param change  May be NULL.
 * \return When to call again at the latest, if nothing happens before; CORE_NEVER = never.
 */
int64_t core_run(core_zone_t *zone, const policy_t *policy, const facts_t *facts, int64_t now,
                 core_change_f change, void *ctx);

/*!
 * Notes that all of the parent's servers have the key's DS, or that none has it any more.
 *
 * \param there  Whether all have it; else none has.
 * \param since  When that began.
 * \return Whether the key waited for that; if not, nothing changed.
 */
bool core_ds_confirm(core_key_t *key, bool there, int64_t since);

/*!
 * Notes that none of the parent's servers has the DS of key i any more, though nobody withdrew it.
 *
 * If all caches have the key's DNSKEY, its DS may come back at any time: it waits for the parent as
 * if it had just been handed over. Otherwise the DS counts as withdrawn. If the key needs it, the
 * engine hands it over again as soon as the rules allow.
 *
 * \return Whether the DS counted as being there; if not, nothing changed.
 */
bool core_ds_lose(core_zone_t *zone, size_t i, int64_t now);

/*!
 * Notes which TTLs the parent's servers showed. Each counts beside the policy's, and for as long as
 * some cache may hold what was published with it.
 *
 * \param whole  All of the servers answered: a TTL that none of them shows any more begins to run
 *               out now. Else only a larger TTL counts.
 * \return Whether something changed.
 */
bool core_see_parent(core_zone_t *zone, const policy_t *policy, const core_shown_t *shown,
                     bool whole, int64_t now);

/*! \return Whether a step waits until the engine has looked at the parent. */
bool core_needs_look(const core_zone_t *zone);

/*!
 * Orders new keys of a role, in all policy entries of it.
 *
 * An earlier order for an emergency stays an emergency until it is served.
 *
 * \return Whether the zone has a key of that role to be replaced; if not, nothing changed.
 */
bool core_request_roll(core_zone_t *zone, keyset_role_t role, bool emergency, int64_t now);

/*!
 * Tells whether a key is to sign the zone in the next key set.
 *
 * If a ZSK is gone, the KSK of its algorithm signs in its place, and its signatures are all replaced
 * at once: whoever holds an older DNSKEY RRset knows the KSK, and not the successor yet.
 */
bool core_signs_zone(const core_zone_t *zone, const core_key_t *key);

/*!
 * Notes that the pair of key i is gone for good.
 *
 * \return Whether it can be replaced without it; if not, nothing changed.
 */
bool core_lose(core_zone_t *zone, size_t i);

/*!
 * Notes that the pair of key i is gone for good, and that nothing can be signed any more that caches
 * could verify: all keys go. Their DS go first. What was signed stays as it is meanwhile, until no
 * cache has a DS, and there are new keys.
 *
 * \return Whether that is so, and no KSK or CSK is just coming or going; if not, nothing changed.
 */
bool core_give_up(core_zone_t *zone, size_t i);

/*! \return Whether the zone has been given up, and has no new keys yet. */
bool core_is_given_up(const core_zone_t *zone);

/*! \return Whether the signatures of a key that signs no more are to be replaced at once: in an
 *          emergency, when the key is older than the order, if the key is gone, and those of a
 *          KSK that signed in its place. */
bool core_replaces(const core_zone_t *zone, const core_key_t *key);

/*! \return Whether all caches may use each record that the key is to have. */
bool core_is_settled(const core_key_t *key);

/*! \return The record whose step says most about what the key waits for; -1 = for nothing. */
int core_next_record(const core_key_t *key);
