/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A server of Knot's control protocol, such that stock knotc can speak to it.
 *
 * One thread of its own accepts one connection at a time, as knotd does, and answers each unit
 * of a block by the handler of its command. It sees to all that knotc expects of a server
 * whatever its version: the closing BLOCK, the draining of a refused block, an error for an
 * unknown command that says which ones exist.
 */
#pragma once

#include <stddef.h>

#include "control/unit.h"

typedef struct ctl_server ctl_server_t;
typedef struct ctl_request ctl_request_t;

/*!
 * Answers one unit by any number of ctl_reply(), ctl_extra(), ctl_error(); none means "OK".
 *
 * \param unit  Valid until the last unit of its block is answered.
 */
typedef void (*ctl_handler_f)(void *ctx, ctl_request_t *req, const ctl_unit_t *unit);

typedef struct {
	const char *name;      /*!< Command, as knotc sends it. */
	ctl_handler_f handler;
} ctl_command_t;

/*!
 * Binds the socket (mode 0660; one that a dead process left behind is replaced, one that is
 * alive is not) and starts the thread.
 *
 * \param commands  Ends with a NULL name; has to outlive the server, as ctx.
 * \param err       Says path and reason on failure.
 * \return 0, or a KNOT_E* code.
 */
int ctl_server_start(ctl_server_t **server, const char *path, const ctl_command_t *commands,
                     void *ctx, char *err, size_t err_size);

/*! Stops within a second or two, whatever the client does; removes the socket. NULL is allowed. */
void ctl_server_stop(ctl_server_t *server);

/*! Sends a unit: zone and type may be NULL. Errors of sending end the connection by themselves. */
void ctl_reply(ctl_request_t *req, const char *zone, const char *type, const char *data);

/*! Adds a further "type: data" column to the line begun by ctl_reply(). */
void ctl_extra(ctl_request_t *req, const char *type, const char *data);

/*! Sends a counter as knotc's stats and zone-stats print it; id and zone may be NULL. */
void ctl_counter(ctl_request_t *req, const char *zone, const char *section, const char *item,
                 const char *id, const char *value);

/*! Sends an error; zone may be NULL. knotc then exits with 1. */
void ctl_error(ctl_request_t *req, const char *zone, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
