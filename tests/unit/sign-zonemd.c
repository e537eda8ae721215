/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "tests/unit/sign-check.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>
#include <openssl/evp.h>

/* The digest of RFC 8976, section 3, as the text has it: all records, sorted, hashed. */

typedef struct {
	uint8_t key[NODE_KEY_MAX];
	size_t key_len, wire_len, head_len;
	uint16_t type;
	uint8_t *wire;
} zone_record_t;

static void read_record(const char *text, zone_record_t *record)
{
	char name[KNOT_DNAME_TXT_MAXLEN + 1], hex[8192];
	unsigned ttl, type;
	hex[0] = '\0';
	ck_assert_int_ge(sscanf(text, "%s %u %u %8191s", name, &ttl, &type, hex), 3);
	record->wire = malloc(KNOT_DNAME_MAXLEN + 10 + strlen(hex) / 2);
	ck_assert_ptr_nonnull(knot_dname_from_str(record->wire, name, KNOT_DNAME_MAXLEN));
	record->key_len = node_key(record->wire, record->key);
	record->type = type;
	uint8_t *out = record->wire + knot_dname_size(record->wire);
	knot_wire_write_u16(out, type);
	knot_wire_write_u16(out + 2, KNOT_CLASS_IN);
	knot_wire_write_u32(out + 4, ttl);
	knot_wire_write_u16(out + 8, strlen(hex) / 2);
	out += 10;
	record->head_len = out - record->wire;
	for (const char *in = hex; *in != '\0'; in += 2) {
		const char byte[3] = { in[0], in[1], 0 };
		*out++ = strtoul(byte, NULL, 16);
	}
	record->wire_len = out - record->wire;
}

static int compare(const void *a, const void *b)
{
	const zone_record_t *left = a, *right = b;
	int ret = node_key_compare(left->key, left->key_len, right->key, right->key_len);
	if (ret == 0) {
		ret = (int)left->type - (int)right->type;
	}
	return ret != 0 ? ret : node_key_compare(left->wire + left->head_len,
	                                         left->wire_len - left->head_len,
	                                         right->wire + right->head_len,
	                                         right->wire_len - right->head_len);
}

void check_zonemd(subject_t *subject)
{
	zone_records_t set = subject_records(subject);
	zone_record_t *records = malloc(set.count * sizeof(*records));
	const zone_record_t *zonemd = NULL;
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	uint8_t digest[48];
	for (size_t i = 0; i < set.count; i++) {
		read_record(set.records[i], &records[i]);
	}
	qsort(records, set.count, sizeof(*records), compare);
	ck_assert_int_eq(EVP_DigestInit_ex(hash, EVP_sha384(), NULL), 1);
	for (size_t i = 0; i < set.count; i++) {
		const zone_record_t *record = &records[i];
		const uint8_t *rdata = record->wire + record->head_len;
		if (record->type == KNOT_RRTYPE_ZONEMD) {
			ck_assert_ptr_null(zonemd);
			zonemd = record;
		} else if (record->type != KNOT_RRTYPE_RRSIG ||
		           knot_wire_read_u16(rdata) != KNOT_RRTYPE_ZONEMD) {
			EVP_DigestUpdate(hash, record->wire, record->wire_len);
		}
	}
	ck_assert_int_eq(EVP_DigestFinal_ex(hash, digest, NULL), 1);
	ck_assert_int_eq(zonemd != NULL, subject->ring->set.zonemd);
	if (zonemd != NULL) {
		const uint8_t *rdata = zonemd->wire + zonemd->head_len;
		ck_assert(knot_dname_is_equal(zonemd->wire, subject_zone));
		ck_assert_uint_eq(zonemd->wire_len - zonemd->head_len, 6 + sizeof(digest));
		ck_assert_uint_eq(knot_wire_read_u32(rdata), subject->state.serial);
		ck_assert_mem_eq(rdata + 4, "\1\1", 2);
		ck_assert_mem_eq(rdata + 6, digest, sizeof(digest));
	}
	EVP_MD_CTX_free(hash);
	for (size_t i = 0; i < set.count; i++) {
		free(records[i].wire);
	}
	free(records);
	records_free(&set);
}
