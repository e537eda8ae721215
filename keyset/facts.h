/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The facts: what the module tells the policy engine about one zone.
 *
 * The engine counts a rollover's delays from these times. The text form is like the key set's; its
 * first line is "facts 2". Times are Unix seconds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*! What the published zone has of one key, which algorithm and key tag identify. */
typedef struct {
	uint8_t algorithm;
	uint16_t keytag;
	uint64_t signatures;    /*!< Its RRSIGs in the published zone, but for the DNSKEY RRset. */
	int64_t last_gone;      /*!< When the first version without any of them was published; 0 if
	                             there are some, or never were any. */
	uint32_t last_gone_serial; /*!< SOA serial of that version. */
} facts_key_t;

typedef struct {
	char *policy;           /*!< The policy that the zone's section in knot.conf names. */
	uint64_t revision;      /*!< Of the key set that the published version is signed with;
	                             0 = none. */
	int64_t revision_since; /*!< When knotd first took a version of that revision; 0 = never. */
	uint64_t pending;       /*!< Revision of the newest key set in the module's store;
	                             0 = none. */
	uint32_t serial;        /*!< Published SOA serial. */
	int64_t published;      /*!< When knotd took that serial; 0 = never. */
	uint32_t max_ttl;       /*!< Largest TTL in the published zone. */
	bool chain;             /*!< The module holds back the newest key set, or all versions: it
	                             sees no way for validators from what they have to this key
	                             set. */
	bool unsure;            /*!< knotd has not said yet which version it serves, or it is a later
	                             one than the module's store knows: the store may be an older
	                             copy, and so the key set in it. */
	facts_key_t *keys;
	size_t key_count;
} facts_t;

/*! \return NUL-terminated text to be freed by free(); NULL if out of memory. */
char *facts_write(const facts_t *facts);

/*! Reads the text form; parameters and errors are those of keyset_read(). */
int facts_read(const char *text, facts_t *facts, char *err, size_t err_size);

/*! Frees the contents, not facts itself. */
void facts_deinit(facts_t *facts);
