/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Commands that show operators how signer and zones are; their context is a control_t.
 */
#pragma once

#include "module/control/request.h"

/*! status: how the signer is. */
void status_server(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! zone-status: how zones are; what an operator has to know first comes first. */
void status_zone(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! zone-stats: counters of zones. */
void status_zone_stats(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! stats: counters of tokens. */
void status_stats(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);
