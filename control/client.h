/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A client of Knot's control protocol: one block of units, one block of answers.
 */
#pragma once

#include <stddef.h>

#include "control/server.h"

/*!
 * Called for each unit of the answer. \param first  Whether it begins a line (DATA, not EXTRA).
 * \param error  The unit's error text, NULL if none.
 * \return 0 to go on, anything else to stop and close.
 */
typedef int (*ctl_answer_f)(void *ctx, const ctl_unit_t *unit, const char *error, int first);

/*!
 * Sends a block of units and reads the whole answer. Waits while the server is busy with others.
 *
 * \param path        Socket.
 * \param timeout_ms  For each socket operation.
 * \param units       The requests; at least one.
 * \param answer      May be NULL.
 * \param err         On failure: path and reason, or the first error the server sent if answer is
 *                    NULL.
 * \return 0, KNOT_ECONN and others of libknot if the server cannot be reached or goes away
 *         (KNOT_EAGAIN: still busy),
 *         KNOT_ERROR if it sent an error and answer is NULL.
 */
int ctl_client_call(const char *path, int timeout_ms, const ctl_unit_t *units, size_t count,
                    ctl_answer_f answer, void *ctx, char *err, size_t err_size);
