/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The look at one zone: which keys it gets and loses, how far their states come, and which
 * key set the module is to have.
 */
#pragma once

#include "policy-engine/engine/parts.h"

/*!
 * Looks at a zone. Main thread, under the desk's lock, within a transaction.
 *
 * \param name  As zone_name_canonical() makes it.
 * \return 0 or more; -1 if the database failed.
 */
int look_at_zone(parts_t *parts, const char *name, int64_t now);
