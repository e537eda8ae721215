/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief An entry of a zone file (RFC 1035, section 5.1), in words, as BIND's lexer has them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*! A word; escapes are as in the file. */
typedef struct {
	const char *text;   /*!< Borrowed from the file. */
	size_t len;
	bool quoted;        /*!< It was in quotes, which are not part of it. */
	bool glued;         /*!< There is nothing between it and the word before. */
} word_t;

/*! To be zeroed before the first use, and freed by words_deinit(). */
typedef struct {
	const char *begin;
	const char *end;    /*!< The newline that ends it, or where the text ends. */
	uint64_t newlines;  /*!< In it: more than none between parentheses. */
	const char *fault;  /*!< NULL: it is whole. */
	bool blank;         /*!< It begins with a blank: its owner is the last one. */
	word_t *words;
	size_t count, capacity;
} words_t;

/*!
 * Reads the entry that begins somewhere.
 *
 * \param end  Of the text.
 * \return KNOT_EOK (also if it has a fault), KNOT_ENOMEM
 */
int words_read(words_t *entry, const char *begin, const char *end);

/*! \return Whether a word is that text, in letters of any case. */
bool word_is(const word_t *word, const char *text);

/*! \return Whether an entry has this word, in letters of any case. */
bool words_is(const words_t *entry, size_t index, const char *word);

/*! \return Whether an entry with words is $TTL or such. */
bool words_are_directive(const words_t *entry);

void words_deinit(words_t *entry);
