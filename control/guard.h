/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Bounds the time that a server of libknot's control protocol waits for its client.
 *
 * libknot starts its timeout anew with every byte: a client that sends a byte a second would hold
 * the server for ever. And libknot's accept waits five seconds, during which the server cannot be
 * stopped. libknot does not give its sockets away. The guard therefore finds them among the
 * process's descriptors by their path, and shuts them down in a thread of its own.
 *
 * Only the server's thread calls guard_open(), guard_close(), guard_enter() and guard_leave().
 */
#pragma once

#include <stdbool.h>

typedef struct guard guard_t;

/*!
 * Starts to guard a socket that is bound and listens, and makes its queue of connections longer.
 *
 * \param path  As the socket was bound; has to outlive the guard.
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_ENOENT if the socket cannot be found (/proc is missing), or
 *         an error of the system
 */
int guard_start(guard_t **guard, const char *path);

/*! To be called after an accept. \return Whether the server shall serve the connection. */
bool guard_open(guard_t *guard);

/*! To be called before the server closes the connection. */
void guard_close(guard_t *guard);

/*! To be called before and after each operation that may wait for the client. */
void guard_enter(guard_t *guard);
void guard_leave(guard_t *guard);

/*!
 * Ends an accept and a receive that are under way, and all later ones; an answer can still be sent.
 */
void guard_shut(guard_t *guard);

/*! Ends the guard's thread and frees the guard; the sockets stay open. NULL is allowed. */
void guard_stop(guard_t *guard);
