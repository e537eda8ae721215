/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/migrate/compare.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>
#include <libzscanner/scanner.h>

#include "policy-engine/base/when.h"

#define SHOWN_MAX 20       /* Differences that are printed one by one. */
#define SIGNATURE_KEPT 10  /* Bytes of an RRSIG that are compared, as keep_signature() makes them. */

typedef struct {
	knot_dname_t *owner;
	uint16_t type;
	uint32_t ttl;
	uint8_t *data;     /* RDATA in canonical form, less what may differ. */
	uint16_t len;
} record_t;

typedef struct {
	const char *path;
	record_t *records;
	size_t count, size;
	uint32_t serial;
	int64_t until;     /* When the first signature expires; INT64_MAX = there is none. */
	bool failed;
} file_t;

/* -- reading ------------------------------------------------------------- */

static uint32_t read_u32(const uint8_t *data)
{
	return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

/* Keeps what signature it is: type, algorithm, labels, original TTL, key tag. RFC 4034, section 3.1. */
static void keep_signature(file_t *file, record_t *record)
{
	const int64_t until = read_u32(record->data + 8);
	file->until = until < file->until ? until : file->until;
	memmove(record->data + 8, record->data + 16, 2);
	record->len = SIGNATURE_KEPT;
}

/* Wipes the serial. RFC 1035, section 3.3.13. */
static void keep_soa(file_t *file, record_t *record)
{
	uint8_t *serial = record->data + record->len - 20;
	file->serial = read_u32(serial);
	memset(serial, 0, 4);
}

/* Bits of CDS, CDNSKEY and ZONEMD in the octet of types 56 to 63. */
#define LEFT_OUT_OCTET 7
#define LEFT_OUT_BITS 0x19

/* Whether a type is not compared: OpenDNSSEC does not know it, or it depends on the serial. */
static bool is_left_out(uint16_t type)
{
	return type == KNOT_RRTYPE_ZONEMD || type == KNOT_RRTYPE_CDS || type == KNOT_RRTYPE_CDNSKEY;
}

/* Where the type bit maps of an NSEC or NSEC3 begin; RFC 4034, section 4.1, RFC 5155, section 3.2. */
static size_t bitmap_at(const record_t *record)
{
	if (record->type == KNOT_RRTYPE_NSEC) {
		return knot_dname_size(record->data);
	}
	const size_t salt = record->len > 5 ? 5u + record->data[4] : record->len;
	return salt < record->len ? salt + 1 + record->data[salt] : record->len;
}

/* Takes the types that are left out from the first bit map, which is then as short as it can be. */
static void keep_bitmap(record_t *record)
{
	const size_t at = bitmap_at(record);
	uint8_t *map = record->data + at;
	if (at + 2 >= record->len || map[0] != 0 || map[1] <= LEFT_OUT_OCTET ||
	    at + 2 + map[1] > record->len) {
		return;
	}
	const uint8_t len = map[1];
	map[2 + LEFT_OUT_OCTET] &= (uint8_t)~LEFT_OUT_BITS;
	while (map[1] > 0 && map[1 + map[1]] == 0) {
		map[1]--;
	}
	memmove(map + 2 + map[1], map + 2 + len, record->len - at - 2 - len);
	record->len = (uint16_t)(record->len - (len - map[1]));
}

#define WIRE_MAX (KNOT_DNAME_MAXLEN + 10 + UINT16_MAX) /* Octets of a record (RFC 1035, section 3.2.1). */

/* Makes an RRset of a record, in canonical form. The generic form of a zone file may have any RDATA. \return
 * KNOT_EOK; KNOT_EMALF and others: it is malformed; KNOT_ENOMEM */
static int to_rrset(const zs_scanner_t *s, knot_rrset_t *rrset)
{
	uint8_t *wire = malloc(WIRE_MAX);
	if (wire == NULL) {
		return KNOT_ENOMEM;
	}
	const uint32_t owner = s->r_owner_length;
	memcpy(wire, s->r_owner, owner);
	knot_wire_write_u16(wire + owner, s->r_type);
	knot_wire_write_u16(wire + owner + 2, s->r_class);
	knot_wire_write_u32(wire + owner + 4, s->r_ttl);
	knot_wire_write_u16(wire + owner + 8, (uint16_t)s->r_data_length);
	memcpy(wire + owner + 10, s->r_data, s->r_data_length);
	size_t at = 0;
	const int ret = knot_rrset_rr_from_wire(wire, &at, owner + 10 + s->r_data_length, rrset, NULL, true);
	free(wire);
	return ret;
}

/* Fills a record. \return As to_rrset(). */
static int fill(record_t *record, const zs_scanner_t *s)
{
	knot_rrset_t rrset;
	knot_rrset_init_empty(&rrset);
	int ret = to_rrset(s, &rrset);
	if (ret == KNOT_EOK && rrset.rrs.count == 0) {
		ret = KNOT_EMALF;
	}
	*record = (record_t){ .type = s->r_type, .ttl = s->r_ttl };
	if (ret == KNOT_EOK) {
		record->len = rrset.rrs.rdata->len;
		record->data = malloc(record->len + 1u);
		ret = record->data != NULL ? KNOT_EOK : KNOT_ENOMEM;
	}
	if (ret == KNOT_EOK) {
		memcpy(record->data, rrset.rrs.rdata->data, record->len);
		record->owner = rrset.owner;
		rrset.owner = NULL;
	}
	knot_rrset_clear(&rrset, NULL);
	return ret;
}

static void fail(zs_scanner_t *s)
{
	file_t *file = s->process.data;
	fprintf(stderr, "ods migrate: %s:%llu: %s\n", file->path, (unsigned long long)s->line_counter,
	        zs_strerror(s->error.code));
	file->failed = true;
	s->state = ZS_STATE_STOP;
}

static void take(zs_scanner_t *s)
{
	file_t *file = s->process.data;
	const uint16_t type = s->r_type == KNOT_RRTYPE_RRSIG && s->r_data_length > 1
	                              ? (uint16_t)(s->r_data[0] << 8 | s->r_data[1])
	                              : s->r_type;
	if (is_left_out(type)) {
		return;
	}
	if (file->count == file->size) {
		size_t size = file->size > 0 ? 2 * file->size : 1024;
		record_t *records = reallocarray(file->records, size, sizeof(*records));
		if (records == NULL) {
			file->failed = true;
			s->state = ZS_STATE_STOP;
			return;
		}
		file->records = records;
		file->size = size;
	}
	record_t *record = &file->records[file->count];
	const int ret = fill(record, s);
	if (ret == KNOT_ENOMEM) {
		file->failed = true;
		s->state = ZS_STATE_STOP;
		return;
	}
	if (ret != KNOT_EOK) {
		s->error.code = ZS_BAD_RDATA;
		fail(s);
		return;
	}
	file->count++;
	if (record->type == KNOT_RRTYPE_RRSIG) {
		keep_signature(file, record);
	} else if (record->type == KNOT_RRTYPE_SOA) {
		keep_soa(file, record);
	} else if (record->type == KNOT_RRTYPE_NSEC || record->type == KNOT_RRTYPE_NSEC3) {
		keep_bitmap(record);
	}
}

/* By owner, type and data; the TTL is no part of what a record is. */
static int order(const void *a, const void *b)
{
	const record_t *x = a, *y = b;
	int ret = knot_dname_cmp(x->owner, y->owner);
	if (ret == 0) {
		ret = (x->type > y->type) - (x->type < y->type);
	}
	if (ret == 0) {
		ret = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);
	}
	return ret != 0 ? ret : (x->len > y->len) - (x->len < y->len);
}

static int read_zone(const char *zone, const char *path, file_t *file)
{
	*file = (file_t){ .path = path, .until = INT64_MAX };
	zs_scanner_t *s = malloc(sizeof(*s));
	if (s == NULL || zs_init(s, zone, KNOT_CLASS_IN, 3600) != 0) {
		fprintf(stderr, "ods migrate: %s is no zone name, or out of memory\n", zone);
		free(s);
		return -1;
	}
	if (zs_set_input_file(s, path) != 0 || zs_set_processing(s, take, fail, file) != 0) {
		fprintf(stderr, "ods migrate: %s: %s\n", path, zs_strerror(s->error.code));
		file->failed = true;
	} else {
		zs_parse_all(s);
	}
	zs_deinit(s);
	free(s);
	if (!file->failed && file->count == 0) {
		fprintf(stderr, "ods migrate: %s has no records\n", path);
		file->failed = true;
	}
	if (!file->failed) {
		qsort(file->records, file->count, sizeof(*file->records), order);
	}
	return file->failed ? -1 : 0;
}

static void file_deinit(file_t *file)
{
	for (size_t i = 0; i < file->count; i++) {
		knot_dname_free(file->records[i].owner, NULL);
		free(file->records[i].data);
	}
	free(file->records);
}

/* -- comparing ----------------------------------------------------------- */

static void name_type(uint16_t type, char *out, size_t size)
{
	if (knot_rrtype_to_string(type, out, size) < 0) {
		snprintf(out, size, "TYPE%u", type);
	}
}

/* Prints a difference, if it is one of the first. */
static void print(const record_t *record, const char *what, size_t number)
{
	char owner[KNOT_DNAME_TXT_MAXLEN + 1] = "?", type[32], of[64] = "";
	if (number > SHOWN_MAX) {
		return;
	}
	knot_dname_to_str(owner, record->owner, sizeof(owner));
	name_type(record->type, type, sizeof(type));
	if (record->type == KNOT_RRTYPE_RRSIG) {
		char covered[32];
		name_type((uint16_t)(record->data[0] << 8 | record->data[1]), covered, sizeof(covered));
		snprintf(of, sizeof(of), " of %s by key %u", covered,
		         record->data[8] << 8 | record->data[9]);
	}
	printf("%s %s%s: %s\n", owner, type, of, what);
}

/* The next record that is another one: of an AXFR the SOA is there twice. */
static size_t next(const file_t *file, size_t at)
{
	size_t to = at + 1;
	while (to < file->count && order(&file->records[at], &file->records[to]) == 0) {
		to++;
	}
	return to;
}

static size_t compare(const file_t *theirs, const file_t *ours)
{
	size_t t = 0, o = 0, differences = 0;
	while (t < theirs->count || o < ours->count) {
		const record_t *their = t < theirs->count ? &theirs->records[t] : NULL;
		const record_t *our = o < ours->count ? &ours->records[o] : NULL;
		const int which = their == NULL ? 1 : our == NULL ? -1 : order(their, our);
		char text[80];
		if (which < 0) {
			print(their, "only OpenDNSSEC has it", ++differences);
		} else if (which > 0) {
			print(our, "only we have it", ++differences);
		} else if (their->ttl != our->ttl) {
			snprintf(text, sizeof(text), "TTL %u, with OpenDNSSEC %u", our->ttl, their->ttl);
			print(our, text, ++differences);
		}
		t = which <= 0 ? next(theirs, t) : t;
		o = which >= 0 ? next(ours, o) : o;
	}
	return differences;
}

static void summarize(const char *who, const file_t *file)
{
	char until[WHEN_TEXT_MAX];
	printf("%s: %zu records, serial %u, signatures %s%s\n", who, file->count, file->serial,
	       file->until != INT64_MAX ? "last until " : "there are none",
	       file->until != INT64_MAX ? when_stamp(file->until, until) : "");
}

int compare_zones(const char *zone, const char *theirs, const char *ours)
{
	file_t their_file = { 0 }, our_file = { 0 };
	int ret = read_zone(zone, theirs, &their_file);
	ret = ret == 0 ? read_zone(zone, ours, &our_file) : ret;
	if (ret == 0) {
		const size_t differences = compare(&their_file, &our_file);
		if (differences > SHOWN_MAX) {
			printf("and %zu more\n", differences - SHOWN_MAX);
		}
		summarize("OpenDNSSEC", &their_file);
		summarize("we", &our_file);
		printf("%s: %zu differences\n", zone, differences);
		ret = differences > 0;
	}
	file_deinit(&their_file);
	file_deinit(&our_file);
	return ret;
}
