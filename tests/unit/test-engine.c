/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* The engine as a process of its own, with real tokens, before any signer is there. */

#include "config.h"

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hsm-adapter/hsm.h"
#include "policy-engine/database/db.h"
#include "tests/unit/check-main.h"
#include "tests/unit/engine-process.h"
#include "tests/unit/test-hsm-token.h"

START_TEST(starts_and_stops)
{
	start();
	wait_status("token one: works");
	ck_assert_ptr_nonnull(strstr(answer, "zones: 0"));
	ck_assert_ptr_nonnull(strstr(answer, "not reachable"));
	wait_status(path("none.sock"));
	ck_assert_int_eq(finish(_i == 0 ? SIGTERM : SIGINT), 0);
	ck_assert_int_ne(access(path("engine.sock"), F_OK), 0);
	start();
	ck_assert_int_eq(ask("stop", NULL, NULL), 0);
	ck_assert_int_eq(finish(0), 0);
}
END_TEST

START_TEST(commands)
{
	start();
	ck_assert_int_eq(ask("status", NULL, "version"), 0);
	ck_assert_str_eq(answer, PACKAGE_VERSION);
	ck_assert_int_eq(ask("status", NULL, "nonsense"), 0);
	ck_assert_ptr_nonnull(strstr(answer, "nonsense"));
	ck_assert_int_eq(ask("zone-status", NULL, NULL), 0);
	ck_assert_str_eq(answer, "");
	static const struct {
		const char *cmd, *type;
		bool needed; /* The zone is. */
	} by_zone[] = {
		{ "zone-status", NULL, false },       { "zone-keys-load", NULL, false },
		{ "zone-ksk-submitted", NULL, true }, { "zone-key-rollover", "ksk", true },
		{ "zone-keys", NULL, false },         { "zone-ds", NULL, false },
		{ "zone-ds-seen", NULL, true },       { "zone-ds-gone", NULL, true },
	};
	for (size_t i = 0; i < sizeof(by_zone) / sizeof(by_zone[0]); i++) {
		ck_assert_int_eq(ask(by_zone[i].cmd, "none.test", by_zone[i].type), 0);
		ck_assert_ptr_nonnull(strstr(answer, "no such zone"));
		ck_assert_int_eq(ask(by_zone[i].cmd, "bad..name", by_zone[i].type), 0);
		ck_assert_ptr_nonnull(strstr(answer, "no such zone"));
		ck_assert_int_eq(ask(by_zone[i].cmd, NULL, by_zone[i].type), 0);
		ck_assert_str_eq(answer, by_zone[i].needed ? "name the zone" : "");
	}
	ck_assert_int_eq(ask("zone-key-rollover", "none.test", "key"), 0);
	ck_assert_ptr_nonnull(strstr(answer, "ksk, zsk or csk"));
	ck_assert_int_eq(ask("zone-ds", "none.test", "text"), 0);
	ck_assert_ptr_nonnull(strstr(answer, "ds-sha384"));
	ck_assert_int_eq(ask("zone-sign", "a.test", NULL), 0);
	ck_assert_ptr_nonnull(strstr(answer, path("none.sock")));
	ck_assert_int_eq(ask("zone-flush", NULL, NULL), 0);
	ck_assert_ptr_nonnull(strstr(answer, "zone-ksk-submitted"));
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

static int count_key(void *ctx, const db_token_key_t *key)
{
	ck_assert(key->public_key_len == 0 || key->public_key_len == 64);
	(*(unsigned *)ctx)++;
	return 0;
}

/* A key that was being generated when the engine was killed: in the token already, or not. */
START_TEST(interrupted_generation)
{
	static const char there[] = "00112233445566778899aabbccddeeff";
	static const char lost[] = "ffeeddccbbaa99887766554433221100";
	char err[1024];
	db_t *db = NULL;
	ck_assert_int_eq(db_open(&db, path("engine.db"), err, sizeof(err)), 0);
	ck_assert_int_eq(db_key_intend(db, "one", there, 13, 256, 1), 0);
	ck_assert_int_eq(db_key_intend(db, "one", lost, 13, 256, 1), 0);
	db_close(db);

	/* By a process of its own, since a forked engine must not use our PKCS#11 library. */
	pid = fork();
	if (pid == 0) {
		hsm_t *hsm = NULL;
		hsm_key_t *key = NULL;
		hsm_error_t why;
		int ret = hsm_open(&hsm, test_conf(), &why);
		const hsm_key_spec_t spec = { .repository = "one", .algorithm = 13,
		                              .cka_id = there };
		ret = ret == 0 ? hsm_key_generate(hsm, &spec, &key, &why) : ret;
		hsm_key_free(key);
		hsm_close(hsm);
		exit(ret == 0 ? 0 : 1);
	}
	ck_assert_int_eq(finish(0), 0);

	start();
	wait_status("token one: works");
	for (int i = 0; i < PATIENCE_MS / 50 && !logged(there); i++) {
		poll(NULL, 0, 50);
	}
	poll(NULL, 0, 200);
	ck_assert_int_eq(finish(SIGKILL), -SIGKILL);

	ck_assert_int_eq(db_open(&db, path("engine.db"), err, sizeof(err)), 0);
	unsigned count = 0;
	ck_assert_int_eq(db_keys_intended(db, count_key, &count), 0);
	ck_assert_uint_eq(count, 0);
	ck_assert_int_eq(db_keys_unused(db, "one", 13, 256, count_key, &count), 0);
	ck_assert_uint_eq(count, 1);
	db_close(db);
}
END_TEST

/* Keys in advance, and the marks of their backups. */
START_TEST(keys_in_advance)
{
	start();
	ck_assert_int_eq(ask_data("key-generate", NULL, "none", "1"), 0);
	ck_assert_ptr_nonnull(strstr(answer, "no policy \"none\""));
	static const char *const bad[] = { NULL, "", "0", "x", "-1", "1x", "100001" };
	for (size_t i = 0; i < 7; i++) {
		ck_assert_int_eq(ask_data("key-generate", NULL, "default", bad[i]), 0);
		ck_assert_ptr_nonnull(strstr(answer, "how many"));
	}
	ck_assert_int_eq(ask_data("key-generate", NULL, "default", "20"), 0);
	ck_assert_str_eq(answer, "20 keys are being generated, see backup-list");
	unsigned count = 0;
	for (int i = 0; i < PATIENCE_MS / 50 && count < 20; i++) {
		ck_assert_int_eq(ask("backup-list", NULL, NULL), 0);
		count = 0;
		for (const char *c = answer; (c = strstr(c, "none")) != NULL; c++) {
			count++;
		}
		poll(NULL, 0, 50);
	}
	ck_assert_uint_eq(count, 20);

	ck_assert_int_eq(ask("backup-prepare", NULL, "two"), 0);
	ck_assert_ptr_nonnull(strstr(answer, "no repository \"two\"; it has: one"));
	ck_assert_int_eq(ask("backup-commit", NULL, NULL), 0);
	ck_assert_ptr_nonnull(strstr(answer, "0 keys"));
	ck_assert_int_eq(ask("backup-prepare", NULL, "one"), 0);
	ck_assert_ptr_nonnull(strstr(answer, "20 keys"));
	ck_assert_int_eq(ask("backup-list", NULL, "one"), 0);
	ck_assert_ptr_nonnull(strstr(answer, "requested"));
	ck_assert_int_eq(ask("backup-rollback", NULL, NULL), 0);
	ck_assert_ptr_nonnull(strstr(answer, "20 keys"));
	ck_assert_int_eq(ask("backup-commit", NULL, NULL), 0);
	ck_assert_ptr_nonnull(strstr(answer, "0 keys"));
	ck_assert_int_eq(ask("backup-prepare", NULL, NULL), 0);
	ck_assert_int_eq(ask("backup-commit", NULL, "one"), 0);
	ck_assert_ptr_nonnull(strstr(answer, "20 keys"));
	ck_assert_int_eq(ask("backup-list", NULL, NULL), 0);
	ck_assert(strstr(answer, "done") != NULL && strstr(answer, "requested") == NULL);
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

START_TEST(token_comes_late)
{
	test_token_hide("one");
	start();
	wait_status("token one: ");
	wait_status("\"one\"");
	test_token_show("one");
	/* Tried again after a while, and at once by a reload. */
	ck_assert_int_eq(ask("reload", NULL, NULL), 0);
	ck_assert_str_eq(answer, "");
	wait_status("token one: works");
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

START_TEST(wrong_pin)
{
	write_conf("wrong", "");
	start();
	wait_status("PIN");
	ck_assert_ptr_null(strstr(answer, "wrong1"));
	write_conf(TEST_PIN, "");
	ck_assert_int_eq(ask("reload", NULL, NULL), 0);
	wait_status("token one: works");
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

START_TEST(bad_reload)
{
	start();
	write_kasp("2 hours</Resign><Resign>PT2H");
	ck_assert_int_eq(ask("reload", NULL, NULL), 0);
	ck_assert_ptr_nonnull(strstr(answer, "kasp.xml:4:"));
	ck_assert_ptr_nonnull(strstr(answer, "<Resign>"));
	ck_assert_ptr_nonnull(strstr(answer, "first of 2 errors"));
	ck_assert(logged("kasp.xml:4: \"2 hours\" in <Resign>"));
	ck_assert(logged("kasp.xml:4: a second <Resign>"));
	wait_status("last reload refused");
	write_kasp("PT3H");
	write_file("conf.xml", "<Configuration>");
	ck_assert_int_eq(ask("reload", NULL, NULL), 0);
	ck_assert_ptr_nonnull(strstr(answer, "conf.xml:1:"));
	write_conf(TEST_PIN, "");
	kill(pid, SIGHUP);
	for (int i = 0; i < PATIENCE_MS / 50 && !logged("info: reloaded"); i++) {
		poll(NULL, 0, 50);
	}
	ck_assert_int_eq(ask("status", NULL, NULL), 0);
	ck_assert_ptr_null(strstr(answer, "refused"));
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

START_TEST(refuses_to_start)
{
	write_file("engine.db", "this is no database, it is just a text that is long enough\n");
	refused("damaged");
	unlink(path("engine.db"));
	write_kasp("2 hours");
	refused("kasp.xml:4:");
	write_kasp("PT2H");
	write_file("engine.sock", "no socket");
	refused("engine.sock");
	unlink(path("engine.sock"));

	/* A second engine leaves the first one alone. */
	start();
	pid_t first = pid;
	refused("another process");
	pid = first;
	wait_status("Running");
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

int main(void)
{
	if (test_softhsm() == NULL) {
		fprintf(stderr, "SoftHSM is not installed\n");
		return 77;
	}
	Suite *suite = suite_create("engine");
	TCase *tc = tcase_create("engine");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, starts_and_stops, 0, 2);
	tcase_add_test(tc, commands);
	tcase_add_test(tc, interrupted_generation);
	tcase_add_test(tc, keys_in_advance);
	tcase_add_test(tc, token_comes_late);
	tcase_add_test(tc, wrong_pin);
	tcase_add_test(tc, bad_reload);
	tcase_add_test(tc, refuses_to_start);
	suite_add_tcase(suite, tc);

	return check_main(suite);
}
