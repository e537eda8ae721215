/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A repository's threads that sign. What one waits for in vain, another takes over, with another session,
 *        and perhaps another replica; and a thread that hangs has a deputy, while some token works.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "module/base/log.h"
#include "module/keys/rrsig.h"

/*! Who is told when the last of some batches has ended. */
typedef struct {
	void (*ended)(void *ctx); /*!< Called by any thread; must not block. */
	void *ctx;
	atomic_size_t open;      /*!< Batches that have not. */
} lane_end_t;

/*! Signatures to be made by keys of one repository. Filled by who gives it, which owns it; all zero but what it
 *  fills. */
typedef struct lane_batch {
	const knot_dname_t *zone;
	rrsig_job_t **jobs;
	size_t count;
	const atomic_bool *stop; /*!< Once true, no further one is begun. */
	bool verify_all;         /*!< Each one, and make it anew if it is wrong; else a sample. */
	uint64_t series;         /*!< Of which a sample is taken; not 0. */
	lane_end_t *end;         /*!< NULL: who gives it waits by lane_await(). */

	/* Of the lane. */
	struct lane_batch *next; /*!< In the ring of batches. */
	size_t taken, done;
	int ret;                 /*!< First error; the jobs behind it are then not done. */
	const keyring_key_t *failed; /*!< The key of that error; NULL: it was stopped. */
	char err[640];
} lane_batch_t;

typedef struct lane lane_t;

/*! What the lanes of a pool share. Has to outlive them. */
typedef struct {
	hsm_t *hsm;
	log_t *log;
	unsigned threads;
	atomic_uint_fast64_t wrong; /*!< Signatures that were. */
} lane_shared_t;

/*! \return A lane; NULL: no memory, or no threads */
lane_t *lane_new(lane_shared_t *shared, const char *repository);

/*! Waits for the threads to finish the signatures that they are making. */
void lane_free(lane_t *lane);

/*! The repository's name. */
const char *lane_name(const lane_t *lane);

/*! Has a batch, with one job at least, signed. It stays until it has ended. */
void lane_add(lane_t *lane, lane_batch_t *batch);

/*! Waits until it has. */
void lane_await(lane_t *lane, const lane_batch_t *batch);
