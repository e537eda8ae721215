/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Finding a key pair for a zone: one that the policy's zones share, or an unused one.
 */
#pragma once

#include "policy-engine/core/plan.h"
#include "policy-engine/database/db.h"

enum {
	ALLOCATE_NONE,      /*!< There is no such key. */
	ALLOCATED,          /*!< It is the last of the zone now. */
	ALLOCATE_NO_BACKUP, /*!< There is one, but it has no backup. */
};

/*!
 * Gives a zone a key of the kind that is wanted.
 *
 * No key gets into a zone whose tag another one of it has: validators, and the signer, tell keys
 * apart by it.
 *
 * \param backed_up   Only keys that have a backup.
 * \param unsuitable  How many unused ones were passed by, since the zone has their tags.
 * \return What came of it; -1 if the database failed.
 */
int allocate_key(db_t *db, kasp_zone_t *zone, const policy_t *policy, const plan_want_t *want,
                 bool backed_up, int64_t now, unsigned *unsuitable);
