/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A server of Knot's control protocol, such that stock knotc can speak to it.
 *
 * The server has a thread, which accepts one connection at a time, as knotd does, and calls for
 * each unit of a block the handler of its command. The server does what any version of knotc
 * expects: it reads a block to its end even if it refuses it, ends each answer with BLOCK, and
 * answers an unknown command with an error that names the known ones.
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
 * Binds the socket, with mode 0660, and starts the thread. A socket that a dead process left behind
 * is replaced; one that a process serves is an error.
 *
 * \param commands  Ends with a NULL name; has to outlive the server.
 * \param ctx       Passed to the handlers, which are called in the server's thread; has to outlive
 *                  the server.
 * \param err       Says path and reason on failure.
 * \return 0, or a KNOT_E* code.
 */
int ctl_server_start(ctl_server_t **server, const char *path, const ctl_command_t *commands,
                     void *ctx, char *err, size_t err_size);

/*! Stops within a second or two, whatever the client does; removes the socket. NULL is allowed. */
void ctl_server_stop(ctl_server_t *server);

/*!
 * Sends a unit; zone and type may be NULL. If sending fails, the server ends the connection after
 * the handler.
 */
void ctl_reply(ctl_request_t *req, const char *zone, const char *type, const char *data);

/*! Adds a further "type: data" column to the line begun by ctl_reply(). */
void ctl_extra(ctl_request_t *req, const char *type, const char *data);

/*! Sends a counter as knotc's stats and zone-stats print it; id and zone may be NULL. */
void ctl_counter(ctl_request_t *req, const char *zone, const char *section, const char *item,
                 const char *id, const char *value);

/*! Sends an error; zone may be NULL. knotc then exits with 1. */
void ctl_error(ctl_request_t *req, const char *zone, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
