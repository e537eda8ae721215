/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The engine's memory in a key set: what its database has beyond the key set's other items.
 *
 * The module stores it, and the engine that lost its database, or has an older one, reads it. A
 * text is "1" and items "NAME=NUMBER,…", a blank before each, in any order; each is there once.
 * Times are Unix seconds, TTLs seconds.
 *
 * Of a zone: "roll" (when new keys were ordered: KSK, ZSK, CSK), "emergency" (a bit for each of
 * these), "ds", "dnskey", "zone" (core_ttl_t: ttl, until, lower), "shown" (core_shown_t), and, of a
 * zone that is frozen, "frozen" (until).
 *
 * Of a key: "key" (goal_in, standby, roll, inception, bits, dead), "ds", "dnskey", "rrsig-dnskey",
 * "rrsig" (core_record_t without its state: since, revision, came, public_at), "done" (zone_key_t).
 */
#pragma once

#include <stdbool.h>

#include "policy-engine/zone/kasp-zone.h"

/*! \return The memory of a zone, to be freed by free(); NULL if out of memory. */
char *memory_of_zone(const kasp_zone_t *zone);

/*! \return The memory of key i of a zone, to be freed by free(); NULL if out of memory. */
char *memory_of_key(const kasp_zone_t *zone, size_t i);

/*!
 * Fills requests, ttls and shown.
 *
 * \param frozen  As that of kasp_zone_t.
 * \return Whether the text is a zone's memory; if not, nothing changed
 */
bool memory_read_zone(const char *text, core_zone_t *zone, int64_t *frozen);

/*! \return What the memory of a zone says of a freeze; "" = nothing. Borrows from text. */
const char *memory_of_freeze(const char *text);

/*!
 * Fills what the key set does not say of a key.
 *
 * \param core      Has its states. Its records have to fit them, or nothing is filled.
 * \param revision  Of the key set: no record has a later one.
 * \param done      As that of zone_key_t.
 * \return Whether the text is a key's memory; if not, nothing changed.
 */
bool memory_read_key(const char *text, uint64_t revision, core_key_t *core,
                     int64_t done[ZONE_ERRANDS]);
