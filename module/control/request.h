/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What the commands of the control socket share: the zones that a request names.
 *
 * An answer is put together with the zone locked, and sent when the zone is not locked: a client
 * that does not read must not hold up a zone. A block's key sets are kept from unit to unit by
 * ctl_kept().
 */
#pragma once

#include <stdatomic.h>

#include "control/server.h"
#include "module/zone/server.h"

/*! Context of the commands, which several threads run at the same time: nothing in it changes, but
 *  engine. What it refers to has locks of its own. */
typedef struct {
	server_t *server;
	ctl_server_t *socket;
	atomic_uint engine;      /*!< The user who asked for facts last; none yet: (unsigned)-1. */
	char instance[32];       /*!< Tells the generations of this process from another's. */
} control_t;

/*! Names of zones, one behind the other. Zeroed it is empty. */
typedef struct {
	knot_dname_t *data;      /*!< To be freed. */
	size_t len, size, count;
} zone_names_t;

/*! Adds a name; out of memory, it is left out. */
void zone_names_add(zone_names_t *names, const knot_dname_t *name);

/*! Adds a zone's name. \param ctx  zone_names_t */
void zone_names_add_zone(void *ctx, zone_t *zone);

/*! Finds a zone by its name. \return It, to be dropped by zones_drop(); NULL: an error
 *  that lists some of the zones that there are is sent. */
zone_t *request_use_zone(ctl_request_t *req, control_t *control, const char *name);

/*! Calls a function for the unit's zone, or for all if it names none; it must not block. */
void request_for_zones(ctl_request_t *req, control_t *control, const ctl_unit_t *unit,
                       void (*call)(void *ctx, zone_t *zone), void *ctx);

/*! Sends what there is to send of a zone; none if it has gone away. */
typedef void (*request_send_f)(ctl_request_t *req, control_t *control, const knot_dname_t *name);

/*! Sends something of each zone that is still there, and frees the names. */
void request_send_each(ctl_request_t *req, control_t *control, zone_names_t *names,
                       request_send_f send);
