/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The records of one text, by libzscanner; what it refuses gets another form for it.
 *
 * libzscanner is fast and strict. An entry that it refuses is read again by itself, in a form that
 * BIND takes and it does not (rewrite.h, generate.h). Origin, TTL and last owner are always the
 * scanner's.
 */
#pragma once

#include <libzscanner/scanner.h>

#include "module/zonefile/words.h"
#include "module/zonefile/generate.h"

typedef struct {
	zs_scanner_t *s;    /*!< The record or the $INCLUDE, and what they are in. */
	uint64_t line;      /*!< Where that is, or an error; lines begin with 1. */
	const char *fault;  /*!< What is wrong, in state ZS_STATE_ERROR; static. */
	const char *at;     /*!< In the line with the error, or NULL. */

	const char *text, *end;
	uint64_t *text_left;    /*!< Bytes of text that $GENERATE may make. */
	/* Before the last item, for what the scanner refuses may overwrite them. */
	uint8_t origin[sizeof(((zs_scanner_t *)0)->zone_origin)];
	uint8_t owner[sizeof(((zs_scanner_t *)0)->r_owner)];
	uint32_t origin_len, owner_len;
	int start;              /*!< State of the scanner at the beginning of an entry. */
	bool ended;             /*!< There was an error after which nothing can be read. */
	words_t entry;          /*!< The last that was written in another form. */
	bool generating;
	generate_t generate;
	words_t generated;      /*!< The entry with $GENERATE. */
} reader_t;

/*!
 * Begins with a text.
 *
 * \param reader     To be freed by reader_deinit(), also after an error.
 * \param text_left  Bytes that $GENERATE may make; they are taken off.
 * \param text       Borrowed.
 * \param ttl        Of records that have none, up to the first $TTL.
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int reader_init(reader_t *reader, uint64_t *text_left, const char *text, size_t size,
                const char *origin, uint32_t ttl);

/*!
 * Reads the next item. The scanner's state says what it is: ZS_STATE_DATA, ZS_STATE_INCLUDE or
 * ZS_STATE_ERROR.
 *
 * \return KNOT_EOK, KNOT_EOF at the end, KNOT_ENOMEM, KNOT_ESPACE (too much text)
 */
int reader_next(reader_t *reader);

void reader_deinit(reader_t *reader);
