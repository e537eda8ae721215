/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The zones as the transfer socket sees them; see module/publish/publisher.h.
 */
#pragma once

#include "module/publish/publisher.h"
#include "module/zone/zones.h"

/*! \return The table, with the zones as its context. */
publisher_t publisher_of(zones_t *zones);
