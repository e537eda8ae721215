/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The RRsets of a bundle, which are published as they are; see keyset/bundle.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

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

/*! Tells from when, and until when, all signatures of a bundle are good, Unix seconds. Nothing is verified.
 *
 * \param bundle  NULL, or "": there is none.
 * \param near    A time within half of 2^32 seconds of them (RFC 4034, section 3.1.5).
 * \return Whether it has signatures; if not, from and until stay as they are.
 */
bool given_times(const char *bundle, int64_t near, int64_t *from, int64_t *until);

/*! \return The RRset of a type; NULL if the bundle has none, or there is no bundle. */
const given_rrset_t *given_find(const given_t *given, uint16_t type);

/*! Frees the contents, not given itself. */
void given_deinit(given_t *given);
