/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What a server's message says of the DS RRset of a zone.
 *
 * It counts only if it comes from above the zone cut. A server that has the zone itself answers for
 * DS, too, but knows nothing of it (RFC 4035, section 3.1.4.1): it says that there is none, with
 * the SOA of the zone. That the parent does not know the zone at all (NXDOMAIN) does not count
 * either: a registry that suspends a zone brings it back with its DS.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy-engine/parent/reply.h"
#include "policy-engine/zone/dnskey.h"

#define DS_ANSWER_MAX 64 /*!< Records in an answer; a zone has a few. */

typedef struct {
	struct {
		uint8_t rdata[DNSKEY_DS_RDATA_MAX];
		size_t len;
	} ds[DS_ANSWER_MAX];
	size_t count;     /*!< 0 = there is none. */
	uint32_t ttl;     /*!< Of the RRset; 0 if there is none. */
	uint32_t absence; /*!< If there is none: for how long caches hold that (RFC 2308). */
} ds_answer_t;

/*! Reads the answer in a message. \return 0; 1 and why, if the parent does not know the zone; -1
 *  and why. */
int ds_answer_parse(const reply_t *reply, ds_answer_t *answer, char *why, size_t why_size);
