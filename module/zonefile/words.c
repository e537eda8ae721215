/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zonefile/words.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libknot/errcode.h>

/* Words of an entry, at most: each octet of the longest RDATA as two digits by themselves, and some
 * words before. */
#define WORDS_MAX (2 * UINT16_MAX + 16)

#define BLANKS " \t\r"
#define ENDS_WORD BLANKS "\n();\""

static int add_word(words_t *entry, word_t word)
{
	if (entry->count == WORDS_MAX) {
		entry->fault = "the record has too many words";
		return KNOT_EOK;
	}
	if (entry->count == entry->capacity) {
		const size_t capacity = entry->capacity > 0 ? 2 * entry->capacity : 16;
		word_t *words = realloc(entry->words, capacity * sizeof(*words));
		if (words == NULL) {
			return KNOT_ENOMEM;
		}
		entry->words = words;
		entry->capacity = capacity;
	}
	entry->words[entry->count++] = word;
	return KNOT_EOK;
}

/*! \return Where a word ends: at one of these characters, which is not escaped, or a newline. */
static const char *find_end(const char *at, const char *end, const char *ends)
{
	while (at < end && *at != '\n' && strchr(ends, *at) == NULL) {
		at += *at == '\\' && at + 1 < end && at[1] != '\n' ? 2 : 1;
	}
	return at;
}

/*! \return Behind the word. */
static const char *read_word(words_t *entry, const char *at, const char *end, int *ret)
{
	word_t word = { .quoted = *at == '"' };
	word.glued = at > entry->begin && strchr(BLANKS "\n()", at[-1]) == NULL;
	word.text = at + word.quoted;
	const char *behind = find_end(word.text, end, word.quoted ? "\"" : ENDS_WORD);
	word.len = behind - word.text;
	*ret = add_word(entry, word);
	if (word.quoted && (behind == end || *behind != '"')) {
		entry->fault = "a quotation mark is missing at the end of the line";
		return behind;
	}
	return behind + word.quoted;
}

int words_read(words_t *entry, const char *begin, const char *end)
{
	int open = 0, ret = KNOT_EOK;
	const char *at = begin;
	entry->begin = begin;
	entry->newlines = entry->count = 0;
	entry->fault = NULL;
	entry->blank = begin < end && strchr(BLANKS, *begin) != NULL;
	while (ret == KNOT_EOK && at < end && (*at != '\n' || open > 0)) {
		switch (*at) {
		case '\n':
			entry->newlines++;
			at++;
			break;
		case ' ':
		case '\t':
		case '\r':
			at++;
			break;
		case '(':
			open++;
			at++;
			break;
		case ')':
			entry->fault = open-- == 0 ? "a parenthesis is closed that is not open"
			                           : entry->fault;
			at++;
			break;
		case ';':
			at = find_end(at, end, "");
			break;
		default:
			at = read_word(entry, at, end, &ret);
		}
	}
	if (open > 0) {
		entry->fault = "a parenthesis is not closed";
	}
	entry->end = at;
	return ret;
}

bool word_is(const word_t *word, const char *text)
{
	return word->len == strlen(text) && strncasecmp(word->text, text, word->len) == 0;
}

bool words_is(const words_t *entry, size_t index, const char *word)
{
	return index < entry->count && !entry->words[index].quoted &&
	       word_is(&entry->words[index], word);
}

bool words_are_directive(const words_t *entry)
{
	return !entry->blank && !entry->words[0].quoted && entry->words[0].len > 0 &&
	       entry->words[0].text[0] == '$';
}

void words_deinit(words_t *entry)
{
	free(entry->words);
}
