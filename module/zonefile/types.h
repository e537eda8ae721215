/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Types of which BIND takes more than libzscanner: their names, and the words of their data.
 */
#pragma once

#include "module/zonefile/words.h"

/*! How a word is written for libzscanner. */
enum {
	TYPES_WORD = 'w',   /*!< As it is. */
	TYPES_NAME = 'n',   /*!< A domain name. */
	TYPES_TYPE = 't',   /*!< A type, maybe one that libzscanner does not know. */
	TYPES_DIGEST = 'd', /*!< A digest type, maybe by its name. */
	TYPES_ALL = 'T',    /*!< This one and the rest are types. */
	TYPES_PARAMS = 'p', /*!< The rest are as they are, and not parted: key="value". */
	TYPES_JOIN = 'j',   /*!< The rest are one, Base64 or hexadecimal. */
};

typedef struct {
	const char *name;
	uint16_t number;
	const char *like;   /*!< Type of the same form that libzscanner reads; NULL: compose.h
	                         does. */
	const char *words;  /*!< One letter a word; what is behind stays as it is. */
} type_form_t;

/*! \return The form of a type that is in this list; NULL if it is not. Static. */
const type_form_t *types_find(const word_t *word);

/*! \return Whether a word is a type, of this list or one that libknot knows. */
bool types_number(const word_t *word, uint16_t *number);
