/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The facts: what the module tells the policy engine about one zone.
 *
 * The engine's clocks run from them. Text form as of the key set, first line "facts 1".
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*! What the published zone holds of one key. A key is what (algorithm, key tag) says. */
typedef struct {
	uint8_t algorithm;
	uint16_t keytag;
	uint64_t signatures;    /*!< RRSIGs it has in the published zone now, DNSKEY RRset apart. */
	int64_t last_gone;      /*!< When a version without any of them was first published; 0 if it
	                             has some, or never had any. */
	uint32_t last_gone_serial;
} facts_key_t;

typedef struct {
	char *policy;           /*!< Policy the zone's section in knot.conf asks for. */
	uint64_t revision;      /*!< Key set the published version was made with; 0 = none. */
	int64_t revision_since; /*!< When knotd first had a version made with it; 0 = not yet. */
	uint64_t pending;       /*!< Of the newest key set the module has stored; 0 = none. */
	uint32_t serial;        /*!< Published SOA serial. */
	int64_t published;      /*!< When knotd took that serial; 0 = never. */
	uint32_t max_ttl;       /*!< Largest TTL in the published zone. */
	facts_key_t *keys;
	size_t key_count;
} facts_t;

/*! \return NUL-terminated text to be freed by free(); NULL if out of memory. */
char *facts_write(const facts_t *facts);

/*! As keyset_read(). */
int facts_read(const char *text, facts_t *facts, char *err, size_t err_size);

/*! Frees the contents, not facts itself. */
void facts_deinit(facts_t *facts);
