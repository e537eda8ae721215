/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief zone-pass, zone-freeze, zone-thaw: an operator overrides a rule of the last gate, or has
 *        the unsigned zone stay as it is.
 */
#pragma once

#include "module/control/request.h"

void gate_pass(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);
void gate_freeze(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);
void gate_thaw(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);
