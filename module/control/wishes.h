/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Commands by which operators wish something of zones; their context is a control_t.
 */
#pragma once

#include "module/control/request.h"

/*! zone-reload: reads the source, changed or not. */
void wishes_reload(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! zone-refresh: looks whether the source has changed. */
void wishes_refresh(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! zone-flush: writes to the zone's file what updates did. */
void wishes_flush(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! zone-sign: makes all signatures anew. */
void wishes_sign(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! zone-keys-load: reads conf.xml again, since a PIN may be right now, and finds the keys anew. */
void wishes_keys_load(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! clock-accept: a person says that the clock is right, however far it jumped. */
void wishes_clock_accept(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

/*! zone-purge: removes what the store has of a zone that is not configured any more. */
void wishes_purge(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);
