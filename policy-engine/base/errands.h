/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A few threads that do what may take long: programs of the operator, questions to servers.
 */
#pragma once

typedef struct errands errands_t;

/*! What is done with a job. */
typedef struct {
	void (*work)(void *job, int stop_fd); /*!< Runs in one of the threads; has to end soon when
	                                           stop_fd becomes readable. */
	void (*free)(void *job);
} errands_kind_t;

/*!
 * Starts the threads; all signals are blocked in them.
 *
 * \param wake  Called in one of the threads whenever a job is done; must not block, nor call
 *              errands_*().
 * \param ctx   Passed to wake.
 * \return NULL on failure.
 */
errands_t *errands_start(unsigned threads, const errands_kind_t *kind, void (*wake)(void *ctx),
                         void *ctx);

/*!
 * Queues a job; jobs are begun in turn. Any thread.
 *
 * \param job  Taken over in any case; NULL = there was no memory for it.
 * \return 0, or -1 if out of memory: then the job is freed.
 */
int errands_add(errands_t *errands, void *job);

/*! Takes what came of a job, which is freed afterwards. \return 0, or -1 on failure. */
typedef int (*errands_settle_f)(void *ctx, const void *job);

/*!
 * Calls settle, in the caller's thread, for each job that is done; frees the jobs. After a failure
 * the remaining jobs are only freed. Any thread.
 *
 * \return 0, or what settle returned.
 */
int errands_settle(errands_t *errands, errands_settle_f settle, void *ctx);

/*! Has the running jobs end early, and those in the queue, too; waits for the threads; frees all
 *  jobs. NULL is allowed. */
void errands_stop(errands_t *errands);
