/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Which keys the zones lack.
 */
#pragma once

#include "policy-engine/keys/keys.h"

/*!
 * Counts, when desk_keys_wanted() says so, the keys that zones lack and that do not exist yet, not
 * even without a backup. Notes all of them as wants at once, so that one backup does for all zones.
 * Main thread, not locked.
 *
 * \return 0, or -1 if the database failed.
 */
int demand_pass(keys_t *keys, int64_t now);
