/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What follows for a DS from the answers of the parent's servers.
 */
#pragma once

#include <stdbool.h>

#include "policy-engine/core/state.h"
#include "policy-engine/parent/ds-answer.h"

/*! What is expected of a DS. */
typedef enum {
	PARENT_COMES, /*!< To be at all of the servers. */
	PARENT_GOES,  /*!< To be at none of them. */
	PARENT_STAYS, /*!< It was at all of them, and should still be. */
} parent_wish_t;

typedef enum {
	PARENT_YES,     /*!< It is so at all of them. */
	PARENT_NOT_YET, /*!< It is not so at one of them. */
	PARENT_GONE,    /*!< It should be at all of them, and is at none. */
	PARENT_UNKNOWN, /*!< One of them cannot be asked. */
} parent_verdict_t;

#define VERDICT_DIGESTS 3 /*!< Digest types of which the DS of a key is known. */

/*! The DS of a key, and what is expected of it. */
typedef struct {
	parent_wish_t wish;
	uint16_t keytag;
	uint8_t algorithm;
	uint8_t ds[VERDICT_DIGESTS][DNSKEY_DS_RDATA_MAX]; /*!< SHA-1, SHA-256, SHA-384. */
	int ds_len[VERDICT_DIGESTS];                      /*!< Bytes; less than 1 = not known. */
} verdict_ds_t;

/*! What the servers that were asked so far have said. Begins with all zero. */
typedef struct {
	bool there, absent;  /*!< Some have the DS; some do not. */
	bool wrong;          /*!< Some do not have it as it is expected. */
	core_shown_t shown;  /*!< The largest TTLs. */
} verdict_tally_t;

/*! Numbers of the digest types (RFC 4034, appendix A.2), in the order of verdict_ds_t. */
extern const unsigned verdict_digests[VERDICT_DIGESTS];

/*! \return Whether a server has anything that may be a DS of the key. */
bool verdict_has_any(const verdict_ds_t *ds, const ds_answer_t *answer);

/*! Counts what a server says. \return What is wrong with it; NULL if it may be as expected. */
const char *verdict_count(const verdict_ds_t *ds, const ds_answer_t *answer,
                          verdict_tally_t *tally);

/*! \param whole  All of the servers were counted. */
parent_verdict_t verdict_reach(const verdict_ds_t *ds, const verdict_tally_t *tally, bool whole);
