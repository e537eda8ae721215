/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A server of Knot's control protocol, such that stock knotc can speak to it.
 *
 * Clients are served side by side. A connection that is idle takes no more than its descriptor: it
 * gets a thread when it has sent something, and until it has its answer. Each step has a deadline.
 * The users of the system are told apart: one of them has so many connections, and so many served
 * at a time; what strangers do takes nothing from root and the process's own user.
 */
#pragma once

#include <stddef.h>

#include "control/request.h"

typedef struct ctl_server ctl_server_t;

/*!
 * Binds the socket, with mode 0660, and starts the thread. A socket that a dead process left behind
 * is replaced; one that a process serves is an error.
 *
 * \param commands  Ends with a NULL name; has to outlive the server.
 * \param ctx       Passed to the handlers, which are called in threads of the server's; has to
 *                  outlive the server.
 * \param err       Says path and reason on failure.
 * \return 0, or a KNOT_E* code.
 */
int ctl_server_start(ctl_server_t **server, const char *path, const ctl_command_t *commands,
                     void *ctx, char *err, size_t err_size);

/*! Stops within a second or two, whatever the clients do; a handler under way is waited for.
 *  Removes the socket. NULL is allowed. */
void ctl_server_stop(ctl_server_t *server);
