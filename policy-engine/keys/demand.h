/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Which keys the zones lack.
 */
#pragma once

#include "policy-engine/keys/keys.h"

/*!
 * Sees, when desk_keys_wanted() says so, how many keys the zones lack that do not exist yet, not even
 * without a backup, and adds these to the wants: all at once, so that one backup does for all
 * zones. Main thread, not locked.
 *
 * \return 0, or -1 if the database failed.
 */
int demand_pass(keys_t *keys, int64_t now);
