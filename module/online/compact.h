/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief NSEC records that deny one name, or types at one name, and nothing beside (RFC 9824, section 3).
 */
#pragma once

#include <stdbool.h>

#include <libdnssec/nsec.h>
#include <libknot/rrset.h>

#define COMPACT_NXNAME 128 /*!< The type that says that a name does not exist. */

/*!
 * Makes the NSEC RRset of a name.
 *
 * \param owner   The name, in lower case.
 * \param bitmap  Types at the name, NSEC and RRSIG included; NULL: the name does not exist.
 * \param cut     The name is a zone cut.
 * \param rrset   In mm's memory.
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int compact_nsec(const knot_dname_t *owner, const knot_dname_t *zone, uint32_t ttl,
                 dnssec_nsec_bitmap_t *bitmap, bool cut, knot_rrset_t *rrset, knot_mm_t *mm);

/*!
 * Gives the name behind another one in canonical order, such that no name that can exist is between.
 * \param cut  What is below the name is between, too.
 */
void compact_next(const knot_dname_t *name, const knot_dname_t *zone, bool cut,
                  knot_dname_storage_t next);
