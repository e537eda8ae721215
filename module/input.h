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
 * Replaces the input by a zone file's contents, durably and as a whole; names that differ become
 * dirty. state, which is stored with it, tells the new serial and input count.
 *
 * \param file  What the file was when it was read.
 * \return KNOT_EOK, KNOT_ENOMEM, or an error of the store; the input is then as it was
 */
int input_replace(store_t *store, const knot_dname_t *zone, state_t *state, zonefile_t *zf,
                  const state_file_t *file, input_result_t *result);
