/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/rr/naptr.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

/* The greatest bound of a repetition (POSIX's RE_DUP_MAX). */
#define REPEAT_MAX 255

/*! A part of the expression while it is read. */
typedef struct {
	const uint8_t *at, *end;
} text_t;

/*! What a regular expression has had so far. */
typedef struct {
	text_t text;
	int groups;          /*!< Begun. */
	int open;            /*!< Of them not closed yet. */
	bool atom;           /*!< There is one that can be repeated, or end an alternative. */
	bool repeated;       /*!< It is already, or is an anchor. */
	bool may_be_empty;   /*!< A group has just begun. */
} ere_t;

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool ended(const text_t *text)
{
	return text->at == text->end;
}

/*! \return The next character, 0 behind the end; there are no zeros in the text. */
static uint8_t peek(const text_t *text)
{
	return ended(text) ? 0 : *text->at;
}

static uint8_t take(text_t *text)
{
	return ended(text) ? 0 : *text->at++;
}

/*** Bracket expressions. ***/

typedef struct {
	bool some;       /*!< It has an element. */
	bool range;      /*!< A range waits for its end. */
	bool was_range;  /*!< A range has just ended; it cannot begin another. */
	int first;       /*!< Where a range would begin; 256: nowhere. */
} bracket_t;

/*! Reads what is between "[:" or such and ":]". \return Whether it ends, and is not empty. */
static bool read_class(text_t *text, uint8_t mark, text_t *name)
{
	name->at = text->at;
	while (!ended(text)) {
		const uint8_t c = take(text);
		if (c == mark && peek(text) == ']') {
			name->end = text->at - 1;
			text->at++;
			return name->end > name->at;
		}
	}
	return false;
}

static bool is_class(const text_t *name)
{
	static const char *CLASSES[] = {
		"alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
		"space", "upper", "xdigit",
	};
	const size_t len = name->end - name->at;
	for (size_t i = 0; i < sizeof(CLASSES) / sizeof(CLASSES[0]); i++) {
		if (strlen(CLASSES[i]) == len && memcmp(CLASSES[i], name->at, len) == 0) {
			return true;
		}
	}
	return false;
}

static void end_range(bracket_t *bracket)
{
	bracket->was_range = bracket->range;
	bracket->range = false;
}

static bool bracket_char(bracket_t *bracket, uint8_t c)
{
	if (bracket->range && c < bracket->first) {
		return false;
	}
	end_range(bracket);
	bracket->first = c;
	bracket->some = true;
	return true;
}

/*! Reads behind "[" within brackets: perhaps a class, else it is a character as others. */
static bool bracket_class(text_t *text, bracket_t *bracket)
{
	text_t name;
	const uint8_t mark = peek(text);
	bracket->some = true;
	if (mark != '.' && mark != '=' && mark != ':') {
		return true;
	}
	text->at++;
	if (!read_class(text, mark, &name)) {
		return false;
	}
	if (mark != '.') {
		return !bracket->range && (mark == '=' || is_class(&name));
	}
	end_range(bracket);
	bracket->first = name.end - name.at == 1 ? *name.at : 256;
	return true;
}

/*! Reads behind "[". */
static bool read_bracket(text_t *text)
{
	bracket_t bracket = { 0 };
	if (peek(text) == '^') {
		text->at++;
	}
	while (!ended(text)) {
		const uint8_t c = take(text);
		bool ok = true;
		if (c == ']' && bracket.some) {
			return true;
		} else if (c == '[') {
			ok = bracket_class(text, &bracket);
		} else if (c == '-' && bracket.some && !bracket.range) {
			ok = !bracket.was_range;
			bracket.range = true;
		} else {
			ok = bracket_char(&bracket, c);
		}
		if (!ok) {
			return false;
		}
	}
	return false;
}

/*** Extended regular expressions (POSIX.1, XBD 9.4). ***/

static int read_number(text_t *text)
{
	int number = 0;
	while (is_digit(peek(text)) && number <= REPEAT_MAX) {
		number = number * 10 + *text->at++ - '0';
	}
	return number;
}

/*! Reads behind "{": "m}", "m,}" or "m,n}". */
static bool read_bound(text_t *text)
{
	const int low = read_number(text);
	int high = low;
	if (peek(text) == ',') {
		text->at++;
		high = is_digit(peek(text)) ? read_number(text) : REPEAT_MAX;
	}
	return take(text) == '}' && low <= high && high <= REPEAT_MAX;
}

static bool repeat(ere_t *ere)
{
	const bool ok = ere->atom && !ere->repeated;
	ere->repeated = true;
	return ok;
}

static void atom(ere_t *ere, bool repeated)
{
	ere->atom = true;
	ere->repeated = repeated;
}

static bool open_group(ere_t *ere)
{
	ere->groups++;
	ere->open++;
	ere->atom = false;
	ere->repeated = false;
	ere->may_be_empty = true;
	return true;
}

/*! A parenthesis that closes nothing stands for itself. */
static bool close_group(ere_t *ere)
{
	const bool ok = ere->open == 0 || ere->atom || ere->may_be_empty;
	ere->open -= ere->open > 0;
	atom(ere, false);
	return ok;
}

static bool alternative(ere_t *ere)
{
	const bool ok = ere->atom;
	ere->atom = false;
	ere->repeated = false;
	ere->may_be_empty = false;
	return ok;
}

static bool read_piece(ere_t *ere)
{
	const uint8_t c = take(&ere->text);
	uint8_t escaped;
	switch (c) {
	case '\\':
		escaped = take(&ere->text);
		atom(ere, false);
		return escaped < '1' || escaped > '9' || escaped - '0' <= ere->groups;
	case '[':
		atom(ere, false);
		return read_bracket(&ere->text);
	case '{':
		if (is_digit(peek(&ere->text))) {
			return repeat(ere) && read_bound(&ere->text);
		}
		atom(ere, false);
		return true;
	case '(':
		return open_group(ere);
	case ')':
		return close_group(ere);
	case '|':
		return alternative(ere);
	case '^':
	case '$':
		atom(ere, true);
		return true;
	case '+':
	case '*':
	case '?':
		return repeat(ere);
	default:
		atom(ere, false);
		return true;
	}
}

/*! \return How many groups it has, negative if it is malformed. */
static int read_ere(text_t text)
{
	ere_t ere = { .text = text };
	while (!ended(&ere.text)) {
		if (!read_piece(&ere)) {
			return -1;
		}
	}
	return ere.open == 0 && ere.atom ? ere.groups : -1;
}

/*** The substitution expression. ***/

/*! Finds the end of a part: the next delimiter that is not escaped, which is left behind. */
static bool read_part(text_t *text, uint8_t delimiter, text_t *part)
{
	part->at = text->at;
	while (!ended(text)) {
		const uint8_t c = take(text);
		if (c == delimiter) {
			part->end = text->at - 1;
			return true;
		}
		if (c == '\\') {
			(void)take(text);
		}
	}
	return false;
}

/*! \return The greatest group that the replacement refers to. */
static int last_group(text_t replacement)
{
	int last = 0;
	while (!ended(&replacement)) {
		if (take(&replacement) != '\\') {
			continue;
		}
		const uint8_t c = take(&replacement);
		if (c == '0') {
			return INT_MAX; /* Groups are counted from 1. */
		}
		if (is_digit(c) && c - '0' > last) {
			last = c - '0';
		}
	}
	return last;
}

const char *naptr_regexp_fault(const uint8_t *text, size_t len)
{
	text_t it = { .at = text, .end = text + len }, ere, replacement;
	if (len == 0) {
		return NULL;
	}
	if (memchr(text, 0, len) != NULL) {
		return "the regular expression has a NUL";
	}
	const uint8_t delimiter = take(&it);
	if (is_digit(delimiter) || delimiter == '\\' || delimiter == 'i') {
		return "the regular expression cannot have that delimiter";
	}
	if (!read_part(&it, delimiter, &ere) || !read_part(&it, delimiter, &replacement)) {
		return "the regular expression has not three delimiters";
	}
	while (peek(&it) == 'i') {
		it.at++;
	}
	if (!ended(&it)) {
		return "the regular expression has an unknown flag";
	}
	const int groups = read_ere(ere);
	return groups < 0 ? "the regular expression is malformed" :
	       last_group(replacement) > groups
	       ? "the replacement refers to a group that is not there" : NULL;
}
