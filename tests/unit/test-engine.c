/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* The engine as a process of its own, with real tokens, before any signer is there. */

#include "config.h"

#include <check.h>
#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/client.h"
#include "hsm-adapter/hsm.h"
#include "policy-engine/engine.h"
#include "policy-engine/store.h"
#include "tests/unit/test-hsm-token.h"

#define PATIENCE_MS 10000

static char dir[40];
static pid_t pid;

static const char *path(const char *name)
{
	static char buf[4][100];
	static int turn;
	turn = (turn + 1) % 4;
	snprintf(buf[turn], sizeof(buf[turn]), "%s/%s", dir, name);
	return buf[turn];
}

static void write_file(const char *name, const char *text)
{
	FILE *out = fopen(path(name), "w");
	ck_assert_ptr_nonnull(out);
	ck_assert_int_ge(fputs(text, out), 0);
	ck_assert_int_eq(fclose(out), 0);
	chmod(path(name), 0600);
}

static void write_conf(const char *pin)
{
	char text[2000];
	snprintf(text, sizeof(text), "<Configuration>\n<RepositoryList>\n<Repository name=\"one\">"
	         "<Module>%s</Module><TokenLabel>one</TokenLabel><PIN>%s</PIN></Repository>\n"
	         "</RepositoryList>\n<Common><PolicyFile>%s</PolicyFile></Common>\n<Enforcer>"
	         "<Datastore><SQLite>%s</SQLite></Datastore><SocketFile>%s</SocketFile>"
	         "<SignerSocket>%s</SignerSocket></Enforcer>\n</Configuration>\n", test_softhsm(),
	         pin, path("kasp.xml"), path("engine.db"), path("engine.sock"), path("none.sock"));
	write_file("conf.xml", text);
}

static void write_kasp(const char *resign)
{
	char text[2000];
	snprintf(text, sizeof(text), "<KASP>\n<Policy name=\"default\">\n<Signatures>\n"
	         "<Resign>%s</Resign>\n<Refresh>P3D</Refresh><Validity><Default>P9D</Default>"
	         "<Denial>P9D</Denial></Validity><Jitter>PT0S</Jitter><InceptionOffset>PT0S"
	         "</InceptionOffset></Signatures><Denial><NSEC/></Denial><Keys><TTL>PT1H</TTL>"
	         "<RetireSafety>PT1H</RetireSafety><PublishSafety>PT1H</PublishSafety><CSK>"
	         "<Algorithm length=\"256\">13</Algorithm><Lifetime>P1Y</Lifetime><Repository>one"
	         "</Repository></CSK></Keys><Zone><PropagationDelay>PT1H</PropagationDelay><SOA>"
	         "<TTL>PT1H</TTL><Minimum>PT1H</Minimum><Serial>unixtime</Serial></SOA></Zone>"
	         "<Parent><PropagationDelay>PT1H</PropagationDelay><DS><TTL>PT1H</TTL></DS><SOA>"
	         "<TTL>PT1H</TTL><Minimum>PT1H</Minimum></SOA></Parent></Policy></KASP>\n", resign);
	write_file("kasp.xml", text);
}

static void setup(void)
{
	test_tokens_make();
	strcpy(dir, "/tmp/test-engine.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	write_conf(TEST_PIN);
	write_kasp("PT2H");
	pid = 0;
}

static int remove_entry(const char *name, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(name);
}

static void teardown(void)
{
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	test_tokens_remove();
}

/* Runs the engine; does not return. */
static void be_engine(void)
{
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);

	engine_conf_t conf = { 0 };
	hsm_error_t err = { 0 };
	engine_t *engine = NULL;
	char why[1024] = "";
	if (freopen(path("log"), "a", stderr) == NULL ||
	    engine_conf_read(path("conf.xml"), &conf, NULL, NULL, &err) != HSM_EOK) {
		fprintf(stderr, "%s\n", err.text);
		exit(3);
	}
	if (engine_start(&engine, path("conf.xml"), &conf, true, why, sizeof(why)) != 0) {
		fprintf(stderr, "%s\n", why);
		exit(4);
	}
	int ret = engine_run(engine);
	engine_free(engine);
	exit(ret == 0 ? 0 : 5);
}

static bool logged(const char *text)
{
	char line[2000];
	bool found = false;
	FILE *log = fopen(path("log"), "r");
	while (log != NULL && !found && fgets(line, sizeof(line), log) != NULL) {
		found = strstr(line, text) != NULL;
	}
	if (log != NULL) {
		fclose(log);
	}
	return found;
}

/* What the engine answers: all texts and errors, one after the other. */
static char answer[4000];

static int take(void *ctx, const ctl_unit_t *unit, const char *error, int first)
{
	(void)ctx;
	(void)first;
	strncat(answer, error != NULL ? error : unit->data != NULL ? unit->data : "",
	        sizeof(answer) - strlen(answer) - 1);
	return 0;
}

static int ask(const char *cmd, const char *zone, const char *type)
{
	ctl_unit_t unit = { .cmd = cmd, .zone = zone, .type = type };
	char err[300];
	answer[0] = '\0';
	return ctl_client_call(path("engine.sock"), 5000, &unit, 1, take, NULL, err, sizeof(err));
}

/* Waits until the engine's status has that text. */
static void wait_status(const char *text)
{
	for (int i = 0; i < PATIENCE_MS / 50; i++) {
		if (ask("status", NULL, NULL) == 0 && strstr(answer, text) != NULL) {
			return;
		}
		poll(NULL, 0, 50);
	}
	ck_abort_msg("no '%s' in the status: %s", text, answer);
}

static void start(void)
{
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		be_engine();
	}
	wait_status("Running");
}

static int finish(int signal)
{
	int status = 0;
	if (signal != 0) {
		kill(pid, signal);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void refused(const char *text)
{
	pid = fork();
	if (pid == 0) {
		be_engine();
	}
	ck_assert_int_eq(finish(0), 4);
	ck_assert_msg(logged(text), "the log does not say '%s'", text);
}

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
	static const char *const by_zone[] = { "zone-status", "zone-keys-load",
	                                       "zone-ksk-submitted" };
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(ask(by_zone[i], "none.test", NULL), 0);
		ck_assert_ptr_nonnull(strstr(answer, "no such zone"));
		ck_assert_int_eq(ask(by_zone[i], "bad..name", NULL), 0);
		ck_assert_ptr_nonnull(strstr(answer, "no such zone"));
	}
	ck_assert_int_eq(ask("zone-ksk-submitted", NULL, NULL), 0);
	ck_assert_ptr_nonnull(strstr(answer, "name the zone"));
	ck_assert_int_eq(ask("zone-sign", "a.test", NULL), 0);
	ck_assert_ptr_nonnull(strstr(answer, path("none.sock")));
	ck_assert_int_eq(ask("zone-thaw", NULL, NULL), 0);
	ck_assert_ptr_nonnull(strstr(answer, "zone-ksk-submitted"));
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

static int count_key(void *ctx, const store_token_key_t *key)
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
	store_t *store = NULL;
	ck_assert_int_eq(store_open(&store, path("engine.db"), err, sizeof(err)), 0);
	ck_assert_int_eq(store_key_intend(store, "one", there, 13, 256, 1), 0);
	ck_assert_int_eq(store_key_intend(store, "one", lost, 13, 256, 1), 0);
	store_close(store);

	/* By a process of its own, since a forked engine must not use our PKCS#11 library. */
	pid = fork();
	if (pid == 0) {
		hsm_t *hsm = NULL;
		hsm_key_t *key = NULL;
		hsm_error_t why;
		int ret = hsm_open(&hsm, test_conf(), &why);
		ret = ret == 0 ? hsm_key_generate(hsm, "one", 13, 256, there, &key, &why) : ret;
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

	ck_assert_int_eq(store_open(&store, path("engine.db"), err, sizeof(err)), 0);
	unsigned count = 0;
	ck_assert_int_eq(store_keys_intended(store, count_key, &count), 0);
	ck_assert_uint_eq(count, 0);
	ck_assert_int_eq(store_keys_unused(store, "one", 13, 256, count_key, &count), 0);
	ck_assert_uint_eq(count, 1);
	store_close(store);
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
	write_conf("wrong");
	start();
	wait_status("PIN");
	ck_assert_ptr_null(strstr(answer, "wrong1"));
	write_conf(TEST_PIN);
	ck_assert_int_eq(ask("reload", NULL, NULL), 0);
	wait_status("token one: works");
	ck_assert_int_eq(finish(SIGTERM), 0);
}
END_TEST

START_TEST(bad_reload)
{
	start();
	write_kasp("2 hours");
	ck_assert_int_eq(ask("reload", NULL, NULL), 0);
	ck_assert_ptr_nonnull(strstr(answer, "kasp.xml:4:"));
	ck_assert_ptr_nonnull(strstr(answer, "<Resign>"));
	wait_status("last reload refused");
	write_kasp("PT3H");
	write_file("conf.xml", "<Configuration>");
	ck_assert_int_eq(ask("reload", NULL, NULL), 0);
	ck_assert_ptr_nonnull(strstr(answer, "conf.xml:1:"));
	write_conf(TEST_PIN);
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
	tcase_add_test(tc, token_comes_late);
	tcase_add_test(tc, wrong_pin);
	tcase_add_test(tc, bad_reload);
	tcase_add_test(tc, refuses_to_start);
	suite_add_tcase(suite, tc);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
