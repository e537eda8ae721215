/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zonefile/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/zonefile/rewrite.h"

/*! A line in memory. */
typedef struct {
	char *text;
	size_t len;
	FILE *out;
} line_t;

static int line_open(line_t *line)
{
	line->out = open_memstream(&line->text, &line->len);
	return line->out != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

/*! Lets the line be read. */
static int line_close(line_t *line)
{
	return fclose(line->out) == 0 ? KNOT_EOK : KNOT_ENOMEM;
}

int reader_init(reader_t *reader, uint64_t *text_left, const char *text, size_t size,
                const char *origin, uint32_t ttl)
{
	memset(reader, 0, sizeof(*reader));
	reader->text_left = text_left;
	reader->text = text;
	reader->end = text + size;
	reader->s = malloc(sizeof(*reader->s));
	if (reader->s == NULL || zs_init(reader->s, origin, KNOT_CLASS_IN, ttl) != 0 ||
	    zs_set_input_string(reader->s, text, size) != 0) {
		return KNOT_ENOMEM;
	}
	reader->start = reader->s->cs;
	return KNOT_EOK;
}

void reader_deinit(reader_t *reader)
{
	if (reader->s != NULL) {
		zs_deinit(reader->s);
	}
	free(reader->s);
	words_deinit(&reader->entry);
	words_deinit(&reader->generated);
}

/*** The scanner. ***/

/* In the newline that it adds to the end, the scanner is not in the text. */
static const char *position(const reader_t *reader)
{
	const char *at = reader->s->input.current;
	return at >= reader->text && at <= reader->end ? at : reader->end;
}

/* Has the scanner go on with another text, at the beginning of an entry or before a newline. */
static int set_input(reader_t *reader, const char *text, size_t size, uint64_t line)
{
	zs_scanner_t *s = reader->s;
	s->cs = reader->start;
	s->top = 0;
	s->multiline = s->long_string = s->comma_list = false;
	s->error.fatal = false;
	s->line_counter = line;
	return zs_set_input_string(s, text, size) == 0 ? KNOT_EOK : KNOT_ENOMEM;
}

/* Goes on behind an entry, which ends in this line. What was read is kept. */
static int go_on(reader_t *reader, const words_t *entry, uint64_t line)
{
	const zs_state_t state = reader->s->state;
	const int ret = set_input(reader, entry->end, reader->end - entry->end, line);
	reader->s->state = state;
	return ret;
}

static int scan(reader_t *reader)
{
	zs_scanner_t *s = reader->s;
	const int top = s->top;
	if (reader->ended || zs_parse_record(s) != 0) {
		return KNOT_EOF;
	}
	if (s->state == ZS_STATE_INCLUDE) {
		/* Up to libzscanner 3.5 at least, each $INCLUDE leaves an entry on the scanner's
		 * stack; the 17th writes beyond it. */
		s->top = top;
	}
	reader->line = s->line_counter;
	return s->state == ZS_STATE_EOF || s->state == ZS_STATE_STOP ? KNOT_EOF : KNOT_EOK;
}

static void save_names(reader_t *reader)
{
	const zs_scanner_t *s = reader->s;
	reader->origin_len = s->zone_origin_length;
	memcpy(reader->origin, s->zone_origin, s->zone_origin_length);
	reader->owner_len = s->r_owner_length;
	memcpy(reader->owner, s->r_owner, s->r_owner_length);
}

static void restore_owner(reader_t *reader)
{
	reader->s->r_owner_length = reader->owner_len;
	memcpy(reader->s->r_owner, reader->owner, reader->owner_len);
}

/*** Other forms. ***/

static void set_fault(reader_t *reader, const char *fault)
{
	reader->s->state = ZS_STATE_ERROR;
	reader->fault = fault;
}

/*
 * Scans an entry in another form. If the scanner refuses that, too, its reason is the better one.
 * \return KNOT_EOK, KNOT_EOF (there is no item, it was a directive), KNOT_ENOMEM
 */
static int scan_rewritten(reader_t *reader, const words_t *entry, uint64_t last_line)
{
	line_t line = { .text = NULL };
	uint16_t type;
	int ret = line_open(&line);
	if (ret != KNOT_EOK) {
		return ret;
	}
	const char *fault = rewrite(entry, reader->s->zone_origin, line.out, &type);
	ret = line_close(&line);
	if (ret == KNOT_EOK && fault != NULL) {
		set_fault(reader, fault);
	} else if (ret == KNOT_EOK) {
		reader->s->state = ZS_STATE_NONE;
		ret = set_input(reader, line.text, line.len, last_line);
		ret = ret == KNOT_EOK ? scan(reader) : ret;
		if (reader->s->state == ZS_STATE_ERROR) {
			set_fault(reader, zs_strerror(reader->s->error.code));
		} else if (type != 0) {
			reader->s->r_type = type;
		}
		if (ret == KNOT_EOF && !words_are_directive(entry)) {
			set_fault(reader, reader->fault); /* No record is lost without a word. */
			ret = KNOT_EOK;
		}
	}
	free(line.text);
	return ret;
}

/*** $GENERATE. ***/

/* \return KNOT_EOF (there is no item yet), KNOT_EOK (an error) */
static int begin_generate(reader_t *reader)
{
	const char *fault = generate_begin(&reader->generate, &reader->entry);
	if (fault != NULL) {
		set_fault(reader, fault);
		return KNOT_EOK;
	}
	const words_t entry = reader->entry;
	reader->entry = reader->generated;
	reader->generated = entry;
	reader->generating = true;
	return KNOT_EOF;
}

/* The owner of the next record, if it names none, is the last before $GENERATE. */
static void end_generate(reader_t *reader)
{
	reader->generating = false;
	restore_owner(reader);
}

/* Scans a record that was made. \return KNOT_EOK, KNOT_ENOMEM, KNOT_ESPACE */
static int scan_made(reader_t *reader, const line_t *line, uint64_t last_line)
{
	if (line->len > *reader->text_left) {
		return KNOT_ESPACE;
	}
	*reader->text_left -= line->len;
	int ret = words_read(&reader->entry, line->text, line->text + line->len);
	if (ret == KNOT_EOK && reader->entry.fault != NULL) {
		set_fault(reader, reader->entry.fault);
	} else if (ret == KNOT_EOK) {
		ret = scan_rewritten(reader, &reader->entry, last_line);
	}
	return ret;
}

/* \return KNOT_EOK, KNOT_EOF (there is no more), KNOT_ENOMEM, KNOT_ESPACE */
static int next_generated(reader_t *reader)
{
	line_t line = { .text = NULL };
	const uint64_t last_line = reader->s->line_counter;
	int ret = line_open(&line);
	if (ret != KNOT_EOK) {
		return ret;
	}
	const char *fault = NULL;
	const bool more = generate_next(&reader->generate, line.out, &fault);
	ret = line_close(&line);
	if (ret == KNOT_EOK && fault != NULL) {
		set_fault(reader, fault);
	} else if (ret == KNOT_EOK) {
		ret = more ? scan_made(reader, &line, last_line) : KNOT_EOF;
	}
	free(line.text);
	const bool refused = ret == KNOT_EOK && reader->s->state == ZS_STATE_ERROR;
	if (!more || refused) {
		end_generate(reader);
	}
	const int went = go_on(reader, &reader->generated, last_line);
	return went != KNOT_EOK ? went : ret;
}

/*** What the scanner refused. ***/

/* Finds that entry behind the last one. \return In which line it ends. */
static int find_refused(reader_t *reader, const char *begin, uint64_t line, uint64_t *last_line)
{
	const char *at = position(reader);
	int ret;
	while ((ret = words_read(&reader->entry, begin, reader->end)) == KNOT_EOK &&
	       reader->entry.end < at) {
		line += reader->entry.newlines + 1;
		begin = reader->entry.end + 1;
	}
	*last_line = line + reader->entry.newlines;
	return ret;
}

/*
 * A directive that the scanner refuses may overwrite the origin. Takes the one before, and has the
 * scanner read again the directives between the last item and that one.
 */
static int restore_origin(reader_t *reader, const char *begin, uint64_t line)
{
	const uint64_t refused_line = reader->line;
	zs_scanner_t *s = reader->s;
	s->zone_origin_length = reader->origin_len;
	memcpy(s->zone_origin, reader->origin, reader->origin_len);
	int ret = set_input(reader, begin, reader->entry.begin - begin, line);
	if (ret == KNOT_EOK) {
		(void)scan(reader);
		set_fault(reader, reader->fault);
		reader->line = refused_line;
	}
	return ret;
}

/* Reads that entry in another form. \return As scan_rewritten() */
static int read_otherwise(reader_t *reader, uint64_t last_line)
{
	const words_t *entry = &reader->entry;
	const uint64_t first_line = last_line - entry->newlines;
	if (entry->fault != NULL || reader->line < first_line || reader->line > last_line) {
		return KNOT_EOK;
	}
	if (entry->count == 0) {
		return KNOT_EOF;
	}
	if (words_is(entry, 0, "$GENERATE") && !entry->blank) {
		return begin_generate(reader);
	}
	return scan_rewritten(reader, entry, last_line);
}

/*
 * Tries again what the scanner has just refused.
 *
 * \param begin  Where the scanner began, in this line.
 * \return As scan_rewritten()
 */
static int try_again(reader_t *reader, const char *begin, uint64_t line)
{
	zs_scanner_t *s = reader->s;
	const uint64_t refused_line = s->line_counter -
	                              (s->error.code == ZS_UNCLOSED_MULTILINE);
	const bool fatal = s->error.fatal;
	uint64_t last_line;
	set_fault(reader, zs_strerror(s->error.code));
	reader->at = position(reader);
	restore_owner(reader);
	int ret = find_refused(reader, begin, line, &last_line);
	if (ret == KNOT_EOK && reader->entry.count > 0 && words_are_directive(&reader->entry)) {
		ret = restore_origin(reader, begin, line);
	}
	if (ret == KNOT_EOK) {
		ret = read_otherwise(reader, last_line);
	}
	if (ret == KNOT_EOK && s->state == ZS_STATE_ERROR) {
		reader->line = refused_line;
		reader->ended = fatal && !words_is(&reader->entry, 0, "$GENERATE");
	}
	const words_t *entry = reader->generating ? &reader->generated : &reader->entry;
	const int went = go_on(reader, entry, last_line);
	return went != KNOT_EOK ? went : ret;
}

int reader_next(reader_t *reader)
{
	zs_scanner_t *s = reader->s;
	int ret;
	do {
		if (reader->generating) {
			ret = next_generated(reader);
		} else {
			const char *begin = position(reader);
			const uint64_t line = s->line_counter;
			save_names(reader);
			ret = scan(reader);
			if (ret != KNOT_EOK || s->state != ZS_STATE_ERROR) {
				return ret;
			}
			ret = try_again(reader, begin, line);
		}
		s->state = ret == KNOT_EOF ? ZS_STATE_NONE : s->state;
	} while (ret == KNOT_EOF);
	return ret;
}
