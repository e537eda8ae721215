/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* The look at the parent: against real knotds that serve it, and against odd answers. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <libdnssec/binary.h>
#include <libknot/libknot.h>

#include "policy-engine/parent/check.h"
#include "tests/unit/check-main.h"
#include "tests/unit/parent-server.h"

#define ZONE "example.net."
/* RFC 6605, section 6.1. */
#define KEY "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA=="
#define DS "55648 13 2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17"

static uint8_t public_key[64];
static kasp_zone_t zone;

static void setup(void)
{
	parents_start();
	dnssec_binary_t base64 = { .data = (uint8_t *)KEY, .size = strlen(KEY) }, raw = { 0 };
	ck_assert_int_eq(dnssec_binary_from_base64(&base64, &raw), 0);
	ck_assert_uint_eq(raw.size, sizeof(public_key));
	memcpy(public_key, raw.data, raw.size);
	dnssec_binary_free(&raw);
	static core_key_t core = { .role = KEYSET_CSK, .algorithm = 13, .keytag = 55648 };
	static zone_key_t key = { .public_key = public_key, .public_key_len = sizeof(public_key) };
	zone = (kasp_zone_t){ .name = (char *)ZONE, .core = { .keys = &core, .count = 1 },
	        .keys = &key };
}

/* -- asking -------------------------------------------------------------- */

static parent_result_t result;
static int stop_fd = -1;

/* Asks the servers of conf.xml, or those that libunbound finds. */
static parent_verdict_t ask(resolver_t *resolver, parent_wish_t wish)
{
	char *servers[] = { (char *)parent_address(0), (char *)parent_address(1) };
	conf_parent_t parent = { .name = (char *)"net.", .servers = servers, .count = 2 };
	conf_watch_t conf = { .on = true, .port = parent_port(), .parents = &parent,
	                      .count = resolver == NULL };
	parent_question_t *question = parent_question(&conf, resolver, &zone, 0, wish);
	ck_assert_ptr_nonnull(question);
	parent_result_deinit(&result);
	parent_check(question, stop_fd, &result);
	parent_question_free(question);
	return result.verdict;
}

/* Asks which DS a zone has. \return As keyset/ds.h has them; NULL = not known. */
static const char *ask_any(const char *name)
{
	char *servers[] = { (char *)parent_address(0), (char *)parent_address(1) };
	conf_parent_t parent = { .name = (char *)"net.", .servers = servers, .count = 2 };
	conf_watch_t conf = { .on = true, .port = parent_port(), .parents = &parent, .count = 1 };
	parent_question_t *question = parent_question_any(&conf, NULL, name);
	ck_assert_ptr_nonnull(question);
	parent_result_deinit(&result);
	parent_check(question, stop_fd, &result);
	parent_question_free(question);
	return result.ds;
}

static resolver_t *start_resolver(void)
{
	char path[100], why[300] = "";
	snprintf(path, sizeof(path), "%s/unbound.conf", parents_dir());
	FILE *out = fopen(path, "w");
	fprintf(out, "server:\n  do-not-query-localhost: no\n  module-config: iterator\nstub-zone:\n"
	        "  name: net.\n  stub-addr: %s\n", parent_address(0));
	fclose(out);
	resolver_t *resolver = resolver_start(path, why, sizeof(why));
	ck_assert_msg(resolver != NULL, "%s", why);
	return resolver;
}

START_TEST(all_have_it)
{
	parent_serve(0, "example 7200 DS " DS "\n");
	parent_serve(1, "example 300 DS 1 13 2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17\n"
	      "example 300 DS " DS "\n");
	resolver_t *resolver = _i == 0 ? NULL : start_resolver();
	ck_assert_msg(ask(resolver, PARENT_COMES) == PARENT_YES, "%s", result.why);
	ck_assert_uint_eq(result.shown.ttl, 7200);
	ck_assert_int_eq(ask(resolver, PARENT_GOES), PARENT_NOT_YET);
	ck_assert_ptr_nonnull(strstr(result.why, "still has it"));
	ck_assert_int_eq(ask(resolver, PARENT_STAYS), PARENT_YES);
	resolver_unref(resolver);
}
END_TEST

/* Which DS there are: each that some server has, once; but only if all of them answer. */
START_TEST(which_ds)
{
	static const char one[] =
		"1 13 2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17";
	static const char two[] =
		"2 8 2 00c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17";
	char records[400], both[300];
	snprintf(records, sizeof(records), "example DS %s\nexample DS %s\n", two, one);
	snprintf(both, sizeof(both), "%s, %s", one, two);
	parent_serve(0, records);
	snprintf(records, sizeof(records), "example DS %s\n", _i == 0 ? one : "1 13 1 abcdef");
	parent_serve(1, _i < 2 ? records : "");
	ask_any(ZONE);
	ck_assert_ptr_nonnull(result.ds);
	if (_i == 1) {
		ck_assert_str_eq(strstr(result.ds, ", ") + 2, both);
		ck_assert_int_eq(strncmp(result.ds, "1 13 1 abcdef, ", 15), 0);
	} else {
		ck_assert_str_eq(result.ds, both);
	}
	ck_assert_ptr_null(ask_any("not-there.net."));
	ck_assert(result.no_zone);
	parent_end(1);
	ck_assert_ptr_null(ask_any(ZONE));
	ck_assert(!result.no_zone);
	ck_assert_ptr_nonnull(strstr(result.why, parent_address(1)));
	parent_end(0);
	parent_serve(0, "");
	parent_serve(1, "");
	ck_assert_str_eq(ask_any(ZONE), "");
}
END_TEST

/* One of two is not enough, neither for its coming nor for its going. */
START_TEST(one_differs)
{
	parent_serve(_i, "example DS " DS "\n");
	parent_serve(!_i, "");
	resolver_t *resolver = start_resolver();
	for (int i = 0; i < 2; i++) {
		resolver_t *used = i == 0 ? NULL : resolver;
		char name[60];
		ck_assert_msg(ask(used, PARENT_COMES) == PARENT_NOT_YET, "%s", result.why);
		snprintf(name, sizeof(name), "%s%s", i == 0 ? "" : _i == 0 ? "ns2.net. (" : "ns1.net. (",
		         parent_address(!_i));
		ck_assert_msg(strncmp(result.why, name, strlen(name)) == 0, "%s", result.why);
		ck_assert_int_eq(ask(used, PARENT_GOES), PARENT_NOT_YET);
		ck_assert_ptr_nonnull(strstr(result.why, parent_address(_i)));
		ck_assert_int_eq(ask(used, PARENT_STAYS), PARENT_NOT_YET);
		ck_assert_ptr_nonnull(strstr(result.why, " it, and others do"));
	}
	parent_end(!_i);
	ck_assert_int_eq(ask(NULL, PARENT_COMES), PARENT_UNKNOWN);
	ck_assert_ptr_nonnull(strstr(result.why, parent_address(!_i)));
	ck_assert_int_ne(ask(NULL, PARENT_GOES), PARENT_YES);
	ck_assert_int_eq(ask(NULL, PARENT_STAYS), PARENT_UNKNOWN);
	resolver_unref(resolver);
}
END_TEST

START_TEST(none_has_it)
{
	/* What looks like it, and is not: another digest, another algorithm. */
	parent_serve(0, "example DS 55648 13 2 00c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17\n");
	parent_serve(1, "example DS 55648 8 2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17\n");
	ck_assert_msg(ask(NULL, PARENT_GOES) == PARENT_YES, "%s", result.why);
	ck_assert_int_eq(ask(NULL, PARENT_COMES), PARENT_NOT_YET);
	ck_assert_ptr_nonnull(strstr(result.why, "bogus: 55648 (algorithm 13)"));
	ck_assert_int_eq(ask(NULL, PARENT_STAYS), PARENT_GONE);
	/* One server that does not answer proves nothing. */
	parent_end(1);
	ck_assert_int_eq(ask(NULL, PARENT_STAYS), PARENT_UNKNOWN);
}
END_TEST

/* A digest that we do not know may be one of the key. */
START_TEST(unknown_digest)
{
	parent_serve(0, "example DS 55648 13 3 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17\n");
	parent_serve(1, "");
	ck_assert_int_eq(ask(NULL, PARENT_GOES), PARENT_NOT_YET);
	ck_assert_int_eq(ask(NULL, PARENT_COMES), PARENT_NOT_YET);
	ck_assert_ptr_null(strstr(result.why, "bogus"));
	ck_assert_int_eq(ask(NULL, PARENT_STAYS), PARENT_NOT_YET);
}
END_TEST

START_TEST(no_resolver)
{
	char why[300] = "";
	ck_assert_ptr_null(resolver_start("/nowhere/unbound.conf", why, sizeof(why)));
	ck_assert_ptr_nonnull(strstr(why, "/nowhere/unbound.conf"));
	/* Nobody serves the stub. Who is to stop does not wait for that to be found out. */
	resolver_t *resolver = start_resolver();
	stop_fd = eventfd(1, 0);
	int64_t begin = time(NULL);
	ck_assert_int_eq(ask(resolver, PARENT_COMES), PARENT_UNKNOWN);
	ck_assert_ptr_nonnull(strstr(result.why, "net. NS: no answer"));
	resolver_unref(resolver);
	ck_assert_int_lt(time(NULL) - begin, 5);
	close(stop_fd);
}
END_TEST

START_TEST(which_parent)
{
	conf_parent_t parents[] = { { .name = (char *)"test." }, { .name = (char *)"a.test." },
	                            { .name = (char *)"." } };
	static const struct {
		const char *zone;
		size_t count;
		int parent;
	} cases[] = {
		{ "b.test.", 3, 0 },  { "b.a.test.", 3, 1 }, { "a.test.", 3, 0 }, { "atest.", 3, 2 },
		{ "test.", 3, 2 },    { "test.", 2, -1 },    { "xa.test.", 3, 0 }, { "b.atest.", 2, -1 },
		{ ".", 3, -1 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		conf_watch_t conf = { .parents = parents, .count = cases[i].count };
		const conf_parent_t *parent = parent_servers(&conf, cases[i].zone);
		int found = parent != NULL ? (int)(parent - parents) : -1;
		ck_assert_msg(found == cases[i].parent, "%s: %d", cases[i].zone, found);
	}
}
END_TEST

/* -- odd answers --------------------------------------------------------- */

static const struct {
	const char *name, *owner; /* Of the question, of the answer. */
	uint16_t id, type;
	bool aa, qr;
	uint8_t rcode;
	const char *soa; /* Owner of the one in the authority section; NULL = there is none. */
	const char *why; /* NULL = it is a good one. */
	size_t count;
} odd[] = {
	{ ZONE, ZONE, 7, 43, true, true, 0, NULL, NULL, 1 },
	{ "eXample.NET.", "EXAMPLE.net.", 7, 43, true, true, 0, NULL, NULL, 1 },
	{ ZONE, "", 7, 43, true, true, 0, "net.", NULL, 0 },
	{ ZONE, "", 7, 43, true, true, 0, "NeT.", NULL, 0 },
	{ ZONE, "", 7, 43, true, true, 0, ".", NULL, 0 },
	{ ZONE, "other.net.", 7, 43, true, true, 0, "net.", NULL, 0 },
	/* Not from above the cut, or not about the DS. */
	{ ZONE, "", 7, 43, true, true, 0, ZONE, "has the zone itself", 0 },
	{ ZONE, "", 7, 43, true, true, 0, "EXAMPLE.NET.", "has the zone itself", 0 },
	{ ZONE, "", 7, 43, true, true, 0, "org.", "has the zone itself", 0 },
	{ ZONE, "", 7, 43, true, true, 0, "ample.net.", "has the zone itself", 0 },
	{ ZONE, "", 7, 43, true, true, 0, NULL, "neither DS nor the SOA", 0 },
	{ ZONE, "", 7, 43, true, true, 3, "net.", "does not exist", 0 },
	{ ZONE, ZONE, 7, 43, true, true, 3, NULL, "does not exist", 0 },
	{ ZONE, ZONE, 8, 43, true, true, 0, NULL, "another question", 0 },
	{ ZONE, ZONE, 7, 43, true, false, 0, NULL, "another question", 0 },
	{ ZONE, ZONE, 7, 48, true, true, 0, NULL, "another question", 0 },
	{ "other.net.", ZONE, 7, 43, true, true, 0, NULL, "another question", 0 },
	{ ZONE, ZONE, 7, 43, false, true, 0, NULL, "not authoritative", 0 },
	{ ZONE, "", 7, 43, false, true, 0, "net.", "not authoritative", 0 },
	{ ZONE, "", 7, 43, true, true, 2, NULL, "SERVFAIL", 0 },
	{ ZONE, "", 7, 43, true, true, 5, NULL, "REFUSED", 0 },
	{ ZONE, "", 7, 43, true, true, 12, NULL, "unknown error", 0 },
};

/* Its TTL is 600, and its minimum 500. */
static void put_soa(knot_pkt_t *pkt, const char *name)
{
	uint8_t rdata[22] = { [20] = 500 >> 8, [21] = 500 & 0xff };
	knot_dname_storage_t owner;
	knot_dname_from_str(owner, name, sizeof(owner));
	knot_rrset_t *soa = knot_rrset_new(owner, KNOT_RRTYPE_SOA, KNOT_CLASS_IN, 600, NULL);
	knot_rrset_add_rdata(soa, rdata, sizeof(rdata), NULL);
	knot_pkt_begin(pkt, KNOT_AUTHORITY);
	ck_assert_int_eq(knot_pkt_put(pkt, KNOT_COMPR_HINT_NONE, soa, 0), 0);
	knot_rrset_free(soa, NULL);
}

START_TEST(odd_answer)
{
	knot_dname_storage_t name, owner;
	knot_dname_from_str(name, odd[_i].name, sizeof(name));
	knot_pkt_t *pkt = knot_pkt_new(NULL, 512, NULL);
	uint8_t *wire = pkt->wire;
	knot_wire_set_id(wire, odd[_i].id);
	ck_assert_int_eq(knot_pkt_put_question(pkt, name, KNOT_CLASS_IN, odd[_i].type), 0);
	if (odd[_i].qr) {
		knot_wire_set_qr(wire);
	}
	if (odd[_i].aa) {
		knot_wire_set_aa(wire);
	}
	knot_wire_set_rcode(wire, odd[_i].rcode);
	if (odd[_i].owner[0] != '\0') {
		knot_dname_from_str(owner, odd[_i].owner, sizeof(owner));
		knot_rrset_t *rrset = knot_rrset_new(owner, KNOT_RRTYPE_DS, KNOT_CLASS_IN, 60, NULL);
		knot_rrset_add_rdata(rrset, (const uint8_t *)"\0\1\15\2abcdefghabcdefghabcdefghabcdefgh",
		                     36, NULL);
		knot_pkt_begin(pkt, KNOT_ANSWER);
		ck_assert_int_eq(knot_pkt_put(pkt, KNOT_COMPR_HINT_NONE, rrset, 0), 0);
		knot_rrset_free(rrset, NULL);
	}
	if (odd[_i].soa != NULL) {
		put_soa(pkt, odd[_i].soa);
	}
	knot_dname_from_str(name, ZONE, sizeof(name));
	ds_answer_t answer = { .count = 99 };
	char why[200] = "";
	int ret = ds_answer_parse(&(reply_t){ wire, pkt->size, name, 7 }, &answer, why,
	                         sizeof(why));
	ck_assert_msg((ret == 0) == (odd[_i].why == NULL), "%s", why);
	if (ret == 0) {
		ck_assert_uint_eq(answer.count, odd[_i].count);
		ck_assert_uint_eq(answer.ttl, answer.count > 0 ? 60 : 0);
		ck_assert_uint_eq(answer.absence, answer.count > 0 ? 0 : 500);
	} else {
		ck_assert_msg(strstr(why, odd[_i].why) != NULL, "%s", why);
		ck_assert_uint_eq(answer.count, 99);
	}
	/* Cut off anywhere it is no answer. */
	for (size_t len = 0; len < pkt->size; len++) {
		uint8_t *copy = malloc(len > 0 ? len : 1);
		memcpy(copy, wire, len);
		const reply_t message = { copy, len, name, 7 };
		ck_assert_int_eq(ds_answer_parse(&message, &answer, why, sizeof(why)), -1);
		free(copy);
	}
	knot_pkt_free(pkt);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parent-check");
	TCase *tc = tcase_create("parent-check");
	tcase_add_checked_fixture(tc, setup, parents_end);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, all_have_it, 0, 2);
	tcase_add_loop_test(tc, which_ds, 0, 3);
	tcase_add_loop_test(tc, one_differs, 0, 2);
	tcase_add_test(tc, none_has_it);
	tcase_add_test(tc, unknown_digest);
	tcase_add_test(tc, no_resolver);
	tcase_add_test(tc, which_parent);
	tcase_add_loop_test(tc, odd_answer, 0, sizeof(odd) / sizeof(odd[0]));
	suite_add_tcase(suite, tc);

	return check_main(suite);
}
