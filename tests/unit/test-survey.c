/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Whether all name servers of a zone serve a serial: against real knotds. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "policy-engine/secondaries/said.h"
#include "policy-engine/secondaries/survey.h"
#include "tests/unit/check-main.h"
#include "tests/unit/parent-server.h"

#define CHILD(serial, servers) "$ORIGIN example.net.\n$TTL 300\n@ SOA ns1.net. host " serial " 3600 900 604800 300\n" \
	servers "ns A 127.0.0.1\n"
#define BOTH "@ NS ns1.net.\n@ NS ns2.net.\n"

static desk_t desk;
static asker_t asker;
static survey_t *survey;

static void setup(void)
{
	parents_start();
	parent_child(0, NULL);
	parent_child(1, NULL);
}

static void teardown(void)
{
	if (survey != NULL) {
		survey_kind.free(survey);
		survey = NULL;
	}
	asker_deinit(&asker);
	asker = (asker_t){ 0 };
	parents_end();
}

/* Asks for serial 7, by a resolver that asks that server. */
static bool all_have_it(int server)
{
	char path[100], why[300] = "";
	snprintf(path, sizeof(path), "%s/unbound.conf", parents_dir());
	FILE *out = fopen(path, "w");
	fprintf(out, "server:\n  do-not-query-localhost: no\n  module-config: iterator\nstub-zone:\n"
	        "  name: net.\n  stub-addr: %s\nstub-zone:\n  name: example.net.\n  stub-addr: %s\n",
	        parent_address(0), parent_address(server));
	fclose(out);
	desk.conf.watch = (conf_watch_t){ .on = true, .port = parent_port() };
	asker = (asker_t){ .desk = &desk, .resolver = resolver_start(path, why, sizeof(why)) };
	ck_assert_msg(asker.resolver != NULL, "%s", why);
	survey = survey_new(&asker, "example.net.", 7);
	ck_assert_ptr_nonnull(survey);
	survey_kind.work(survey, -1);
	ck_assert_msg(survey->all == (survey->why[0] == '\0'), "%s", survey->why);
	return survey->all;
}

START_TEST(all)
{
	parent_child(0, CHILD("7", BOTH));
	parent_child(1, CHILD("7", BOTH));
	parent_serve(0, "");
	parent_serve(1, "");
	ck_assert_msg(all_have_it(0), "%s", survey->why);
	ck_assert_uint_eq(survey->count, 2);
	ck_assert_uint_eq(survey->wait, 3600);
}
END_TEST

static void not_all(int server, const char *say)
{
	ck_assert(!all_have_it(server));
	ck_assert_msg(strstr(survey->why, say) != NULL, "no '%s' in: %s", say, survey->why);
}

/* An older serial, a later one, none. */
START_TEST(one_has_not)
{
	static const char *const others[] = { CHILD("6", BOTH), CHILD("8", BOTH), NULL };
	static const char *const say[] = { "ns2.net. 127.0.0.2@", "ns2.net. 127.0.0.2@", "not authoritative" };
	parent_child(0, CHILD("7", BOTH));
	parent_child(1, others[_i]);
	parent_serve(0, "");
	parent_serve(1, _i == 2 ? "example NS ns1\n" : "");
	not_all(0, say[_i]);
}
END_TEST

/* Servers that only the parent names are asked, too; and so are those that only the zone names. */
START_TEST(parent_differs)
{
	parent_child(1, CHILD("7", "@ NS ns2.net.\n"));
	parent_serve(0, "");
	parent_serve(1, "");
	not_all(1, "ns.example.net. 127.0.0.1@");
}
END_TEST

START_TEST(silence)
{
	parent_child(0, CHILD("7", BOTH));
	parent_serve(0, "");
	not_all(0, "ns2.net. 127.0.0.2@"); /* As the parent's. */
}
END_TEST

/* No wild message is taken, and none is read beyond its end. */
START_TEST(wild_messages)
{
	knot_dname_storage_t zone;
	knot_dname_from_str(zone, "example.net.", sizeof(zone));
	knot_pkt_t *pkt = knot_pkt_new(NULL, 512, NULL);
	ck_assert_int_eq(knot_pkt_put_question(pkt, zone, KNOT_CLASS_IN, KNOT_RRTYPE_NS), 0);
	const size_t size = pkt->size;
	unsigned seed = 1;
	for (int i = 0; i < 20000; i++) {
		const size_t len = i % 3 == 0 ? (size_t)rand_r(&seed) % (size + 1) : size + (size_t)rand_r(&seed) % 40;
		uint8_t *wire = calloc(1, len + 1);
		memcpy(wire, pkt->wire, size < len ? size : len);
		for (size_t k = i % 2 == 0 ? 0 : size; k < len; k++) {
			wire[k] = rand_r(&seed) % 4 == 0 ? (uint8_t)rand_r(&seed) : wire[k];
		}
		const said_t said = { wire, len, zone, 0 };
		said_ns_t ns = { .count = 0 };
		said_soa_t soa;
		char why[200] = "";
		ck_assert(said_ns(&said, &ns, why, sizeof(why)) == 0 || why[0] != '\0');
		said_ns_deinit(&ns);
		ck_assert_int_eq(said_soa(&said, &soa, why, sizeof(why)), -1);
		free(wire);
	}
	knot_pkt_free(pkt);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("survey");
	TCase *tc = tcase_create("servers");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, all);
	tcase_add_loop_test(tc, one_has_not, 0, 3);
	tcase_add_test(tc, parent_differs);
	tcase_add_test(tc, silence);
	tcase_add_test(tc, wild_messages);
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
