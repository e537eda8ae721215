/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Threads that sign, each with a session of its own; a set of them for each repository.
 *
 * Zones that are signed at the same time share a repository's threads in turn. A slow token holds
 * up only the zones that use it. Each function may be called by any thread.
 */
#pragma once

#include <stdatomic.h>

#include "module/base/log.h"
#include "module/keys/rrsig.h"

typedef struct signpool signpool_t;

/*!
 * \param hsm      Has to outlive the pool.
 * \param threads  For each repository; they are started when the repository is first used. If the token,
 *                 or <Sessions>, has fewer sessions, only as many go on.
 * \param log      Has to outlive the pool, too.
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int signpool_new(signpool_t **pool, hsm_t *hsm, unsigned threads, log_t *log);

/*! Waits for the threads to finish the signatures that they are making. NULL is allowed. */
void signpool_free(signpool_t *pool);

/*! Which signatures are verified with the published key. */
typedef enum {
	SIGNPOOL_VERIFY_ALL,
	SIGNPOOL_VERIFY_SAMPLE, /*!< The first by each key in each session, and one in a hundred. */
} signpool_verify_t;

/*! Signatures to be made. All is borrowed until signpool_finish(). */
typedef struct {
	const knot_dname_t *zone;
	rrsig_job_t *jobs;
	size_t count;
	signpool_verify_t verify;
	uint64_t series;         /*!< Of signpool_series(): a sample is taken of all jobs of the series,
	                              whose keys have to be there as long; 0: of these alone. */
	const atomic_bool *stop; /*!< Once true, no further signature is begun, and
	                              signpool_finish() fails. */
	const keyring_key_t **failed; /*!< Where signpool_finish() tells by which key a signature
	                              could not be made; it does not if it was stopped. */
	void (*ended)(void *ctx);  /*!< Called, by any thread, when signpool_finish() would
	                              not wait any more, and may be called; NULL: nobody is. Must
	                              not block. */
	void *ctx;
} signpool_jobs_t;

/*! \return A new series: a number that is not 0. */
uint64_t signpool_series(signpool_t *pool);

/*! \return How many wrong signatures were found: if more than before, some may be among those that were not
 *  verified. */
uint64_t signpool_wrong(signpool_t *pool);

/*! Signatures being made. */
typedef struct signpool_work signpool_work_t;

/*!
 * Has the threads begin to make signatures, and to verify them.
 *
 * \param work  To be ended by signpool_finish().
 * \param err   Reason of a failure.
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int signpool_start(signpool_t *pool, const signpool_jobs_t *jobs, signpool_work_t **work,
                   char *err, size_t err_size);

/*!
 * Waits until all signatures are made; frees work.
 *
 * \param err  Names key and reason, if not all could be made.
 * \return KNOT_EOK, KNOT_EAGAIN (token), KNOT_ESEMCHECK (a wrong signature), KNOT_ENOMEM
 */
int signpool_finish(signpool_work_t *work, char *err, size_t err_size);
