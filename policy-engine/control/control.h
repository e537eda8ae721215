/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The engine's control socket, for knotc and ods.
 */
#pragma once

#include "policy-engine/engine/engine.h"

typedef struct control control_t;

/*!
 * Binds the socket that conf.xml names, and starts the threads that serve it.
 *
 * \param engine  Has to outlive the control socket.
 * \param err     Says what failed.
 * \return 0, or -1.
 */
int control_start(control_t **control, engine_t *engine, char *err, size_t err_size);

/*! Ends the threads, and removes the socket. NULL is allowed. */
void control_stop(control_t *control);
