/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The command by which the policy engine asks for facts; its context is a control_t.
 */
#pragma once

#include "module/control/request.h"

/*!
 * zone-facts: sends the facts of the zones that have changed since a generation, the zones that
 * have gone away since, the present generation, and the number of the last act (act.h).
 */
void facts_command(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);
