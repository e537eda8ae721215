/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Asks the module for the key sets that it has, and what knotd serves. Any thread; waits for
 * the module.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policy-engine/zone/dnskey.h"

#define QUERY_MAX 32 /*!< Zones in one call; other clients of the module wait meanwhile. */

/*! A zone's key set in the module. */
typedef struct {
	const char *zone; /*!< As zone_name_canonical() makes it. Borrowed. */
	char *text;       /*!< The key set; NULL = the module gave none. To be freed. */
	char *problem;    /*!< Why; NULL = it says nothing. To be freed. */
} query_keyset_t;

/*!
 * Asks for the key sets of some zones.
 *
 * \param path   The module's socket.
 * \param sets   text and problem are filled.
 * \param count  1 to QUERY_MAX.
 * \param err    Why the module could not be asked.
 * \return 0, or -1.
 */
int query_keysets(const char *path, query_keyset_t *sets, size_t count, char *err, size_t err_size);

/*! Frees text and problem of all. */
void query_keysets_deinit(query_keyset_t *sets, size_t count);

#define QUERY_KEYS_MAX 64 /*!< DNSKEY records, or signing keys; a zone of ours has fewer. */

/*! What knotd serves at a zone's apex. */
typedef struct {
	bool there; /*!< It serves the zone. */
	uint32_t serial;
	dnskey_record_t keys[QUERY_KEYS_MAX];
	size_t key_count;
	bool strange; /*!< It serves a DNSKEY that is none of ours, or too many. */
	struct {
		uint8_t algorithm;
		uint16_t keytag;
		char *signature; /*!< Of the SOA, Base64; "": the module does not say it. */
	} signers[QUERY_KEYS_MAX]; /*!< Keys that sign the SOA. */
	size_t signer_count;
	uint32_t dnskey_ttl; /*!< Seconds. */
	int64_t expires; /*!< Unix seconds; when the first signature of DNSKEY and SOA expires; 0 =
	                      there are none. */
} query_served_t;

/*!
 * Asks what knotd serves of a zone.
 *
 * \param served  To be freed by query_served_deinit(), in any case.
 * \param err     Why it is not known.
 * \return 0, or -1.
 */
int query_served(const char *path, const char *zone, query_served_t *served, char *err,
                 size_t err_size);

void query_served_deinit(query_served_t *served);
