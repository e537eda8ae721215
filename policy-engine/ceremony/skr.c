/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/ceremony/skr.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libknot/libknot.h>
#include <libzscanner/scanner.h>

#include "keyset/bundle.h"

#define TITLE ";; SignedKeyResponse"
#define TIME_MAX INT64_C(253402300799) /* The end of the year 9999. */
#define DATE_MIN INT64_C(19700101000000) /* A date, in digits. */
#define DATE_MAX INT64_C(99991231235959)

typedef struct {
	knot_dname_storage_t zone;
	skr_t skr;
	zs_scanner_t *scanner;
	unsigned line;     /* Of the last title; 0 before the first. */
	unsigned records;  /* Behind it. */
	bool ended;        /* It was the one that ends the text. */
	char *err;
	size_t err_size;
} reader_t;

__attribute__((format(printf, 3, 4)))
static int fail(const reader_t *r, uint64_t line, const char *format, ...)
{
	va_list args;
	const int used = snprintf(r->err, r->err_size, "line %" PRIu64 ": ", line);
	va_start(args, format);
	if (used > 0 && (size_t)used < r->err_size) {
		vsnprintf(r->err + used, r->err_size - (size_t)used, format, args);
	}
	va_end(args);
	return -1;
}

static skr_bundle_t *last(const reader_t *r)
{
	return &r->skr.bundles[r->skr.count - 1];
}

/* -- titles -------------------------------------------------------------- */

static int begin(reader_t *r, int64_t at)
{
	if (r->skr.count > 0 && at == last(r)->at) {
		free(last(r)->text); /* BIND ends a span of ZSKs with a bundle at the begin of the next. */
		*last(r) = (skr_bundle_t){ .at = at, .until = at, .line = r->line };
		return 0;
	}
	if (r->skr.count == SKR_BUNDLES_MAX) {
		return fail(r, r->line, "more than %d bundles", SKR_BUNDLES_MAX);
	}
	if (r->skr.count > 0 && at < last(r)->at) {
		return fail(r, r->line, "the bundle is not later than the one of line %u",
		            last(r)->line);
	}
	skr_bundle_t *larger = reallocarray(r->skr.bundles, r->skr.count + 1, sizeof(*larger));
	if (larger == NULL) {
		return fail(r, r->line, "out of memory");
	}
	r->skr.bundles = larger;
	if (r->skr.count > 0) {
		last(r)->until = at;
	}
	larger[r->skr.count++] = (skr_bundle_t){ .at = at, .until = at, .line = r->line };
	return 0;
}

/* Skips blanks; the end of the line is none. */
static const char *word(const char *at)
{
	return at + strspn(at, " \t");
}

/* Takes digits, which nothing but an end, or a blank, follows. \return Their number; -1: something else. */
static int64_t take_number(const char **at, char end)
{
	char *behind = (char *)*at;
	const int64_t number = isdigit((unsigned char)**at) ? strtoll(*at, &behind, 10) : -1;
	const bool ends = end != '\0' ? *behind == end : isspace((unsigned char)*behind) != 0;
	*at = end != '\0' && ends ? behind + 1 : behind;
	return ends ? number : -1;
}

/* \return Unix seconds of a number YYYYMMDDHHMMSS; -1: it is no such time. */
static int64_t from_date(int64_t date)
{
	const int clock = (int)(date % 1000000), day = (int)(date / 1000000);
	const struct tm given = {
		.tm_year = day / 10000 - 1900, .tm_mon = day / 100 % 100 - 1, .tm_mday = day % 100,
		.tm_hour = clock / 10000, .tm_min = clock / 100 % 100, .tm_sec = clock % 100,
	};
	struct tm real = given;
	const int64_t at = timegm(&real);
	const bool good = real.tm_mon == given.tm_mon && real.tm_mday == given.tm_mday &&
	                  real.tm_hour == given.tm_hour && real.tm_min == given.tm_min &&
	                  real.tm_sec == given.tm_sec;
	return good ? at : -1;
}

/* \return The time of a bundle, as keymgr writes it, or dnssec-ksr; -1: there is none. */
static int64_t take_time(const char **at)
{
	const int64_t number = take_number(at, '\0');
	return number >= DATE_MIN && number <= DATE_MAX ? from_date(number) : number;
}

static int read_title(reader_t *r, const char *title, unsigned line)
{
	if (r->ended) {
		return fail(r, line, "a bundle behind the end");
	}
	if (r->line > 0 && r->records == 0) {
		return fail(r, line, "the bundle of line %u has no records", r->line);
	}
	r->line = line;
	r->records = 0;
	const char *rest = word(title + strlen(TITLE));
	if (take_number(&rest, '.') != 1 || take_number(&rest, '\0') < 0) {
		return fail(r, line, "the form is another one than 1.0");
	}
	rest = word(rest);
	r->ended = !isdigit((unsigned char)*rest) && *rest != '-';
	const int64_t at = r->ended ? 0 : take_time(&rest);
	if (!r->ended && (at <= 0 || at > TIME_MAX)) {
		return fail(r, line, "the bundle has no time");
	}
	return r->ended ? 0 : begin(r, at);
}

/* -- records ------------------------------------------------------------- */

static int take_record(reader_t *r, uint64_t line)
{
	const zs_scanner_t *s = r->scanner;
	knot_dname_storage_t owner;
	bundle_record_t record = { .type = s->r_type, .ttl = s->r_ttl };
	const bool known = s->r_type == KNOT_RRTYPE_DNSKEY || s->r_type == KNOT_RRTYPE_CDS ||
	                   s->r_type == KNOT_RRTYPE_CDNSKEY || s->r_type == KNOT_RRTYPE_RRSIG;
	memcpy(owner, s->r_owner, s->r_owner_length);
	knot_dname_to_lower(owner);
	if (r->line == 0 || r->ended) {
		return fail(r, line, "a record that is in no bundle");
	}
	if (!known || s->r_class != KNOT_CLASS_IN) {
		return fail(r, line, "a record of another type than DNSKEY, CDS, CDNSKEY and RRSIG");
	}
	if (!knot_dname_is_equal(owner, r->zone)) {
		return fail(r, line, "a record of another zone");
	}
	if (s->r_data_length == 0 || s->r_data_length > BUNDLE_RDATA_MAX ||
	    s->r_ttl > INT32_MAX) {
		return fail(r, line, "a record that is too long, or has a wrong TTL");
	}
	if (++r->records > BUNDLE_RECORDS_MAX) {
		return fail(r, line, "more than %d records in a bundle", BUNDLE_RECORDS_MAX);
	}
	record.len = (uint16_t)s->r_data_length;
	memcpy(record.rdata, s->r_data, s->r_data_length);
	return bundle_add(&last(r)->text, &record) == 0 ? 0 : fail(r, line, "out of memory");
}

/* \param before  Lines before the text that the scanner has. */
static int scan(reader_t *r, uint64_t before)
{
	zs_scanner_t *s = r->scanner;
	while (zs_parse_record(s) == 0) {
		const uint64_t line = before + s->line_counter;
		int ret = 0;
		switch (s->state) {
		case ZS_STATE_DATA:
			ret = take_record(r, line);
			break;
		case ZS_STATE_INCLUDE:
			ret = fail(r, line, "$INCLUDE is not allowed");
			break;
		case ZS_STATE_ERROR:
			ret = fail(r, line, "%s", zs_strerror(s->error.code));
			break;
		default:
			return 0;
		}
		if (ret != 0) {
			return ret;
		}
	}
	return fail(r, before + 1, "%s", zs_strerror(s->error.code));
}

/* Reads what is between two titles. */
static int read_records(reader_t *r, const char *text, size_t len, uint64_t before)
{
	if (zs_init(r->scanner, ".", KNOT_CLASS_IN, 0) != 0) {
		return fail(r, before + 1, "out of memory");
	}
	const int ret = zs_set_input_string(r->scanner, text, len) == 0
	                ? scan(r, before) : fail(r, before + 1, "out of memory");
	zs_deinit(r->scanner);
	return ret;
}

/* -- all of it ----------------------------------------------------------- */

static bool is_title(const char *line)
{
	return strncmp(line, TITLE, strlen(TITLE)) == 0;
}

/* \param text  Ends with the end of a line. */
static int read_all(reader_t *r, const char *text)
{
	const char *begun = text;
	unsigned line = 1, before = 0;
	for (const char *at = text; *at != '\0'; at = strchr(at, '\n') + 1, line++) {
		if (!is_title(at)) {
			continue;
		}
		if (read_records(r, begun, (size_t)(at - begun), before) != 0 ||
		    read_title(r, at, line) != 0) {
			return -1;
		}
		begun = strchr(at, '\n') + 1;
		before = line;
	}
	if (read_records(r, begun, strlen(begun), before) != 0) {
		return -1;
	}
	if (r->skr.count == 0) {
		return fail(r, line - 1, "there is no bundle: it begins with a line "
		            "\"" TITLE " 1.0 TIME\"");
	}
	return r->ended ? 0 : fail(r, line - 1, "the text is cut off: it ends with a line \""
	                           TITLE " 1.0\" without a time");
}

int skr_read(const char *text, const char *zone, skr_t *skr, char *err, size_t err_size)
{
	reader_t r = { .scanner = calloc(1, sizeof(*r.scanner)), .err = err, .err_size = err_size };
	char *whole = NULL;
	int ret = -1;
	if (r.scanner == NULL || asprintf(&whole, "%s\n", text) < 0) {
		whole = NULL;
		snprintf(err, err_size, "out of memory");
	} else if (knot_dname_from_str(r.zone, zone, sizeof(r.zone)) == NULL) {
		snprintf(err, err_size, "\"%.100s\" is no name of a zone", zone);
	} else {
		knot_dname_to_lower(r.zone);
		ret = read_all(&r, whole);
	}
	free(whole);
	free(r.scanner);
	if (ret != 0) {
		skr_deinit(&r.skr);
		return -1;
	}
	*skr = r.skr;
	return 0;
}

void skr_deinit(skr_t *skr)
{
	for (size_t i = 0; i < skr->count; i++) {
		free(skr->bundles[i].text);
	}
	free(skr->bundles);
	*skr = (skr_t){ .count = 0 };
}
