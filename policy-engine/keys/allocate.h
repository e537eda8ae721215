/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Finds a key pair for a zone: one that other zones of its policy have, or an unused one.
 */
#pragma once

#include "policy-engine/core/plan.h"
#include "policy-engine/database/db.h"
#include "policy-engine/keys/proofs.h"

enum {
	ALLOCATE_NONE,      /*!< There is no such key. */
	ALLOCATED,          /*!< The zone got one; it is the last of its keys. */
	ALLOCATE_NO_BACKUP, /*!< There is one, but it has no backup. */
	ALLOCATE_NO_PROOF,  /*!< There is one, but it has not shown of late that it works. */
};

/*! The key that a zone is to get. All is borrowed. */
typedef struct {
	const policy_t *policy;  /*!< Of the zone. */
	const plan_want_t *want;
	bool backed_up;          /*!< Only a key that has a backup will do. */
	int64_t now;             /*!< When the use of the key begins. */
	const proofs_t *proofs;  /*!< NULL: no pair has to show that it works. */
} allocate_t;

/*!
 * Gives a zone a key of the kind that is wanted.
 *
 * The zone never gets a key whose tag another key of the zone has: validators, and the signer, tell
 * keys apart by the tag.
 *
 * \param unsuitable  How many unused keys were passed over, since the zone has their tags. Left
 *                    alone if the zone gets a shared key.
 * \return ALLOCATED and so on; -1 if the database failed.
 */
int allocate_key(db_t *db, kasp_zone_t *zone, const allocate_t *wanted, unsigned *unsuitable);
