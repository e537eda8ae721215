/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What a bundle (keyset/bundle.h) offers to a zone whose KSK is offline.
 */
#pragma once

#include "keyset/bundle.h"
#include "policy-engine/zone/kasp-zone.h"

/*! \return A key as a bundle has it. Borrows from info. */
bundle_key_t offer_key(const core_key_t *core, const zone_key_t *info);

/*! \return The zone's key that is the one of a bundle; SIZE_MAX if it has none. */
size_t offer_find(const kasp_zone_t *zone, const bundle_key_t *key);

/*! Notes which keys a bundle has, and which have signed it.
 *
 * \param core    The zone's, or a copy of it.
 * \param bundle  "" = none: all stays as it is.
 * \return Whether the zone has all of its keys.
 */
bool offer_note(core_zone_t *core, const kasp_zone_t *zone, const char *bundle);

/*! \return The first key that is in the zone, or signs, otherwise than it is offered; SIZE_MAX = none. */
size_t offer_mismatch(const core_zone_t *core);

/*! \return The TTL of the DNSKEY RRset of the zone's bundle; 0 = it has none. */
uint32_t offer_ttl(const kasp_zone_t *zone);

/*!
 * Makes what the module is to publish of the zone's bundle: its CDS and CDNSKEY as far as the policy
 * has such. If these name other keys than just those whose DS the parent is to have, or a digest that
 * the policy has not, neither: a parent that follows CDS must not be early, and the two have to agree
 * (RFC 7344, section 4). A bundle's CDS may lack a digest of the policy's: keymgr makes one.
 *
 * \param wanted  Of the policy.
 * \return To be freed by free(); NULL if out of memory.
 */
char *offer_text(const kasp_zone_t *zone, const keyset_cds_t *wanted);
