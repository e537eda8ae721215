/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Looks after the zones whose turn it is.
 */
#pragma once

#include "policy-engine/engine/parts.h"

/*!
 * Looks after the zones that are dirty or due, 500 at most, within one transaction. Main thread,
 * under the desk's lock.
 *
 * \param more  Set to whether some zones were left for the next pass.
 * \return 0, or -1 if the database failed.
 */
int enforce_pass(parts_t *parts, int64_t now, bool *more);
