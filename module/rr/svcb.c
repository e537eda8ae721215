/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/rr/svcb.h"

#include <stdbool.h>
#include <string.h>

#include <libknot/libknot.h>

/* NSD before 4.13 has room for so many parameters. */
#define NSD_PARAMS_MAX 62

/*! Keys of parameters (RFC 9460, section 14.3.2; RFC 9461, section 5). */
enum {
	MANDATORY = 0,
	ALPN = 1,
	NO_DEFAULT_ALPN = 2,
	PORT = 3,
	IPV4HINT = 4,
	IPV6HINT = 6,
	DOHPATH = 7,
};

/*! Octets while they are read. */
typedef struct {
	const uint8_t *at, *end;
} text_t;

static size_t left(const text_t *text)
{
	return text->end - text->at;
}

static bool ended(const text_t *text)
{
	return text->at == text->end;
}

static uint8_t peek(const text_t *text)
{
	return ended(text) ? 0 : *text->at;
}

/*! Skips a character if it is next. */
static bool skip_char(text_t *text, char c)
{
	if (ended(text) || *text->at != c) {
		return false;
	}
	text->at++;
	return true;
}

/*** URI Templates (RFC 6570, section 2). ***/

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(uint8_t c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_name_char(uint8_t c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/*! Reads behind "%". */
static bool read_percent(text_t *text)
{
	if (left(text) < 2 || !is_hex(text->at[0]) || !is_hex(text->at[1])) {
		return false;
	}
	text->at += 2;
	return true;
}

/*! Reads behind ":": a number of one to four digits. */
static bool read_prefix(text_t *text)
{
	const uint8_t *begin = text->at;
	while (is_digit(peek(text))) {
		text->at++;
	}
	return text->at > begin && text->at - begin <= 4 && *begin != '0';
}

/*! Reads a variable with its modifier. BIND takes no dots within a name. */
static bool read_variable(text_t *text, bool *is_dns)
{
	const uint8_t *begin = text->at;
	while (is_name_char(peek(text)) || peek(text) == '%') {
		if (*text->at++ == '%' && !read_percent(text)) {
			return false;
		}
	}
	const size_t len = text->at - begin;
	*is_dns = len == 3 && memcmp(begin, "dns", 3) == 0;
	return len > 0 && (skip_char(text, ':') ? read_prefix(text) : (skip_char(text, '*'), true));
}

/*! Reads behind "{". \param dns  Becomes true if the variable dns is there. */
static bool read_expression(text_t *text, bool *dns)
{
	bool prefixed = false;
	do {
		/* Only the first can have an operator, but BIND does not mind. */
		if (!prefixed && !ended(text) && memchr("+#./;?&", *text->at, 7) != NULL) {
			text->at++;
		}
		bool is_dns;
		const uint8_t *begin = text->at;
		if (!read_variable(text, &is_dns)) {
			return false;
		}
		*dns = *dns || (is_dns && !prefixed);
		/* BIND does not see the name of a variable behind one with a prefix. */
		prefixed = prefixed || memchr(begin, ':', text->at - begin) != NULL;
	} while (skip_char(text, ','));
	return skip_char(text, '}');
}

/*! \return Bytes of the character at hand in UTF-8 (RFC 3629), 0 if it is malformed. */
static size_t utf8_size(const text_t *text)
{
	static const uint32_t LEAST[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t c = *text->at;
	const size_t size = c < 0x80 ? 1 : c < 0xc0 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 :
	                    c < 0xf8 ? 4 : 0;
	if (size < 2) {
		return size;
	}
	if (size > left(text)) {
		return 0;
	}
	uint32_t code = c & (0x7f >> size);
	for (size_t i = 1; i < size; i++) {
		if ((text->at[i] & 0xc0) != 0x80) {
			return 0;
		}
		code = code << 6 | (text->at[i] & 0x3f);
	}
	return code >= LEAST[size] && code <= 0x10ffff ? size : 0;
}

/*! RFC 9461, section 5: a relative URI Template in UTF-8 with the variable dns. */
static bool is_dohpath(text_t text)
{
	bool dns = false, ok = peek(&text) == '/';
	while (ok && !ended(&text)) {
		if (skip_char(&text, '{')) {
			ok = read_expression(&text, &dns);
		} else if (skip_char(&text, '%')) {
			ok = read_percent(&text);
		} else {
			const size_t size = utf8_size(&text);
			ok = size > 0;
			text.at += size;
		}
	}
	return ok && dns;
}

/*** Parameters. ***/

static uint16_t take_u16(text_t *text)
{
	text->at += 2;
	return knot_wire_read_u16(text->at - 2);
}

/*! RFC 9460, section 7.1.1: strings that are not empty, one at least. */
static bool is_alpn(text_t value)
{
	while (!ended(&value)) {
		const size_t size = *value.at++;
		if (size == 0 || size > left(&value)) {
			return false;
		}
		value.at += size;
	}
	return true;
}

/*! RFC 9460, section 8: keys that increase, without "mandatory" itself. */
static bool is_mandatory(text_t value)
{
	uint16_t last = MANDATORY;
	if (left(&value) % 2 != 0) {
		return false;
	}
	while (!ended(&value)) {
		const uint16_t key = take_u16(&value);
		if (key <= last) {
			return false;
		}
		last = key;
	}
	return true;
}

static const char *value_fault(uint16_t key, text_t value)
{
	const size_t len = left(&value);
	switch (key) {
	case MANDATORY:
		return len > 0 && is_mandatory(value)
		       ? NULL : "the SvcParam mandatory is not a list of increasing keys";
	case ALPN:
		return len > 0 && is_alpn(value)
		       ? NULL : "the SvcParam alpn is not a list of protocols";
	case NO_DEFAULT_ALPN:
		return len == 0 ? NULL : "the SvcParam no-default-alpn has a value";
	case PORT:
		return len == 2 ? NULL : "the SvcParam port is not one of two octets";
	case IPV4HINT:
		return len > 0 && len % 4 == 0
		       ? NULL : "the SvcParam ipv4hint is not a list of addresses";
	case IPV6HINT:
		return len > 0 && len % 16 == 0
		       ? NULL : "the SvcParam ipv6hint is not a list of addresses";
	case DOHPATH:
		return is_dohpath(value)
		       ? NULL : "the SvcParam dohpath is not a URI Template with {?dns}";
	default:
		return NULL;
	}
}

/*! Sees a key, in increasing order. \param wanted  Keys that "mandatory" names, not seen yet. */
static const char *see_key(uint16_t key, int last, bool has_alpn, text_t *wanted)
{
	if (key <= last) {
		return "the SvcParams are not in order, or one is there twice";
	}
	if (key == NO_DEFAULT_ALPN && !has_alpn) {
		return "there is a SvcParam no-default-alpn without alpn";
	}
	if (!ended(wanted) && knot_wire_read_u16(wanted->at) == key) {
		wanted->at += 2;
	}
	return NULL;
}

const char *svcb_params_fault(const uint8_t *params, size_t len)
{
	text_t it = { .at = params, .end = params + len }, wanted = { NULL, NULL };
	int last = -1;
	bool has_alpn = false;
	for (int count = 1; !ended(&it); count++) {
		if (left(&it) < 4) {
			return "a SvcParam is too short";
		}
		const uint16_t key = take_u16(&it);
		const uint16_t size = take_u16(&it);
		if (size > left(&it)) {
			return "a SvcParam runs beyond the end of the RDATA";
		}
		const text_t value = { .at = it.at, .end = it.at + size };
		const char *fault = see_key(key, last, has_alpn, &wanted);
		fault = fault != NULL ? fault : value_fault(key, value);
		fault = fault != NULL || count <= NSD_PARAMS_MAX ? fault : "more than 62 SvcParams";
		if (fault != NULL) {
			return fault;
		}
		wanted = key == MANDATORY ? value : wanted;
		has_alpn = has_alpn || key == ALPN;
		last = key;
		it.at += size;
	}
	return ended(&wanted) ? NULL : "a SvcParam that is mandatory is not there";
}
