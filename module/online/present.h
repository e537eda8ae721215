/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Which types are at a name of the signed zone, as the store has it.
 *
 * The store's version may be later than what knotd serves, by as much as knotd needs to take it.
 */
#pragma once

#include <libdnssec/nsec.h>

#include "module/store/store.h"

typedef struct {
	bool exists;   /*!< The zone has the name, be it by a wildcard, or since there are names below. */
	bool cut;      /*!< It is a zone cut: what is not NS or DS is not the zone's. */
	bool alias;    /*!< There is a CNAME. */
} present_t;

/*! Called for each type, ascending. */
typedef void (*present_each_f)(void *ctx, uint16_t type);

/*!
 * Looks up a name as a query would be answered (RFC 4592).
 *
 * \param name   Lower case, in the zone.
 * \param types  Is filled when the first type is told.
 * \return KNOT_EOK, also if there is no such name; or an error of the store
 */
int present_find(store_t *store, const knot_dname_t *zone, const knot_dname_t *name,
               present_t *types, present_each_f each, void *ctx);
