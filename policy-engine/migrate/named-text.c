/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/migrate/named-text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/base/text-file.h"

#define DEPTH_MAX 16 /* Blocks in blocks; named has fewer. */
#define ENDS_WORD "{};\""

/* Where the reading is. */
typedef struct {
	const char *path, *at;
	unsigned line;
	char *err;
	size_t err_size;
} reader_t;

static int blame(reader_t *in, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int blame(reader_t *in, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	const int ret = text_file_blame(in->path, in->line, in->err, in->err_size, format, args);
	va_end(args);
	return ret;
}

/* -- what is between words ------------------------------------------------ */

static bool is_comment(const char *at)
{
	return at[0] == '#' || (at[0] == '/' && (at[1] == '/' || at[1] == '*'));
}

static int skip_comment(reader_t *in)
{
	if (in->at[0] == '/' && in->at[1] == '*') {
		const char *end = strstr(in->at + 2, "*/");
		if (end == NULL) {
			return blame(in, "a comment has no end");
		}
		for (; in->at < end + 2; in->at++) {
			in->line += *in->at == '\n';
		}
	} else {
		in->at += strcspn(in->at, "\n");
	}
	return 0;
}

/* Goes on to the next word, sign or the end. */
static int skip(reader_t *in)
{
	int ret = 0;
	while (ret == 0 && (isspace((unsigned char)*in->at) || is_comment(in->at))) {
		if (is_comment(in->at)) {
			ret = skip_comment(in);
		} else {
			in->line += *in->at++ == '\n';
		}
	}
	return ret;
}

/* -- words ---------------------------------------------------------------- */

/* A string, in which only the quotation mark has a form of its own. */
static int read_quoted(reader_t *in, char **out)
{
	const char *from = in->at + 1;
	size_t len = 0;
	char *text = malloc(strcspn(from, "\n") + 1);
	for (; text != NULL && *from != '"' && *from != '\n' && *from != '\0'; from++) {
		from += from[0] == '\\' && from[1] == '"';
		text[len++] = *from;
		if (from[0] == '\\' && from[1] == '\\') {
			text[len++] = *++from;
		}
	}
	if (text == NULL || *from != '"') {
		free(text);
		return blame(in, text == NULL ? "out of memory" : "a string has no end in its line");
	}
	text[len] = '\0';
	in->at = from + 1;
	*out = text;
	return 0;
}

static int read_plain(reader_t *in, char **out)
{
	size_t len = *in->at == '!';
	while (len == 0 || (*in->at != '!' && in->at[len] != '\0' && !isspace((unsigned char)in->at[len]) &&
	                    strchr(ENDS_WORD, in->at[len]) == NULL)) {
		len++;
	}
	*out = strndup(in->at, len);
	in->at += len;
	return *out != NULL ? 0 : blame(in, "out of memory");
}

static int read_block(reader_t *in, unsigned depth, named_block_t **out);

static int read_word(reader_t *in, unsigned depth, named_word_t *word)
{
	return *in->at == '{'   ? read_block(in, depth + 1, &word->block)
	       : *in->at == '"' ? read_quoted(in, &word->text)
	                        : read_plain(in, &word->text);
}

/* -- statements ----------------------------------------------------------- */

static int read_statement(reader_t *in, unsigned depth, named_statement_t *statement)
{
	int ret = 0;
	while (ret == 0 && *in->at != ';') {
		if (*in->at == '\0' || *in->at == '}') {
			return blame(in, "there should be a semicolon: give what named-checkconf -p prints");
		}
		named_word_t *words = reallocarray(statement->words, statement->count + 1, sizeof(*words));
		if (words == NULL) {
			return blame(in, "out of memory");
		}
		statement->words = words;
		words[statement->count] = (named_word_t){ NULL };
		ret = read_word(in, depth, &words[statement->count++]);
		ret = ret == 0 ? skip(in) : ret;
	}
	if (ret == 0 && named_is(statement, 0, "include")) {
		return blame(in, "it includes another file: give what named-checkconf -p prints");
	}
	in->at += ret == 0;
	return ret;
}

static int add_statement(reader_t *in, unsigned depth, named_block_t *block)
{
	/* Doubled, as a file has many zones. */
	if ((block->count & (block->count - 1)) == 0) {
		const size_t room = block->count > 0 ? 2 * block->count : 1;
		named_statement_t *grown = reallocarray(block->statements, room, sizeof(*grown));
		if (grown == NULL) {
			return blame(in, "out of memory");
		}
		block->statements = grown;
	}
	named_statement_t *statement = &block->statements[block->count++];
	*statement = (named_statement_t){ .line = in->line };
	return read_statement(in, depth, statement);
}

/* Reads statements until the block ends, or the text does. */
static int read_statements(reader_t *in, unsigned depth, named_block_t *block)
{
	int ret = skip(in);
	while (ret == 0 && *in->at != '\0' && *in->at != '}') {
		if (*in->at == ';') {
			in->at++; /* named takes an empty one, too. */
		} else {
			ret = add_statement(in, depth, block);
		}
		ret = ret == 0 ? skip(in) : ret;
	}
	return ret;
}

static int read_block(reader_t *in, unsigned depth, named_block_t **out)
{
	if (depth > DEPTH_MAX) {
		return blame(in, "there are more than %d blocks in each other", DEPTH_MAX);
	}
	*out = calloc(1, sizeof(**out));
	if (*out == NULL) {
		return blame(in, "out of memory");
	}
	in->at++;
	if (read_statements(in, depth, *out) != 0) {
		return -1;
	}
	if (*in->at != '}') {
		return blame(in, "the text ends within braces: it is not whole");
	}
	in->at++;
	return 0;
}

named_block_t *named_text_read(const char *path, const char *text, char *err, size_t err_size)
{
	reader_t in = { .path = path, .at = text, .line = 1, .err = err, .err_size = err_size };
	named_block_t *block = calloc(1, sizeof(*block));
	int ret = block != NULL ? read_statements(&in, 0, block) : blame(&in, "out of memory");
	if (ret == 0 && *in.at != '\0') {
		ret = blame(&in, "a brace is closed that was not opened");
	}
	if (ret != 0) {
		named_text_free(block);
		return NULL;
	}
	return block;
}

/* -- what there is -------------------------------------------------------- */

const char *named_word(const named_statement_t *statement, size_t index)
{
	return index < statement->count ? statement->words[index].text : NULL;
}

bool named_is(const named_statement_t *statement, size_t index, const char *word)
{
	const char *text = named_word(statement, index);
	return text != NULL && strcmp(text, word) == 0;
}

const char *named_after(const named_statement_t *statement, const char *word)
{
	for (size_t i = 1; i < statement->count; i++) {
		if (named_is(statement, i - 1, word)) {
			return named_word(statement, i);
		}
	}
	return NULL;
}

const named_block_t *named_block_of(const named_statement_t *statement)
{
	for (size_t i = 0; i < statement->count; i++) {
		if (statement->words[i].block != NULL) {
			return statement->words[i].block;
		}
	}
	return NULL;
}

const named_statement_t *named_find(const named_block_t *block, const char *word)
{
	for (size_t i = 0; block != NULL && i < block->count; i++) {
		if (named_is(&block->statements[i], 0, word)) {
			return &block->statements[i];
		}
	}
	return NULL;
}

static void free_statement(named_statement_t *statement)
{
	for (size_t i = 0; i < statement->count; i++) {
		char *text = statement->words[i].text;
		if (text != NULL) {
			explicit_bzero(text, strlen(text));
		}
		free(text);
		named_text_free(statement->words[i].block);
	}
	free(statement->words);
}

void named_text_free(named_block_t *block)
{
	for (size_t i = 0; block != NULL && i < block->count; i++) {
		free_statement(&block->statements[i]);
	}
	if (block != NULL) {
		free(block->statements);
	}
	free(block);
}
