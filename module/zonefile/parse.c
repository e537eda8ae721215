/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "module/zonefile/parse.h"

#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "module/zonefile/bytes.h"
#include "module/zonefile/reader.h"

/* TTL, in seconds, of records in a file that gives none; knotd's own. */
#define DEFAULT_TTL 3600

/* What libzscanner gives a record in place of a TTL that is nowhere; no TTL is so large. */
#define NO_TTL (UINT32_MAX - 1)

/* Files that include each other, at most: enough for any zone, and an end to a chain of files. */
#define INCLUDE_DEPTH 16

/* Bytes of text for each byte that the zone may have, at most, and bytes of text that are free: a
 * record in words is at most four times as long as its octets, but for blanks and comments. */
#define TEXT_FACTOR 4
#define TEXT_FREE ((uint64_t)64 << 20)

/* Characters of a line with an error that are shown, so that the message fits a line of a log. */
#define LINE_SHOWN 60

/* A file that is being read, and the file that includes it. */
typedef struct source {
	const struct source *parent;
	bytes_t bytes;
	char *real;         /* Its path without links. */
	uint16_t index;
	int depth;
	bool quoted;        /* Messages may show what is in it. */
} source_t;

typedef struct {
	contents_t *contents;
	report_t *report;   /* The contents' own. */
	folders_t folders;  /* Where the files may be. */
	size_t size_max;    /* Bytes that the contents may take. */
	uint64_t text_left; /* Bytes that the files, and $GENERATE, may still have. */
	uint64_t without_ttl;    /* Records for which no TTL is given. */
	place_t first_without_ttl;
	char *err;
	size_t err_size;
} parser_t;

static int parse_source(parser_t *parser, source_t *source, const char *origin, uint32_t ttl);

/* Opens and reads a file that is allowed. The same file counts each time that it is included, so
 * that files which include others many times come to an end. */
static int read_source(parser_t *parser, const char *path, source_t *source, char *err,
                       size_t err_size)
{
	int fd = -1;
	int ret = folders_open(&parser->folders, path, &fd, &source->real, err, err_size);
	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = bytes_read(fd, path, parser->text_left, &source->bytes, err, err_size);
	close(fd);
	parser->text_left -= ret == KNOT_EOK ? source->bytes.size : 0;
	return ret;
}

static void source_deinit(source_t *source)
{
	bytes_deinit(&source->bytes);
	free(source->real);
}

/* If an included file cannot be read, that is an error of the line that includes it. */
static int include(parser_t *parser, const source_t *parent, zs_scanner_t *s, place_t place)
{
	char err[PATH_MAX + 256];
	const char *path = s->include_filename;
	if (parent->depth >= INCLUDE_DEPTH) {
		report_error(parser->report, place, "$INCLUDE %s: more than %d files within each "
		             "other", path, INCLUDE_DEPTH);
		return KNOT_EOK;
	}

	source_t source = { .parent = parent, .depth = parent->depth + 1 };
	int ret = read_source(parser, path, &source, err, sizeof(err));
	for (const source_t *it = parent; ret == KNOT_EOK && it != NULL; it = it->parent) {
		if (it->bytes.dev == source.bytes.dev && it->bytes.ino == source.bytes.ino) {
			snprintf(err, sizeof(err), "%.1024s: the file includes itself", path);
			ret = KNOT_EMALF;
		}
	}
	if (ret == KNOT_EOK) {
		ret = report_file(parser->report, path, &source.index);
		if (ret == KNOT_ELIMIT) {
			snprintf(err, sizeof(err), "%.1024s: too many files", path);
		}
	}

	if (ret == KNOT_EOK) {
		ret = parse_source(parser, &source, (const char *)s->buffer, s->default_ttl);
	} else if (ret != KNOT_EAGAIN && ret != KNOT_ENOMEM) {
		report_error(parser->report, place, "$INCLUDE %s", err);
		ret = KNOT_EOK;
	} else {
		snprintf(parser->err, parser->err_size, "%s", err);
	}
	source_deinit(&source);
	return ret;
}

/* Copies the line with an error. */
static void copy_line(const source_t *source, const char *at, char *out, size_t size)
{
	const char *text = source->bytes.text, *end = text + source->bytes.size;
	const char *before = at > text ? memrchr(text, '\n', at - text) : NULL;
	const char *line = before != NULL ? before + 1 : text;
	const char *newline = memchr(at, '\n', end - at);
	size_t len = (newline != NULL ? newline : end) - line;
	snprintf(out, size, "%.*s%s", (int)(len < LINE_SHOWN ? len : LINE_SHOWN), line,
	         len > LINE_SHOWN ? "..." : "");
	for (char *c = out; *c != '\0'; c++) {
		*c = *c == '\t' ? ' ' : *c == '\r' ? '\0' : *c;
	}
}

static void report_syntax(parser_t *parser, const source_t *source, const reader_t *reader,
                          place_t place)
{
	char line[LINE_SHOWN + 8] = "";
	if (source->quoted) {
		copy_line(source, reader->at, line, sizeof(line));
	}
	report_error(parser->report, place, "%s%s%s%s", reader->fault,
	             line[0] != '\0' ? " in '" : "", line, line[0] != '\0' ? "'" : "");
}

/* Takes a record. Which ones have no TTL is said of all at once. */
static int take(parser_t *parser, const zs_scanner_t *s, place_t place)
{
	source_rr_t rr = {
		.owner = s->r_owner, .type = s->r_type, .ttl = s->r_ttl,
		.rdata = (uint8_t *)s->r_data, .rdata_len = s->r_data_length,
	};
	if (rr.ttl == NO_TTL) {
		rr.ttl = DEFAULT_TTL;
		if (parser->without_ttl++ == 0) {
			parser->first_without_ttl = place;
		}
	}
	return contents_size(parser->contents) > parser->size_max
	       ? KNOT_ESPACE : contents_take(parser->contents, &rr, place);
}

/* \return KNOT_EOF at the end. */
static int parse_item(parser_t *parser, const source_t *source, reader_t *reader)
{
	int ret = reader_next(reader);
	if (ret != KNOT_EOK) {
		return ret;
	}
	place_t place = { .line = reader->line, .file = source->index };
	switch (reader->s->state) {
	case ZS_STATE_DATA:
		return take(parser, reader->s, place);
	case ZS_STATE_INCLUDE:
		return include(parser, source, reader->s, place);
	default:
		report_syntax(parser, source, reader, place);
		return KNOT_EOK;
	}
}

/* Relative names in the file count from its folder. */
static int set_folder(zs_scanner_t *s, const char *real)
{
	char *copy = strdup(real);
	char *folder = copy != NULL ? strdup(dirname(copy)) : NULL;
	free(copy);
	if (folder == NULL) {
		return KNOT_ENOMEM;
	}
	free(s->path);
	s->path = folder;
	return KNOT_EOK;
}

static int parse_source(parser_t *parser, source_t *source, const char *origin, uint32_t ttl)
{
	reader_t reader;
	int ret = reader_init(&reader, &parser->text_left, source->bytes.text, source->bytes.size,
	                      origin, ttl);
	if (ret == KNOT_EOK) {
		ret = set_folder(reader.s, source->real);
	}
	while (ret == KNOT_EOK) {
		ret = parse_item(parser, source, &reader);
	}
	reader_deinit(&reader);
	return ret == KNOT_EOF ? KNOT_EOK : ret;
}

/* Whether a file is the author's own for sure: its path is no link, and it has no other name. */
static bool is_own(const char *path, const bytes_t *bytes)
{
	struct stat st;
	return bytes->links == 1 && lstat(path, &st) == 0 && st.st_dev == bytes->dev &&
	       st.st_ino == bytes->ino;
}

static int set_folders(parser_t *parser, const zonefile_args_t *args)
{
	char *copy = strdup(args->path);
	int ret = copy != NULL ? folders_add(&parser->folders, dirname(copy)) : KNOT_ENOMEM;
	free(copy);
	return ret == KNOT_EOK && args->folders != NULL
	       ? folders_add_all(&parser->folders, args->folders) : ret;
}

/* \return Bytes of text that a zone may have. */
static uint64_t text_max(size_t size_max)
{
	return size_max < (UINT64_MAX - TEXT_FREE) / TEXT_FACTOR
	       ? size_max * TEXT_FACTOR + TEXT_FREE : UINT64_MAX;
}

int parse_file(const zonefile_args_t *args, contents_t *contents, char *err, size_t err_size)
{
	parser_t parser = {
		.contents = contents, .report = contents_report(contents),
		.size_max = args->size_max, .text_left = text_max(args->size_max),
		.err = err, .err_size = err_size,
	};
	knot_dname_txt_storage_t origin;
	source_t source = { .index = 0 }; /* Of the zone file. */

	snprintf(err, err_size, "%s: not enough memory", args->path);
	int ret = set_folders(&parser, args);
	if (ret == KNOT_EOK) {
		ret = read_source(&parser, args->path, &source, err, err_size);
	}
	if (ret == KNOT_EOK) {
		source.quoted = is_own(args->path, &source.bytes);
		knot_dname_to_str(origin, args->apex, sizeof(origin));
		ret = parse_source(&parser, &source, origin, NO_TTL);
	}
	if (parser.without_ttl > 0) {
		report_warning(parser.report, parser.first_without_ttl, "neither the record nor a "
		               "$TTL before it gives a TTL, %u is taken (records of this kind: "
		               "%"PRIu64")", DEFAULT_TTL, parser.without_ttl);
	}
	if (ret == KNOT_ESPACE) {
		snprintf(err, err_size, "%.300s: the zone is larger than zone-max-size or "
		         "journal-max-usage in knot.conf allow", args->path);
	}
	source_deinit(&source);
	folders_deinit(&parser.folders);
	return ret;
}
