/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* RFC 2136 by cases: a message, its answer, and what a name has afterwards. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/source/room.h"
#include "tests/unit/check-main.h"
#include "tests/unit/update-zone.h"

static const char base[] =
	"example. 300 SOA ns1.example. host.example. 7 3600 900 604800 300\n"
	"example. 300 NS ns1.example.\n"
	"example. 300 NS ns2.example.\n"
	"example. 300 DNSKEY 256 3 8 AwEAAa==\n"
	"ns1.example. 300 A 192.0.2.1\n"
	"ns2.example. 300 A 192.0.2.2\n"
	"www.example. 300 A 192.0.2.80\n"
	"www.example. 300 A 192.0.2.81\n"
	"www.example. 300 TXT \"text\"\n"
	"alias.example. 300 CNAME www.example.\n"
	"a.b.ent.example. 300 A 192.0.2.3\n"
	"dn.example. 300 DNAME example.net.\n"
	"wks.example. 300 TYPE11 \\# 6 C000020106FF\n"
	"cut.example. 300 NS ns.cut.example.\n"
	"ns.cut.example. 300 A 192.0.2.4\n";

#define ZEROS "000000000000000000000000000000000000000000000000" /* 24 octets. */
#define SOA(serial) "SOA 300 ns1.example. host.example. " serial " 3600 900 604800 300"
#define NS2 "NS 300 ns1.example.; NS 300 ns2.example."
#define KEY "DNSKEY 300 256 3 8 AwEAAQ=="
#define WWW "A 300 192.0.2.80; A 300 192.0.2.81; TXT 300 \"text\""

typedef struct {
	const char *lines;
	uint8_t rcode;
	const char *owner, *after; /* NULL: nothing has changed. */
	uint32_t serial;
} case_t;

#define FAILS(rcode, lines)         { lines, KNOT_RCODE_##rcode, NULL, NULL, 7 }
#define SAME(lines)                 { lines, KNOT_RCODE_NOERROR, NULL, NULL, 7 }
#define CHANGES(lines, owner, after) { lines, KNOT_RCODE_NOERROR, owner, after, 8 }

static const case_t cases[] = {
	/* Prerequisites: name in use or not. */
	SAME("p www.example. 0 ANY ANY"),
	SAME("p WWW.example. 0 ANY ANY"),
	FAILS(NXDOMAIN, "p none.example. 0 ANY ANY"),
	FAILS(NXDOMAIN, "p b.ent.example. 0 ANY ANY"),
	SAME("p none.example. 0 NONE ANY"),
	SAME("p b.ent.example. 0 NONE ANY"),
	FAILS(YXDOMAIN, "p www.example. 0 NONE ANY"),
	/* RRset there or not. */
	SAME("p www.example. 0 ANY A"),
	FAILS(NXRRSET, "p www.example. 0 ANY AAAA"),
	FAILS(NXRRSET, "p none.example. 0 ANY A"),
	SAME("p www.example. 0 NONE AAAA"),
	FAILS(YXRRSET, "p www.example. 0 NONE A"),
	/* RRset with a value: all of it, in any order, whatever the TTL in the zone. */
	SAME("p www.example. 0 IN A 192.0.2.80\np www.example. 0 IN A 192.0.2.81"),
	SAME("p www.example. 0 IN A 192.0.2.81\np www.example. 0 IN TXT \"text\"\n"
	  "p www.example. 0 IN A 192.0.2.80"),
	FAILS(NXRRSET, "p www.example. 0 IN A 192.0.2.80"),
	FAILS(NXRRSET, "p www.example. 0 IN A 192.0.2.80\np www.example. 0 IN A 192.0.2.82"),
	FAILS(NXRRSET, "p www.example. 0 IN AAAA ::1"),
	FAILS(NXRRSET, "p none.example. 0 IN A 192.0.2.80"),
	SAME("p example. 0 IN NS NS2.example.\np example. 0 IN NS ns1.EXAMPLE."),
	/* Malformed ones. */
	FAILS(FORMERR, "p www.example. 1 ANY A"),
	FAILS(FORMERR, "p www.example. 0 ANY A 192.0.2.80"),
	FAILS(FORMERR, "p www.example. 0 NONE A 192.0.2.80"),
	FAILS(FORMERR, "p www.example. 1 IN A 192.0.2.80"),
	FAILS(FORMERR, "p www.example. 0 CH A 192.0.2.80"),
	FAILS(NOTZONE, "p www.other. 0 ANY A"),
	FAILS(NOTZONE, "p wwwexample. 0 ANY A"),
	/* A prerequisite that fails lets nothing happen. */
	FAILS(NXRRSET, "p none.example. 0 ANY A\nu new.example. 60 IN A 192.0.2.9"),
	CHANGES("p www.example. 0 ANY A\nu new.example. 60 IN A 192.0.2.9", "new.example.", "A 60 192.0.2.9"),
	/* Nor does a change that is malformed, wherever it stands. */
	FAILS(NOTZONE, "u new.example. 60 IN A 192.0.2.9\nu new.other. 60 IN A 192.0.2.9"),
	FAILS(FORMERR, "u new.example. 60 IN A 192.0.2.9\nu www.example. 60 IN ANY"),
	FAILS(FORMERR, "u www.example. 60 IN TYPE252"),
	FAILS(FORMERR, "u www.example. 60 IN TYPE0"),
	FAILS(FORMERR, "u www.example. 1 ANY A"),
	FAILS(FORMERR, "u www.example. 0 ANY A 192.0.2.80"),
	FAILS(FORMERR, "u www.example. 0 ANY AXFR"),
	FAILS(FORMERR, "u www.example. 1 NONE A 192.0.2.80"),
	FAILS(FORMERR, "u www.example. 0 NONE ANY"),
	FAILS(FORMERR, "u www.example. 0 CH A 192.0.2.80"),
	/* Additions. */
	CHANGES("u new.example. 60 IN A 192.0.2.9", "new.example.",
	  "A 60 192.0.2.9"),
	CHANGES("u NEW.Example. 60 IN MX 5 MAIL.example.", "new.example.",
	  "MX 60 5 mail.example."),
	CHANGES("u www.example. 300 IN A 192.0.2.82", "www.example.",
	  "A 300 192.0.2.80; A 300 192.0.2.81; A 300 192.0.2.82; TXT 300 \"text\""),
	SAME("u www.example. 300 IN A 192.0.2.80"),
	/* One TTL an RRset (RFC 2181): the newest. */
	CHANGES("u www.example. 60 IN A 192.0.2.80", "www.example.",
	  "A 60 192.0.2.80; A 60 192.0.2.81; TXT 300 \"text\""),
	CHANGES("u www.example. 60 IN A 192.0.2.82", "www.example.",
	  "A 60 192.0.2.80; A 60 192.0.2.81; A 60 192.0.2.82; TXT 300 \"text\""),
	CHANGES("u new.example. 4000000000 IN A 192.0.2.9", "new.example.",
	  "A 0 192.0.2.9"),
	CHANGES("u new.example. 60 IN TYPE65000 \\# 2 abcd", "new.example.",
	  "TYPE65000 60 \\# 2 ABCD"),
	/* In the order in which they stand. */
	SAME("u new.example. 60 IN A 192.0.2.9\nu new.example. 0 ANY A"),
	CHANGES("u www.example. 0 ANY A\nu www.example. 60 IN A 192.0.2.9", "www.example.", "A 60 192.0.2.9; TXT 300 \"text\""),
	/* CNAME stands alone: what would be beside it is ignored, a new one replaces it. */
	SAME("u www.example. 60 IN CNAME ns1.example."),
	SAME("u alias.example. 60 IN A 192.0.2.9"),
	SAME("u alias.example. 60 IN DNAME ns1.example."),
	CHANGES("u alias.example. 60 IN CNAME ns1.example.", "alias.example.",
	  "CNAME 60 ns1.example."),
	CHANGES("u www.example. 0 ANY ANY\nu www.example. 60 IN CNAME ns1.example.", "www.example.", "CNAME 60 ns1.example."),
	CHANGES("u alias.example. 0 ANY CNAME\nu alias.example. 60 IN A 192.0.2.9", "alias.example.", "A 60 192.0.2.9"),
	/* DNAME: one, nothing below it, no NS beside it. */
	CHANGES("u dn.example. 60 IN DNAME example.org.", "dn.example.",
	  "DNAME 60 example.org."),
	FAILS(REFUSED, "u x.dn.example. 60 IN A 192.0.2.9"),
	FAILS(REFUSED, "u x.y.dn.example. 60 IN A 192.0.2.9"),
	FAILS(REFUSED, "u ent.example. 60 IN DNAME example.org."),
	FAILS(REFUSED, "u cut.example. 60 IN DNAME example.org."),
	CHANGES("u ent.example. 60 IN DNAME example.org.\nu a.b.ent.example. 0 ANY ANY", "ent.example.", "DNAME 60 example.org."),
	CHANGES("u x.dn.example. 60 IN A 192.0.2.9\nu dn.example. 0 ANY DNAME", "x.dn.example.", "A 60 192.0.2.9"),
	FAILS(REFUSED, "u new.example. 60 IN DNAME a.\nu x.new.example. 60 IN A 192.0.2.9"),
	/* Records where they cannot be. */
	FAILS(REFUSED, "u example. 60 IN DS 1 8 2 "
	      "00000000000000000000000000000000000000000000000000000000000000ff"),
	FAILS(REFUSED, "u *.w.example. 60 IN NS ns1.example."),
	FAILS(REFUSED, "u www.example. 60 IN " "DNSKEY 256 3 8 AwEAAQ=="),
	SAME("u www.example. 60 IN SOA a. b. 9 1 2 3 4"),
	/* TTLs (RFC 2181, section 8). */
	CHANGES("u new.example. 2147483648 IN A 192.0.2.9", "new.example.", "A 0 192.0.2.9"),
	CHANGES("u new.example. 4294967295 IN A 192.0.2.9", "new.example.", "A 0 192.0.2.9"),
	CHANGES("u new.example. 2147483647 IN A 192.0.2.9", "new.example.",
	  "A 2147483647 192.0.2.9"),
	/* WKS: one an address and protocol. */
	CHANGES("u wks.example. 300 IN TYPE11 \\# 6 C00002010601", "wks.example.",
	  "TYPE11 300 \\# 6 C00002010601"),
	CHANGES("u wks.example. 300 IN TYPE11 \\# 6 C00002011101", "wks.example.",
	  "TYPE11 300 \\# 6 C000020106FF; TYPE11 300 \\# 6 C00002011101"),
	/* SOA: only a newer one, only at the apex, and it is never removed. */
	{ "u example. 60 IN SOA a. b. 8 1 2 3 4", KNOT_RCODE_NOERROR, "example.",
	  NS2 "; SOA 60 a. b. 8 1 2 3 4; " KEY, 8 },
	{ "u example. 60 IN SOA a. b. 2147483654 1 2 3 4", KNOT_RCODE_NOERROR, "example.",
	  NS2 "; SOA 60 a. b. 2147483654 1 2 3 4; " KEY, 2147483654 },
	SAME("u example. 60 IN SOA a. b. 7 1 2 3 4"),
	SAME("u example. 60 IN SOA a. b. 6 1 2 3 4"),
	SAME("u www.example. 60 IN SOA a. b. 8 1 2 3 4"),
	SAME("u new.example. 60 IN SOA a. b. 8 1 2 3 4"),
	SAME("u example. 0 ANY SOA"),
	SAME("u example. 0 NONE SOA ns1.example. host.example. 7 3600 900 604800 300"),
	CHANGES("u example. 300 IN TXT \"t\"", "example.",
	  NS2 "; " SOA("8") "; TXT 300 \"t\"; " KEY),
	/* NS of the apex: the last one stays. */
	SAME("u example. 0 ANY NS"),
	CHANGES("u example. 0 NONE NS ns2.example.", "example.",
	  "NS 300 ns1.example.; " SOA("8") "; " KEY),
	CHANGES("u example. 0 NONE NS ns2.example.\nu example. 0 NONE NS ns1.example.", "example.", "NS 300 ns1.example.; " SOA("8") "; " KEY),
	CHANGES("u example. 0 ANY ANY", "example.", NS2 "; " SOA("8")),
	CHANGES("u cut.example. 0 ANY NS", "cut.example.", ""),
	/* Deletions. */
	CHANGES("u www.example. 0 ANY A", "www.example.", "TXT 300 \"text\""),
	CHANGES("u www.example. 0 ANY ANY", "www.example.", ""),
	SAME("u www.example. 0 ANY AAAA"),
	SAME("u none.example. 0 ANY ANY"),
	SAME("u none.example. 0 NONE A 192.0.2.1"),
	SAME("u www.example. 0 NONE A 192.0.2.1"),
	CHANGES("u www.example. 0 NONE A 192.0.2.80", "www.example.",
	  "A 300 192.0.2.81; TXT 300 \"text\""),
	CHANGES("u WWW.example. 0 NONE TXT \"text\"\nu www.example. 0 NONE A 192.0.2.81\n"
	  "u www.example. 0 NONE A 192.0.2.80", "www.example.", ""),
	CHANGES("u alias.example. 0 NONE CNAME WWW.example.", "alias.example.",
	  ""),
	/* DNSSEC: what the signer makes is refused; see test-foreign for what other signers need. */
	FAILS(REFUSED, "u www.example. 60 IN NSEC x.example. A"),
	FAILS(REFUSED, "u example. 60 IN NSEC3PARAM 1 0 0 -"),
	FAILS(REFUSED, "u x.example. 60 IN NSEC3 1 0 0 - 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR A"),
	FAILS(REFUSED, "u example. 60 IN TYPE63 \\# 54 000000010101" ZEROS ZEROS),
	/* RDATA that a secondary would refuse. */
	FAILS(FORMERR, "u www.example. 60 IN TXT \\# 3 056162"),
	FAILS(FORMERR, "u www.example. 60 IN DNSKEY \\# 4 01000308"),
	FAILS(FORMERR, "u www.example. 60 IN A 192.0.2.1\nu www.example. 60 IN CAA \\# 4 00FF6162"),
	FAILS(FORMERR, "u www.example. 60 IN DS \\# 5 1234080200"),
	SAME("u www.example. 0 NONE TXT \\# 3 056162"),
	FAILS(NXRRSET, "p www.example. 0 IN TXT \\# 3 056162"),
	FAILS(REFUSED, "u www.example. 60 IN RRSIG A 8 2 60 20300101000000 20200101000000 1 example. AAAA"),
	SAME("u www.example. 0 ANY NSEC"),
	CHANGES("u cut.example. 300 IN DS 1 13 2 "
	  "0000000000000000000000000000000000000000000000000000000000000000", "cut.example.", "NS 300 ns.cut.example.; DS 300 1 13 2 "
	  "0000000000000000000000000000000000000000000000000000000000000000"),
	SAME(""),
};

static update_zone_t zone;
static uint8_t wire[KNOT_WIRE_MAX_PKTSIZE];

static void setup(void)
{
	update_zone_open(&zone, base);
}

static void teardown(void)
{
	update_zone_close(&zone);
}

static uint32_t serial_of(void)
{
	char text[4096], *soa;
	unsigned serial = 0;
	update_dump(&zone, "example.", text, sizeof(text));
	soa = strstr(text, "SOA");
	ck_assert(soa != NULL && sscanf(soa, "SOA %*u %*s %*s %u", &serial) == 1);
	return serial;
}

START_TEST(test_case)
{
	const case_t *c = &cases[_i];
	update_result_t result;
	state_t state;
	char text[4096];
	size_t len = update_message(wire, c->lines);
	ck_assert_int_eq(update_run(&zone, wire, len, true, &result, &state), KNOT_EOK);
	ck_assert_msg(result.rcode == c->rcode, "'%s': RCODE %u, '%s'", c->lines, result.rcode,
	              result.reason);
	ck_assert_msg((result.rcode == KNOT_RCODE_NOERROR) == (result.reason[0] == '\0'),
	              "'%s': RCODE %u, reason '%s'", c->lines, result.rcode, result.reason);
	ck_assert_msg(serial_of() == c->serial, "'%s': serial %u", c->lines, serial_of());
	ck_assert_uint_eq(state.in.serial, c->serial);
	ck_assert_uint_eq(state.in.count, c->after == NULL ? 1 : 2);
	ck_assert_uint_eq(state.in.updates, c->after != NULL);
	ck_assert_uint_eq(result.changed > 0, c->after != NULL);
	if (c->after != NULL) {
		update_dump(&zone, c->owner, text, sizeof(text));
		ck_assert_msg(strcmp(text, c->after) == 0, "'%s': %s has\n%s\n, wanted\n%s\n",
		              c->lines, c->owner, text, c->after);
	}
}
END_TEST

/*! RDATA that its type cannot have; the parser passes it in the classes that have none. */
START_TEST(test_malformed_rdata)
{
	static const char *const lines[] = {
		"u www.example. 60 IN TYPE65000 \\# 3 010203", "p www.example. 0 IN TYPE65000 \\# 3 010203",
	};
	update_result_t result;
	state_t state;
	for (size_t i = 0; i < 2; i++) {
		size_t len = update_message(wire, lines[i]);
		knot_wire_write_u16(wire + len - 3 - 10, KNOT_RRTYPE_A);
		ck_assert_int_eq(update_run(&zone, wire, len, true, &result, &state), KNOT_EOK);
		ck_assert_uint_eq(result.rcode, KNOT_RCODE_FORMERR);
	}
	/* An addition without RDATA. */
	size_t len = update_message(wire, "u www.example. 60 IN A");
	ck_assert_int_eq(update_run(&zone, wire, len, true, &result, &state), KNOT_EOK);
	ck_assert_uint_eq(result.rcode, KNOT_RCODE_FORMERR);
	ck_assert_uint_eq(serial_of(), 7);
}
END_TEST

/*! A zone that is signed elsewhere: all that a signer makes can be changed, the serial only there. */
START_TEST(test_passes)
{
#define SIG(type) "RRSIG " type " 13 1 300 20300101000000 20200101000000 1 example. AAAA"
	static const struct {
		const char *lines;
		uint8_t rcode;
		uint32_t serial;
	} steps[] = {
		{ "u alias.example. 300 IN NSEC b.example. CNAME\nu alias.example. 300 IN " SIG("CNAME"),
		  KNOT_RCODE_NOERROR, 8 },
		{ "u example. 300 IN " SIG("SOA"), KNOT_RCODE_REFUSED, 8 },
		{ "u example. 300 IN " SIG("SOA") "\nu example. 300 IN SOA a. b. 9 1 2 3 4",
		  KNOT_RCODE_NOERROR, 9 },
		{ "u new.example. 300 IN A 192.0.2.1", KNOT_RCODE_REFUSED, 9 },
		{ "u alias.example. 0 ANY NSEC\nu example. 300 IN SOA a. b. 10 1 2 3 4",
		  KNOT_RCODE_NOERROR, 10 },
	};
	char text[1024];
	update_result_t result;
	state_t state;
	store_txn_t txn;
	ck_assert_int_eq(store_write(zone.store, &txn), KNOT_EOK);
	ck_assert_int_eq(state_load(&txn, UPDATE_ZONE, &state), KNOT_EOK);
	state.passthrough = true;
	ck_assert_int_eq(state_save(&txn, UPDATE_ZONE, &state), KNOT_EOK);
	ck_assert_int_eq(store_commit(&txn), KNOT_EOK);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		size_t len = update_message(wire, steps[i].lines);
		ck_assert_int_eq(update_run(&zone, wire, len, true, &result, &state), KNOT_EOK);
		ck_assert_msg(result.rcode == steps[i].rcode, "'%s': RCODE %u, '%s'", steps[i].lines,
		              result.rcode, result.reason);
		ck_assert_uint_eq(serial_of(), steps[i].serial);
	}
	update_dump(&zone, "alias.example.", text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, SIG("CNAME") + 6));
	ck_assert_ptr_null(strstr(text, "NSEC"));
}
END_TEST

/*! The serial goes round, and is never 0. */
START_TEST(test_serial_round)
{
	update_result_t result;
	state_t state;
	static const char *const soa[] = { "2147483650", "4294967295" };
	char line[128];
	for (int i = 0; i < 2; i++) {
		snprintf(line, sizeof(line), "u example. 60 IN SOA a. b. %s 1 2 3 4", soa[i]);
		size_t len = update_message(wire, line);
		ck_assert_int_eq(update_run(&zone, wire, len, true, &result, &state), KNOT_EOK);
	}
	ck_assert_uint_eq(serial_of(), UINT32_MAX);
	size_t len = update_message(wire, "u new.example. 60 IN A 192.0.2.9");
	ck_assert_int_eq(update_run(&zone, wire, len, true, &result, &state), KNOT_EOK);
	ck_assert_uint_eq(serial_of(), 1);
}
END_TEST

/*! As many changes as a message can have. */
START_TEST(test_large)
{
	update_result_t result;
	state_t state;
	size_t len = update_message(wire, "");
	uint16_t count = 0;
	/* Owner by a pointer to the zone section's name; of two types, since an RRset has to fit a
	 * message with its signatures. */
	for (; len + 16 <= sizeof(wire); len += 16, count++) {
		static const uint8_t head[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4 };
		memcpy(wire + len, head, sizeof(head));
		knot_wire_write_u16(wire + len + 2, count % 2 == 0 ? KNOT_RRTYPE_A : 65280);
		knot_wire_write_u32(wire + len + 12, count * 7919u);
	}
	knot_wire_set_nscount(wire, count);
	ck_assert_int_eq(update_run(&zone, wire, len, true, &result, &state), KNOT_EOK);
	ck_assert_uint_eq(result.rcode, KNOT_RCODE_NOERROR);
	ck_assert_uint_eq(result.changed, 1);
	ck_assert_uint_eq(state.in.serial, 8);
}
END_TEST

/*! RRsets that grow by small messages: the one that would fit no DNS message is refused. */
START_TEST(test_growing)
{
	update_result_t result = { .rcode = KNOT_RCODE_NOERROR };
	state_t state;
	int count = 0;
	while (result.rcode == KNOT_RCODE_NOERROR && count < 400) {
		char line[320];
		snprintf(line, sizeof(line), "u big.example. 60 IN TXT %0200d", ++count);
		size_t len = update_message(wire, line);
		ck_assert_int_eq(update_run(&zone, wire, len, true, &result, &state), KNOT_EOK);
		ck_assert_int_eq(strstr(result.reason, "BIND") != NULL, count == 101);
	}
	ck_assert_uint_eq(result.rcode, KNOT_RCODE_REFUSED);
	ck_assert_ptr_nonnull(strstr(result.reason, "which no DNS message can hold"));
	ck_assert_int_gt(count, 290);
	ck_assert_int_lt(count, 310);
	/* All else of the zone can be changed. */
	size_t len = update_message(wire, "u new.example. 60 IN A 192.0.2.9");
	ck_assert_int_eq(update_run(&zone, wire, len, true, &result, &state), KNOT_EOK);
	ck_assert_uint_eq(result.rcode, KNOT_RCODE_NOERROR);
}
END_TEST

/*! What makes the signed zone too large for knotd, and only what surely does. */
START_TEST(test_room)
{
	static const struct {
		uint64_t version;
		bool passes;
		uint32_t algorithms;  /* Bits by number. */
		uint64_t bytes;       /* Of the zone, of which 1000 are allowed. */
		edit_growth_t growth;
		bool lacks;
	} rows[] = {
		{ 1, true, 0, 800, { 342, 0, 0 }, false },
		{ 1, true, 0, 800, { 343, 0, 0 }, true },
		/* There is no version yet whose size could tell anything. */
		{ 0, true, 0, 800, { 343, 0, 0 }, false },
		/* A change that makes a zone smaller, which was too large before. */
		{ 1, true, 0, 5000, { 0, 0, 0 }, false },
		{ 1, true, 0, 5000, { -1, 0, 0 }, false },
		{ 1, true, 0, 5000, { 1, 0, 0 }, true },
		{ 1, true, 0, 800, { -900, 0, 0 }, false },
		/* Signatures come with new RRsets, and with the denial of new names. */
		{ 1, false, 1 << 13, 800, { 0, 3, 0 }, false },
		{ 1, false, 1 << 13, 800, { 0, 4, 0 }, true },
		{ 1, true, 1 << 13, 800, { 0, 4, 0 }, false },
		{ 1, false, 1 << 13, 800, { 0, 0, 2 }, false },
		{ 1, false, 1 << 13, 800, { 0, 0, 3 }, true },
		{ 1, false, 1 << 14, 800, { 0, 3, 0 }, true },
		{ 1, false, 1 << 16, 800, { 0, 3, 0 }, true },
		{ 1, false, 1 << 8, 800, { 0, 3, 0 }, true },
		{ 1, false, 1 << 10, 800, { 0, 3, 0 }, true },
		{ 1, false, 1 << 13 | 1 << 15, 800, { 0, 2, 0 }, true },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		state_t state = {
			.version = rows[i].version, .passthrough = rows[i].passes,
			.algorithms = rows[i].algorithms, .size.nodes.bytes = rows[i].bytes,
		};
		const bool lacks = room_lacks(&state, UPDATE_ZONE, &rows[i].growth, 1000);
		ck_assert_msg(lacks == rows[i].lacks, "%zu", i);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("update");
	TCase *tcase = tcase_create("RFC 2136");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, test_case, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, test_malformed_rdata);
	tcase_add_test(tcase, test_passes);
	tcase_add_test(tcase, test_serial_round);
	tcase_add_test(tcase, test_large);
	tcase_add_test(tcase, test_growing);
	tcase_add_test(tcase, test_room);
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
