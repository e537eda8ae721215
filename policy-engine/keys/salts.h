/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The salts of the policies for NSEC3.
 */
#pragma once

#include "policy-engine/keys/keys.h"

/*! Makes salts where they are missing or due. Main thread, under the desk's lock.
 *  \return 0, or -1 if the database failed. */
int salts_pass(keys_t *keys, int64_t now);
