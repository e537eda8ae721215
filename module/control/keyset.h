/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The command by which the policy engine sends key sets; its context is a control_t.
 */
#pragma once

#include "module/control/request.h"

/*!
 * zone-keyset: takes a zone's key set. Those of a block are stored together at its last unit, and
 * answered when they are on the disk.
 */
void keyset_command(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);
