/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* What the engine does about a DS at the parent: commands of the operator, notification, what a
 * person says. A stand-in for the module has one zone, published as it is; the zone's key is known
 * everywhere but for its DS. */

#include "config.h"

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <libdnssec/binary.h>

#include "common/command.h"
#include "control/server.h"
#include "keyset/facts.h"
#include "keyset/keyset.h"
#include "policy-engine/database/db.h"
#include "policy-engine/zone/dnskey.h"
#include "tests/unit/check-main.h"
#include "tests/unit/engine-process.h"
#include "tests/unit/parent-server.h"
#include "tests/unit/test-hsm-token.h"

#define ZONE "example.net."
/* RFC 6605, section 6.1, with its key tag, and the digest of its DS. */
#define KEY "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA=="
#define DIGEST "b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17"
#define ID "00112233445566778899aabbccddeeff"

static ctl_server_t *signer;

/* -- a stand-in for the module ------------------------------------------- */

#define MANY 60

static uint64_t pending; /* Revision of the newest key set. */
static atomic_bool away; /* The module does not have the zone now. */
static uint64_t others[MANY]; /* The same of further zones. */
static _Atomic unsigned other_count;

static void show_others(ctl_request_t *req, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char name[32];
		snprintf(name, sizeof(name), "z%u.test.", i);
		facts_t facts = { .policy = (char *)"default", .revision = others[i] > 0,
		                  .revision_since = others[i] > 0, .pending = others[i],
		                  .serial = 1, .published = others[i] > 0, .max_ttl = 3600 };
		char *text = facts_write(&facts);
		ctl_text(req, name, "facts", text);
		free(text);
	}
}

static void do_facts(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	(void)ctx;
	char generation[32];
	unsigned count = other_count;
	bool gone = away;
	snprintf(generation, sizeof(generation), "g%llu-%u-%d", (unsigned long long)pending, count,
	         gone);
	if (strcmp(unit->data, generation) != 0) {
		int64_t since = pending > 0;
		facts_t facts = { .policy = (char *)"default", .revision = pending > 0,
		                  .revision_since = since, .pending = pending, .serial = 1,
		                  .published = since, .max_ttl = 3600 };
		char *text = facts_write(&facts);
		ctl_text(req, ZONE, gone ? "gone" : "facts", text);
		free(text);
		show_others(req, count);
	}
	ctl_reply(req, NULL, "generation", generation);
}

static void do_keyset(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	(void)ctx;
	keyset_t set;
	char why[300];
	if (keyset_read(unit->data, &set, why, sizeof(why)) != 0) {
		ctl_error(req, unit->zone, "%s", why);
		return;
	}
	unsigned other;
	if (sscanf(unit->zone, "z%u.test.", &other) == 1 && other < MANY) {
		others[other] = set.revision;
	} else {
		pending = set.revision;
	}
	keyset_deinit(&set);
}

static const ctl_command_t signer_commands[] = {
	{ "zone-facts", do_facts },
	{ "zone-keyset", do_keyset },
	{ NULL, NULL },
};

/* -- the zone ------------------------------------------------------------ */

static int give(void *ctx, const db_token_key_t *key)
{
	core_key_t core;
	core_key_init(&core, KEYSET_CSK, 13, (uint16_t)dnskey_tag(KEYSET_CSK, 13, key->public_key,
	              key->public_key_len), POLICY_ROLL_PRE_PUBLICATION, time(NULL));
	for (int r = KEYSET_DNSKEY; r < KEYSET_RECORDS; r++) {
		core.record[r].state = KEYSET_OMNIPRESENT;
		core.record[r].public_at = 1;
		core.record[r].revision = 1;
	}
	db_t *db = ctx;
	kasp_zone_t zone = { 0 };
	ck_assert_int_eq(db_zone_get(db, ZONE, &zone), 1);
	ck_assert_int_eq(db_zone_give_key(db, &zone, key, &core), 0);
	zone.core.revision = 1;
	ck_assert_int_eq(db_zone_save(db, &zone), 0);
	kasp_zone_deinit(&zone);
	return 1;
}

/* Before the engine starts. */
static void make_zone(void)
{
	char err[1024];
	db_t *db = NULL;
	dnssec_binary_t base64 = { .data = (uint8_t *)KEY, .size = strlen(KEY) }, raw = { 0 };
	ck_assert_int_eq(dnssec_binary_from_base64(&base64, &raw), 0);
	ck_assert_int_eq(db_open(&db, path("engine.db"), err, sizeof(err)), 0);
	ck_assert_int_eq(db_begin(db), 0);
	ck_assert_int_eq(db_zone_put(db, ZONE, "default"), 1);
	ck_assert_int_eq(db_key_intend(db, "one", ID, 13, 256, 1), 0);
	ck_assert_int_eq(db_key_made(db, "one", ID, raw.data, raw.size), 0);
	ck_assert_int_eq(db_keys_unused(db, "one", 13, 256, give, db), 0);
	ck_assert_int_eq(db_commit(db), 0);
	db_close(db);
	dnssec_binary_free(&raw);
}

static void setup_zone(void)
{
	setup();
	make_zone();
	pending = 1;
	memset(others, 0, sizeof(others));
	other_count = 0;
	away = false;
}

static void teardown_zone(void)
{
	ctl_server_stop(signer);
	signer = NULL;
	teardown();
}

static void start_both(void)
{
	char err[300];
	start();
	ck_assert_int_eq(ctl_server_start(&signer, path("none.sock"), signer_commands, NULL, err,
	                                  sizeof(err)), 0);
	wait_status("zones: 1");
}

/* A program that keeps what it reads in a file "got", one call after the other. */
static const char *write_program(const char *name, const char *rest)
{
	char text[1000];
	snprintf(text, sizeof(text), "#!/bin/sh\ncat >>%s\n%s\n", path("got"), rest);
	write_file(name, text);
	chmod(path(name), 0700);
	return path(name);
}

static void conf(const char *more)
{
	char text[2000];
	snprintf(text, sizeof(text), "<CommandTimeLimit>PT2S</CommandTimeLimit>%s", more);
	write_conf(TEST_PIN, text);
}

static void conf_submit(const char *line)
{
	char text[1000];
	snprintf(text, sizeof(text), "<DelegationSignerSubmitCommand>%s"
	         "</DelegationSignerSubmitCommand>", line);
	conf(text);
}

static const char *got(void)
{
	static char text[4000];
	FILE *file = fopen(path("got"), "r");
	size_t len = file != NULL ? fread(text, 1, sizeof(text) - 1, file) : 0;
	text[len] = '\0';
	if (file != NULL) {
		fclose(file);
	}
	return text;
}

static void wait_log(const char *text)
{
	for (int i = 0; i < PATIENCE_MS / 50 && !logged(text); i++) {
		poll(NULL, 0, 50);
	}
	ck_assert_msg(logged(text), "the log does not say '%s'", text);
}

static bool said(const char *text)
{
	return strcasestr(answer, text) != NULL;
}

/* -- tests --------------------------------------------------------------- */

/* Runs a program with that input, for so many seconds at most. */
static int run(const char *line, const char *input, unsigned limit_s, char why[300])
{
	const command_t command = { .line = line, .input = input, .limit_s = limit_s, .stop_fd = -1 };
	return command_run(&command, why, 300);
}

START_TEST(program)
{
	char why[300] = "";
	ck_assert_int_eq(run("/bin/true", "", 5, why), 0);
	ck_assert_int_eq(run("/bin/grep -qx hello", "hello\n", 5, why), 0);
	ck_assert_int_eq(run("/bin/grep -qx hello", "hallo\n", 5, why), -1);
	ck_assert_str_eq(why, "/bin/grep: exit status 1");
	ck_assert_int_eq(run("/nowhere/program x", "", 5, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "/nowhere/program: cannot be run: No such file"));
	ck_assert_int_eq(run("  ", "", 5, why), -1);

	/* No shell, no signal mask; the last line it wrote is the reason. */
	const char *script = write_program("p", "echo first; echo \"no $1\tgood\" >&2; exit 3");
	char line[200];
	snprintf(line, sizeof(line), "%s $HOME;x", script);
	ck_assert_int_eq(run(line, "", 5, why), -1);
	snprintf(line, sizeof(line), "%s: exit status 3: no $HOME;x good", script);
	ck_assert_str_eq(why, line);

	/* Much output, input that is not read. */
	script = write_program("p", "head -c 1000000 /dev/zero");
	ck_assert_int_eq(run(script, "x", 5, why), 0);

	/* A time limit for all of its processes; one that leaves a child behind has ended. */
	int64_t begin = time(NULL);
	script = write_program("p", "trap '' TERM\nsleep 60 & sleep 60");
	ck_assert_int_eq(run(script, "", 1, why), -1);
	ck_assert_msg(strstr(why, "did not end within 1 s") != NULL, "%s", why);
	script = write_program("p", "sleep 30 &");
	ck_assert_int_eq(run(script, "", 20, why), 0);
	ck_assert_int_lt(time(NULL) - begin, 15);

	/* Arguments as they are, and a file from its beginning. */
	FILE *file = tmpfile();
	ck_assert_ptr_nonnull(file);
	fputs("whole", file);
	fflush(file);
	const char *const more[] = { "a  b", "", NULL };
	script = write_program("p", "[ \"$1,$2,$3,$#\" = 'x,a  b,,3' ] && "
	                            "grep -q whole $(dirname $0)/got");
	snprintf(line, sizeof(line), "%s x", script);
	ck_assert_int_eq(command_run(&(command_t) { .line = line, .more = more, .limit_s = 5,
	                                            .input_fd = fileno(file), .stop_fd = -1 },
	                             why, sizeof(why)), 0);
	fclose(file);

	/* What is hidden is not the program's. */
	setenv(COMMAND_HIDDEN "X", "a secret", 1);
	setenv("TEST_PARENT", "no secret", 1);
	script = write_program("p", "[ \"$TEST_PARENT\" = 'no secret' ] && ! env | grep secret | grep -v ^TEST_PARENT=");
	ck_assert_int_eq(run(script, "", 5, why), 0);
	ck_assert_str_eq(getenv(COMMAND_HIDDEN "X"), "a secret");
	unsetenv(COMMAND_HIDDEN "X");

	/* A program whose exit status is lost has not succeeded. */
	signal(SIGCHLD, SIG_IGN);
	ck_assert_int_eq(run("/bin/false", "", 5, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "SIGCHLD"));
	signal(SIGCHLD, SIG_DFL);
}
END_TEST

START_TEST(by_hand)
{
	start_both();
	wait_answer("zone-status", ZONE, "give this DS to the parent");
	ck_assert_msg(strncmp(answer, "csk 55648: give", 15) == 0, "not the first column: %s", answer);
	ck_assert(said(" IN DS 55648 13 2 " DIGEST));
	ck_assert(said("zone-ksk-submitted " ZONE) && said("waits since") && said("nothing breaks"));
	wait_status("(1 wait for a person");
	ck_assert_int_eq(ask("zone-ksk-submitted", ZONE, NULL), 0);
	ck_assert_str_eq(answer, "");
	wait_log("55648: the parent has its DS, a person says");
	wait_answer("zone-status", ZONE, "DS omnipresent at");
	ck_assert_msg(!said("give this DS"), "%s", answer);
	ck_assert_int_eq(ask("zone-ksk-submitted", ZONE, NULL), 0);
	ck_assert(said("no key of this zone waits"));
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

/* OpenDNSSEC takes a DS for submitted even if the command is missing, or failed. */
START_TEST(failing_submission)
{
	conf_submit(_i == 0 ? "/nowhere/submit" : write_program("submit", "echo no way; exit 7"));
	start_both();
	wait_answer("zone-status", ZONE, _i == 0 ? "No such file" : "exit status 7: no way");
	ck_assert(said("the command for that failed") && said("next try at"));
	wait_status("(1 wait for a person");
	wait_log("submission of the DS failed");
	wait_answer("zone-status", ZONE, "waits since");

	/* It is tried again by itself, and at once after a reload. */
	write_program("submit", "");
	conf_submit(path("submit"));
	ck_assert_int_eq(ask("reload", NULL, NULL), 0);
	ck_assert_str_eq(answer, "");
	wait_answer("zone-status", ZONE, "DS given to the parent at");
	wait_log("submission of the DS: the command succeeded");
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

START_TEST(retried_submission)
{
	char rest[200];
	snprintf(rest, sizeof(rest), "[ -e %s ]", path("now"));
	conf_submit(write_program("submit", rest));
	start_both();
	wait_answer("zone-status", ZONE, "exit status 1");
	write_file("now", "");
	wait_answer("zone-status", ZONE, "DS given to the parent at");
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

/* The registrar's command fails, and the zone leaves: the DS of a zone that may live unsigned
 * elsewhere is given to nobody. When the zone comes back, its DS is. */
START_TEST(zone_leaves)
{
	char rest[200];
	snprintf(rest, sizeof(rest), "[ -e %s ] && touch %s", path("now"), path("submitted"));
	conf_submit(write_program("submit", rest));
	start_both();
	wait_answer("zone-status", ZONE, "exit status 1");
	away = true;
	wait_log("the signer does not have the zone any more");
	write_file("now", "");
	ck_assert_int_eq(ask("reload", NULL, NULL), 0); /* Else it is tried again later. */
	poll(NULL, 0, 4000);
	ck_assert_int_ne(access(path("submitted"), F_OK), 0);
	away = false;
	wait_answer("zone-status", ZONE, "DS given to the parent at");
	ck_assert_int_eq(access(path("submitted"), F_OK), 0);
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

/* The module does not answer: nobody knows whether it still has the zone. */
START_TEST(module_leaves)
{
	char rest[200], err[300];
	snprintf(rest, sizeof(rest), "[ -e %s ] && touch %s", path("now"), path("submitted"));
	conf_submit(write_program("submit", rest));
	start_both();
	wait_answer("zone-status", ZONE, "exit status 1");
	ctl_server_stop(signer);
	signer = NULL;
	wait_log("signer: ");
	poll(NULL, 0, 1500);
	write_file("now", "");
	ck_assert_int_eq(ask("reload", NULL, NULL), 0);
	poll(NULL, 0, 3000);
	ck_assert_int_ne(access(path("submitted"), F_OK), 0);
	ck_assert_int_eq(ctl_server_start(&signer, path("none.sock"), signer_commands, NULL, err,
	                                  sizeof(err)), 0);
	wait_answer("zone-status", ZONE, "DS given to the parent at");
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

/* Both forms of OpenDNSSEC; once it has succeeded it is not called again. */
START_TEST(submission)
{
	const char *file = write_program("submit", "");
	char line[200];
	snprintf(line, sizeof(line), "%s%s", file, _i == 0 ? "" : " --cka_id");
	conf_submit(line);
	start_both();
	wait_answer("zone-status", ZONE, "DS given to the parent at");
	static const char record[] = ZONE " 3600 IN DNSKEY 257 3 13 " KEY;
	char want[400];
	snprintf(want, sizeof(want), "%s%s\n", record, _i == 0 ? "" : " ; {cka_id = " ID "}");
	ck_assert_str_eq(got(), want);
	/* Not the end: the parent has to have it. */
	wait_answer("zone-status", ZONE, "when the parent has it: ");

	ck_assert_int_eq(finish(SIGKILL), -SIGKILL);
	start();
	wait_answer("zone-status", ZONE, "DS given to the parent at");
	ck_assert_str_eq(got(), want);
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

/* A DS that is to go before the parent has it: the program that takes it back runs after the one that gives it. */
START_TEST(turned_submission)
{
	char give[200], back_by[200], text[700];
	snprintf(text, sizeof(text), "cd %s; touch began; sleep 1.5; echo given >>got", path("."));
	snprintf(give, sizeof(give), "%s", write_program("submit", text));
	snprintf(text, sizeof(text), "cd %s; echo back >>got", path("."));
	snprintf(back_by, sizeof(back_by), "%s", write_program("retract", text));
	snprintf(text, sizeof(text), "<DelegationSignerSubmitCommand>%s</DelegationSignerSubmitCommand>"
	         "<DelegationSignerRetractCommand>%s</DelegationSignerRetractCommand>", give, back_by);
	conf(text);
	start_both();
	for (int i = 0; i < PATIENCE_MS / 10 && access(path("began"), F_OK) != 0; i++) {
		poll(NULL, 0, 10);
	}
	ck_assert_int_eq(ask_data("zone-key-rollover", ZONE, "55648", "lost"), 0);
	ck_assert_str_eq(answer, "");
	wait_log("retraction of the DS: the command succeeded");
	const char *given = strstr(got(), "given"), *back = strstr(got(), "back");
	ck_assert_msg(given != NULL && back != NULL && given < back, "%s", got());
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

START_TEST(hanging_submission)
{
	conf_submit(write_program("submit", "sleep 60"));
	start_both();
	/* Nothing waits for it. */
	ck_assert_int_eq(ask("reload", NULL, NULL), 0);
	ck_assert_str_eq(answer, "");
	wait_answer("zone-status", ZONE, "did not end within 2 s");
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

START_TEST(notification)
{
	char rest[200], text[500];
	snprintf(rest, sizeof(rest), "[ -e %s ]", path("now"));
	snprintf(text, sizeof(text), "<NotificationCommand>%s</NotificationCommand>",
	         write_program("notify", rest));
	conf(text);
	start_both();
	wait_log("notification failed: ");
	write_file("now", "");
	wait_log("notification: the command succeeded");
	snprintf(text, sizeof(text), "python3 -c 'import json, sys; "
	         "t = [json.loads(l) for l in open(\"%s\")][-1]; "
	         "assert t[\"task\"] == \"ds-submit\" and t[\"zone\"] == \"" ZONE "\"; "
	         "assert t[\"key\"][\"keytag\"] == 55648 and len(t[\"ds\"]) == 2; "
	         "assert \"zone-ksk-submitted\" in t[\"confirm\"]; "
	         "assert \"nothing breaks\" in t[\"if-nothing-is-done\"]'", path("got"));
	ck_assert_int_eq(system(text), 0);
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

#define DS_RECORD "example 7200 DS 55648 13 2 " DIGEST "\n"

static void conf_watched(const char *more)
{
	char text[1500];
	snprintf(text, sizeof(text), "<ParentCheck><Interval>PT1S</Interval><Recheck>PT1S"
	         "</Recheck><Parent name=\"net\">"
	         "<Server>%s</Server><Server>%s</Server></Parent></ParentCheck>%s",
	         parent_address(0), parent_address(1), more);
	conf(text);
}

/* The engine looks itself. Who has a command for it that works need not be told. */
START_TEST(watched)
{
	char text[500];
	snprintf(text, sizeof(text), "<DelegationSignerSubmitCommand>/bin/true"
	         "</DelegationSignerSubmitCommand><NotificationCommand>%s</NotificationCommand>",
	         write_program("notify", ""));
	parents_start();
	parent_serve(0, "");
	parent_serve(1, "");
	conf_watched(text);
	start_both();
	snprintf(text, sizeof(text), "%s does not have it yet", parent_address(0));
	wait_answer("zone-status", ZONE, text);
	wait_answer("zone-status", ZONE, "DS given to the parent at");
	ck_assert_msg(!said("zone-ksk-submitted"), "%s", answer);
	wait_status("zones: 1, ");

	/* One of two is not enough. */
	parent_end(0);
	wait_answer("zone-status", ZONE, "Connection refused");
	parent_serve(0, DS_RECORD);
	snprintf(text, sizeof(text), "%s does not have it yet", parent_address(1));
	wait_answer("zone-status", ZONE, text);
	ck_assert(!logged("the parent has its DS"));
	ck_assert_str_eq(got(), "");

	parent_end(1);
	parent_serve(1, DS_RECORD);
	wait_log("55648: the parent has its DS, all of its servers show that");
	/* The TTL there is an hour longer than the policy says. */
	wait_log("TTL of 7200 s, policy default says 3600 s");
	wait_answer("zone-status", ZONE, "DS omnipresent at");
	ck_assert_msg(said("(in 2h 59m)") || said("(in 3h)"), "%s", answer);
	ck_assert_int_eq(finish(SIGTERM), 0);
	parents_end();
}
END_TEST

#define STRANGER "example DS 1234 8 2 " DIGEST "\n"

/* A DS that was there is there no more: the engine says so, and lets others decide. */
START_TEST(lost)
{
	char text[1000], gone[2000];
	snprintf(text, sizeof(text), "<DelegationSignerSubmitCommand>%s"
	         "</DelegationSignerSubmitCommand>", write_program("submit", ""));
	snprintf(gone, sizeof(gone), "%s<NotificationCommand>/bin/cp /dev/stdin %s"
	         "</NotificationCommand>", text, path("notice"));
	parents_start();
	parent_serve(0, DS_RECORD);
	parent_serve(1, DS_RECORD);
	conf_watched(gone);
	start_both();
	wait_answer("zone-status", ZONE, "DS omnipresent at");
	ck_assert_str_eq(got(), ""); /* The first look shows that the DS is there. */

	/* One of two is no proof, nor is one that does not answer. */
	parent_end(1);
	parent_serve(1, "");
	snprintf(text, sizeof(text), "%s does not have it, and others do", parent_address(1));
	wait_answer("zone-status", ZONE, text);
	parent_end(0);
	wait_answer("zone-status", ZONE, "Connection refused");
	ck_assert(!logged("lost its DS") && said("DS omnipresent at"));

	parent_serve(0, STRANGER);
	wait_log("csk 55648: the parent lost its DS, none of its servers has it");
	wait_answer("zone-status", ZONE, "but only DS that fit no key of this zone, which make it "
	            "bogus: 1234 (algorithm 8)");
	ck_assert_msg(strncmp(answer, "csk 55648: the parent lost this DS, seen at ", 44) == 0 &&
	              said("(the command for that is not run by itself): " ZONE " 3600 IN DS 55648") &&
	              said("zone-ksk-submitted " ZONE) && said("the zone is not secure"), "%s",
	              answer);
	wait_status("(1 wait for a person");
	wait_log("notification: the command succeeded");
	snprintf(text, sizeof(text), "grep -q '^{\"task\": \"ds-lost\", \"zone\": \"" ZONE
	         "\"' %s", path("notice"));
	ck_assert_int_eq(system(text), 0);

	/* Not forgotten with the engine; and then it is back. */
	ck_assert_int_eq(finish(SIGKILL), -SIGKILL);
	start();
	wait_answer("zone-status", ZONE, "the parent lost this DS, seen at ");
	parent_end(0);
	parent_end(1);
	parent_serve(0, DS_RECORD);
	parent_serve(1, DS_RECORD);
	wait_answer("zone-status", ZONE, "DS omnipresent at");
	ck_assert_msg(!said("lost"), "%s", answer);
	ck_assert_str_eq(got(), "");
	ck_assert_int_eq(finish(SIGTERM), 0);
	parents_end();
}
END_TEST

/* Somebody has to look at a parent that cannot be asked. */
START_TEST(cannot_be_asked)
{
	char text[500];
	snprintf(text, sizeof(text), "<DelegationSignerSubmitCommand>/bin/true"
	         "</DelegationSignerSubmitCommand><NotificationCommand>%s</NotificationCommand>",
	         write_program("notify", ""));
	parents_start();
	conf_watched(text);
	start_both();
	wait_log("notification: the command succeeded");
	ck_assert(strstr(got(), "\"check-failure\": \"127.0.0.1@") != NULL);
	wait_status("(1 wait for a person");
	wait_answer("zone-status", ZONE, "zone-ksk-submitted " ZONE);
	ck_assert_int_eq(ask("zone-ksk-submitted", ZONE, NULL), 0);
	wait_answer("zone-status", ZONE, "DS omnipresent at");
	ck_assert_int_eq(finish(SIGTERM), 0);
	parents_end();
}
END_TEST

/* Keys for three years, of one each year; and what is to come is announced. */
START_TEST(in_advance)
{
	conf("<AutomaticKeyGenerationPeriod>P2Y1D</AutomaticKeyGenerationPeriod>"
	     "<RolloverNotification>P1Y</RolloverNotification>");
	start_both();
	wait_log("generating 3 keys of algorithm 13 in repository one in advance");
	wait_answer("backup-list", NULL, "132560none");
	unsigned count = 0;
	for (int i = 0; i < PATIENCE_MS / 50 && count != 3; i++) {
		ck_assert_int_eq(ask("backup-list", NULL, NULL), 0);
		count = 0;
		for (const char *c = answer; (c = strstr(c, "132560none")) != NULL; c++) {
			count++;
		}
		poll(NULL, 0, 50);
	}
	ck_assert_uint_eq(count, 3);
	wait_log("the csk is to be replaced at ");
	wait_answer("zone-status", ZONE, "csk at ");
	/* Enough is enough. */
	ck_assert_int_eq(ask("reload", NULL, NULL), 0);
	poll(NULL, 0, 1200);
	ck_assert_int_eq(ask("backup-list", NULL, NULL), 0);
	count = 0;
	for (const char *c = answer; (c = strstr(c, "none")) != NULL; c++) {
		count++;
	}
	ck_assert_uint_eq(count, 4);
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

/* Puts an element into a file, before the first place that reads so. */
static void insert(const char *name, const char *place, const char *element)
{
	char text[3000];
	FILE *file = fopen(path(name), "r");
	size_t len = fread(text, 1, sizeof(text) - 100, file);
	fclose(file);
	text[len] = '\0';
	char *at = strstr(text, place);
	memmove(at + strlen(element), at, strlen(at) + 1);
	memcpy(at, element, strlen(element));
	write_file(name, text);
}

/* A token whose keys have to be in a backup, and no zone with keys. */
static void require_backup(void)
{
	unlink(path("engine.db"));
	pending = 0;
	conf("");
	insert("conf.xml", "</Repository>", "<RequireBackup/>");
}

/* Waits until there are so many keys, each without a backup. */
static void wait_keys(unsigned wanted)
{
	unsigned count = 0;
	for (int i = 0; i < PATIENCE_MS / 50 && count < wanted; i++) {
		ck_assert_int_eq(ask("backup-list", NULL, NULL), 0);
		count = 0;
		for (const char *c = answer; (c = strstr(c, "0required")) != NULL; c++) {
			count++;
		}
		poll(NULL, 0, 50);
	}
	ck_assert_msg(count == wanted, "%u keys instead of %u: %s", count, wanted, answer);
}

/* However many zones come, and whenever they do: each has a key waiting, and one backup does. */
START_TEST(backup_of_many)
{
	require_backup();
	start_both();
	wait_keys(1);
	other_count = 10;
	wait_keys(11);
	other_count = MANY;
	wait_keys(1 + MANY);
	wait_answer("zone-status", "z59.test.", "ods backup prepare one");
	ck_assert_int_eq(ask("backup-prepare", NULL, NULL), 0);
	ck_assert_ptr_nonnull(strstr(answer, "61 keys"));
	ck_assert_int_eq(ask("backup-commit", NULL, NULL), 0);
	for (unsigned i = 0; i < MANY; i++) {
		char text[60];
		snprintf(text, sizeof(text), "z%u.test.] the signer has key set 1", i);
		wait_log(text);
	}
	ck_assert_int_eq(ask("backup-list", NULL, NULL), 0);
	ck_assert_msg(!said("required"), "%s", answer);
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

/* Zones that share their keys need one of each kind. */
START_TEST(backup_of_sharers)
{
	require_backup();
	insert("kasp.xml", "<CSK>", "<ShareKeys/>");
	start_both();
	other_count = 20;
	wait_log("z19.test.] waits");
	wait_keys(1);
	wait_answer("zone-status", "z19.test.", "ods backup prepare one");
	ck_assert_int_eq(ask("backup-prepare", NULL, NULL), 0);
	ck_assert_int_eq(ask("backup-commit", NULL, NULL), 0);
	wait_log("z19.test.] the signer has key set 1");
	ck_assert_int_eq(ask("backup-list", NULL, NULL), 0);
	ck_assert_msg(said("21done") && !said("required"), "%s", answer);
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

static unsigned count_keys(void)
{
	unsigned count = 0;
	ck_assert_int_eq(ask("backup-list", NULL, NULL), 0);
	for (const char *c = answer; (c = strstr(c, "none")) != NULL; c++) {
		count++;
	}
	return count;
}

static void wait_count(unsigned least)
{
	for (int i = 0; i < PATIENCE_MS / 50 && count_keys() < least; i++) {
		poll(NULL, 0, 50);
	}
	ck_assert_uint_eq(count_keys(), least);
}

/* A zone that gets one of two keys at once, and asks for the other twice, has one generated. */
START_TEST(no_more_than_wanted)
{
	unlink(path("engine.db"));
	pending = 0;
	conf("");
	insert("kasp.xml", "</CSK>", "<Standby>1</Standby>");
	start_both();
	wait_count(2);
	wait_answer("zone-status", ZONE, "RRSIG-DNSKEY hidden");
	ck_assert_int_eq(ask_data("key-generate", NULL, "default", "1"), 0);
	wait_count(3);
	other_count = 1;
	wait_answer("zone-status", "z0.test.", "RRSIG-DNSKEY hidden");
	wait_count(4);
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

/* A key that is not in a backup is not used. */
START_TEST(backup)
{
	require_backup();
	start_both();
	wait_answer("zone-status", ZONE, "ods backup prepare one");
	ck_assert_int_eq(ask("backup-list", NULL, NULL), 0);
	ck_assert(said("required"));
	/* Not while one is being made, and not when that came to nothing. */
	ck_assert_int_eq(ask("backup-prepare", NULL, NULL), 0);
	ck_assert_int_eq(ask("zone-keys-load", ZONE, NULL), 0);
	ck_assert_int_eq(ask("backup-rollback", NULL, NULL), 0);
	ck_assert_int_eq(ask("zone-keys-load", ZONE, NULL), 0);
	poll(NULL, 0, 1200);
	ck_assert(!logged("new csk") && pending == 0);
	ck_assert_int_eq(ask("backup-prepare", NULL, NULL), 0);
	ck_assert_int_eq(ask("backup-commit", NULL, NULL), 0);
	wait_log("new csk");
	wait_log("the signer has key set 1");
	ck_assert_int_eq(ask("backup-list", NULL, NULL), 0);
	ck_assert(said("1done"));
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

/* What ods asks for. */
START_TEST(commands)
{
	start_both();
	wait_answer("zone-status", ZONE, "give this DS to the parent");
	ck_assert_int_eq(ask("zone-keys", NULL, NULL), 0);
	ck_assert_msg(strstr(answer, "csk5564813256inrumouredomnipresentomnipresentomnipresentone"
	                     ID) == answer && said("DS has to be seen at the parent"), "%s",
	              answer);
	static const struct {
		const char *form, *record;
	} forms[] = {
		{ NULL, " 3600 IN DS 55648 13 2 " DIGEST },
		{ "ds", " 3600 IN DS 55648 13 2 " DIGEST },
		{ "ds-sha384", " 3600 IN DS 55648 13 4 " },
		{ "dnskey", " 3600 IN DNSKEY 257 3 13 " KEY },
		{ "cds", " 3600 IN CDS 55648 13 2 " DIGEST },
		{ "cdnskey", " 3600 IN CDNSKEY 257 3 13 " KEY },
	};
	for (size_t i = 0; i < 6; i++) {
		ck_assert_int_eq(ask("zone-ds", ZONE, forms[i].form), 0);
		ck_assert_msg(strncasecmp(answer, ZONE, strlen(ZONE)) == 0 && said(forms[i].record) &&
		              said("to be given to the parent"), "%s", answer);
	}
	ck_assert_int_eq(ask("zone-ds-gone", ZONE, NULL), 0);
	ck_assert(said("no key of this zone waits for its DS to go"));
	ck_assert_int_eq(ask("zone-ds-seen", ZONE, "55649"), 0);
	ck_assert(said("no such key of this zone waits"));
	ck_assert_int_eq(ask("zone-ds-seen", ZONE, "x"), 0);
	ck_assert(said("not a key tag"));
	ck_assert_int_eq(ask("zone-ds-seen", ZONE, "55648"), 0);
	ck_assert_str_eq(answer, "");
	/* What would come of it is shown, and not done. */
	ck_assert_int_eq(ask_data("zone-key-plan", ZONE, "csk", "emergency"), 0);
	ck_assert_msg(strncmp(answer, "nownew CSK, algorithm 13  comes into use", 40) == 0 &&
	              said("CSK 55648  is replaced") && said("the parent is asked for it") &&
	              said("csk 55648  is not accepted any more by any validator"), "%s", answer);
	ck_assert_int_eq(ask("zone-key-plan", ZONE, "55648"), 0);
	ck_assert(said("CSK 55648  is replaced"));
	ck_assert_int_eq(ask("zone-key-plan", ZONE, "1"), 0);
	ck_assert(said("there is no key 1; the zone has: csk 55648"));
	ck_assert_int_eq(ask("zone-key-plan", ZONE, "key"), 0);
	ck_assert(said("the tag of a key that is to go"));
	ck_assert_int_eq(ask("zone-keys", ZONE, NULL), 0);
	ck_assert(said("13256in") && !said("13256out"));
	ck_assert_int_eq(ask("zone-key-rollover", ZONE, "zsk"), 0);
	ck_assert(said("there is no zsk to be replaced; the zone has: csk 55648"));
	ck_assert_int_eq(ask("zone-key-rollover", ZONE, "csk"), 0);
	ck_assert_str_eq(answer, "");
	wait_log("a person asks for a new csk");
	wait_log("csk 55648 is replaced");
	ck_assert_int_eq(ask("zone-key-rollover", ZONE, "55648"), 0);
	ck_assert(said("csk 55648 is on its way out already"));
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

int main(void)
{
	if (test_softhsm() == NULL) {
		fprintf(stderr, "SoftHSM is not installed\n");
		return 77;
	}
	Suite *suite = suite_create("parent");
	TCase *tc = tcase_create("parent");
	tcase_add_checked_fixture(tc, setup_zone, teardown_zone);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, program);
	tcase_add_test(tc, by_hand);
	tcase_add_test(tc, commands);
	tcase_add_test(tc, backup);
	tcase_add_test(tc, backup_of_many);
	tcase_add_test(tc, no_more_than_wanted);
	tcase_add_test(tc, backup_of_sharers);
	tcase_add_test(tc, in_advance);
	tcase_add_loop_test(tc, failing_submission, 0, 2);
	tcase_add_test(tc, retried_submission);
	tcase_add_test(tc, zone_leaves);
	tcase_add_test(tc, module_leaves);
	tcase_add_loop_test(tc, submission, 0, 2);
	tcase_add_test(tc, turned_submission);
	tcase_add_test(tc, hanging_submission);
	tcase_add_test(tc, notification);
	tcase_add_test(tc, watched);
	tcase_add_test(tc, lost);
	tcase_add_test(tc, cannot_be_asked);
	suite_add_tcase(suite, tc);

	return check_main(suite);
}
