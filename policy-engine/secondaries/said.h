/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What a server's message says of a zone: its SOA, or the names of its name servers.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy-engine/parent/reply.h"
#include "policy-engine/signer/query.h"

#define SAID_NAMES_MAX 64 /*!< Name servers of a zone; real ones have a few, one of them has 13. */

typedef struct {
	uint32_t serial, refresh;
	uint32_t ttl;             /*!< Of the SOA. */
	bool ours;                /*!< It has one of our signatures. */
} said_soa_t;

typedef struct {
	knot_dname_t *names[SAID_NAMES_MAX]; /*!< Lower case; to be freed, by said_ns_deinit(). */
	size_t count;
	uint32_t ttl;             /*!< Of the NS RRset; the largest, if several were read. */
} said_ns_t;

/*! Reads the answer of a server of the zone.
 *  \param ours  What knotd serves: its signatures of the SOA.
 *  \return 0; -1 and why: it does not serve the zone. */
int said_soa(const reply_t *reply, const query_served_t *ours, said_soa_t *soa, char *why,
             size_t why_size);

/*! Adds the names that a server of the parent delegates the zone to, or, if it has the zone itself,
 *  those of the zone. \return 0; -1 and why: it has no such names. */
int said_ns(const reply_t *reply, said_ns_t *ns, char *why, size_t why_size);

/*! Adds a name, once. \return 0, or -1 if there is no room. */
int said_ns_add(said_ns_t *ns, const knot_dname_t *name);

void said_ns_deinit(said_ns_t *ns);
