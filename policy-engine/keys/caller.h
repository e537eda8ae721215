/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Calls to a token, in a thread of its own: one that does not come back holds up nothing but what
 *        needs that token.
 *
 * One thread uses a caller_t.
 */
#pragma once

#include <stdbool.h>

typedef struct caller caller_t;

/*! What is done with a call. */
typedef struct {
	void (*run)(void *call);  /*!< In the thread. */
	void (*free)(void *call); /*!< Instead of who made the call, if he did not wait for its end. */
} caller_kind_t;

/*! \param kind  Borrowed. \return NULL if out of memory */
caller_t *caller_start(const caller_kind_t *kind);

/*!
 * Makes a call, unless one is still under way, and waits for its end.
 *
 * \param call         Taken over, unless it is done.
 * \param patience_ms  How long to wait at most.
 * \return Whether it is done; it is the caller's again
 */
bool caller_make(caller_t *caller, void *call, int patience_ms);

/*! \return Whether a call is under way for which nobody waits any more. */
bool caller_is_busy(caller_t *caller);

/*! Waits for the call that is under way, and frees. NULL is allowed. */
void caller_stop(caller_t *caller);
