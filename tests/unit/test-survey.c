/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Whether all name servers of a zone serve a version: against real knotds. */

#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "policy-engine/secondaries/said.h"
#include "policy-engine/secondaries/secondaries.h"
#include "policy-engine/secondaries/survey.h"
#include "tests/unit/check-main.h"
#include "tests/unit/parent-server.h"

#define SIGNED(serial, servers, signature) "$ORIGIN example.net.\n$TTL 300\n@ SOA ns1.net. host " serial \
	" 3600 900 604800 300\n@ RRSIG SOA 13 2 300 20370101000000 20200101000000 1 example.net. " signature "\n" \
	servers "ns A 127.0.0.1\n"
#define OURS "QUJD"
#define CHILD(serial, servers) SIGNED(serial, servers, OURS)
#define BOTH "@ NS ns1.net.\n@ NS ns2.net.\n"

static desk_t desk;
static asker_t asker;
static survey_t *survey;
static uint32_t own_serial; /* Of what knotd serves. */

static void setup(void)
{
	own_serial = 7;
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

/* Starts the resolver, which asks that server. */
static void start_asker(int server)
{
	char path[100], why[300] = "";
	snprintf(path, sizeof(path), "%s/unbound.conf", parents_dir());
	FILE *out = fopen(path, "w");
	fprintf(out, "server:\n  do-not-query-localhost: no\n  module-config: iterator\nstub-zone:\n"
	        "  name: net.\n  stub-addr: %s\nstub-zone:\n  name: example.net.\n  stub-addr: %s\n",
	        parent_address(0), parent_address(server));
	fclose(out);
	desk.conf.watch = (conf_watch_t){ .on = true, .port = parent_port() };
	desk.conf.signer_socket = (char *)"module.sock";
	asker = (asker_t){ .desk = &desk, .resolver = resolver_start(path, why, sizeof(why)) };
	ck_assert_msg(asker.resolver != NULL, "%s", why);
}

/* What the module would say of its knotd. */
static int served(const char *path, const char *zone, query_served_t *ours, char *err, size_t err_size)
{
	ck_assert_str_eq(path, "module.sock");
	ck_assert_str_eq(zone, "example.net.");
	*ours = (query_served_t){ .there = true, .serial = own_serial, .signer_count = 2 };
	ours->signers[0].signature = strdup("");
	ours->signers[1].signature = strdup(OURS);
	(void)err;
	(void)err_size;
	return 0;
}

/* Asks for it. */
static bool all_have_it(int server)
{
	start_asker(server);
	survey = survey_new(&asker, "example.net.", NULL, served);
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

/* An older serial, a later one, none, and that of a signer that gives the same ones. */
START_TEST(one_has_not)
{
	static const char *const others[] = { CHILD("6", BOTH), CHILD("8", BOTH), NULL, SIGNED("7", BOTH, "QUJE") };
	static const char *const say[] = { "serial 6, and ours is 7", "ns2.net. 127.0.0.2@", "not authoritative",
		                           "our serial 7, but with another signature" };
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

/* -- and what follows from it -------------------------------------------- */

static secondaries_t *secondaries;
static live_zone_t *live;

static void wake(void *ctx)
{
	(void)ctx;
}

/* An imported zone that is frozen. */
static void freeze(void)
{
	char path[100], err[200];
	const db_freeze_t frozen = { DB_FREEZE_IMPORT, "example.net.", CORE_NEVER };
	desk_init(&desk, wake, NULL);
	snprintf(path, sizeof(path), "%s/engine.db", parents_dir());
	ck_assert_msg(db_open(&desk.db, path, err, sizeof(err)) == 0, "%s", err);
	ck_assert_int_eq(db_begin(desk.db), 0);
	ck_assert_int_gt(db_zone_put(desk.db, "example.net.", "default"), 0);
	ck_assert_int_eq(db_freeze_put(desk.db, &frozen), 0);
	ck_assert_int_eq(db_commit(desk.db), 0);
	live = live_add(&desk.live, "example.net.");
	ck_assert_ptr_nonnull(live);
	live->facts.serial = 7;
	live->facts.published = 1;
	live->survey.wanted = true;
	start_asker(0);
	desk.conf.watch.interval = 10;
	secondaries = secondaries_start(&desk, &asker, served);
	ck_assert_ptr_nonnull(secondaries);
}

static bool is_thawed(void)
{
	db_scope_t scope;
	int64_t until;
	return db_freeze_get(desk.db, "example.net.", "default", 1000, &scope, &until) == 0;
}

/* Has the servers asked at that time, and takes what they say. */
static void ask_at(int64_t now)
{
	ck_assert_int_eq(secondaries_pass(secondaries, now), 0);
	ck_assert(live->survey.asking);
	for (int i = 0; i < 600 && live->survey.asking; i++) {
		poll(NULL, 0, 20);
		ck_assert_int_eq(secondaries_pass(secondaries, now), 0);
	}
	ck_assert(!live->survey.asking);
}

/* Not before all is old that caches may have, and only if it was so each time. */
START_TEST(thaws)
{
	parent_child(0, CHILD("7", BOTH));
	parent_child(1, CHILD("7", BOTH));
	parent_serve(0, "");
	parent_serve(1, "");
	freeze();
	live->facts.max_ttl = 5000; /* More than the SOA's refresh. */
	ask_at(1000);
	ck_assert_int_eq(secondaries_due(&live->survey), 6000);
	ask_at(1010);
	ask_at(5999);
	ck_assert(!is_thawed());
	ask_at(6009);
	ck_assert(is_thawed());
	secondaries_stop(secondaries);
	desk.conf.watch = (conf_watch_t){ .on = false };
	desk.conf.signer_socket = NULL; /* Is no memory of its own. */
	desk_deinit(&desk);
}
END_TEST

/* Once another serial, or one that knotd has not any more, and it begins anew. */
START_TEST(begins_anew)
{
	parent_child(0, CHILD("7", BOTH));
	parent_child(1, CHILD("7", BOTH));
	parent_serve(0, "");
	parent_serve(1, "");
	freeze();
	ask_at(1000);
	ask_at(1010);
	ask_at(1020);
	parent_end(1);
	ask_at(4000);
	ck_assert(live->survey.since == 0 && live->survey.why != NULL);
	parent_serve(1, "");
	ask_at(4700);
	ck_assert_int_eq(live->survey.since, 4700);
	ck_assert_ptr_null(live->survey.why);
	live->held = true; /* Its template is another one. */
	ask_at(8400);
	ask_at(8410);
	ck_assert(!is_thawed());
	live->held = false;
	live->facts.serial = 8;
	ask_at(8420); /* The version was another one meanwhile: that says nothing. */
	ck_assert(!is_thawed() && live->survey.since == 4700);
	own_serial = 8; /* Nobody has that yet: they are behind, but not for ever. */
	for (int i = 0; i < 10; i++) {
		ask_at(8430 + i * 10);
		ck_assert(!is_thawed() && live->survey.since == 4700 && live->survey.times == 3);
	}
	ask_at(8530);
	ck_assert(!is_thawed() && live->survey.since == 0);
	ck_assert_ptr_nonnull(strstr(live->survey.why, "it has serial 7, and ours is 8"));
	secondaries_stop(secondaries);
	desk.conf.watch = (conf_watch_t){ .on = false };
	desk.conf.signer_socket = NULL; /* Is no memory of its own. */
	desk_deinit(&desk);
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
		const reply_t said = { wire, len, zone, 0 };
		said_ns_t ns = { .count = 0 };
		said_soa_t soa;
		const query_served_t ours = { 0 };
		char why[200] = "";
		ck_assert(said_ns(&said, &ns, why, sizeof(why)) == 0 || why[0] != '\0');
		said_ns_deinit(&ns);
		ck_assert_int_eq(said_soa(&said, &ours, &soa, why, sizeof(why)), -1);
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
	tcase_add_loop_test(tc, one_has_not, 0, 4);
	tcase_add_test(tc, parent_differs);
	tcase_add_test(tc, silence);
	tcase_add_test(tc, thaws);
	tcase_add_test(tc, begins_anew);
	tcase_add_test(tc, wild_messages);
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
