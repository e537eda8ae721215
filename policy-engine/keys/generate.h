/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Has the tokens generate keys.
 */
#pragma once

#include "policy-engine/keys/keys.h"

/*!
 * Generates what zones lack and what was ordered, for about two seconds; before that, finds out about
 * generations that were interrupted. Main thread, not locked.
 *
 * \param more  Set if the next round should follow at once; left alone otherwise.
 * \return 0, or -1 if the database failed.
 */
int generate_pass(keys_t *keys, int64_t now, bool *more);
