/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/rr/field.h"

#include <libknot/libknot.h>

size_t field_left(const rdata_t *rdata)
{
	return rdata->end - rdata->at;
}

const char *field_skip(rdata_t *rdata, size_t size)
{
	if (field_left(rdata) < size) {
		return FIELD_TOO_SHORT;
	}
	rdata->at += size;
	return NULL;
}

const char *field_rest(rdata_t *rdata)
{
	rdata->at = rdata->end;
	return NULL;
}

const char *field_name(rdata_t *rdata)
{
	int size = knot_dname_wire_check(rdata->at, rdata->end, NULL);
	if (size <= 0) {
		return "a domain name in the RDATA is malformed";
	}
	rdata->at += size;
	return NULL;
}

const char *field_string(rdata_t *rdata)
{
	if (field_left(rdata) == 0) {
		return "a character-string is missing";
	}
	return field_skip(rdata, 1 + *rdata->at) == NULL
	       ? NULL : "a character-string runs beyond the end of the RDATA";
}

const char *field_strings(rdata_t *rdata)
{
	const char *fault;
	do {
		fault = field_string(rdata);
	} while (fault == NULL && field_left(rdata) > 0);
	return fault;
}

const char *field_bitmap(rdata_t *rdata)
{
	int last = -1;
	while (field_left(rdata) > 0) {
		if (field_left(rdata) < 2) {
			return "the type bitmap ends within a window";
		}
		const int window = rdata->at[0];
		const size_t size = rdata->at[1];
		if (window <= last) {
			return "the windows of the type bitmap are not in order";
		}
		if (size < 1 || size > 32 || field_left(rdata) < 2 + size) {
			return "a window of the type bitmap has a wrong length";
		}
		if (rdata->at[1 + size] == 0) {
			return "a window of the type bitmap ends with zeros";
		}
		rdata->at += 2 + size;
		last = window;
	}
	return NULL;
}

const char *field_oid(rdata_t *rdata)
{
	static const uint8_t TAG = 6;
	const uint8_t *oid = rdata->at;
	if (field_left(rdata) < 4 || field_left(rdata) < 1u + oid[0] || oid[0] < 3 ||
	    oid[1] != TAG || oid[2] != oid[0] - 2 || oid[2] > 0x7f || (oid[oid[0]] & 0x80)) {
		return "the private algorithm's OID is malformed";
	}
	/* Numbers in base 128; all octets of one but the last have the first bit. */
	for (int i = 3; i <= oid[0]; i++) {
		if (oid[i] == 0x80 && (i == 3 || !(oid[i - 1] & 0x80))) {
			return "a number in the private algorithm's OID begins with zeros";
		}
	}
	return field_skip(rdata, 1 + oid[0]);
}
