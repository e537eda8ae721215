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
	PARENT_COMES, /*!< All servers are to have it. */
	PARENT_GOES,  /*!< No server is to have it. */
	PARENT_STAYS, /*!< All servers had it, and should still have it. */
} parent_wish_t;

typedef enum {
	PARENT_YES,     /*!< All servers are as wished. */
	PARENT_NOT_YET, /*!< A server is not as wished. */
	PARENT_GONE,    /*!< All servers should have the DS, and none has it. */
	PARENT_UNKNOWN, /*!< A server cannot be asked. */
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
