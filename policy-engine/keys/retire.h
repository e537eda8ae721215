/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Key pairs that no zone has any more.
 */
#pragma once

#include "policy-engine/keys/keys.h"

/*! Removes such key pairs from their tokens. Main thread, not locked.
 *  \return 0, or -1 if the database failed. */
int retire_pass(keys_t *keys, int64_t now);
