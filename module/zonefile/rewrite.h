/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Entries that libzscanner does not read, in a form that it does.
 */
#pragma once

#include <stdio.h>

#include <libknot/dname.h>

#include "module/zonefile/words.h"

/*!
 * Writes an entry in one line: names with all but letters, digits and -_* escaped, Base64 and
 * hexadecimal in one word, and data of types that libzscanner does not know by its octets, or as a
 * type of the same form.
 *
 * \param entry   It has words.
 * \param origin  Of relative names.
 * \param type    Set to that of the record, if it is written as another one, else to 0.
 * \return NULL; or what is wrong with its data, which is static.
 */
const char *rewrite(const words_t *entry, const knot_dname_t *origin, FILE *out, uint16_t *type);

/*! \return Whether a word in front of a record's type is not the type but a TTL or a class. */
bool rewrite_is_before_type(const word_t *word);
