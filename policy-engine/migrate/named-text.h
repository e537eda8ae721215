/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The language of named.conf: statements of words and blocks, as named-checkconf -p prints it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct named_block named_block_t;

/*! A word, or a block in braces. */
typedef struct {
	char *text;           /*!< Without quotation marks; "!" is a word; NULL: it is a block. */
	named_block_t *block;
} named_word_t;

/*! What ends with a semicolon. */
typedef struct {
	named_word_t *words;  /*!< One at least. */
	size_t count;
	unsigned line;        /*!< Where it begins. */
} named_statement_t;

struct named_block {
	named_statement_t *statements;
	size_t count;
};

/*!
 * Reads a text.
 *
 * \param path  Its name, for err.
 * \param err   Says what is wrong, with the line.
 * \return To be freed by named_text_free(); NULL
 */
named_block_t *named_text_read(const char *path, const char *text, char *err, size_t err_size);

/*! \return The word at that index; NULL if there is none, or it is a block. */
const char *named_word(const named_statement_t *statement, size_t index);

/*! \return Whether the word at that index is that one. */
bool named_is(const named_statement_t *statement, size_t index, const char *word);

/*! \return The word after that one, as the number after "port"; NULL if there is none. */
const char *named_after(const named_statement_t *statement, const char *word);

/*! \return The statement's first block; NULL if it has none. */
const named_block_t *named_block_of(const named_statement_t *statement);

/*! \return The first statement that begins with that word; NULL if there is none, or no block. */
const named_statement_t *named_find(const named_block_t *block, const char *word);

/*! NULL is allowed. Secrets are wiped. */
void named_text_free(named_block_t *block);
