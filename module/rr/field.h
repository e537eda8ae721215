/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The fields that RDATA consists of, read one after the other.
 *
 * A function of these reads one field and returns NULL; or returns what is wrong with the field, as
 * half a sentence for a log, which is static.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define FIELD_TOO_SHORT "the RDATA is too short"

/*! RDATA while it is read. */
typedef struct {
	const uint8_t *begin;
	const uint8_t *at;      /*!< The next field. */
	const uint8_t *end;
} rdata_t;

/*! \return How many octets are not read yet. */
size_t field_left(const rdata_t *rdata);

/*! Reads that many octets. */
const char *field_skip(rdata_t *rdata, size_t size);

/*! Reads all octets that are left, which may be none. \return NULL */
const char *field_rest(rdata_t *rdata);

/*! Reads a domain name without compression. */
const char *field_name(rdata_t *rdata);

/*! Reads a character-string (RFC 1035, section 3.3). */
const char *field_string(rdata_t *rdata);

/*! Reads one character-string or more, up to the end. */
const char *field_strings(rdata_t *rdata);

/*! Reads a type bitmap up to the end, which may be empty (RFC 4034, section 4.1.2). */
const char *field_bitmap(rdata_t *rdata);

/*! Reads the OID of a private algorithm: its length, then BER (RFC 4034, appendix A.1.1). */
const char *field_oid(rdata_t *rdata);
