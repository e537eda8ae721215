/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What an answer of a signed zone still lacks: signatures of what the zone does not hold, and proofs
 * that deny nothing but what was asked for.
 *
 * A section is done when knotd, and the modules before this one, have filled it.
 */
#pragma once

#include <libknot/packet/pkt.h>

#include "module/online/online.h"
#include "module/store/store.h"

/*! What the zone says of the name. */
typedef enum {
	ANSWER_FOUND,      /*!< The answer has data, or ends outside of the zone. */
	ANSWER_NODATA,     /*!< There is no data of that type. */
	ANSWER_MISSING,    /*!< There is no such name. */
	ANSWER_REFERRAL,
} answer_kind_t;

/*! Types that other modules may have at names; NODATA does not deny them. */
typedef struct {
	uint16_t all[32];
	size_t count;
} answer_types_t;

typedef struct {
	online_zone_t *zone;
	active_t *active;          /*!< Read under RCU, for as long as the answer is worked at; NULL: there are
	                                no keys yet. */
	store_t *store;
	const answer_types_t *types;
	knot_pkt_t *pkt;
	const knot_dname_t *name;  /*!< Where a chain of CNAMEs ends. */
	uint16_t qtype;
	knot_rrset_t soa, sigs;    /*!< The zone's SOA RRset, and the RRSIGs of its apex. */
	asker_t asker;
	uint32_t results[ONLINE_RESULTS]; /*!< How many signatures were got, and how. */
} answer_t;

/*!
 * Completes the answer section.
 * \param kind  Becomes ANSWER_FOUND if a question for NSEC is answered, ANSWER_NODATA if nothing is left to answer
 *              with.
 * \return KNOT_EOK, KNOT_ESPACE (it does not fit), KNOT_ERROR (a signature is not to be had), others
 */
int answer_section(answer_t *answer, answer_kind_t *kind);

/*! Completes the authority section. If there is no data, knotd has left it empty. \return As above */
int answer_authority(answer_t *answer, answer_kind_t kind);

/*! Completes the additional section. \return As above */
int answer_additional(answer_t *answer);
