/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A few threads that do what may take long: programs of the operator, questions to others.
 */
#pragma once

typedef struct errands errands_t;

/*! An errand, in a thread of its own; stop_fd becomes readable when it is to end early. */
typedef void (*errand_f)(void *arg, int stop_fd);

/*! Starts so many threads; all signals are blocked in them. \return NULL on failure. */
errands_t *errands_start(unsigned threads);

/*! Puts one in the queue; done in turn. \return 0, or -1 if out of memory: it is not done then. */
int errands_add(errands_t *errands, errand_f work, void *arg);

/*! Ends what is being done, and calls what is in the queue, stop_fd being readable: each one
 *  gets its turn, and frees its arg. NULL is allowed. */
void errands_stop(errands_t *errands);
