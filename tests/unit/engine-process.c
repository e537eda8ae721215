/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "tests/unit/engine-process.h"

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "control/client.h"
#include "policy-engine/control/control.h"
#include "tests/unit/remove-folder.h"
#include "tests/unit/test-hsm-token.h"

static char dir[40];
pid_t pid;
char answer[16384];

const char *path(const char *name)
{
	static char buf[4][100];
	static int turn;
	turn = (turn + 1) % 4;
	snprintf(buf[turn], sizeof(buf[turn]), "%s/%s", dir, name);
	return buf[turn];
}

void write_file(const char *name, const char *text)
{
	FILE *out = fopen(path(name), "w");
	ck_assert_ptr_nonnull(out);
	ck_assert_int_ge(fputs(text, out), 0);
	ck_assert_int_eq(fclose(out), 0);
	chmod(path(name), 0600);
}

void write_conf(const char *pin, const char *enforcer)
{
	char text[4000];
	snprintf(text, sizeof(text), "<Configuration>\n<RepositoryList>\n<Repository name=\"one\">"
	         "<Module>%s</Module><TokenLabel>one</TokenLabel><PIN>%s</PIN></Repository>\n"
	         "</RepositoryList>\n<Common><PolicyFile>%s</PolicyFile></Common>\n<Enforcer>"
	         "<Datastore><SQLite>%s</SQLite></Datastore><SocketFile>%s</SocketFile>"
	         "<SignerSocket>%s</SignerSocket>%s</Enforcer>\n</Configuration>\n",
	         test_softhsm(), pin, path("kasp.xml"), path("engine.db"), path("engine.sock"),
	         path("none.sock"), enforcer);
	write_file("conf.xml", text);
}

void write_kasp(const char *resign)
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

void setup(void)
{
	test_tokens_make();
	strcpy(dir, "/tmp/test-engine.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	write_conf(TEST_PIN, "");
	write_kasp("PT2H");
	pid = 0;
}

void teardown(void)
{
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	remove_folder(dir);
	test_tokens_remove();
}

/* Runs the engine; does not return. */
static void be_engine(void)
{
	engine_conf_t conf = { 0 };
	hsm_error_t err = { 0 };
	engine_t *engine = NULL;
	control_t *control = NULL;
	char why[1024] = "";
	engine_block_signals();
	if (freopen(path("log"), "a", stderr) == NULL || setvbuf(stderr, NULL, _IOLBF, 0) != 0 ||
	    engine_conf_read(path("conf.xml"), &conf, NULL, NULL, &err) != HSM_EOK) {
		fprintf(stderr, "%s\n", err.text);
		exit(3);
	}
	if (engine_start(&engine, path("conf.xml"), &conf, true, why, sizeof(why)) != 0 ||
	    control_start(&control, engine, why, sizeof(why)) != 0) {
		fprintf(stderr, "%s\n", why);
		exit(4);
	}
	int ret = engine_run(engine);
	control_stop(control);
	engine_free(engine);
	exit(ret == 0 ? 0 : 5);
}

bool logged(const char *text)
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

static int take(void *ctx, const ctl_unit_t *unit, const char *error, int first)
{
	(void)ctx;
	(void)first;
	strncat(answer, error != NULL ? error : unit->data != NULL ? unit->data : "",
	        sizeof(answer) - strlen(answer) - 1);
	return 0;
}

int ask_data(const char *cmd, const char *zone, const char *type, const char *data)
{
	ctl_unit_t unit = { .cmd = cmd, .zone = zone, .type = type, .data = data };
	char err[300];
	answer[0] = '\0';
	const ctl_call_t call = { .path = path("engine.sock"), .timeout_ms = 5000, .units = &unit,
	                          .count = 1, .answer = take };
	return ctl_client_call(&call, err, sizeof(err));
}

int ask(const char *cmd, const char *zone, const char *type)
{
	return ask_data(cmd, zone, type, NULL);
}

void wait_answer(const char *cmd, const char *zone, const char *text)
{
	for (int i = 0; i < PATIENCE_MS / 50; i++) {
		if (ask(cmd, zone, NULL) == 0 && strstr(answer, text) != NULL) {
			return;
		}
		poll(NULL, 0, 50);
	}
	ck_abort_msg("no '%s' in the answer to %s: %s", text, cmd, answer);
}

void wait_status(const char *text)
{
	wait_answer("status", NULL, text);
}

void start(void)
{
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		be_engine();
	}
	wait_status("Running");
}

int finish(int signal)
{
	int status = 0;
	if (signal != 0) {
		kill(pid, signal);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void refused(const char *text)
{
	pid = fork();
	if (pid == 0) {
		be_engine();
	}
	ck_assert_int_eq(finish(0), 4);
	ck_assert_msg(logged(text), "the log does not say '%s'", text);
}
