/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "module/zonefile/compose.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <limits.h>
#include <netdb.h>
#include <string.h>
#include <strings.h>

#include <libknot/libknot.h>

#include "module/zonefile/types.h"

#define TOO_LONG "the data is longer than 65535 octets"
#define BAD_ADDRESS "an address is missing or malformed"
#define BAD_NUMBER "a number is missing, malformed or too large"

/* Characters of a name in text, if each octet is escaped. */
#define NAME_TEXT_MAX (4 * KNOT_DNAME_MAXLEN)

#define PORT_OCTETS 8192    /* A bit for each port (RFC 1035, section 3.4.2). */
#define NXT_OCTETS 16       /* Types up to 127 (RFC 2535, section 5.2). */

/*** What is written. ***/

static const char *put(compose_t *rdata, const void *octets, size_t size)
{
	if (size > sizeof(rdata->wire) - rdata->size) {
		return TOO_LONG;
	}
	memcpy(rdata->wire + rdata->size, octets, size);
	rdata->size += size;
	return NULL;
}

static const char *put_number(compose_t *rdata, uint32_t number, size_t size)
{
	const uint32_t wire = htonl(number);
	return put(rdata, (const uint8_t *)&wire + sizeof(wire) - size, size);
}

/* Bits, the first is the highest of its octet, up to the last that is set. */
static const char *put_bits(compose_t *rdata, const uint8_t *bits, size_t size)
{
	while (size > 0 && bits[size - 1] == 0) {
		size--;
	}
	return put(rdata, bits, size);
}

static void set_bit(uint8_t *bits, size_t bit)
{
	bits[bit / 8] |= 0x80 >> bit % 8;
}

/*** What is read. ***/

/* Copies the next word. \return Whether there is one that fits */
static bool next_text(compose_t *rdata, char *text, size_t size)
{
	if (rdata->at == rdata->end || rdata->at->len >= size) {
		return false;
	}
	memcpy(text, rdata->at->text, rdata->at->len);
	text[rdata->at++->len] = '\0';
	return true;
}

static bool read_number(const char *text, uint32_t max, uint32_t *number)
{
	uint64_t value = 0;
	const char *at = text;
	for (; isdigit((unsigned char)*at) && value <= max; at++) {
		value = 10 * value + (*at - '0');
	}
	*number = value;
	return at > text && *at == '\0' && value <= max;
}

static bool next_number(compose_t *rdata, uint32_t max, uint32_t *number)
{
	char text[16];
	return next_text(rdata, text, sizeof(text)) && read_number(text, max, number);
}

/* A number of so many octets. */
static const char *add_number(compose_t *rdata, size_t size)
{
	uint32_t number;
	return next_number(rdata, UINT32_MAX >> (32 - 8 * size), &number)
	       ? put_number(rdata, number, size) : BAD_NUMBER;
}

/* Whether a name ends with a dot that is not escaped. */
static bool is_absolute(const char *name)
{
	size_t len = strlen(name), escapes = 0;
	if (len == 0 || name[len - 1] != '.') {
		return false;
	}
	while (escapes + 1 < len && name[len - 2 - escapes] == '\\') {
		escapes++;
	}
	return escapes % 2 == 0;
}

bool compose_name(const word_t *word, const knot_dname_t *origin, knot_dname_t *name)
{
	char text[NAME_TEXT_MAX] = "";
	memcpy(text, word->text, word->len < sizeof(text) ? word->len : 0);
	const size_t behind = knot_dname_size(origin);
	if (strcmp(text, "@") == 0) {
		memcpy(name, origin, behind);
		return true;
	}
	if (text[0] == '\0' || knot_dname_from_str(name, text, KNOT_DNAME_MAXLEN) == NULL) {
		return false;
	}
	if (is_absolute(text)) {
		return true;
	}
	const size_t size = knot_dname_size(name) - 1;
	if (size + behind > KNOT_DNAME_MAXLEN) {
		return false;
	}
	memcpy(name + size, origin, behind);
	return true;
}

static const char *add_name(compose_t *rdata)
{
	knot_dname_storage_t name;
	return rdata->at < rdata->end && compose_name(rdata->at++, rdata->origin, name)
	       ? put(rdata, name, knot_dname_size(name))
	       : "a domain name is missing, malformed or too long";
}

static const char *add_address(compose_t *rdata, int family)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t address[16];
	return next_text(rdata, text, sizeof(text)) && inet_pton(family, text, address) == 1
	       ? put(rdata, address, family == AF_INET ? 4 : 16) : BAD_ADDRESS;
}

static const char *add_type(compose_t *rdata)
{
	uint16_t type;
	return rdata->at < rdata->end && types_number(rdata->at++, &type)
	       ? put_number(rdata, type, 2) : "a type is missing or unknown";
}

/* Value of a character that has one as a digit, else -1. */
static int digit(const char *digits, char c)
{
	const char *found = c != '\0' ? strchr(digits, c) : NULL;
	return found != NULL ? found - digits : -1;
}

static int hex_digit(char c)
{
	return digit("0123456789abcdef", tolower((unsigned char)c));
}

/* Digits of some words. Of an address, there may be dots in between, and 0x before. */
static const char *add_hex(compose_t *rdata, size_t words, bool is_address, size_t skip)
{
	size_t digits = 0;
	unsigned octet = 0;
	const char *fault = NULL;
	for (; words > 0 && fault == NULL; words--, rdata->at++) {
		const char *text = rdata->at->text;
		for (size_t i = skip; i < rdata->at->len && fault == NULL; i++) {
			const int value = hex_digit(text[i]);
			if (value >= 0) {
				octet = octet << 4 | (unsigned)value;
				fault = ++digits % 2 == 0 ? put_number(rdata, octet & 0xff, 1)
				                          : NULL;
			} else if (!is_address || text[i] != '.') {
				fault = "a character is not a hexadecimal digit";
			}
		}
		skip = 0;
	}
	return fault == NULL && digits % 2 != 0 ? "half an octet is missing" : fault;
}

/* RFC 4648, section 4, in some words. */
static const char *add_base64(compose_t *rdata, size_t words)
{
	static const char *const DIGITS =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t digits = 0, pads = 0;
	uint32_t bits = 0;
	const char *fault = NULL;
	for (; words > 0 && fault == NULL; words--, rdata->at++) {
		for (size_t i = 0; i < rdata->at->len && fault == NULL; i++) {
			const char c = rdata->at->text[i];
			const int value = c == '=' ? 0 : digit(DIGITS, c);
			pads += c == '=';
			if (value < 0 || (c != '=' && pads > 0)) {
				fault = "the Base64 is malformed";
			}
			bits = bits << 6 | (uint32_t)value;
			if (++digits % 4 == 0 && fault == NULL && pads <= 2) {
				fault = put_number(rdata, bits & 0xffffff, 3);
			}
		}
	}
	if (fault == NULL &&
	    (digits % 4 != 0 || pads > 2 || (bits & ((1u << 8 * pads) - 1)) != 0)) {
		fault = "the Base64 is malformed";
	}
	rdata->size -= fault == NULL ? pads : 0;
	return fault;
}

/* A character-string (RFC 1035, section 5.1). */
static const char *add_string(compose_t *rdata)
{
	uint8_t string[1 + UINT8_MAX];
	size_t size = 0;
	if (rdata->at == rdata->end) {
		return "a character-string is missing";
	}
	const word_t *word = rdata->at++;
	for (size_t i = 0; i < word->len; i++) {
		unsigned octet = (unsigned char)word->text[i];
		if (octet == '\\' && i + 3 < word->len &&
		    isdigit((unsigned char)word->text[i + 1])) {
			char code[4] = "";
			uint32_t number;
			memcpy(code, word->text + i + 1, 3);
			octet = read_number(code, UINT8_MAX, &number) ? number : UINT_MAX;
			i += 3;
		} else if (octet == '\\') {
			octet = ++i < word->len && !isdigit((unsigned char)word->text[i])
			        ? (unsigned char)word->text[i] : UINT_MAX;
		}
		if (octet > UINT8_MAX || size == UINT8_MAX) {
			return "a character-string is malformed or longer than 255 octets";
		}
		string[++size] = octet;
	}
	string[0] = size;
	return put(rdata, string, 1 + size);
}

/*** Types. ***/

static size_t words_left(const compose_t *rdata)
{
	return rdata->end - rdata->at;
}

/* Numbers by their size, names and all the others by a letter. */
static const char *add_fields(compose_t *rdata, const char *fields)
{
	const char *fault = NULL;
	for (; *fields != '\0' && fault == NULL; fields++) {
		switch (*fields) {
		case 'n':
			fault = add_name(rdata);
			break;
		case 's':
			fault = add_string(rdata);
			break;
		case 't':
			fault = add_type(rdata);
			break;
		case 'h':
			fault = add_hex(rdata, words_left(rdata), false, 0);
			break;
		case 'b':
			fault = add_base64(rdata, words_left(rdata));
			break;
		default:
			fault = add_number(rdata, *fields - '0');
		}
	}
	return fault;
}

/* RFC 1035, section 3.4.2. Other protocols than these have no ports. */
static const char *add_wks(compose_t *rdata)
{
	char text[64], found[1024];
	uint8_t ports[PORT_OCTETS] = { 0 };
	struct servent service, *known = NULL;
	uint32_t protocol, port;
	const char *fault = add_address(rdata, AF_INET);
	if (fault != NULL || !next_text(rdata, text, sizeof(text))) {
		return fault != NULL ? fault : BAD_NUMBER;
	}
	if (strcasecmp(text, "tcp") == 0) {
		protocol = IPPROTO_TCP;
	} else if (strcasecmp(text, "udp") == 0) {
		protocol = IPPROTO_UDP;
	} else if (!read_number(text, UINT8_MAX, &protocol)) {
		return "the protocol is neither tcp nor udp nor a number";
	}
	while (next_text(rdata, text, sizeof(text))) {
		if (!read_number(text, UINT16_MAX, &port)) {
			getservbyname_r(text, protocol == IPPROTO_UDP ? "udp" : "tcp", &service,
			                found, sizeof(found), &known);
			if (known == NULL) {
				return "a port is neither a number nor in /etc/services";
			}
			port = ntohs(service.s_port);
		}
		set_bit(ports, port);
	}
	fault = put_number(rdata, protocol, 1);
	return fault != NULL ? fault : put_bits(rdata, ports, sizeof(ports));
}

/* RFC 1706, section 7. */
static const char *add_nsap(compose_t *rdata)
{
	return rdata->at < rdata->end && rdata->at->len > 2 &&
	       strncasecmp(rdata->at->text, "0x", 2) == 0
	       ? add_hex(rdata, 1, true, 2) : "the address does not begin with 0x";
}

/* RFC 2535, section 5.2. */
static const char *add_nxt(compose_t *rdata)
{
	uint8_t types[NXT_OCTETS] = { 0 };
	uint16_t type;
	const char *fault = add_name(rdata);
	for (; fault == NULL && rdata->at < rdata->end; rdata->at++) {
		if (!types_number(rdata->at, &type) || type >= 8 * sizeof(types)) {
			return "a type is unknown or larger than 127";
		}
		set_bit(types, type);
	}
	return fault != NULL ? fault : put_bits(rdata, types, sizeof(types));
}

/* af-saa-0069: digits of E.164 behind a plus, or an address in hexadecimal; both with dots. */
static const char *add_atma(compose_t *rdata)
{
	if (rdata->at == rdata->end || rdata->at->len == 0) {
		return BAD_ADDRESS;
	}
	const char *text = rdata->at->text;
	if (text[0] != '+') {
		const char *fault = put_number(rdata, 0, 1);
		return fault != NULL ? fault : add_hex(rdata, 1, true, 0);
	}
	const char *fault = put_number(rdata, 1, 1);
	for (size_t i = 1; i < rdata->at->len && fault == NULL; i++) {
		if (text[i] != '.') {
			fault = isdigit((unsigned char)text[i]) ? put(rdata, text + i, 1)
			                                        : BAD_ADDRESS;
		}
	}
	rdata->at++;
	return fault;
}

/* RFC 2874, section 3.1: bits of the prefix are zero. */
static const char *add_a6(compose_t *rdata)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t address[16] = { 0 };
	uint32_t prefix;
	if (!next_number(rdata, 128, &prefix)) {
		return BAD_NUMBER;
	}
	if (prefix < 128 && (!next_text(rdata, text, sizeof(text)) ||
	                     inet_pton(AF_INET6, text, address) != 1)) {
		return BAD_ADDRESS;
	}
	const char *fault = put_number(rdata, prefix, 1);
	if (fault == NULL && prefix < 128) {
		address[prefix / 8] &= 0xff >> prefix % 8;
		fault = put(rdata, address + prefix / 8, sizeof(address) - prefix / 8);
	}
	return fault == NULL && prefix > 0 ? add_name(rdata) : fault;
}

/* RFC 8005, section 6: algorithm, host identity tag, key, and servers. */
static const char *add_hip(compose_t *rdata)
{
	uint32_t algorithm;
	if (!next_number(rdata, UINT8_MAX, &algorithm) || words_left(rdata) < 2) {
		return "the algorithm, the host identity tag or the public key is missing";
	}
	const uint8_t zero[4] = { 0 };
	const char *fault = put(rdata, zero, sizeof(zero));
	fault = fault != NULL ? fault : add_hex(rdata, 1, false, 0);
	const size_t hit_size = rdata->size - sizeof(zero);
	fault = fault != NULL ? fault : add_base64(rdata, 1);
	if (fault != NULL || hit_size > UINT8_MAX) {
		return fault != NULL ? fault : "the host identity tag is too long";
	}
	rdata->wire[0] = hit_size;
	rdata->wire[1] = algorithm;
	knot_wire_write_u16(rdata->wire + 2, rdata->size - sizeof(zero) - hit_size);
	while (fault == NULL && rdata->at < rdata->end) {
		fault = add_name(rdata);
	}
	return fault;
}

/* RFC 9859, section 2.1. */
static const char *add_dsync(compose_t *rdata)
{
	const char *fault = add_type(rdata);
	if (fault == NULL && rdata->at < rdata->end && rdata->at->len == 6 &&
	    strncasecmp(rdata->at->text, "NOTIFY", 6) == 0) {
		fault = put_number(rdata, 1, 1);
		rdata->at++;
	} else if (fault == NULL) {
		fault = add_number(rdata, 1);
	}
	return fault != NULL ? fault : add_fields(rdata, "2n");
}

/* RFC 8777, section 4.3: precedence, discovery bit, the relay's type, and the relay. */
static const char *add_amtrelay(compose_t *rdata)
{
	uint32_t precedence, discovery, type;
	if (!next_number(rdata, UINT8_MAX, &precedence) || !next_number(rdata, 1, &discovery) ||
	    !next_number(rdata, 3, &type)) {
		return BAD_NUMBER;
	}
	const char *fault = put_number(rdata, precedence << 8 | discovery << 7 | type, 2);
	if (fault != NULL) {
		return fault;
	}
	switch (type) {
	case 1:
		return add_address(rdata, AF_INET);
	case 2:
		return add_address(rdata, AF_INET6);
	case 3:
		return add_name(rdata);
	default:
		return rdata->at < rdata->end && rdata->at->len == 1 && *rdata->at++->text == '.'
		       ? NULL : "a relay of type 0 is a dot";
	}
}

static const struct {
	uint16_t type;
	const char *fields;
	const char *(*add)(compose_t *rdata); /* Behind the fields. */
} FORMS[] = {
	{ 11, "", add_wks },
	{ 22, "", add_nsap },
	{ 26, "2nn", NULL },    /* PX: RFC 2163, section 4 */
	{ 30, "", add_nxt },
	{ 31, "h", NULL },      /* EID: draft-ietf-nimrod-dns */
	{ 32, "h", NULL },      /* NIMLOC: the same */
	{ 34, "", add_atma },
	{ 38, "", add_a6 },
	{ 40, "111b", NULL },   /* SINK: draft-eastlake-kitchen-sink */
	{ 55, "", add_hip },
	{ 66, "", add_dsync },
	{ 259, "441sb", NULL }, /* DOA: draft-durand-doa-over-dns */
	{ 260, "", add_amtrelay },
};

const char *compose_rdata(uint16_t type, compose_t *rdata)
{
	const char *fault = "libzscanner does not read this type";
	for (size_t i = 0; i < sizeof(FORMS) / sizeof(FORMS[0]); i++) {
		if (FORMS[i].type == type) {
			fault = add_fields(rdata, FORMS[i].fields);
			if (fault == NULL && FORMS[i].add != NULL) {
				fault = FORMS[i].add(rdata);
			}
		}
	}
	return fault == NULL && rdata->at < rdata->end ? "there are words behind the data" : fault;
}
