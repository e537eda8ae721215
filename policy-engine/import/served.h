/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What the server of another signer says of a zone: what it does not leave in files.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "policy-engine/import/ods-db.h"
#include "policy-engine/parent/reply.h"

#define SERVED_KEYS_MAX 64 /*!< Far more than a zone has. */

/*! A DNSKEY that is served. */
typedef struct {
	bool sep;           /*!< It has the flag of KSKs. */
	uint8_t algorithm;
	uint16_t keytag;
	unsigned bits;      /*!< As policy_key_bits() counts; 0 if it is no key of that algorithm. */
} served_key_t;

/*! Times and TTLs are seconds. */
typedef struct {
	uint32_t serial, soa_ttl, soa_minimum;
	uint32_t dnskey_ttl;
	uint32_t validity, dnskey_validity; /*!< Of the signatures of SOA and DNSKEYs, the longest; 0 = there is
	                                         none. */
	bool nsec3, opt_out;
	uint16_t iterations;
	uint8_t salt_length;
	served_key_t keys[SERVED_KEYS_MAX];
	size_t key_count;
} served_t;

/*!
 * Asks a server for a zone's SOA, DNSKEYs, NSEC3 parameters. It takes some seconds at most.
 *
 * \param zone  Canonical.
 * \param why   The reason, without the server.
 * \return 0; -1: the server does not answer; 1: it does, but not as a server of the signed zone.
 */
int served_ask(const struct sockaddr_storage *server, const char *zone, served_t *served, char *why,
               size_t why_size);

/*!
 * Takes what one answer says.
 *
 * \param type    In the question.
 * \param served  Of the answers so far.
 * \return 0; -1 with why: it is no answer with authority.
 */
int served_take(const reply_t *answer, uint16_t type, served_t *served, char *why, size_t why_size);

/*! \return The DNSKEY that has the tag and the algorithm of a key; NULL: none has. */
const served_key_t *served_find(const served_t *served, const ods_key_t *key);

/*!
 * Tells whether the keys that are served are those that are to be taken over.
 *
 * \return 0, or -1 with why: which key one has, and the other has not.
 */
int served_check_keys(const served_t *served, const ods_zone_t *zone, char *why, size_t why_size);
