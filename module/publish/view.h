/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A view of a zone's published version in the store; publisher.h has the contracts.
 */
#pragma once

#include "module/publish/publisher.h"
#include "module/store/store.h"

/*! As open() of publisher_calls_t; a zone that the store does not know is empty. */
int view_open(store_t *store, const knot_dname_t *zone, view_t **view);

void view_close(view_t *view);
const knot_rrset_t *view_soa(const view_t *view);
uint32_t view_expires_in(const view_t *view);
int view_next(view_t *view, knot_rrset_t *rr);
int view_seek(view_t *view, uint32_t serial);
int view_next_change(view_t *view, knot_rrset_t *rr);
