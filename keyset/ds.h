/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A DS RRset as text: "KEYTAG ALGORITHM DIGEST-TYPE DIGEST" for each, with ", " between.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define DS_DIGEST_MAX 64  /*!< Octets: more than any digest type that is defined has. */
#define DS_TEXT_MAX (DS_DIGEST_MAX * 2 + 16) /*!< Bytes for one DS, its end included. */

/*! A DS record (RFC 4034, section 5.1). */
typedef struct {
	uint16_t keytag;
	uint8_t algorithm;
	uint8_t digest_type;
	uint8_t digest_len;
	uint8_t digest[DS_DIGEST_MAX];
} ds_t;

/*!
 * Takes the next DS from a text.
 *
 * \param text  Where to read; moved behind what was read. It begins at the text's beginning.
 * \return 1 and the DS; 0 at the end; -1 if the text is malformed.
 */
int ds_next(const char **text, ds_t *ds);

/*! Writes one DS. \return out */
char *ds_write(const ds_t *ds, char out[DS_TEXT_MAX]);
