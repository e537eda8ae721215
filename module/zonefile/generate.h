/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief BIND's $GENERATE: many records of one line.
 *
 *     $GENERATE FIRST-LAST[/STEP] OWNER [TTL] [CLASS] TYPE DATA
 *
 * In OWNER and DATA, which is one word, in quotes if there are blanks in it, $ stands for the
 * number; ${OFFSET[,WIDTH[,BASE]]} for the number and OFFSET, in WIDTH digits at least, of BASE d,
 * o, x, X, or n, N: hexadecimal digits with dots in between, the lowest first. $$ and \$ are a
 * dollar.
 */
#pragma once

#include <stdio.h>

#include "module/zonefile/words.h"

typedef struct {
	uint32_t next, last, step;
	const word_t *owner, *data; /*!< Borrowed from the entry, with what is between them. */
} generate_t;

/*!
 * Begins with the first record.
 *
 * \param entry  That of $GENERATE; stays until the last record was written.
 * \return NULL; or what is wrong, which is static
 */
const char *generate_begin(generate_t *generate, const words_t *entry);

/*!
 * Writes the next record, in a line.
 *
 * \param fault  NULL, or what is wrong with the record, static.
 * \return Whether there was one; false at the end.
 */
bool generate_next(generate_t *generate, FILE *out, const char **fault);
