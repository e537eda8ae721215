/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The unsigned zone in the store, and how a source changes it.
 */
#pragma once

#include "module/state.h"
#include "module/zonefile.h"

/*! How many names a change touched. */
typedef struct {
	size_t names;   /*!< In the new input. */
	size_t changed; /*!< Came, went, or have other records. */
} input_result_t;

/*!
 * Replaces the input by another, durably and as a whole; names that differ become dirty. Updates can
 * be done at the same time, but no other replacement.
 *
 * \param state   As loaded from the store; its input's part is updated.
 * \param origin  Where the new input comes from; count, names and serial are set by this.
 * \return KNOT_EOK, KNOT_ENOMEM, or an error of the store; the input is then as it was
 */
int input_replace(store_t *store, const knot_dname_t *zone, state_t *state, zonefile_t *zf,
                  const state_input_t *origin, input_result_t *result);
