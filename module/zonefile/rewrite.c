/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zonefile/rewrite.h"

#include <ctype.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/zonefile/compose.h"
#include "module/zonefile/types.h"

static bool is_plain(unsigned char c)
{
	return (c < 0x80 && isalnum(c)) || c == '-' || c == '_' || c == '*' || c == '.';
}

static void write_name(const char *name, size_t len, FILE *out)
{
	if (len == 1 && name[0] == '@') {
		fputc('@', out);
		return;
	}
	for (size_t i = 0; i < len; i++) {
		const bool escaped = name[i] == '\\' && i + 1 < len;
		const unsigned char c = name[i += escaped];
		if (escaped && isdigit(c)) {
			fprintf(out, "\\%c", c);
		} else if (escaped || !is_plain(c)) {
			fprintf(out, "\\%03u", c);
		} else {
			fputc(c, out);
		}
	}
}

/* A word as it is, but for octets that are not printable. */
static void write_word(const word_t *word, FILE *out)
{
	fputs(word->quoted ? "\"" : "", out);
	for (size_t i = 0; i < word->len; i++) {
		const bool escape = word->text[i] == '\\' && i + 1 < word->len;
		const unsigned char c = word->text[i += escape];
		if (c < ' ' || c > '~') {
			fprintf(out, "\\%03u", c);
		} else {
			fprintf(out, escape ? "\\%c" : "%c", c);
		}
	}
	fputs(word->quoted ? "\"" : "", out);
}

/* A type that libzscanner does not know by its number. */
static void write_type(const word_t *word, FILE *out)
{
	uint16_t type;
	if (types_number(word, &type)) {
		fprintf(out, "TYPE%u", type);
	} else {
		write_word(word, out);
	}
}

/* Digest types as BIND names them. */
static void write_digest(const word_t *word, FILE *out)
{
	static const struct {
		const char *name, *number;
	} DIGESTS[] = {
		{ "SHA-1", "1" }, { "SHA-256", "2" }, { "GOST", "3" }, { "SHA-384", "4" },
	};
	for (size_t i = 0; i < sizeof(DIGESTS) / sizeof(DIGESTS[0]); i++) {
		if (word_is(word, DIGESTS[i].name)) {
			fputs(DIGESTS[i].number, out);
			return;
		}
	}
	write_word(word, out);
}

/* Words with a letter each, that says what they are (types.h). */
static void write_words(const word_t *word, const word_t *end, const char *kinds, FILE *out)
{
	for (; word < end; word++) {
		const char kind = *kinds != '\0' ? *kinds : TYPES_WORD;
		fputs(word->glued && kind == TYPES_PARAMS ? "" : " ", out);
		switch (kind) {
		case TYPES_NAME:
			write_name(word->text, word->len, out);
			break;
		case TYPES_TYPE:
		case TYPES_ALL:
			write_type(word, out);
			break;
		case TYPES_DIGEST:
			write_digest(word, out);
			break;
		case TYPES_JOIN:
			for (; word + 1 < end; word++) {
				write_word(word, out);
			}
			write_word(word, out);
			break;
		default:
			write_word(word, out);
		}
		kinds += *kinds != '\0' && *kinds != TYPES_ALL && *kinds != TYPES_PARAMS;
	}
}

static const char *write_composed(uint16_t type, const word_t *word, const word_t *end,
                                  const knot_dname_t *origin, FILE *out)
{
	compose_t rdata = { .at = word, .end = end, .origin = origin };
	const char *fault = compose_rdata(type, &rdata);
	if (fault == NULL) {
		fprintf(out, " TYPE%u \\# %zu ", type, rdata.size);
		for (size_t i = 0; i < rdata.size; i++) {
			fprintf(out, "%02x", rdata.wire[i]);
		}
	}
	return fault;
}

/* The type, and the data behind it. */
static const char *write_data(const word_t *word, const word_t *end, const knot_dname_t *origin,
                              FILE *out, uint16_t *number)
{
	uint16_t type;
	const type_form_t *form = types_find(word);
	if (word + 1 < end && word_is(&word[1], "\\#") && types_number(word, &type)) {
		fprintf(out, " TYPE%u", type);
		write_words(word + 1, end, "wwj", out);
		return NULL;
	}
	if (form != NULL && form->like == NULL) {
		return write_composed(form->number, word + 1, end, origin, out);
	}
	if (form != NULL && strcmp(form->like, form->name) != 0) {
		*number = form->number;
		fprintf(out, " %s", form->like);
	} else {
		fputc(' ', out);
		write_word(word, out);
	}
	write_words(word + 1, end, form != NULL ? form->words : "", out);
	return NULL;
}

static bool is_class_in(const word_t *word)
{
	return word_is(word, "IN") || word_is(word, "CLASS1");
}

bool rewrite_is_before_type(const word_t *word)
{
	return !word->quoted && word->len > 0 &&
	       (isdigit((unsigned char)word->text[0]) || is_class_in(word));
}

/* An origin has to be absolute. */
static void write_origin(const word_t *word, const knot_dname_t *origin, FILE *out)
{
	knot_dname_storage_t name;
	knot_dname_txt_storage_t text;
	fputc(' ', out);
	if (compose_name(word, origin, name) &&
	    knot_dname_to_str(text, name, sizeof(text)) != NULL) {
		write_name(text, strlen(text), out);
	} else {
		write_word(word, out);
	}
}

static void write_directive(const words_t *entry, const knot_dname_t *origin, FILE *out)
{
	const size_t at = words_is(entry, 0, "$ORIGIN") ? 1 :
	                  words_is(entry, 0, "$INCLUDE") ? 2 : entry->count;
	for (size_t i = 0; i < entry->count; i++) {
		if (i == at) {
			write_origin(&entry->words[i], origin, out);
		} else {
			fputs(i > 0 ? " " : "", out);
			write_word(&entry->words[i], out);
		}
	}
}

const char *rewrite(const words_t *entry, const knot_dname_t *origin, FILE *out, uint16_t *type)
{
	const word_t *word = entry->words, *end = word + entry->count;
	const char *fault = NULL;
	*type = 0;
	if (words_are_directive(entry)) {
		write_directive(entry, origin, out);
	} else {
		if (!entry->blank) {
			write_name(word->text, word->len, out);
			word++;
		}
		for (; word < end && rewrite_is_before_type(word); word++) {
			if (!is_class_in(word)) {
				fputc(' ', out);
				write_word(word, out);
			}
		}
		fault = word < end ? write_data(word, end, origin, out, type) : NULL;
	}
	fputc('\n', out);
	return fault;
}
