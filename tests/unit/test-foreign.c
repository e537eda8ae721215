/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Trust is not data: DNSKEY, CDS and CDNSKEY at each door, by what the policy says. The keys are
 * those of RFC 8080, section 6.1; their DS are made by BIND's dnssec-dsfromkey. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/source/foreign.h"
#include "module/source/incoming.h"
#include "tests/unit/check-main.h"
#include "tests/unit/update-zone.h"

#define BASE \
	"example. 300 SOA ns1.example. host.example. 7 3600 900 604800 300\n" \
	"example. 300 NS ns1.example.\n" \
	"ns1.example. 300 A 192.0.2.1\n"

/* The policy's key, as update_zone_put_keyset() has it, and that of another operator. */
#define OWN "257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4="
#define OWN_DS "3613 15 2 12C20306CC95275FC2D60A95D548BD6006CBC846AF2D7D87B2087D5AB62059FF"
#define OWN_DS4 "3613 15 4 62FDECF94A0B5B4ABD79C5427D7BC1C9FB2A9B399EE5645A0E2F4F3F2D0668C785E174B9261D" \
                "9ABDB6222C568B53A583"
/* Keys of the policy that is not published yet, and that is published but does not sign the zone. */
#define COMING "257 3 15 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
#define STANDING_BY "3 13 AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=="
#define ALIEN "257 3 15 zPnZ/QwEe7S8C5SPz2OfS5RR40ATk2/rYnE9xHIEijs="
#define ALIEN_DS "35217 15 2 3666D11DFEC3C7B059EA4D68569D8CDAEFA7205CF8EB265220B333E37C53BECB"
/* The same but for the last octet of the digest; of the DS, a key that is not there at all. */
#define NEARLY_DS "35217 15 2 3666D11DFEC3C7B059EA4D68569D8CDAEFA7205CF8EB265220B333E37C53BECA"
#define UNKNOWN_DS "35217 15 3 3666D11DFEC3C7B059EA4D68569D8CDAEFA7205CF8EB265220B333E37C53BECB"
#define ALIEN_13 "257 3 13 oJMRESz5E4gYzS/q6XDrvU1qMPYIjCWzJaOau8XNEZeqCYKD5ar0IRd8KqXXFJkqmVfRvMGPmM1x8fGAa2XhSA=="
#define ADD "u example. 300 IN "
#define DROP "u example. 0 NONE "

/*! What the stored key set says. */
typedef enum { NO_KEYS, PASSES, OWN_ONLY, FOREIGN } says_t;

static update_zone_t zone;
static uint8_t wire[KNOT_WIRE_MAX_PKTSIZE];

static void put_keyset(says_t says)
{
	update_zone_put_keyset(&zone, says == PASSES, says == FOREIGN);
}

/*** DNS UPDATE. ***/

typedef struct {
	says_t says;
	const char *base;    /* What the apex has beside SOA and NS. */
	const char *lines;
	uint8_t rcode;
	const char *reason;  /* "": the update is done. */
} case_t;

#define DONE(says, base, lines)            { says, base, lines, KNOT_RCODE_NOERROR, "" }
#define REFUSED(says, base, lines, reason) { says, base, lines, KNOT_RCODE_REFUSED, reason }
#define THERE(type, rdata) "example. 300 " type " " rdata "\n"

static const case_t cases[] = {
	/* The policy has its own keys only. */
	REFUSED(OWN_ONLY, "", ADD "DNSKEY " ALIEN, "example. DNSKEY: the policy makes these itself"),
	REFUSED(OWN_ONLY, "", ADD "DNSKEY " OWN, "example. DNSKEY: the policy makes these itself"),
	REFUSED(OWN_ONLY, "", ADD "CDS " OWN_DS, "example. CDS: the policy makes these itself"),
	REFUSED(OWN_ONLY, "", ADD "CDNSKEY " OWN, "example. CDNSKEY: the policy makes these itself"),
	REFUSED(OWN_ONLY, "", ADD "CDS 0 0 0 00", "example. CDS: the policy"),
	REFUSED(OWN_ONLY, "", ADD "CDNSKEY 0 3 0 AA==", "example. CDNSKEY: the policy"),
	REFUSED(OWN_ONLY, "", "u a.example. 60 IN A 192.0.2.9\n" ADD "DNSKEY " ALIEN, "DNSKEY"),
	/* Below the apex they are about other zones (RFC 9615). */
	DONE(OWN_ONLY, "", "u _dsboot.x._signal.example. 60 IN CDS " NEARLY_DS),
	/* A prerequisite comes first, and it is about the unsigned zone. */
	{ OWN_ONLY, "", "p example. 0 ANY DNSKEY\n" ADD "DNSKEY " ALIEN, KNOT_RCODE_NXRRSET,
	  "no such RRset" },
	REFUSED(OWN_ONLY, "", "p example. 0 NONE DNSKEY\n" ADD "DNSKEY " ALIEN, "the policy"),
	/* What is there already can stay, and can go; nothing may be added. */
	DONE(OWN_ONLY, THERE("DNSKEY", ALIEN), "u a.example. 60 IN A 192.0.2.9"),
	DONE(OWN_ONLY, THERE("DNSKEY", ALIEN), ADD "TXT \"t\""),
	DONE(OWN_ONLY, THERE("DNSKEY", ALIEN), "u example. 0 ANY DNSKEY"),
	DONE(OWN_ONLY, THERE("CDS", NEARLY_DS) THERE("CDS", "0 0 0 00"), DROP "CDS 0 0 0 00"),
	REFUSED(OWN_ONLY, THERE("DNSKEY", ALIEN), ADD "CDS " ALIEN_DS, "CDS: the policy"),
	/* Before there is a key set, nobody knows. */
	REFUSED(NO_KEYS, "", ADD "DNSKEY " ALIEN, "DNSKEY: whether keys of other operators"),
	REFUSED(NO_KEYS, "", ADD "CDS 0 0 0 00", "CDS: whether keys of other operators"),
	DONE(NO_KEYS, "", "u a.example. 60 IN A 192.0.2.9"),
	DONE(NO_KEYS, THERE("CDS", NEARLY_DS) THERE("DNSKEY", ALIEN), "u example. 0 ANY DNSKEY"),
	/* A zone that passes through has what it has. */
	DONE(PASSES, "", ADD "DNSKEY " ALIEN "\n" ADD "CDS 0 0 0 00\n" ADD "CDS " NEARLY_DS),
	/* Those of other operators, each of a key that the zone has. */
	DONE(FOREIGN, "", ADD "DNSKEY " ALIEN),
	DONE(FOREIGN, "", ADD "CDS " ALIEN_DS "\n" ADD "DNSKEY " ALIEN "\n" ADD "CDNSKEY " ALIEN),
	DONE(FOREIGN, "", ADD "CDS " OWN_DS "\n" ADD "CDS " OWN_DS4 "\n" ADD "CDNSKEY " OWN),
	DONE(FOREIGN, THERE("DNSKEY", ALIEN), ADD "CDS " ALIEN_DS),
	REFUSED(FOREIGN, "", ADD "CDS " ALIEN_DS, "example. CDS: key tag 35217, algorithm 15: the zone "
	        "has no DNSKEY"),
	REFUSED(FOREIGN, "", ADD "CDNSKEY " ALIEN, "example. CDNSKEY: key tag 35217, algorithm 15"),
	REFUSED(FOREIGN, "", ADD "DNSKEY " ALIEN "\n" ADD "CDS " NEARLY_DS, "CDS: key tag 35217"),
	REFUSED(FOREIGN, "", ADD "DNSKEY " ALIEN "\n" ADD "CDS " UNKNOWN_DS, "CDS: key tag 35217"),
	/* A DNSKEY of an algorithm that does not sign the zone is not published. */
	DONE(FOREIGN, "", ADD "DNSKEY " ALIEN_13),
	REFUSED(FOREIGN, "", ADD "DNSKEY " ALIEN_13 "\n" ADD "CDNSKEY " ALIEN_13,
	        "CDNSKEY: key tag"),
	/* Of the policy's own keys, those that are published, as they are. */
	REFUSED(FOREIGN, "", ADD "CDNSKEY " COMING, "CDNSKEY: key tag 5152"),
	DONE(FOREIGN, "", ADD "CDNSKEY 256 " STANDING_BY),
	REFUSED(FOREIGN, "", ADD "CDNSKEY 257 " STANDING_BY, "CDNSKEY: key tag"),
	/* No DS at all: by nobody. */
	REFUSED(FOREIGN, "", ADD "CDS 0 0 0 00", "example. CDS: this asks the parent to remove the DS"),
	REFUSED(FOREIGN, "", ADD "CDNSKEY 0 3 0 AA==", "example. CDNSKEY: this asks the parent"),
	REFUSED(FOREIGN, "", ADD "CDS " OWN_DS "\n" ADD "CDS 0 0 0 00", "CDS: this asks the parent"),
	REFUSED(FOREIGN, "", ADD "CDS 1 0 254 0000", "CDS: this asks the parent"),
	/* The key cannot go while a record says that a DS of it is wanted. */
	REFUSED(FOREIGN, THERE("DNSKEY", ALIEN) THERE("CDS", ALIEN_DS), DROP "DNSKEY " ALIEN,
	        "CDS: key tag 35217"),
	DONE(FOREIGN, THERE("DNSKEY", ALIEN) THERE("CDS", ALIEN_DS),
	     DROP "DNSKEY " ALIEN "\nu example. 0 ANY CDS"),
	DONE(FOREIGN, THERE("CDS", NEARLY_DS), ADD "DNSKEY " ALIEN),
	/* Ours are not in the unsigned zone: there is nothing to remove. */
	DONE(FOREIGN, "", "u example. 0 ANY DNSKEY\nu example. 0 ANY CDS\n" DROP "DNSKEY " OWN),
};

START_TEST(test_update)
{
	const case_t *c = &cases[_i];
	char base[1024];
	update_result_t result;
	state_t state;
	snprintf(base, sizeof(base), BASE "%s", c->base);
	update_zone_open(&zone, base);
	if (c->says != NO_KEYS) {
		put_keyset(c->says);
	}
	size_t len = update_message(wire, c->lines);
	ck_assert_int_eq(update_run(&zone, wire, len, false, &result, &state), KNOT_EOK);
	ck_assert_msg(result.rcode == c->rcode, "%d '%s': RCODE %u, '%s'", _i, c->lines, result.rcode,
	              result.reason);
	ck_assert_msg(c->reason[0] == '\0' ? result.reason[0] == '\0'
	                                   : strstr(result.reason, c->reason) != NULL,
	              "%d '%s': '%s', wanted '%s'", _i, c->lines, result.reason, c->reason);
	update_zone_close(&zone);
}
END_TEST

/*** A whole zone, and changes. ***/

static void give(incoming_t *incoming, const char *lines, int wanted)
{
	char err[256] = "";
	size_t len = update_message(wire, lines);
	/* An answer has its records where an update has its prerequisites. */
	knot_wire_set_qr(wire);
	wire[2] &= ~(KNOT_OPCODE_UPDATE << 3);
	wire[KNOT_WIRE_HEADER_SIZE + sizeof("\7example") + 1] = KNOT_RRTYPE_AXFR;
	knot_pkt_t *pkt = knot_pkt_new(wire, len, NULL);
	ck_assert_int_eq(knot_pkt_parse(pkt, 0), KNOT_EOK);
	ck_assert_int_eq(incoming_message(incoming, pkt, err, sizeof(err)), wanted);
	knot_pkt_free(pkt);
}

static incoming_t *begin(bool ixfr)
{
	const incoming_args_t args = {
		.zone = UPDATE_ZONE, .origin = "one (192.0.2.1@53)", .ixfr = ixfr, .serial = 7,
		.size_max = SIZE_MAX,
	};
	incoming_t *incoming = incoming_new(&args);
	ck_assert_ptr_nonnull(incoming);
	return incoming;
}

#define SOA(serial) "p example. 300 IN SOA ns1.example. host.example. " serial " 60 30 600 300\n"
#define RR "p example. 300 IN "

START_TEST(test_whole)
{
	static const struct {
		says_t says;
		const char *lines, *err;
	} wholes[] = {
		{ OWN_ONLY, "", "" },
		{ OWN_ONLY, RR "DNSKEY " ALIEN "\n",
		  "one (192.0.2.1@53):3: example. DNSKEY: the policy makes these itself" },
		{ NO_KEYS, RR "DNSKEY " ALIEN "\n", "one (192.0.2.1@53):3: example. DNSKEY: whether" },
		{ PASSES, RR "CDS 0 0 0 00\n", "" },
		{ FOREIGN, RR "DNSKEY " ALIEN "\n" RR "CDS " ALIEN_DS "\n", "" },
		{ FOREIGN, RR "DNSKEY " ALIEN "\n" RR "CDS " NEARLY_DS "\n",
		  "one (192.0.2.1@53):4: example. CDS: key tag 35217" },
		{ FOREIGN, RR "CDNSKEY 0 3 0 AA==\n", ":3: example. CDNSKEY: this asks the parent" },
	};
	char lines[1024], err[512] = "";
	atomic_bool stop = false;
	source_t source;
	contents_t *contents = NULL;
	update_zone_open(&zone, BASE);
	if (wholes[_i].says != NO_KEYS) {
		put_keyset(wholes[_i].says);
	}
	source_init(&source, &(source_args_t) {
		.store = zone.store, .zone = UPDATE_ZONE, .stop = &stop,
	});
	incoming_t *incoming = begin(false);
	snprintf(lines, sizeof(lines), "%s%s%s%s", SOA("8"), RR "NS ns1.example.\n",
	         wholes[_i].lines, SOA("8"));
	give(incoming, lines, KNOT_EOF);
	ck_assert_int_eq(incoming_zone(incoming, &contents, err, sizeof(err)), KNOT_EOK);
	const bool good = wholes[_i].err[0] == '\0';
	ck_assert_int_eq(foreign_judge(&source, contents, err, sizeof(err)),
	                 good ? KNOT_EOK : KNOT_EMALF);
	ck_assert_msg(strstr(err, wholes[_i].err) != NULL, "'%s'", err);
	/* The next key set has it read again. */
	ck_assert_uint_eq(source_rekeyed(&source), good ? 0 : SOURCE_LOOK | SOURCE_READ);
	contents_free(contents);
	incoming_free(incoming);
	source_deinit(&source);
	update_zone_close(&zone);
}
END_TEST

START_TEST(test_changes)
{
	static const struct {
		says_t says;
		const char *lines, *err;
	} changes[] = {
		{ OWN_ONLY, RR "DNSKEY " ALIEN "\n", "example. DNSKEY: the policy makes these itself" },
		{ OWN_ONLY, RR "TXT \"t\"\n", "" },
		{ FOREIGN, RR "DNSKEY " ALIEN "\n", "" },
		{ FOREIGN, RR "CDS " ALIEN_DS "\n", "example. CDS: key tag 35217" },
		{ FOREIGN, RR "CDS 0 0 0 00\n", "example. CDS: this asks the parent" },
	};
	char lines[1024], err[512] = "";
	store_txn_t txn;
	state_t state;
	size_t changed = 0;
	update_zone_open(&zone, BASE);
	put_keyset(changes[_i].says);
	incoming_t *incoming = begin(true);
	snprintf(lines, sizeof(lines), "%s%s%s%s%s", SOA("8"), SOA("7"), SOA("8"), changes[_i].lines,
	         SOA("8"));
	give(incoming, lines, KNOT_EOF);
	ck_assert_int_eq(store_write(zone.store, &txn), KNOT_EOK);
	ck_assert_int_eq(state_load(&txn, UPDATE_ZONE, &state), KNOT_EOK);
	ck_assert_int_eq(incoming_apply(incoming, &txn, &state, &changed, err, sizeof(err)),
	                 changes[_i].err[0] == '\0' ? KNOT_EOK : KNOT_EMALF);
	ck_assert_msg(strstr(err, changes[_i].err) != NULL, "'%s'", err);
	store_abort(&txn);
	incoming_free(incoming);
	update_zone_close(&zone);
}
END_TEST

/*** What is shown. ***/

static void note(void *ctx, const char *text)
{
	strcat(ctx, text);
	strcat(ctx, "; ");
}

START_TEST(test_list)
{
	static const char *const all = "DNSKEY 35217, algorithm 15; CDS 35217, algorithm 15; "
	                               "CDNSKEY 768, algorithm 0; ";
	char text[2048] = "", warning[512] = "";
	source_t source;
	update_zone_open(&zone, BASE THERE("DNSKEY", ALIEN) THERE("CDS", ALIEN_DS)
	                 THERE("CDNSKEY", "0 3 0 AA=="));
	source_init(&source, &(source_args_t) { .store = zone.store, .zone = UPDATE_ZONE });
	put_keyset(FOREIGN);
	ck_assert(!foreign_list(&source, note, text));
	ck_assert_str_eq(text, all);
	ck_assert(!foreign_warning(&source, warning, sizeof(warning)));
	put_keyset(OWN_ONLY);
	text[0] = '\0';
	ck_assert(foreign_list(&source, note, text));
	ck_assert_str_eq(text, all);
	ck_assert(foreign_warning(&source, warning, sizeof(warning)));
	put_keyset(PASSES);
	text[0] = '\0';
	ck_assert(!foreign_list(&source, note, text));
	ck_assert_str_eq(text, "");
	source_deinit(&source);
	update_zone_close(&zone);
}
END_TEST

/*! Of very many, some are shown, and how many more there are. */
START_TEST(test_list_many)
{
	char base[8192] = BASE, text[2048] = "";
	source_t source;
	for (int i = 0; i < 25; i++) {
		sprintf(base + strlen(base), THERE("DNSKEY", "256 3 %d AAAA"), 100 + i);
	}
	update_zone_open(&zone, base);
	source_init(&source, &(source_args_t) { .store = zone.store, .zone = UPDATE_ZONE });
	put_keyset(FOREIGN);
	ck_assert(!foreign_list(&source, note, text));
	ck_assert_ptr_nonnull(strstr(text, "algorithm 119; "));
	ck_assert_ptr_null(strstr(text, "algorithm 120"));
	ck_assert_ptr_nonnull(strstr(text, "; 5 more; "));
	source_deinit(&source);
	update_zone_close(&zone);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trust");
	TCase *tcase = tcase_create("doors");
	tcase_add_loop_test(tcase, test_update, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_loop_test(tcase, test_whole, 0, 7);
	tcase_add_loop_test(tcase, test_changes, 0, 5);
	tcase_add_test(tcase, test_list);
	tcase_add_test(tcase, test_list_many);
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
