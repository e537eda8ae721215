/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The RRsets of a bundle, which are published as they are; see keyset/bundle.h.
 */
#pragma once

#include <libknot/dname.h>
#include <libknot/rdataset.h>

/*! An RRset, with signatures. */
typedef struct {
	uint32_t ttl;
	knot_rdataset_t rrs, sigs; /*!< Both in canonical order. */
} given_rrset_t;

#define GIVEN_TYPES 3 /*!< DNSKEY, CDS, CDNSKEY. */

/*! All of them; zeroed: there is no bundle. */
typedef struct {
	given_rrset_t rrsets[GIVEN_TYPES];
} given_t;

/*!
 * Reads a bundle, and verifies it.
 *
 * \param zone   Lower case.
 * \param given  Filled on success only; to be freed by given_deinit().
 * \param err    Says what is wrong.
 * \return KNOT_EOK, KNOT_EMALF, KNOT_ENOMEM
 */
int given_read(const char *bundle, const knot_dname_t *zone, given_t *given, char *err,
               size_t err_size);

/*! \return The RRset of a type; NULL if the bundle has none, or there is no bundle. */
const given_rrset_t *given_find(const given_t *given, uint16_t type);

/*! Frees the contents, not given itself. */
void given_deinit(given_t *given);
