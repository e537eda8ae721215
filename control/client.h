/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A client of Knot's control protocol: one block of units, one block of answers.
 */
#pragma once

#include <stddef.h>

#include "control/unit.h"

/*!
 * Called for each unit of the answer.
 *
 * \param unit   Valid during the call.
 * \param error  The unit's error text, never empty; NULL if it has no error.
 * \param first  Whether the unit begins a line (DATA); otherwise it goes on with one (EXTRA).
 * \return 0 to go on; anything else ends the reading and closes the connection, without an error.
 */
typedef int (*ctl_answer_f)(void *ctx, const ctl_unit_t *unit, const char *error, int first);

/*! What to send, where to, and what to do with the answer. */
typedef struct {
	const char *path;        /*!< The server's socket. */
	int timeout_ms;          /*!< For each socket operation. */
	const ctl_unit_t *units; /*!< The requests; at least one. */
	size_t count;
	ctl_answer_f answer;     /*!< NULL: the caller only wants to know whether it worked. */
	void *ctx;               /*!< Passed to answer. */
} ctl_call_t;

/*!
 * Sends a block of units and reads the whole answer. Waits up to the timeout while the server's
 * queue of connections is full.
 *
 * \param err  On failure: path and reason; if call->answer is NULL, the server's first error.
 * \retval KNOT_EOK
 * \retval KNOT_ERROR   The server sent an error, and call->answer is NULL.
 * \retval KNOT_EAGAIN  The server's queue stayed full.
 * \retval KNOT_ECONN and others of libknot: the server cannot be reached, or goes away.
 */
int ctl_client_call(const ctl_call_t *call, char *err, size_t err_size);
