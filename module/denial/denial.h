/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Which names have an entry for themselves in a denial chain, and with which types.
 */
#pragma once

#include <libdnssec/nsec.h>

#include "module/rr/kind.h"
#include "module/store/state.h"

/*! Memory for one bitmap at a time. */
typedef struct {
	dnssec_nsec_bitmap_t *encoder;
	uint8_t *data;
	size_t len, size;      /*!< Of the bitmap, and of the memory. */
} denial_t;

/*! \return KNOT_EOK, KNOT_ENOMEM */
int denial_init(denial_t *denial);
void denial_deinit(denial_t *denial);

/*!
 * Makes the bitmap of the types that a chain's entry has for a name.
 *
 * \param node  As published; whether NSEC and NSEC3PARAM are in the bitmap is up to the chain.
 * \return KNOT_EOK, with denial->len 0 if the name has no entry for itself; KNOT_ENOMEM
 */
int denial_types(denial_t *denial, const state_chain_t *chain, const node_t *node,
                 name_kind_t kind, bool apex);
