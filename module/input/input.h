/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The unsigned zone in the store, and how a source changes it.
 */
#pragma once

#include "module/input/contents.h"
#include "module/store/state.h"

/*! How many names a change touched. */
typedef struct {
	size_t names;   /*!< Names in the new input. */
	size_t changed; /*!< Names that came, went, or have other records. */
	bool abandoned; /*!< The old nodes are no longer needed, and are to be swept. */
} input_result_t;

/*! What takes the place of the input. */
typedef struct {
	contents_t *contents;        /*!< Read, from its beginning; may be read again. */
	const state_input_t *origin; /*!< The file, or primary and timers, that they come from. */
	bool over_updates;           /*!< Also in the place of updates that are done meanwhile. */
} input_new_t;

/*!
 * Replaces the input by another, durably and as a whole.
 *
 * Names that differ become dirty. But if very many differ, all names are stored anew, and all count
 * as changed; this is done in small transactions, so that others can write in between. Updates can
 * be done at the same time, but no other replacement.
 *
 * \param state  As loaded from the store; its input's part is updated.
 * \return KNOT_EOK, KNOT_EAGAIN (there were updates meanwhile), KNOT_ENOMEM, or an error of the
 *         store. After an error the input is as it was.
 */
int input_replace(store_t *store, const knot_dname_t *zone, state_t *state,
                  const input_new_t *new, input_result_t *result);
