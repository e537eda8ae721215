/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What the module is asked in the name of an operator.
 */
#pragma once

#include "policy-engine/control/context.h"

/*! Sends a command to the module, and its answer to the operator; waits for some seconds at most. Not under
 *  the desk's lock. \return Whether the module did it. */
bool relay_ask(const context_t *c, ctl_request_t *req, const ctl_unit_t *unit);
