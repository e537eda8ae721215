/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Keys in advance.
 */
#pragma once

#include "policy-engine/keys/keys.h"

/*!
 * Orders, once an hour, what the zones will want within <AutomaticKeyGenerationPeriod>. Main
 * thread, not locked; to be called only while the module is connected, so that the zones are known.
 *
 * \return 0, or -1 if the database failed.
 */
int stock_pass(keys_t *keys, int64_t now);
