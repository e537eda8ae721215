/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What names are to a denial chain: which have an entry for themselves, with which types.
 */
#pragma once

#include <libdnssec/nsec.h>

#include "module/rr/kind.h"
#include "module/store/state.h"

/*! Memory for bitmaps. */
typedef struct {
	dnssec_nsec_bitmap_t *encoder;
	uint8_t *data;
	size_t len, size;
} denial_t;

/*! \return KNOT_EOK, KNOT_ENOMEM */
int denial_init(denial_t *denial);
void denial_deinit(denial_t *denial);

/*!
 * Finds the types that a chain's entry has for a name.
 *
 * \param node  As published; of NSEC and NSEC3PARAM it is the chain that counts.
 * \return KNOT_EOK, with denial->len 0 if it has no entry for itself; KNOT_ENOMEM
 */
int denial_types(denial_t *denial, const state_chain_t *chain, const node_t *node,
                 name_kind_t kind, bool apex);
