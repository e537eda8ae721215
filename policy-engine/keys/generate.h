/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Has the tokens generate keys.
 */
#pragma once

#include "policy-engine/keys/keys.h"

/*!
 * Finds out about generations that were interrupted; then generates, for about two seconds, what
 * zones lack and what was ordered. Main thread, not locked.
 *
 * \param more  Set if the next round should follow at once; left alone otherwise.
 * \return 0, or -1 if the database failed.
 */
int generate_pass(keys_t *keys, int64_t now, bool *more);
