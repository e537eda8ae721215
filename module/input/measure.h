/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief How much there is in an input, to see whether another one lost most of it.
 */
#pragma once

#include "module/input/contents.h"
#include "module/store/store.h"

typedef struct {
	uint64_t names;
	uint64_t delegations;   /*!< Names with NS records, without the apex. */
} measure_t;

/*! Measures contents, which have an apex with NS records. */
measure_t measure_contents(const contents_t *contents);

/*! Measures the input that is stored under an id. \return KNOT_EOK, or an error of the store */
int measure_input(store_txn_t *txn, uint32_t nodes, const knot_dname_t *apex, measure_t *measure);
