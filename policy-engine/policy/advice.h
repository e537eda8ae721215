/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Advice on policies that have no errors.
 */
#pragma once

#include "policy-engine/policy/place.h"

/*! Warns of all that is allowed in a policy and yet inadvisable, with the reason. */
void kasp_advise(const policy_check_t *c);
