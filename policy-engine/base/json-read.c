/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/base/json-read.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SPELLED "+-.0123456789abcdefghijklmnopqrstuvwxyzE" /* Of numbers, true, false, null. */

typedef struct {
	const char *at;
	unsigned line;
	char *err;
	size_t err_size;
} reader_t;

static int fail(reader_t *r, const char *want)
{
	snprintf(r->err, r->err_size, "line %u: there should be %s", r->line, want);
	return -1;
}

static char next(reader_t *r)
{
	for (; *r->at != '\0' && strchr(" \t\r\n", *r->at) != NULL; r->at++) {
		r->line += *r->at == '\n';
	}
	return *r->at;
}

static bool take(reader_t *r, char c)
{
	const bool is = next(r) == c;
	r->at += is;
	return is;
}

/* A character of a string. What names and values of ours do not need, \u and control characters, is
 * no part of one. \return Whether there was one */
static bool character(reader_t *r, char *c)
{
	static const char escapes[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	*c = *r->at++;
	if (*c != '\\') {
		return (unsigned char)*c >= ' ';
	}
	const char *escape = *r->at != '\0' ? strchr(escapes, *r->at) : NULL;
	if (escape == NULL) {
		return false;
	}
	*c = meant[escape - escapes];
	r->at++;
	return true;
}

static int string(reader_t *r, char text[JSON_READ_TEXT_MAX])
{
	size_t len = 0;
	if (!take(r, '"')) {
		return fail(r, "a string");
	}
	while (*r->at != '"') {
		if (len == JSON_READ_TEXT_MAX - 1 || *r->at == '\0' || !character(r, &text[len++])) {
			return fail(r, "a string of one line that ends, is not that long, and has no \\u");
		}
	}
	r->at++;
	text[len] = '\0';
	return 0;
}

static int word(reader_t *r, char text[JSON_READ_TEXT_MAX])
{
	const size_t len = next(r) != '\0' ? strspn(r->at, SPELLED) : 0;
	if (len == 0 || len >= JSON_READ_TEXT_MAX) {
		return fail(r, "a value");
	}
	memcpy(text, r->at, len);
	text[len] = '\0';
	r->at += len;
	return 0;
}

/* Passes over a list or an object; its brackets only have to end. */
static int skip(reader_t *r)
{
	char text[JSON_READ_TEXT_MAX];
	size_t depth = 0;
	do {
		const char c = next(r);
		if (c == '\0') {
			return fail(r, "the end of a list or an object");
		}
		if (c == '"') {
			if (string(r, text) != 0) {
				return -1;
			}
			continue;
		}
		depth += c == '[' || c == '{';
		depth -= c == ']' || c == '}';
		r->at++;
	} while (depth > 0);
	return 0;
}

static int member(reader_t *r, const json_calls_t *calls)
{
	char name[JSON_READ_TEXT_MAX], value[JSON_READ_TEXT_MAX];
	if (string(r, name) != 0) {
		return -1;
	}
	if (!take(r, ':')) {
		return fail(r, "a colon");
	}
	const char c = next(r);
	const bool nested = c == '[' || c == '{';
	const json_member_t read = { r->line, name, nested ? NULL : value };
	if (nested ? skip(r) != 0 : (c == '"' ? string : word)(r, value) != 0) {
		return -1;
	}
	return calls->member(calls->ctx, &read);
}

static int object(reader_t *r, const json_calls_t *calls)
{
	if (!take(r, '{')) {
		return fail(r, "an object, {");
	}
	bool more = next(r) != '}';
	while (more) {
		const int ret = member(r, calls);
		if (ret != 0) {
			return ret;
		}
		more = take(r, ',');
	}
	return take(r, '}') ? calls->end(calls->ctx, r->line) : fail(r, "a comma, or }");
}

int json_read_list(const char *text, const json_calls_t *calls, char *err, size_t err_size)
{
	reader_t r = { text, 1, err, err_size };
	if (!take(&r, '[')) {
		return fail(&r, "a list, [");
	}
	bool more = next(&r) != ']';
	while (more) {
		const int ret = object(&r, calls);
		if (ret != 0) {
			return ret;
		}
		more = take(&r, ',');
	}
	if (!take(&r, ']')) {
		return fail(&r, "a comma, or ]");
	}
	return next(&r) == '\0' ? 0 : fail(&r, "nothing more");
}
