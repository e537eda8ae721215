/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zonefile/generate.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "module/zonefile/rewrite.h"

/* Records of a line; more are a mistake, or an attack. */
#define COUNT_MAX (1u << 20)
/* Characters of an owner or data: those of the longest RDATA if each octet is escaped. */
#define TEXT_MAX (4 * UINT16_MAX)
/* Characters of a number; BIND's own limit. */
#define DIGITS_MAX 127

#define BAD_RANGE "$GENERATE: the range is not FIRST-LAST or FIRST-LAST/STEP, of numbers up to " \
                  "2147483647, with a step"
#define BAD_MODIFIER "$GENERATE: a modifier is not ${OFFSET,WIDTH,BASE} with a width up to 127 " \
                     "and a base of d, o, x, X, n or N"

/* A number in a word. */
typedef struct {
	int32_t offset;
	uint32_t width;
	char base;
} modifier_t;

typedef struct {
	const char *at, *end;
} text_t;

static bool skip(text_t *text, char c)
{
	const bool found = text->at < text->end && *text->at == c;
	text->at += found;
	return found;
}

static bool read_number(text_t *text, uint32_t max, uint32_t *number)
{
	uint64_t value = 0;
	const char *begin = text->at;
	while (text->at < text->end && isdigit((unsigned char)*text->at) && value <= max) {
		value = 10 * value + (*text->at++ - '0');
	}
	*number = value;
	return text->at > begin && value <= max;
}

/* What is in braces behind a dollar. */
static bool read_modifier(text_t *text, modifier_t *modifier)
{
	uint32_t offset;
	const bool negative = skip(text, '-');
	if (!negative) {
		skip(text, '+');
	}
	if (!read_number(text, INT_MAX, &offset)) {
		return false;
	}
	modifier->offset = negative ? -(int32_t)offset : (int32_t)offset;
	if (skip(text, ',') && !read_number(text, DIGITS_MAX, &modifier->width)) {
		return false;
	}
	if (text->at < text->end && *text->at == ',') {
		text->at++;
		if (text->at == text->end || strchr("doxXnN", *text->at) == NULL) {
			return false;
		}
		modifier->base = *text->at++;
	}
	return skip(text, '}');
}

/* The lowest digit first. Dots count for the width, also one that is the last. */
static void write_nibbles(uint32_t number, const modifier_t *modifier, FILE *out)
{
	const char *digits = modifier->base == 'n' ? "0123456789abcdef" : "0123456789ABCDEF";
	uint32_t width = 0;
	do {
		fputc(digits[number & 15], out);
		number >>= 4;
		width++;
		if (number > 0 || width < modifier->width) {
			fputc('.', out);
			width++;
		}
	} while (number > 0 || width < modifier->width);
}

static const char *write_number(int64_t number, const modifier_t *modifier, FILE *out)
{
	const int width = modifier->width;
	const bool nibbles = modifier->base == 'n' || modifier->base == 'N';
	if (number > INT_MAX || (number < 0 && nibbles)) {
		return "$GENERATE: an offset makes a number negative or larger than 2147483647";
	}
	switch (modifier->base) {
	case 'o':
		fprintf(out, "%0*o", width, (unsigned)number);
		break;
	case 'x':
		fprintf(out, "%0*x", width, (unsigned)number);
		break;
	case 'X':
		fprintf(out, "%0*X", width, (unsigned)number);
		break;
	case 'd':
		fprintf(out, "%0*d", width, (int)number);
		break;
	default:
		write_nibbles(number, modifier, out);
	}
	return NULL;
}

/* A dollar that is none stays escaped. Quotes in quotes are those of the record. */
static const char *write_text(const word_t *word, uint32_t number, FILE *out)
{
	text_t text = { .at = word->text, .end = word->text + word->len };
	const long begin = ftell(out);
	const char *fault = NULL;
	while (text.at < text.end && fault == NULL) {
		modifier_t modifier = { .base = 'd' };
		if (*text.at == '\\' && text.at + 1 < text.end) {
			const bool inner = word->quoted && text.at[1] == '"';
			fprintf(out, "%.*s", inner ? 1 : 2, text.at + inner);
			text.at += 2;
		} else if (!skip(&text, '$')) {
			fputc(*text.at++, out);
		} else if (skip(&text, '$')) {
			fputs("\\$", out);
		} else if (skip(&text, '{') && !read_modifier(&text, &modifier)) {
			fault = BAD_MODIFIER;
		} else {
			fault = write_number((int64_t)number + modifier.offset, &modifier, out);
			if (fault == NULL && ftell(out) - begin > TEXT_MAX) {
				fault = "$GENERATE: a record is too long";
			}
		}
	}
	return fault;
}

const char *generate_begin(generate_t *generate, const words_t *entry)
{
	uint32_t first, last, step = 1;
	/* Directive, range, owner, type and data; maybe TTL and class. */
	if (entry->count < 5) {
		return "$GENERATE: a word is missing; it is $GENERATE FIRST-LAST OWNER TYPE DATA";
	}
	text_t range = { entry->words[1].text, entry->words[1].text + entry->words[1].len };
	if (!read_number(&range, INT_MAX, &first) || !skip(&range, '-') ||
	    !read_number(&range, INT_MAX, &last) || last < first ||
	    (skip(&range, '/') && !read_number(&range, INT_MAX, &step)) || step == 0 ||
	    range.at < range.end) {
		return BAD_RANGE;
	}
	if ((last - first) / step >= COUNT_MAX) {
		return "$GENERATE: the range has more than 1048576 numbers";
	}
	const word_t *end = entry->words + entry->count;
	const word_t *owner = entry->words + 2, *type = owner + 1;
	while (type < end && rewrite_is_before_type(type)) {
		type++;
	}
	if (owner->quoted || owner->len == 0) {
		return "$GENERATE: the owner is in quotes or empty";
	}
	if (end - type != 2) {
		return "$GENERATE: behind the type is not one word of data; put it in quotes";
	}
	*generate = (generate_t) {
		.next = first, .last = last, .step = step, .owner = owner, .data = type + 1,
	};
	return NULL;
}

bool generate_next(generate_t *generate, FILE *out, const char **fault)
{
	const uint32_t number = generate->next;
	if (number > generate->last) {
		return false;
	}
	generate->next += generate->step; /* Both have 31 bits. */
	*fault = write_text(generate->owner, number, out);
	for (const word_t *word = generate->owner + 1; word < generate->data; word++) {
		fprintf(out, " %.*s", (int)word->len, word->text);
	}
	fputc(' ', out);
	*fault = *fault != NULL ? *fault : write_text(generate->data, number, out);
	fputc('\n', out);
	return true;
}
