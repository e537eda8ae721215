/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Commands by which the policy engine learns what there is of a zone, to rebuild what it has
 *        lost; their context is a control_t.
 */
#pragma once

#include "module/control/request.h"

/*! zone-keyset-read: sends a zone's key set as the store has it. */
void served_keyset(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*!
 * zone-served: asks knotd what it serves of a zone's apex, and sends that: serial, DNSKEYs, who
 * signs, TTLs, and when the first signature expires. It waits for knotd for two seconds, unless
 * knotd is slow on purpose.
 */
void served_zone(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);
