/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A batch of a sign run: what is to change, found in one snapshot of the store.
 *
 * It has everything that the input's changes touch, what is due for refresh, and as much of the
 * walk over the zone as fits in. So each batch makes a valid version, and memory is bounded by the
 * size of a batch and by that of a change.
 */
#pragma once

#include "module/denial/denial.h"
#include "module/sign/args.h"
#include "module/sign/changes.h"

typedef struct {
	const sign_args_t *args;
	state_t *state;
	build_t build;
	denial_t denial;
	changes_t changes;
	bool unseen;          /*!< What is made takes the place of all nodes, when it is complete. */
	bool stale;           /*!< The input has become new as a whole: plan again. */
	state_walk_t walk;    /*!< As it is after the batch. */
	bool complete;        /*!< What the walk has prepared takes its place with this batch. */
	bool publish;         /*!< It makes a version. */
	int64_t refreshed_at; /*!< Up to when it has what time asks for. */
	size_t apex;          /*!< Of the changes; if it makes a version. */
	uint64_t input;       /*!< Changes of the input that it has in it. */
	uint32_t max_ttl;     /*!< Largest TTL seen. */
} batch_t;

/*! \return KNOT_EOK, KNOT_ENOMEM */
int batch_init(batch_t *batch, const sign_args_t *args, state_t *state);
void batch_deinit(batch_t *batch);

/*!
 * Finds what is to change, unless the batch is stale. The signatures are then to be made, as
 * batch->build's jobs say.
 *
 * \param err  What is wrong, unless it is the store.
 * \return KNOT_EOK, KNOT_ESOAINVAL (serial), KNOT_EEXIST (NSEC3), or an error of the store
 */
int batch_collect(batch_t *batch, char *err, size_t err_size);
