/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The lines of the audit: each is a JSON object that has the SHA-256 of the line before.
 *
 * A line: {"seq": NUMBER, MEMBERS, "prev": "HEX"}, without the line feed that ends it. The first
 * one of all has the number 1, and 64 zeros for the line before.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHAIN_HASH_MAX 65 /*!< Bytes of a hash in hexadecimal, its end included. */

/*! The last line of a chain. Zeroed, there is none yet. */
typedef struct {
	uint64_t seq;
	char hash[CHAIN_HASH_MAX];
} chain_end_t;

/*! Hashes bytes by SHA-256. \return Whether that worked. */
bool chain_hash(const void *data, size_t len, char hex[CHAIN_HASH_MAX]);

/*!
 * Makes the next line of a chain.
 *
 * \param end      The line before; becomes the new one.
 * \param members  Of the JSON object, without its braces.
 * \return To be freed by free(), without a line feed; NULL if out of memory, and then end stays.
 */
char *chain_line(chain_end_t *end, const char *members);

/*! Reads number and hash of a line. \return Whether it is one. */
bool chain_read(const char *line, size_t len, chain_end_t *end);

/*!
 * Checks whether a line follows.
 *
 * \param end  The line before; zeroed, any line may be the first. Becomes the new one if it
 * follows.
 * \param why  What is wrong, if it does not.
 */
bool chain_follows(chain_end_t *end, const char *line, size_t len, char *why, size_t why_size);
