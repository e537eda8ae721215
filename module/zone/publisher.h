/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The zones as the transfer socket sees them: see module/publish/publisher.h.
 */
#pragma once

#include "module/publish/publisher.h"

struct server;

/*! \return The table, with the server as its context. */
publisher_t server_publisher(struct server *server);
