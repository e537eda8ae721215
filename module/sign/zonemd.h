/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief ZONEMD (RFC 8976): a digest of all that a version publishes; scheme SIMPLE, SHA-384.
 *
 * Of all that a version takes, this alone costs what the zone is large, and not what the change is.
 */
#pragma once

#include <stdatomic.h>

#include "module/sign/changes.h"

/*! The version that is being made: what is stored, and what is to be changed in it. */
typedef struct {
	store_txn_t *txn;
	const knot_dname_t *apex;
	uint32_t nodes;             /*!< Id of its nodes. */
	const state_chain_t *chain; /*!< Its chain; if the id is 0 there is none. */
	const changes_t *changes;   /*!< Changes of other ids are left out. */
	const atomic_bool *stop;
} zonemd_zone_t;

/*!
 * Makes the digest, in one walk over the store.
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_EMALF, KNOT_EAGAIN (stopped), or an error of the store
 */
int zonemd_digest(const zonemd_zone_t *zone, uint8_t digest[ZONEMD_DIGEST_LEN]);
