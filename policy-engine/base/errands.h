/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A few threads that do what may take long: programs of the operator, questions to others.
 */
#pragma once

struct engine;

typedef struct errands errands_t;

/*! What is done with a job. */
typedef struct {
	void (*work)(void *job, int stop_fd); /*!< In a thread; stop_fd becomes readable when it is
	                                           to end early. */
	void (*free)(void *job);
} errands_kind_t;

/*!
 * Starts so many threads; all signals are blocked in them.
 *
 * \param engine  Woken when a job is done.
 * \return NULL on failure.
 */
errands_t *errands_start(unsigned threads, const errands_kind_t *kind, struct engine *engine);

/*! Takes over a job; done in turn. \return 0, or -1 if out of memory: it stays the caller's. */
int errands_add(errands_t *errands, void *job);

/*! \return A job that is done, the caller's from now on; NULL = there is none. Any thread. */
void *errands_take(errands_t *errands);

/*! Ends what is being done, and does what is in the queue, stop_fd being readable; frees all jobs.
 *  NULL is allowed. */
void errands_stop(errands_t *errands);
