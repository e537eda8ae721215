/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A batch of a sign run: what is to change, found in one snapshot of the store.
 *
 * A batch has everything that the input's changes touch, what is due for refresh, and as much of
 * the walk over the zone as fits in. So each batch makes a valid version, and memory is bounded by
 * the size of a batch and by that of the input's changes.
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
	bool unseen;          /*!< Nodes are made that are not published yet: when they are
	                           complete, they take the place of all nodes. */
	bool stale;           /*!< The input was replaced as a whole meanwhile: plan again. */
	state_walk_t walk;    /*!< The walk, as it is after the batch. */
	bool complete;        /*!< What the walk has prepared takes its place with this batch. */
	bool publish;         /*!< The batch makes a version. */
	int64_t refreshed_at; /*!< Up to when the batch has refreshed signatures; Unix seconds. */
	size_t apex;          /*!< Index of the apex among the changes, if the batch makes a
	                           version. */
	uint64_t input;       /*!< The in.count of the input that the batch is made from. */
	uint32_t max_ttl;     /*!< Largest TTL that the batch has seen. */
} batch_t;

/*! \return KNOT_EOK, KNOT_ENOMEM */
int batch_init(batch_t *batch, const sign_args_t *args, state_t *state);
void batch_deinit(batch_t *batch);

/*!
 * Finds what is to change, unless the batch is stale. What is to be signed is then in
 * batch->build's jobs.
 *
 * \param err  What is wrong, unless it is the store.
 * \return KNOT_EOK, KNOT_ESOAINVAL (serial), KNOT_EEXIST (NSEC3), or an error of the store
 */
int batch_collect(batch_t *batch, char *err, size_t err_size);
