/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "tests/unit/update-zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libzscanner/scanner.h>

#include "common/message.h"
#include "keyset/keyset.h"
#include "module/input/input.h"
#include "module/rr/cds.h"
#include "module/zonefile/zonefile.h"

static void require(bool truth, const char *text)
{
	if (!truth) {
		fprintf(stderr, "%s\n", text);
		abort();
	}
}

void update_zone_replace(update_zone_t *zone, contents_t *contents)
{
	state_t state;
	store_txn_t txn;
	input_result_t result;
	const state_input_t origin = { .from_primary = false };
	require(store_read(zone->store, &txn) == KNOT_EOK, "store_read");
	require(state_load(&txn, UPDATE_ZONE, &state) == KNOT_EOK, "state_load");
	store_abort(&txn);
	const input_new_t new = { .contents = contents, .origin = &origin };
	require(input_replace(zone->store, UPDATE_ZONE, &state, &new, &result) == KNOT_EOK,
	        "input_replace");
}

void update_zone_open(update_zone_t *zone, const char *text)
{
	char path[96], err[512] = "";
	snprintf(zone->dir, sizeof(zone->dir), "/tmp/test-update-XXXXXX");
	require(mkdtemp(zone->dir) != NULL, "mkdtemp");
	require(store_open(&zone->store, zone->dir, err, sizeof(err)) == KNOT_EOK, err);

	snprintf(path, sizeof(path), "%s/zone", zone->dir);
	FILE *file = fopen(path, "w");
	require(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0, path);
	contents_t *contents = NULL;
	const zonefile_args_t args = {
		.path = path, .apex = UPDATE_ZONE, .size_max = SIZE_MAX,
	};
	require(zonefile_read(&args, &contents, err, sizeof(err)) == KNOT_EOK,
	        err);
	update_zone_replace(zone, contents);
	contents_free(contents);
}

void update_zone_put_keyset(update_zone_t *zone, bool passes, bool foreign)
{
	uint8_t key[] = {
		0x97, 0x4d, 0x96, 0xa2, 0x2d, 0x22, 0x4b, 0xc0, 0x1a, 0xdb, 0x91, 0x50, 0x91, 0x47,
		0x7d, 0x44, 0xcc, 0xd9, 0x1c, 0x9a, 0x41, 0xa1, 0x14, 0x30, 0x01, 0x01, 0x17, 0xd5,
		0x2c, 0x59, 0x24, 0x0e,
	};
	uint8_t coming[32], standing_by[64];
	memset(coming, 1, sizeof(coming));
	memset(standing_by, 2, sizeof(standing_by));
	keyset_key_t keys[] = {
		{ .repository = "r", .cka_id = "01", .role = KEYSET_CSK, .algorithm = 15,
		  .public_key = key, .public_key_len = sizeof(key), .keytag = 3613, .publish = true,
		  .sign_dnskey = true, .sign_zone = true, .step = "", .memory = "" },
		{ .repository = "r", .cka_id = "02", .role = KEYSET_KSK, .algorithm = 15,
		  .public_key = coming, .public_key_len = sizeof(coming), .keytag = 5152,
		  .step = "", .memory = "" },
		{ .repository = "r", .cka_id = "03", .role = KEYSET_ZSK, .algorithm = 13,
		  .public_key = standing_by, .public_key_len = sizeof(standing_by), .keytag = 17485,
		  .publish = true, .step = "", .memory = "" },
	};
	const keyset_t set = {
		.revision = 1, .policy = "p", .passthrough = passes, .refresh = 1,
		.validity_default = 10, .validity_denial = 10, .ds = "", .memory = "",
		.foreign_keys = foreign, .keys = keys,
		.key_count = passes ? 0 : sizeof(keys) / sizeof(keys[0]),
	};
	store_txn_t txn;
	char *text = keyset_write(&set);
	require(text != NULL, "keyset_write");
	require(store_write(zone->store, &txn) == KNOT_EOK, "store_write");
	require(store_set(&txn, STORE_KEYSET, UPDATE_ZONE, text, strlen(text) + 1) == KNOT_EOK,
	        "store_set");
	require(store_commit(&txn) == KNOT_EOK, "store_commit");
	free(text);
}

void update_zone_close(update_zone_t *zone)
{
	char path[96];
	static const char *const files[] = { "zone", "data.mdb", "lock.mdb", "knotd.lock", "" };
	store_close(zone->store);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", zone->dir, files[i]);
		(void)remove(path);
	}
}

/*! Puts RDATA, with its length before it. */
static uint8_t *put_rdata(uint8_t *at, const char *owner, const char *type, const char *rdata)
{
	char line[2048];
	zs_scanner_t *s = malloc(sizeof(*s));
	int len = snprintf(line, sizeof(line), "%s 0 IN %s %s\n", owner, type, rdata);
	require(s != NULL && zs_init(s, "example.", KNOT_CLASS_IN, 0) == 0 &&
	        zs_set_input_string(s, line, len) == 0 && zs_parse_record(s) == 0 &&
	        s->state == ZS_STATE_DATA, line);
	knot_wire_write_u16(at, s->r_data_length);
	memcpy(at + 2, s->r_data, s->r_data_length);
	at += 2 + s->r_data_length;
	zs_deinit(s);
	free(s);
	return at;
}

static uint8_t *put_record(uint8_t *at, uint8_t *wire, const char *line)
{
	char section, owner[300], class[16], type[16];
	unsigned ttl;
	int used = 0;
	uint16_t class_number = 0, type_number = 0;
	require(sscanf(line, "%c %299s %u %15s %15s %n", &section, owner, &ttl, class, type,
	               &used) == 5, line);
	require((strcmp(class, "NONE") == 0 && (class_number = KNOT_CLASS_NONE)) ||
	        knot_rrclass_from_string(class, &class_number) == 0, class);
	require(knot_rrtype_from_string(type, &type_number) == 0, type);
	knot_dname_storage_t name;
	require(knot_dname_from_str(name, owner, sizeof(name)) != NULL, owner);
	memcpy(at, name, knot_dname_size(name));
	at += knot_dname_size(name);
	knot_wire_write_u16(at, type_number);
	knot_wire_write_u16(at + 2, class_number);
	knot_wire_write_u32(at + 4, ttl);
	knot_wire_write_u16(at + 8, 0);
	at = line[used] == '\0' ? at + 10 : put_rdata(at + 8, "x.example.", type, line + used);
	if (section == 'p') {
		knot_wire_set_ancount(wire, knot_wire_get_ancount(wire) + 1);
	} else {
		knot_wire_set_nscount(wire, knot_wire_get_nscount(wire) + 1);
	}
	return at;
}

size_t update_message(uint8_t *wire, const char *lines)
{
	static const uint8_t head[] = { 0, 1, KNOT_OPCODE_UPDATE << 3, 0, 0, 1, 0, 0, 0, 0, 0, 0,
	                                7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 6, 0, 1 };
	memcpy(wire, head, sizeof(head));
	uint8_t *at = wire + sizeof(head);
	char *copy = strdup(lines), *save = NULL;
	for (char *line = strtok_r(copy, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		at = put_record(at, wire, line);
	}
	free(copy);
	return at - wire;
}

int update_run(update_zone_t *zone, uint8_t *wire, size_t len, bool commit,
               update_result_t *result, state_t *state)
{
	store_txn_t txn;
	knot_pkt_t *pkt = knot_pkt_new(wire, len, NULL);
	require(pkt != NULL, "message");
	const bool parsed = message_parse(pkt) == KNOT_EOK;
	require(store_write(zone->store, &txn) == KNOT_EOK, "store_write");
	require(state_load(&txn, UPDATE_ZONE, state) == KNOT_EOK, "state_load");
	int ret = KNOT_EOK;
	if (parsed) {
		ret = update_apply(&txn, UPDATE_ZONE, state, pkt, SIZE_MAX, result);
	} else {
		*result = (update_result_t) { .rcode = KNOT_RCODE_FORMERR, .reason = "message" };
	}
	if (commit) {
		require(store_commit(&txn) == KNOT_EOK, "store_commit");
	} else {
		store_abort(&txn);
	}
	knot_pkt_free(pkt);
	return ret;
}

static void dump_rrset(FILE *out, const node_rrset_t *rrset)
{
	char type[16], data[2048];
	knot_rrset_t rr;
	knot_rrset_init(&rr, (knot_dname_t *)UPDATE_ZONE, rrset->type, KNOT_CLASS_IN, rrset->ttl);
	rr.rrs = rrset->rrs;
	knot_rrtype_to_string(rrset->type, type, sizeof(type));
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		require(knot_rrset_txt_dump_data(&rr, i, data, sizeof(data),
		                                 &KNOT_DUMP_STYLE_DEFAULT) >= 0, type);
		fprintf(out, "%s%s %u %s", ftell(out) > 0 ? "; " : "", type, rrset->ttl, data);
	}
}

void update_dump(update_zone_t *zone, const char *owner, char *out, size_t size)
{
	knot_dname_storage_t name;
	uint8_t key[NODE_KEY_MAX];
	const uint8_t *data = NULL;
	size_t len = 0;
	store_txn_t txn;
	state_t state;
	node_t node = { 0 };
	require(knot_dname_from_str(name, owner, sizeof(name)) != NULL, owner);
	require(store_read(zone->store, &txn) == KNOT_EOK, "store_read");
	require(state_load(&txn, UPDATE_ZONE, &state) == KNOT_EOK, "state_load");
	out[0] = '\0';
	const store_key_t at = { STORE_INPUT, state.in.nodes, key, node_key(name, key) };
	if (store_find(&txn, &at, &data, &len) == KNOT_EOK) {
		require(node_read(data, len, &node) == KNOT_EOK, "node_read");
		FILE *text = fmemopen(out, size, "w");
		for (uint16_t i = 0; i < node.count; i++) {
			dump_rrset(text, &node.rrsets[i]);
		}
		fclose(text);
		node_deinit(&node);
	}
	store_abort(&txn);
}

/*** Whether it is a zone. ***/

#define check(truth) require(truth, #truth)

static uint16_t count_of(const node_t *node, uint16_t type)
{
	const node_rrset_t *rrset = node_rrset(node, type);
	return rrset != NULL ? rrset->rrs.count : 0;
}

/*! Nobody asks for no DS. */
static void check_cds(const node_t *node, uint16_t type)
{
	const node_rrset_t *cds = node_rrset(node, type);
	knot_rdata_t *rdata = cds != NULL ? cds->rrs.rdata : NULL;
	for (uint16_t i = 0; cds != NULL && i < cds->rrs.count; i++) {
		check(!cds_is_delete(type, rdata));
		rdata = knot_rdataset_next(rdata);
	}
}

static void check_node(const node_t *node, bool apex)
{
	if (apex) {
		check_cds(node, KNOT_RRTYPE_CDS);
		check_cds(node, KNOT_RRTYPE_CDNSKEY);
	}
	const uint16_t cname = count_of(node, KNOT_RRTYPE_CNAME);
	check(node->count > 0);
	check(count_of(node, KNOT_RRTYPE_SOA) == apex);
	check(!apex || count_of(node, KNOT_RRTYPE_NS) > 0);
	check(cname == 0 || (cname == 1 && node->count == 1));
	check(count_of(node, KNOT_RRTYPE_DNAME) <= 1);
	for (uint16_t i = 0; i < node->count; i++) {
		const node_rrset_t *rrset = &node->rrsets[i];
		check(rrset->rrs.count > 0 && rrset->ttl <= INT32_MAX);
		check(i == 0 || node->rrsets[i - 1].type < rrset->type);
		check(rrset->type != KNOT_RRTYPE_RRSIG && rrset->type != KNOT_RRTYPE_NSEC);
	}
}

size_t update_zone_check(store_txn_t *txn, const state_t *state)
{
	uint8_t apex[NODE_KEY_MAX], cover[NODE_KEY_MAX];
	size_t apex_len = node_key(UPDATE_ZONE, apex), cover_len = 0, names = 0;
	store_cursor_t cursor;
	check(store_cursor(txn, STORE_INPUT, state->in.nodes, &cursor) == KNOT_EOK);
	while (store_next(&cursor) == KNOT_EOK) {
		node_t node;
		knot_dname_storage_t owner;
		const bool is_apex = cursor.key_len == apex_len &&
		                     memcmp(cursor.key, apex, apex_len) == 0;
		check((names == 0) == is_apex);
		check(is_apex || node_key_below(cursor.key, cursor.key_len, apex, apex_len));
		check(node_key_owner(cursor.key, cursor.key_len, owner) > 0);
		check(node_read(cursor.data, cursor.data_len, &node) == KNOT_EOK);
		check_node(&node, is_apex);
		check(cover_len == 0 ||
		        !node_key_below(cursor.key, cursor.key_len, cover, cover_len));
		if (count_of(&node, KNOT_RRTYPE_DNAME) > 0) {
			cover_len = cursor.key_len;
			memcpy(cover, cursor.key, cover_len);
		}
		node_deinit(&node);
		names++;
	}
	store_cursor_close(&cursor);
	return names;
}
