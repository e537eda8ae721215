/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The module's control socket: its commands over a server.
 */
#pragma once

#include "module/control/request.h"

/*!
 * Opens the socket. If that fails, it is logged, and the signer goes on without.
 * \param server  Has to outlive the control.
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int control_start(control_t **control, server_t *server);

/*! Ends within a second or two. NULL is allowed. */
void control_stop(control_t *control);
