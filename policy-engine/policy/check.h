/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Whether the values of a policy make sense together.
 */
#pragma once

#include "policy-engine/policy/place.h"

/*!
 * Checks one policy, as far as its elements could be read, and sets its defect if it has one.
 *
 * Errors and advice go the way of c->xml; a defect goes to c->report, too.
 *
 * \retval HSM_EOK, HSM_ECONF, HSM_ENOMEM
 */
int kasp_check(const policy_check_t *c);
