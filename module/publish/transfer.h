/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The transfer socket: knotd, and nobody else, gets the signed zones there.
 *
 * A UNIX stream socket that speaks DNS over TCP (RFC 7766): SOA, AXFR (RFC 5936), IXFR (RFC 1995),
 * and UPDATE (RFC 2136), which knotd forwards.
 * A connection whose peer (SO_PEERCRED) is not this very process is closed. Each connection has a
 * thread of its own, so that a slow one holds up no other.
 */
#pragma once

#include "module/base/log.h"
#include "module/publish/publisher.h"

typedef struct transfer transfer_t;

/*!
 * Binds the socket (mode 0600) and serves it. A socket that a dead process left there is replaced,
 * one that is alive is not.
 *
 * \param err  Path and reason on failure.
 * \return KNOT_EOK, KNOT_EADDRINUSE and others of the system, KNOT_ENOMEM
 */
int transfer_start(transfer_t **transfer, const char *path, publisher_t publisher, log_t *log,
                   char *err, size_t err_size);

/*! Closes all connections, ends all threads, removes the socket. NULL is allowed. */
void transfer_stop(transfer_t *transfer);
