/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The unsigned zone in the store, and how a source changes it.
 */
#pragma once

#include "module/store/state.h"
#include "module/zonefile/zonefile.h"

/*! How many names a change touched. */
typedef struct {
	size_t names;   /*!< In the new input. */
	size_t changed; /*!< Came, went, or have other records. */
	bool abandoned; /*!< The nodes of before were, and are to be swept. */
} input_result_t;

/*!
 * Replaces the input by another, durably and as a whole. Names that differ become dirty; but if very
 * many do, all names are stored anew, bit by bit, so that nobody has to wait for long to write, and
 * all count as changed. Updates can be done at the same time, but no other replacement.
 *
 * \param state   As loaded from the store; its input's part is updated.
 * \param origin  Where the new input comes from: its file or its primary.
 * \param over    Also over updates that are done meanwhile.
 * \return KNOT_EOK, KNOT_EAGAIN (there were updates meanwhile), KNOT_ENOMEM, or an error of the store;
 *         unless it is KNOT_EOK the input is as it was
 */
int input_replace(store_t *store, const knot_dname_t *zone, state_t *state, zonefile_t *zf,
                  const state_input_t *origin, bool over, input_result_t *result);
