/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What a policy may say, and had better not.
 */
#pragma once

#include "policy-engine/policy/place.h"

/*! Warns of all that is inadvisable in a policy without errors, with the reason. */
void kasp_advise(const policy_check_t *c);
