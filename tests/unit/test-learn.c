/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* The engine, as a process of its own, and a module that has key sets of which the engine's database
 * knows nothing. */

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/server.h"
#include "keyset/facts.h"
#include "policy-engine/database/db.h"
#include "policy-engine/zone/dnskey.h"
#include "tests/unit/check-main.h"
#include "tests/unit/engine-process.h"

#define ZONES 4
#define MANY 200 /* Zones that are learnt together. */

/* What the module has; its server's thread reads it. */
static struct {
	const char *name, *policy;
	char *text;             /* NULL = it has no key set. */
} zones[ZONES];
static volatile unsigned generation, many;
static volatile bool unsure; /* It has not heard yet which version knotd serves. */
static volatile bool pushed; /* A key set came for a zone that is not to get one. */
static ctl_server_t *module;

static void show(ctl_request_t *req, const char *name, const char *policy)
{
	facts_t facts = { .policy = (char *)policy, .revision = 7, .revision_since = 1000,
	                  .pending = 7, .serial = 1, .published = 1000, .max_ttl = 3600,
		          .unsure = unsure };
	char *text = facts_write(&facts);
	ctl_text(req, name, "facts", text);
	free(text);
}

static void do_facts(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	(void)ctx;
	char name[32], now[24];
	snprintf(now, sizeof(now), "g%u", generation);
	for (int i = 0; strcmp(unit->data, now) != 0 && i < ZONES; i++) {
		show(req, zones[i].name, zones[i].policy);
	}
	for (unsigned i = 0; strcmp(unit->data, now) != 0 && i < many; i++) {
		snprintf(name, sizeof(name), "z%u.test.", i);
		show(req, name, "default");
	}
	ctl_reply(req, NULL, "generation", now);
}

static void do_keyset(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	(void)ctx;
	(void)req;
	pushed = pushed || strcmp(unit->zone, "a.test.") != 0;
}

static char *key_set(unsigned byte);

static void do_read(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	(void)ctx;
	for (int i = 0; i < ZONES; i++) {
		if (strcmp(unit->zone, zones[i].name) == 0 && zones[i].text != NULL) {
			ctl_text(req, unit->zone, "keyset", zones[i].text);
			return;
		}
	}
	unsigned which;
	if (sscanf(unit->zone, "z%u.test.", &which) == 1) {
		char *text = key_set(which % 200 + 10);
		ctl_text(req, unit->zone, "keyset", text);
		free(text);
	} else {
		ctl_error(req, unit->zone, "the store has no key set of this zone");
	}
}

static const ctl_command_t commands[] = {
	{ "zone-facts", do_facts },
	{ "zone-keyset", do_keyset },
	{ "zone-keyset-read", do_read },
	{ NULL, NULL },
};

/* A key set of a CSK that is in use. */
static char *key_set(unsigned byte)
{
	uint8_t public_key[64];
	char id[20];
	memset(public_key, (int)byte, sizeof(public_key));
	snprintf(id, sizeof(id), "abcd%02x", byte);
	keyset_key_t key = {
		.repository = "one", .cka_id = id, .role = KEYSET_CSK, .algorithm = 13,
		.public_key = public_key, .public_key_len = 64, .publish = true,
		.sign_dnskey = true, .sign_zone = true, .step = "", .memory = "",
		.keytag = (uint16_t)dnskey_tag(KEYSET_CSK, 13, public_key, 64),
	};
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		key.state[r] = KEYSET_OMNIPRESENT;
	}
	keyset_t set = {
		.revision = 7, .policy = "default", .resign = 7200, .refresh = 259200,
		.validity_default = 777600, .validity_denial = 777600,
		.validity_keyset = 777600, .dnskey_ttl = 3600, .soa_ttl = 3600,
		.soa_minimum = 3600, .ds = "", .memory = "", .keys = &key, .key_count = 1,
	};
	char *text = keyset_write(&set);
	ck_assert_ptr_nonnull(text);
	return text;
}

static void setup_zones(void)
{
	static const char *const names[ZONES] = { "a.test.", "b.test.", "c.test.", "d.test." };
	setup();
	for (int i = 0; i < ZONES; i++) {
		zones[i].name = names[i];
		zones[i].policy = i == 3 ? "none" : "default";
		zones[i].text = i == 2 ? NULL : key_set((unsigned)i + 1);
	}
	generation = 1;
	many = 0;
	unsure = false;
	pushed = false;
}

static void teardown_zones(void)
{
	ctl_server_stop(module);
	module = NULL;
	teardown();
	for (int i = 0; i < ZONES; i++) {
		free(zones[i].text);
	}
}

static void start_both(void)
{
	char err[300];
	ck_assert_int_eq(ctl_server_start(&module, path("none.sock"), commands, NULL, err,
	                                  sizeof(err)), 0);
	/* The server's thread is to wait when this forks: it must hold no lock of the allocator. */
	poll(NULL, 0, 200);
	start();
}

/* What cannot be learnt stops that zone alone, and is learnt when it can be. */
START_TEST(some_cannot)
{
	zones[1].text[20] = '?';
	start_both();
	wait_status("zones: 4");
	wait_answer("zone-keys", "a.test.", "abcd01");
	wait_answer("zone-status", "b.test.", "its key set cannot be read: line ");
	ck_assert_ptr_nonnull(strstr(answer, "the signer has key set 7, the engine's database knows "
	                                     "only 0"));
	ck_assert_ptr_nonnull(strstr(answer, "see ods recover b.test."));
	wait_answer("zone-status", "c.test.", "the store has no key set of this zone");
	wait_answer("zone-status", "d.test.", "no policy");
	ck_assert(logged("[a.test.] the database did not know the signer's key set 7"));
	ck_assert(logged("it does not say since when, so all waits begin anew"));
	poll(NULL, 0, 1500);
	for (int i = 1; i < ZONES; i++) {
		ck_assert_int_eq(ask("zone-keys", zones[i].name, NULL), 0);
		ck_assert_str_eq(answer, "");
	}
	ck_assert(!pushed);
	ck_assert_int_eq(ask("zone-recover", "b.test.", NULL), 0);
	ck_assert_ptr_nonnull(strstr(answer, "does not dare"));

	/* The engine goes on with what it learnt, also without the module. */
	ck_assert_int_eq(finish(SIGTERM), 0);
	zones[1].text[20] = zones[0].text[20];
	start();
	wait_answer("zone-keys", "b.test.", "abcd02");
	ck_assert_int_eq(ask("zone-keys", "a.test.", NULL), 0);
	ck_assert_ptr_nonnull(strstr(answer, "abcd01"));
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

/* What was learnt may be of an older copy of the store: no key takes a step before that is known. */
START_TEST(not_sure)
{
	static const char waits[] = "until the signer knows which version knotd serves";
	unsure = true;
	start_both();
	wait_answer("zone-keys", "a.test.", "abcd01");
	wait_answer("zone-status", "a.test.", waits);
	poll(NULL, 0, 1500);
	wait_answer("zone-status", "a.test.", waits);
	ck_assert(!pushed);
	unsure = false;
	generation = 2;
	for (int i = 0; i < 100 && strstr(answer, waits) != NULL; i++) {
		poll(NULL, 0, 100);
		ck_assert_int_eq(ask("zone-status", "a.test.", NULL), 0);
	}
	ck_assert_ptr_null(strstr(answer, waits));
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

/* More than fit into one call. */
START_TEST(many_zones)
{
	many = MANY;
	start_both();
	wait_answer("zone-keys", "z0.test.", "abcd0a");
	wait_answer("zone-keys", "z199.test.", "abcdd1");
	for (unsigned i = 0; i < MANY; i++) {
		char name[32], id[20];
		snprintf(name, sizeof(name), "z%u.test.", i);
		snprintf(id, sizeof(id), "abcd%02x", i + 10);
		wait_answer("zone-keys", name, id);
	}
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("learn");
	TCase *tcase = tcase_create("learn");
	tcase_add_checked_fixture(tcase, setup_zones, teardown_zones);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, some_cannot);
	tcase_add_test(tcase, not_sure);
	tcase_add_test(tcase, many_zones);
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
