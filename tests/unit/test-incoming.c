/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Transfers by cases: the messages of a primary, and what becomes of them. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/source/incoming.h"
#include "tests/unit/check-main.h"
#include "tests/unit/update-zone.h"

#define SOA(serial) "p example. 300 IN SOA ns1.example. host.example. " serial " 60 30 600 300\n"
#define NS "p example. 300 IN NS ns1.example.\n"
#define A(owner, address) "p " owner ".example. 300 IN A " address "\n"
#define NEXT "--\n" /* Another message. */

static const char base[] =
	"example. 300 SOA ns1.example. host.example. 7 3600 900 604800 300\n"
	"example. 300 NS ns1.example.\n"
	"www.example. 300 A 192.0.2.80\n"
	"dn.example. 300 DNAME example.net.\n";

typedef struct {
	bool ixfr;
	const char *messages;
	int ret;               /* Of the last message; the others are KNOT_EOK. */
	incoming_kind_t kind;
	const char *www;       /* What www.example. has then; NULL: err, or it is not applied. */
	const char *err;       /* Of what failed. */
} case_t;

#define ZONE(messages, www)    { false, messages, KNOT_EOF, INCOMING_ZONE, www, NULL }
#define FULL(messages, www)    { true, messages, KNOT_EOF, INCOMING_ZONE, www, NULL }
#define CHANGES(messages, www) { true, messages, KNOT_EOF, INCOMING_CHANGES, www, NULL }
#define SAME(messages)         { true, messages, KNOT_EOF, INCOMING_SAME, NULL, NULL }
#define UNFIT(messages, err)   { true, messages, KNOT_EOF, INCOMING_CHANGES, NULL, err }
#define DS "DS 1 8 2 00000000000000000000000000000000000000000000000000000000000000ff\n"
#define NO_ZONE(messages, err) { false, messages, KNOT_EOF, INCOMING_ZONE, NULL, err }
#define BAD(ixfr, messages, err) { ixfr, messages, KNOT_EMALF, INCOMING_SAME, NULL, err }
#define OPEN(ixfr, messages)   { ixfr, messages, KNOT_EOK, INCOMING_SAME, NULL, NULL }

static const case_t cases[] = {
	/* AXFR: in one message, in several, one record each; older and equal serials, too. */
	ZONE(SOA("8") NS A("www", "192.0.2.1") SOA("8"), "A 300 192.0.2.1"),
	ZONE(SOA("8") NEXT NS NEXT A("www", "192.0.2.1") NEXT SOA("8"), "A 300 192.0.2.1"),
	ZONE(SOA("7") NS A("WWW", "192.0.2.1") SOA("7"), "A 300 192.0.2.1"),
	ZONE(SOA("3") NS SOA("3"), ""),
	/* What a signer makes is kept, for zones that pass; what is not in the zone is left out. */
	ZONE(SOA("8") NS "p www.example. 300 IN NSEC example. A\n"
	     "p www.other. 300 IN A 192.0.2.7\n" A("www", "192.0.2.1")
	     "p www.example. 300 IN RRSIG A 8 2 300 20300101000000 20200101000000 1 example. AAAA\n"
	     SOA("8"), "A 300 192.0.2.1; RRSIG 300 A 8 2 300 20300101000000 20200101000000 1 "
	     "example. AAAA; NSEC 300 example. A"),
	OPEN(false, SOA("8") NS),
	BAD(false, NS SOA("8"), "does not begin with the zone's SOA"),
	BAD(false, SOA("8") NS SOA("9"), "begins with serial 8 and ends with 9"),
	BAD(false, SOA("8") NS SOA("8") NS, "behind the end"),
	BAD(false, SOA("8") NEXT NEXT NS, "empty"),
	BAD(false, SOA("8") "p www.example. 300 CH TXT \"x\"\n", "class 3"),
	NO_ZONE(SOA("8") SOA("8"), "no NS records"),
	NO_ZONE(SOA("8") NS "p www.example. 300 IN CNAME a.\n" A("www", "192.0.2.1") SOA("8"),
	        "CNAME beside other data"),
	NO_ZONE(SOA("8") NS "p www.example. 300 IN SOA a. b. 1 2 3 4 5\n" SOA("8"),
	        "not at the zone's apex"),
	NO_ZONE(SOA("8") NS "p example. 300 IN " DS SOA("8"), "a DS at the zone's apex"),
	NO_ZONE(SOA("8") NS "p *.w.example. 300 IN NS a.\n" SOA("8"),
	        "a wildcard cannot be delegated"),
	NO_ZONE(SOA("8") NS "p www.example. 300 IN TXT \\# 3 056162\n" SOA("8"),
	        "www.example. TXT: a character-string runs beyond the end"),
	/* IXFR: nothing newer, all of it, changes. */
	SAME(SOA("7")),
	SAME(SOA("6")),
	FULL(SOA("8") NS A("www", "192.0.2.1") SOA("8"), "A 300 192.0.2.1"),
	FULL(SOA("8") NEXT NS A("www", "192.0.2.1") NEXT SOA("8"), "A 300 192.0.2.1"),
	CHANGES(SOA("8") SOA("7") A("www", "192.0.2.80") SOA("8") A("www", "192.0.2.1") SOA("8"),
	        "A 300 192.0.2.1"),
	/* A TTL beyond 2^31 - 1 is none (RFC 2181, section 8). */
	CHANGES(SOA("8") SOA("7") A("www", "192.0.2.80") SOA("8")
	        "p www.example. 4294967295 IN A 192.0.2.1\n" SOA("8"), "A 0 192.0.2.1"),
	CHANGES(SOA("8") NEXT SOA("7") NEXT SOA("8") NEXT A("WWW", "192.0.2.1") NEXT SOA("8"),
	        "A 300 192.0.2.1; A 300 192.0.2.80"),
	CHANGES(SOA("8") SOA("7") A("www", "192.0.2.80") SOA("8") SOA("8"), ""),
	/* Of several versions. */
	CHANGES(SOA("9") SOA("7") SOA("8") A("www", "192.0.2.1") SOA("8") A("www", "192.0.2.1")
	        SOA("9") A("www", "192.0.2.2") SOA("9"), "A 300 192.0.2.2; A 300 192.0.2.80"),
	/* A TTL. */
	CHANGES(SOA("8") SOA("7") A("www", "192.0.2.80") SOA("8")
	        "p www.example. 60 IN A 192.0.2.80\n" SOA("8"), "A 60 192.0.2.80"),
	/* What we do not have is not missed. */
	CHANGES(SOA("8") SOA("7") "p www.other. 300 IN A 192.0.2.7\n" SOA("8")
	        "p www.example. 300 IN NSEC example. A AAAA\n" SOA("8"),
	        "A 300 192.0.2.80; NSEC 300 example. A AAAA"),
	/* A CNAME can be signed. */
	CHANGES(SOA("8") SOA("7") A("www", "192.0.2.80") SOA("8")
	        "p www.example. 300 IN CNAME a.\np www.example. 300 IN NSEC example. CNAME\n"
	        SOA("8"), "CNAME 300 a.; NSEC 300 example. CNAME"),
	UNFIT(SOA("8") SOA("7") "p www.example. 300 IN NSEC example. A\n" SOA("8") SOA("8"),
	      "remove what is not there: www.example. NSEC"),
	BAD(true, SOA("8") SOA("6") SOA("8") SOA("8"), "begin at serial 6, we have 7"),
	BAD(true, SOA("9") SOA("7") SOA("8") SOA("7"), "begin at serial 7 follow .* lead to 8"),
	BAD(true, SOA("8") SOA("7") SOA("8") SOA("8") NS, "behind the end"),
	OPEN(true, SOA("9") SOA("7") SOA("8") SOA("8")),
	UNFIT(SOA("8") SOA("7") A("www", "192.0.2.81") SOA("8") SOA("8"),
	      "remove what is not there: www.example. A"),
	UNFIT(SOA("8") SOA("7") A("none", "192.0.2.81") SOA("8") SOA("8"), "not there"),
	UNFIT(SOA("8") SOA("7") SOA("8") A("www", "192.0.2.80") SOA("8"), "add what is there"),
	BAD(true, SOA("8") SOA("7") SOA("8") "p www.example. 300 IN CAA \\# 4 00FF6162\n" SOA("8"),
	    "a change has www.example. CAA: a character-string runs beyond the end"),
	/* What is malformed may go, if it is there. */
	UNFIT(SOA("8") SOA("7") "p www.example. 300 IN CAA \\# 4 00FF6162\n" SOA("8") SOA("8"),
	      "remove what is not there: www.example. CAA"),
	UNFIT(SOA("8") SOA("7") NS SOA("8") SOA("8"), "example. has no NS records"),
	UNFIT(SOA("8") SOA("7") SOA("8") "p www.example. 300 IN CNAME a.\n" SOA("8"),
	      "CNAME beside other data"),
	UNFIT(SOA("8") SOA("7") SOA("8") A("x.dn", "192.0.2.1") SOA("8"), "below a DNAME"),
	BAD(true, SOA("8") SOA("7") SOA("8") "p example. 300 IN " DS SOA("8"),
	    "a change has example. DS: a DS at the zone's apex"),
	BAD(true, SOA("8") SOA("7") SOA("8") "p *.w.example. 300 IN NS a.\n" SOA("8"),
	    "a change has *.w.example. NS: a wildcard cannot be delegated"),
	BAD(true, SOA("8") SOA("7") SOA("8") "p www.example. 300 IN SOA a. b. 1 2 3 4 5\n" SOA("8"),
	    "a change has www.example. SOA: an SOA that is not at the zone's apex"),
};

/* In place of an RCODE: it is NOERROR, with the TC bit. */
#define TRUNCATED 0x10

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

static int give(incoming_t *incoming, const char *lines, uint8_t rcode, char *err, size_t size)
{
	size_t len = update_message(wire, lines);
	knot_wire_set_opcode(wire, KNOT_OPCODE_QUERY);
	knot_wire_set_qr(wire);
	knot_wire_set_rcode(wire, rcode & 0xf);
	if (rcode == TRUNCATED) {
		knot_wire_set_tc(wire);
	}
	knot_pkt_t *pkt = knot_pkt_new(wire, len, NULL);
	ck_assert_int_eq(knot_pkt_parse(pkt, 0), KNOT_EOK);
	int ret = incoming_message(incoming, pkt, err, size);
	knot_pkt_free(pkt);
	return ret;
}

/*! Gives all messages; but the last all have to be taken. */
static int give_all(incoming_t *incoming, const char *messages, char *err, size_t size)
{
	int ret = KNOT_EOK;
	char *copy = strdup(messages), *at = copy;
	while (at != NULL) {
		char *end = strstr(at, NEXT);
		if (end != NULL) {
			*end = '\0';
			end += strlen(NEXT);
		}
		ck_assert_msg(ret == KNOT_EOK || strstr(messages, NEXT NEXT) != NULL, "'%s': %s",
		              messages, err);
		ret = ret == KNOT_EOK ? give(incoming, at, KNOT_RCODE_NOERROR, err, size) : ret;
		at = end;
	}
	free(copy);
	return ret;
}

static incoming_t *begin(bool ixfr, size_t size_max)
{
	const incoming_args_t args = {
		.zone = UPDATE_ZONE, .origin = "primary", .ixfr = ixfr, .serial = 7,
		.size_max = size_max,
	};
	incoming_t *incoming = incoming_new(&args);
	ck_assert_ptr_nonnull(incoming);
	return incoming;
}

static void require_text(const char *err, const char *wanted, const char *messages)
{
	/* ".*" is all there is of regular expressions here. */
	const char *dots = strstr(wanted, ".*");
	char first[64];
	snprintf(first, sizeof(first), "%.*s", dots != NULL ? (int)(dots - wanted) : 63, wanted);
	ck_assert_msg(strstr(err, first) != NULL && (dots == NULL || strstr(err, dots + 2) != NULL),
	              "'%s': '%s', wanted '%s'", messages, err, wanted);
}

static int take_zone(incoming_t *incoming, char *err, size_t size)
{
	contents_t *contents = NULL;
	int ret = incoming_zone(incoming, &contents, err, size);
	if (ret == KNOT_EOK) {
		update_zone_replace(&zone, contents);
		contents_free(contents);
	}
	return ret;
}

static int take_changes(incoming_t *incoming, char *err, size_t size)
{
	store_txn_t txn;
	state_t state;
	size_t changed = 0;
	ck_assert_int_eq(store_write(zone.store, &txn), KNOT_EOK);
	ck_assert_int_eq(state_load(&txn, UPDATE_ZONE, &state), KNOT_EOK);
	int ret = incoming_apply(incoming, &txn, &state, &changed, err, size);
	if (ret == KNOT_EOK) {
		ck_assert_uint_gt(changed, 0);
		ck_assert_uint_eq(state.in.serial, knot_soa_serial(incoming_soa(incoming)));
		ck_assert_int_eq(store_commit(&txn), KNOT_EOK);
	} else {
		store_abort(&txn);
	}
	return ret;
}

START_TEST(test_case)
{
	const case_t *c = &cases[_i];
	char err[256] = "", text[1024];
	incoming_t *incoming = begin(c->ixfr, SIZE_MAX);
	int ret = give_all(incoming, c->messages, err, sizeof(err));
	ck_assert_msg(ret == c->ret, "'%s': %d %s", c->messages, ret, err);
	if (ret == KNOT_EOF) {
		ck_assert_int_eq(incoming_kind(incoming), c->kind);
		ret = c->kind == INCOMING_ZONE ? take_zone(incoming, err, sizeof(err)) :
		      c->kind == INCOMING_CHANGES ? take_changes(incoming, err, sizeof(err)) :
		                                    KNOT_EOK;
	}
	if (c->err != NULL) {
		ck_assert_int_eq(ret, KNOT_EMALF);
		require_text(err, c->err, c->messages);
	} else {
		ck_assert_msg(ret == KNOT_EOK, "'%s': %s", c->messages, err);
	}
	update_dump(&zone, "www.example.", text, sizeof(text));
	ck_assert_str_eq(text, c->www != NULL ? c->www : "A 300 192.0.2.80");
	incoming_free(incoming);
}
END_TEST

/*! An error instead of an answer; too much. */
START_TEST(test_refused)
{
	char err[256] = "";
	incoming_t *incoming = begin(true, SIZE_MAX);
	ck_assert_int_eq(give(incoming, "", KNOT_RCODE_NOTIMPL, err, sizeof(err)), KNOT_ENOTSUP);
	require_text(err, "NOTIMPL", "");
	incoming_free(incoming);
	incoming = begin(false, SIZE_MAX);
	ck_assert_int_eq(give(incoming, SOA("8"), TRUNCATED, err, sizeof(err)), KNOT_EMALF);
	require_text(err, "a message is empty or truncated", "");
	incoming_free(incoming);
	incoming = begin(false, 100);
	ck_assert_int_eq(give(incoming, SOA("8") NS A("www", "192.0.2.1") A("b", "192.0.2.1")
	                      A("c", "192.0.2.1") SOA("8"), 0, err, sizeof(err)), KNOT_ESPACE);
	incoming_free(incoming);
	incoming = begin(true, 100);
	ck_assert_int_eq(give(incoming, SOA("8") SOA("7") SOA("8") A("a", "192.0.2.1")
	                      A("b", "192.0.2.1") SOA("8"), 0, err, sizeof(err)), KNOT_ELIMIT);
	require_text(err, "zone-max-size", "");
	incoming_free(incoming);
	/* A name takes more memory than its records. */
	incoming = begin(true, 2500);
	ck_assert_int_eq(give(incoming, SOA("8") SOA("7") SOA("8") A("a", "192.0.2.1")
	                      A("a", "192.0.2.2") A("a", "192.0.2.3") SOA("8"), 0, err,
	                      sizeof(err)), KNOT_EOF);
	incoming_free(incoming);
	incoming = begin(true, 2500);
	ck_assert_int_eq(give(incoming, SOA("8") SOA("7") SOA("8") A("a", "192.0.2.1")
	                      A("b", "192.0.2.1") A("c", "192.0.2.1") SOA("8"), 0, err,
	                      sizeof(err)), KNOT_ELIMIT);
	incoming_free(incoming);
}
END_TEST

/*! Changes that come when the zone has changed by others. */
START_TEST(test_meanwhile)
{
	char err[256] = "";
	for (int i = 0; i < 2; i++) {
		incoming_t *incoming = begin(true, SIZE_MAX);
		ck_assert_int_eq(give(incoming, SOA("8") SOA("7") SOA("8") A("new", "192.0.2.1") SOA("8"),
		                      0, err, sizeof(err)), KNOT_EOF);
		ck_assert_int_eq(take_changes(incoming, err, sizeof(err)), i == 0 ? KNOT_EOK : KNOT_EMALF);
		incoming_free(incoming);
	}
	ck_assert_str_eq(err, "the zone has changed meanwhile");
}
END_TEST

/*! Records outside of the zone, in a whole one and in changes: left out, but not for ever. */
START_TEST(test_junk)
{
	char err[256] = "", messages[16384] = "", text[201];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < 50; i++) {
		sprintf(messages + strlen(messages), "p n%d.other. 300 IN TXT %s\n", i, text);
	}
	incoming_t *incoming = begin(_i == 1, SIZE_MAX);
	int ret = give(incoming, _i == 1 ? SOA("8") SOA("7") SOA("8") : SOA("8") NS, 0, err,
	               sizeof(err));
	int count = 0;
	while (ret == KNOT_EOK && count++ < 200) {
		ret = give(incoming, messages, 0, err, sizeof(err));
	}
	ck_assert_int_eq(ret, KNOT_ESPACE);
	require_text(err, "more than 1 MiB of records are not in the zone", messages);
	ck_assert_int_gt(count, 60);
	incoming_free(incoming);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("incoming");
	TCase *tcase = tcase_create("transfers");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, test_case, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, test_refused);
	tcase_add_test(tcase, test_meanwhile);
	tcase_add_loop_test(tcase, test_junk, 0, 2);
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
