/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Bounds the time that a server of libknot's control protocol waits for its client.
 *
 * libknot's timeout starts anew with every byte, and it waits for a connection for five seconds:
 * a client that sends a byte a second would hold the server for ever. It keeps its sockets to
 * itself, therefore the guard finds them by their name, and shuts them down from outside.
 */
#pragma once

#include <stdbool.h>

typedef struct guard guard_t;

/*!
 * Starts to guard a socket that is bound and listens, and lets more connections wait for it.
 *
 * \param path  As it was bound; has to outlive the guard.
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_ENOENT if the socket cannot be found (/proc is missing), or
 *         an error of the system
 */
int guard_start(guard_t **guard, const char *path);

/*! To be called after an accept. \return Whether the connection is to be served. */
bool guard_open(guard_t *guard);

/*! To be called before the connection's socket is closed. */
void guard_close(guard_t *guard);

/*! Enclose each operation that may wait for the client. */
void guard_enter(guard_t *guard);
void guard_leave(guard_t *guard);

/*! Ends accept and whatever waits for the client to speak now; an answer may still be sent. */
void guard_shut(guard_t *guard);

/*! Ends the guard; the sockets stay open. NULL is allowed. */
void guard_stop(guard_t *guard);
