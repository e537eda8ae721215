/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* The control server against libknot's client, against stock knotc, and against bad clients. */

#include <check.h>
#include <dirent.h>
#include <libknot/libknot.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "control/client.h"
#include "control/server.h"
#include "tests/unit/check-main.h"

static char dir[] = "/tmp/test-control-XXXXXX";
static char sock_path[64];
static char err[512];
static ctl_server_t *server;

/* -- the server under test ----------------------------------------------- */

static void cmd_status(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	(void)ctx;
	if (unit->type != NULL) {
		ctl_reply(req, NULL, NULL, unit->type);
	}
}

static void cmd_zone_status(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	(void)ctx;
	if (unit->zone == NULL) {
		ctl_reply(req, "a.example.", "serial", "1");
		ctl_extra(req, "ksk", "12345 active");
		ctl_reply(req, "b.example.", "serial", "2");
	} else if (strcmp(unit->zone, "bad.example.") == 0) {
		ctl_error(req, unit->zone, "no such zone, %d known", 2);
	} else {
		ctl_reply(req, unit->zone, "serial", "7");
		ctl_extra(req, "filters", unit->filters != NULL ? unit->filters : "none");
		ctl_extra(req, "empty", "-");
	}
}

static void cmd_zone_stats(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	(void)ctx;
	ctl_counter(req, unit->zone, "mod-opendnssec", "signatures", "ok", "42");
}

static void cmd_quiet(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	(void)ctx;
	(void)req;
	(void)unit;
}

static atomic_int floods; /* Handlers that have returned. */

static void cmd_flood(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	(void)ctx;
	(void)unit;
	char data[1001];
	memset(data, 'x', sizeof(data) - 1);
	data[sizeof(data) - 1] = '\0';
	for (int i = 0; i < 20000; i++) {
		ctl_reply(req, "flood.example.", "n", data);
	}
	floods++;
}

static void cmd_long(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	(void)ctx;
	(void)unit;
	char *data = malloc(70001);
	memset(data, 'x', 70000);
	data[70000] = '\0';
	ctl_reply(req, "long.example.", "n", data);
	free(data);
}

/*! Answers all units of a block at the last one. */
static void cmd_gather(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	static const char *zones[8];
	static size_t count;
	(void)ctx;
	zones[count++] = unit->zone;
	if (!unit->more) {
		for (size_t i = 0; i < count; i++) {
			ctl_reply(req, zones[i], "of", i == 0 ? "first" : "same");
		}
		count = 0;
	}
}

static void cmd_sign(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	int *count = ctx;
	ck_assert_str_eq(unit->cmd, "zone-sign");
	const bool bad = strncmp(unit->zone, "bad", 3) == 0;
	if (bad) {
		ctl_error(req, unit->zone, "token is gone");
	} else {
		(*count)++;
	}
	ck_assert(ctl_refused(req) == bad); /* Whatever became of those before. */
}

static int signs;

static void cmd_mute(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	(void)ctx;
	(void)unit;
	ctl_error(req, NULL, "%s", "");
}

static void cmd_wild(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	(void)ctx;
	ctl_reply(req, unit->zone, "a\nb", "\x1b[2J \xc2\x9b" "31m \xff \xc3\xa4");
	ctl_extra(req, "line", "one\ntwo");
	ctl_error(req, unit->zone, "no \x1b]0;title\x07 here");
	ctl_text(req, unit->zone, "text", "one\ntwo");
}

/* Two handlers that only end if both run at the same time. */
static atomic_int meeting;

static void cmd_meet(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	(void)ctx;
	(void)unit;
	meeting++;
	for (int i = 0; i < 300 && meeting < 2; i++) {
		poll(NULL, 0, 10);
	}
	if (meeting < 2) {
		ctl_error(req, NULL, "alone");
	}
}

static const ctl_command_t COMMANDS[] = {
	{ "status", cmd_status },
	{ "zone-status", cmd_zone_status },
	{ "zone-stats", cmd_zone_stats },
	{ "zone-sign", cmd_sign },
	{ "zone-xfr-thaw", cmd_quiet },
	{ "reload", cmd_quiet },
	{ "gather", cmd_gather },
	{ "flood", cmd_flood },
	{ "long", cmd_long },
	{ "mute", cmd_mute },
	{ "wild", cmd_wild },
	{ "meet", cmd_meet },
	{ NULL, NULL }
};

static void start(void)
{
	signs = 0;
	int ret = ctl_server_start(&server, sock_path, COMMANDS, &signs, err, sizeof(err));
	ck_assert_msg(ret == KNOT_EOK, "%s", err);
}

static void stop(void)
{
	ctl_server_stop(server);
	server = NULL;
}

static void make_dir(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(sock_path, sizeof(sock_path), "%s/sock", dir);
}

static void remove_dir(void)
{
	unlink(sock_path);
	ck_assert_int_eq(rmdir(dir), 0);
}

/* -- helpers ------------------------------------------------------------- */

typedef struct {
	char text[4096];
	size_t len;
	int units;
} answer_t;

static int collect(void *ctx, const ctl_unit_t *unit, const char *error, int first)
{
	answer_t *answer = ctx;
	answer->units++;
	int ret = snprintf(answer->text + answer->len, sizeof(answer->text) - answer->len,
	                   "%s%s %s=%s%s%s;", first ? "" : "+",
	                   unit->zone != NULL ? unit->zone : "-",
	                   unit->type != NULL ? unit->type : "-",
	                   unit->data != NULL ? unit->data : "-",
	                   error != NULL ? " E:" : "", error != NULL ? error : "");
	answer->len += (size_t)ret < sizeof(answer->text) - answer->len ? (size_t)ret : 0;
	return 0;
}

static int call(const ctl_unit_t *units, size_t count, answer_t *answer)
{
	memset(answer, 0, sizeof(*answer));
	const ctl_call_t call = { .path = sock_path, .timeout_ms = 8000, .units = units,
	                          .count = count, .answer = collect, .ctx = answer };
	return ctl_client_call(&call, err, sizeof(err));
}

/* Ignores the answer, but for an error. */
static int call_quietly(const ctl_unit_t *units, size_t count)
{
	const ctl_call_t call = { .path = sock_path, .timeout_ms = 8000, .units = units,
	                          .count = count };
	return ctl_client_call(&call, err, sizeof(err));
}

static int call_status(void)
{
	ctl_unit_t unit = { .cmd = "status" };
	return call_quietly(&unit, 1);
}

static int raw_connect(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	strcpy(addr.sun_path, sock_path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

/* \return Exit status of knotc, 128 + signal if it was killed. */
static int knotc(const char *args, char *out, size_t out_size)
{
	char command[512];
	snprintf(command, sizeof(command), "timeout 20 knotc -s %s %s 2>&1", sock_path, args);
	FILE *pipe = popen(command, "r");
	ck_assert_ptr_nonnull(pipe);
	size_t len = fread(out, 1, out_size - 1, pipe);
	out[len] = '\0';
	int status = pclose(pipe);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* -- answers ------------------------------------------------------------- */

START_TEST(answer_units)
{
	answer_t answer;
	ctl_unit_t units[] = {
		{ .cmd = "zone-status", .zone = "c.example.", .filters = "rs" },
		{ .zone = "bad.example." }, /* With the command of the first unit. */
		{ .cmd = "zone-status" },
	};
	ck_assert_int_eq(call(units, 3, &answer), KNOT_EOK);
	ck_assert_str_eq(answer.text,
	                 "c.example. serial=7;+- filters=rs;+- empty=-;"
	                 "bad.example. -=- E:no such zone, 2 known;"
	                 "a.example. serial=1;+- ksk=12345 active;b.example. serial=2;");

	ck_assert_int_eq(call(&(ctl_unit_t){ .cmd = "reload" }, 1, &answer), KNOT_EOK);
	ck_assert_int_eq(answer.units, 0);

	ctl_unit_t gathered[] = {
		{ .cmd = "gather", .zone = "a.example." }, { .zone = "b.example." },
		{ .cmd = "gather", .zone = "c.example." },
		{ .cmd = "zone-status", .zone = "bad.example." },
		{ .cmd = "gather", .zone = "d.example." },
	};
	ck_assert_int_eq(call(gathered, 5, &answer), KNOT_EOK);
	ck_assert_str_eq(answer.text, "a.example. of=first;b.example. of=same;c.example. of=same;"
	                 "bad.example. -=- E:no such zone, 2 known;d.example. of=first;");

	ck_assert_int_eq(call(&(ctl_unit_t){ .cmd = "long" }, 1, &answer), KNOT_EOK);
	ck_assert_str_eq(answer.text, "- -=- E:the answer is longer than 65535 bytes;");
}
END_TEST

START_TEST(answer_first_error)
{
	ctl_unit_t units[] = {
		{ .cmd = "zone-sign", .zone = "good.example." },
		{ .cmd = "zone-sign", .zone = "bad1.example." },
		{ .cmd = "zone-sign", .zone = "bad2.example." },
		{ .cmd = "zone-sign", .zone = "good2.example." },
	};
	int ret = call_quietly(units, 4);
	ck_assert_int_eq(ret, KNOT_ERROR);
	ck_assert_str_eq(err, "zone bad1.example.: token is gone");
	ck_assert_int_eq(signs, 2);
}
END_TEST

START_TEST(answer_empty_error)
{
	answer_t answer;
	ctl_unit_t unit = { .cmd = "mute" };
	ck_assert_int_eq(call_quietly(&unit, 1), KNOT_ERROR);
	ck_assert_str_eq(err, "refused without a reason");
	ck_assert_int_eq(call(&unit, 1, &answer), KNOT_EOK);
	ck_assert_str_eq(answer.text, "- -=- E:refused without a reason;");
}
END_TEST

/* Nothing of it reaches the terminal on which knotc shows it. */
START_TEST(answer_tamed)
{
	answer_t answer;
	ck_assert_int_eq(call(&(ctl_unit_t){ .cmd = "wild", .zone = "\x1b.test." }, 1, &answer),
	                 KNOT_EOK);
	ck_assert_str_eq(answer.text, "?.test. a?b=?[2J ?31m ? \xc3\xa4;+- line=one?two;"
	                 "?.test. -=- E:no ?]0;title? here;\x1b.test. text=one\ntwo;");
}
END_TEST

START_TEST(answer_unknown)
{
	answer_t answer;
	ctl_unit_t units[] = {
		{ .cmd = "zone-flush", .zone = "a.example." },
		{ .cmd = "zone-flush", .zone = "b.example." },
	};
	ck_assert_int_eq(call(units, 2, &answer), KNOT_EOK);
	ck_assert_int_eq(answer.units, 1);
	ck_assert_ptr_nonnull(strstr(answer.text, "unknown command 'zone-flush'; known here: "
	                                          "status, zone-status, zone-stats, "));
	ck_assert_int_eq(call(&(ctl_unit_t){ .cmd = NULL }, 1, &answer), KNOT_EOK);
	ck_assert_ptr_nonnull(strstr(answer.text, "unknown command ''"));
	ck_assert_int_eq(call_status(), KNOT_EOK);
}
END_TEST

START_TEST(answer_many_units)
{
	enum { COUNT = 30000 };
	ctl_unit_t *units = calloc(COUNT, sizeof(*units));
	for (int i = 0; i < COUNT; i++) {
		units[i] = (ctl_unit_t) { .cmd = "zone-status", .zone = "many.zones.example." };
	}
	answer_t answer;
	ck_assert_int_eq(call(units, COUNT, &answer), KNOT_EOK);
	ck_assert_int_eq(answer.units, 3 * COUNT);
	free(units);
}
END_TEST

START_TEST(answer_too_large)
{
	enum { COUNT = 1100 };
	char *data = malloc(65001);
	memset(data, 'x', 65000);
	data[65000] = '\0';
	ctl_unit_t *units = calloc(COUNT, sizeof(*units));
	for (int i = 0; i < COUNT; i++) {
		units[i] = (ctl_unit_t) { .cmd = "zone-sign", .zone = "x.", .data = data };
	}
	/* The client may still be sending when the connection is cut. */
	ck_assert_int_lt(call_quietly(units, COUNT), 0);
	free(units);
	free(data);
	ck_assert_int_eq(signs, 0);
	ck_assert_int_eq(call_status(), KNOT_EOK);
}
END_TEST

/* -- knotc --------------------------------------------------------------- */

static const struct {
	const char *args;
	int status;
	const char *out;
} KNOTC[] = {
	{ "status", 0, "Running\n" },
	{ "status workers", 0, "workers\n" },
	{ "reload", 0, "Reloaded\n" },
	{ "zone-status", 0,
	  "[a.example.] serial: 1 | ksk: 12345 active\n"
	  "[b.example.] serial: 2\n" },
	{ "zone-status x.example. y.example. +role", 0,
	  "[x.example.] serial: 7 | filters: r\n[y.example.] serial: 7 | filters: r\n" },
	{ "zone-status x.example. bad.example.", 1,
	  "[x.example.] serial: 7 | filters: none\n"
	  "error: [bad.example.] (no such zone, 2 known)\n" },
	{ "zone-stats x.example.", 0, "[x.example.] mod-opendnssec.signatures[ok] = 42\n" },
	{ "zone-sign x.example. y.example.", 0, "OK\n" },
	{ "zone-sign x.example. bad.example.", 1, "error: [bad.example.] (token is gone)\n" },
	{ "zone-flush x.example.", 1,
	  "error: [x.example.] (unknown command 'zone-flush'; known here: "
	  "status, zone-status, zone-stats, zone-sign, zone-xfr-thaw, reload, gather, flood, long, mute, wild, meet)\n" },
	{ "zone-xfr-thaw x.example.", 0, "OK\n" },
	/* Any unit would make it abort. */
	{ "zone-xfr-freeze x.example.", 1, "error: failed to control (malformed data)\n" },
};

START_TEST(stock_knotc)
{
	if (system("knotc --version >/dev/null 2>&1") != 0) {
		fprintf(stderr, "stock_knotc: skipped, there is no knotc\n");
		return;
	}

	char out[4096];
	int status = knotc(KNOTC[_i].args, out, sizeof(out));
	ck_assert_msg(status == KNOTC[_i].status, "%s: exit %d: %s", KNOTC[_i].args, status, out);
	ck_assert_msg(strcmp(out, KNOTC[_i].out) == 0, "%s: %s", KNOTC[_i].args, out);
}
END_TEST

/* -- bad clients --------------------------------------------------------- */

START_TEST(client_silent)
{
	int fd = raw_connect();
	int64_t before = monotonic_ms();
	ck_assert_int_eq(call_status(), KNOT_EOK);
	ck_assert_int_lt(monotonic_ms() - before, 4000);
	close(fd);
}
END_TEST

START_TEST(client_half_unit)
{
	int fd = raw_connect();
	const uint8_t half[] = { 1, 16, 0, 200, 's', 't' };
	ck_assert_int_eq(send(fd, half, sizeof(half), 0), sizeof(half));
	int64_t before = monotonic_ms();
	ck_assert_int_eq(call_status(), KNOT_EOK);
	ck_assert_int_lt(monotonic_ms() - before, 4000);
	close(fd);
}
END_TEST

START_TEST(client_garbage)
{
	for (unsigned seed = 0; seed < 300; seed++) {
		srand(seed);
		uint8_t bytes[512];
		for (size_t i = 0; i < sizeof(bytes); i++) {
			/* Codes of units and items mostly, so that some make sense. */
			bytes[i] = rand() % 3 == 0 ? rand() % 256 : rand() % 32;
		}
		int fd = raw_connect();
		(void)send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL);
		close(fd);
	}
	int ret;
	const int64_t begin = monotonic_ms();
	/* It takes the server a moment to see that so many clients have gone; until then it refuses. */
	while ((ret = call_status()) != KNOT_EOK && monotonic_ms() - begin < 4000) {
		poll(NULL, 0, 10);
	}
	ck_assert_msg(ret == KNOT_EOK, "%s", err);
}
END_TEST

/* Sends a byte now and then, so that no single read times out. */
static void *drip(void *arg)
{
	int fd = *(int *)arg;
	const uint8_t head[] = { 1, 16, 255, 255 };
	(void)send(fd, head, sizeof(head), MSG_NOSIGNAL);
	for (int i = 0; i < 100; i++) {
		if (send(fd, "x", 1, MSG_NOSIGNAL) != 1) {
			break;
		}
		poll(NULL, 0, 100);
	}
	return NULL;
}

START_TEST(client_dripping)
{
	int fd = raw_connect();
	pthread_t thread;
	pthread_create(&thread, NULL, drip, &fd);
	int64_t before = monotonic_ms();
	ck_assert_int_eq(call_status(), KNOT_EOK);
	ck_assert_int_lt(monotonic_ms() - before, 8000);
	/* It is cut off, not only passed by. */
	pthread_join(thread, NULL);
	ck_assert_int_lt(monotonic_ms() - before, 8000);
	close(fd);
}
END_TEST

START_TEST(client_leaves)
{
	const uint8_t request[] = { 1, 16, 0, 5, 'f', 'l', 'o', 'o', 'd', 3 };
	for (int i = 0; i < 10; i++) {
		int fd = raw_connect();
		ck_assert_int_eq(send(fd, request, sizeof(request), 0), sizeof(request));
		uint8_t byte;
		ck_assert_int_eq(recv(fd, &byte, 1, 0), 1);
		close(fd);
	}
	ck_assert_int_eq(call_status(), KNOT_EOK);
}
END_TEST

START_TEST(client_not_reading)
{
	const uint8_t request[] = { 1, 16, 0, 5, 'f', 'l', 'o', 'o', 'd', 3 };
	int fd = raw_connect();
	ck_assert_int_eq(send(fd, request, sizeof(request), 0), sizeof(request));
	int64_t before = monotonic_ms();
	ck_assert_int_eq(call_status(), KNOT_EOK);
	ck_assert_int_lt(monotonic_ms() - before, 4000);
	close(fd);
}
END_TEST

/* More connections than the server's queue has places. */
static void *call_often(void *arg)
{
	int *failed = arg;
	for (int i = 0; i < 10; i++) {
		char text[256];
		ctl_unit_t unit = { .cmd = "status" };
		const ctl_call_t call = { .path = sock_path, .timeout_ms = 20000, .units = &unit,
		                          .count = 1 };
		*failed += ctl_client_call(&call, text, sizeof(text)) != KNOT_EOK;
	}
	return NULL;
}

START_TEST(client_queue)
{
	enum { COUNT = 100 };
	pthread_t threads[COUNT];
	int failed[COUNT] = { 0 }, all = 0;
	for (int i = 0; i < COUNT; i++) {
		pthread_create(&threads[i], NULL, call_often, &failed[i]);
	}
	for (int i = 0; i < COUNT; i++) {
		pthread_join(threads[i], NULL);
		all += failed[i];
	}
	ck_assert_int_eq(all, 0);
}
END_TEST

/* \return How many threads, or descriptors, this process has: entries of that folder. */
static int count_in(const char *folder)
{
	int count = -2; /* Of "." and "..". */
	DIR *entries = opendir(folder);
	ck_assert_ptr_nonnull(entries);
	while (readdir(entries) != NULL) {
		count++;
	}
	closedir(entries);
	return count;
}

/* Connections that send what is given, if anything, and then nothing any more. */
static void open_many(int *fds, int count, const void *bytes, size_t len)
{
	for (int i = 0; i < count; i++) {
		fds[i] = raw_connect();
		ck_assert_int_eq(send(fds[i], bytes, len, MSG_NOSIGNAL), len);
	}
}

static void close_many(const int *fds, int count)
{
	for (int i = 0; i < count; i++) {
		close(fds[i]);
	}
}

START_TEST(many_idle)
{
	enum { COUNT = 200 };
	int fds[COUNT];
	open_many(fds, COUNT, "", 0);
	int64_t before = monotonic_ms();
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(call_status(), KNOT_EOK);
	}
	ck_assert_int_lt(monotonic_ms() - before, 1000);
	close_many(fds, COUNT);
}
END_TEST

/* Nobody keeps a connection that he does not use. */
START_TEST(client_idle)
{
	char byte;
	int fd = raw_connect();
	struct pollfd polled = { .fd = fd, .events = POLLIN };
	ck_assert_int_eq(poll(&polled, 1, 1000), 0);
	ck_assert_int_eq(poll(&polled, 1, 4000), 1);
	ck_assert_int_eq(recv(fd, &byte, 1, 0), 0);
	close(fd);
}
END_TEST

/* They have all of the user's threads; the stalled ones are cut off for those who wait. */
START_TEST(many_half_units)
{
	enum { COUNT = 40 };
	const uint8_t half[] = { 1, 16, 0, 200, 's', 't' };
	int fds[COUNT];
	const int threads = count_in("/proc/self/task");
	open_many(fds, COUNT, half, sizeof(half));
	poll(NULL, 0, 300);
	ck_assert_int_le(count_in("/proc/self/task"), threads + 16);
	int64_t before = monotonic_ms();
	ck_assert_int_eq(call_status(), KNOT_EOK);
	ck_assert_int_lt(monotonic_ms() - before, 4500);
	close_many(fds, COUNT);
}
END_TEST

static void *call_meet(void *arg)
{
	char text[256];
	ctl_unit_t unit = { .cmd = "meet" };
	const ctl_call_t call = { .path = sock_path, .timeout_ms = 8000, .units = &unit,
	                          .count = 1 };
	*(int *)arg = ctl_client_call(&call, text, sizeof(text));
	return NULL;
}

START_TEST(many_side_by_side)
{
	pthread_t threads[2];
	int rets[2] = { -1, -1 };
	meeting = 0;
	for (int i = 0; i < 2; i++) {
		pthread_create(&threads[i], NULL, call_meet, &rets[i]);
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_int_eq(rets[i], KNOT_EOK);
	}
}
END_TEST

/* A handler may hold locks: it must not wait for a client that does not read. */
START_TEST(many_not_reading)
{
	enum { COUNT = 10 };
	const uint8_t request[] = { 1, 16, 0, 5, 'f', 'l', 'o', 'o', 'd', 3 };
	int fds[COUNT];
	floods = 0;
	open_many(fds, COUNT, request, sizeof(request));
	for (int i = 0; i < 500 && floods < COUNT; i++) {
		poll(NULL, 0, 10);
	}
	ck_assert_int_eq(floods, COUNT);
	ck_assert_int_eq(call_status(), KNOT_EOK);
	close_many(fds, COUNT);
}
END_TEST

/* In a process of another user: fills all that it can get. \return The process. */
static pid_t crowd_as(uid_t user, int pipe_out)
{
	pid_t pid = fork();
	if (pid != 0) {
		return pid;
	}
	const uint8_t half[] = { 1, 16, 0, 200, 's', 't' };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	strcpy(addr.sun_path, sock_path);
	/* It ends with this test, also if that fails. */
	if (setgid(65534) != 0 || setuid(user) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
		_exit(1);
	}
	for (int i = 0; i < 300; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
			_exit(2);
		}
		(void)send(fd, half, sizeof(half), MSG_NOSIGNAL);
	}
	(void)!write(pipe_out, "x", 1);
	pause();
	_exit(0);
}

START_TEST(many_of_another_user)
{
	if (getuid() != 0) {
		fprintf(stderr, "many_of_another_user: skipped, not root\n");
		return;
	}
	enum { USERS = 5 };
	pid_t pids[USERS];
	int ends[2];
	char byte;
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(chmod(dir, 0755), 0);
	ck_assert_int_eq(chmod(sock_path, 0666), 0);
	const int threads = count_in("/proc/self/task"), fds = count_in("/proc/self/fd");
	for (uid_t i = 0; i < USERS; i++) {
		pids[i] = crowd_as(50000 + i, ends[1]);
		ck_assert_int_eq(read(ends[0], &byte, 1), 1);
		poll(NULL, 0, 300);
		/* One that is refused has its descriptor for a moment. */
		ck_assert_int_le(count_in("/proc/self/fd"), fds + (i == 0 ? 128 : 3 * 128) + 1);
		ck_assert_int_le(count_in("/proc/self/task"), threads + (i == 0 ? 16 : 3 * 16));
	}
	int64_t before = monotonic_ms();
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(call_status(), KNOT_EOK);
	}
	ck_assert_int_lt(monotonic_ms() - before, 900);
	for (int i = 0; i < USERS; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(client_no_server)
{
	stop();
	ck_assert_int_eq(call_status(), KNOT_ENOENT);
	ck_assert_ptr_nonnull(strstr(err, sock_path));
	ck_assert_ptr_nonnull(strstr(err, "nobody serves this socket"));
	start();
}
END_TEST

/* -- start and stop ------------------------------------------------------ */

START_TEST(stop_quickly)
{
	int64_t before = monotonic_ms();
	stop();
	ck_assert_int_lt(monotonic_ms() - before, 1000);
	ck_assert_int_ne(access(sock_path, F_OK), 0);

	start();
	int fd = raw_connect();
	pthread_t thread;
	pthread_create(&thread, NULL, drip, &fd);
	poll(NULL, 0, 300);
	before = monotonic_ms();
	stop();
	ck_assert_int_lt(monotonic_ms() - before, 1000);
	pthread_join(thread, NULL);
	close(fd);

	ctl_server_stop(NULL);
	start();
}
END_TEST

static atomic_bool watching;

/* Looks whether everybody may use the socket, be it for a moment. */
static void *watch_mode(void *arg)
{
	struct stat st;
	atomic_int *seen = arg;
	while (atomic_load(&watching)) {
		if (stat(sock_path, &st) == 0) {
			atomic_fetch_or(seen, st.st_mode & 07);
		}
	}
	return NULL;
}

START_TEST(start_mode_at_once)
{
	pthread_t thread;
	atomic_int seen = 0;
	const mode_t mask = umask(0);
	atomic_store(&watching, true);
	pthread_create(&thread, NULL, watch_mode, &seen);
	for (int i = 0; i < 300; i++) {
		stop();
		start();
	}
	atomic_store(&watching, false);
	pthread_join(thread, NULL);
	umask(mask);
	ck_assert_int_eq(seen, 0);
}
END_TEST

START_TEST(start_mode)
{
	struct stat st;
	ck_assert_int_eq(stat(sock_path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0660);
}
END_TEST

START_TEST(start_in_use)
{
	ctl_server_t *other = NULL;
	ck_assert_int_eq(ctl_server_start(&other, sock_path, COMMANDS, NULL, err, sizeof(err)),
	                 KNOT_EADDRINUSE);
	ck_assert_ptr_nonnull(strstr(err, "another process serves this socket"));
	ck_assert_ptr_null(other);
	ck_assert_int_eq(call_status(), KNOT_EOK);
}
END_TEST

START_TEST(start_stale)
{
	stop();
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	strcpy(addr.sun_path, sock_path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	close(fd);
	start();
	ck_assert_int_eq(call_status(), KNOT_EOK);
}
END_TEST

START_TEST(start_bad_path)
{
	ctl_server_t *other = NULL;
	char path[512];

	snprintf(path, sizeof(path), "%s/file", dir);
	FILE *file = fopen(path, "w");
	fclose(file);
	ck_assert_int_eq(ctl_server_start(&other, path, COMMANDS, NULL, err, sizeof(err)),
	                 KNOT_EEXIST);
	ck_assert_ptr_nonnull(strstr(err, path));
	ck_assert_int_eq(unlink(path), 0);

	snprintf(path, sizeof(path), "%s/none/sock", dir);
	ck_assert_int_lt(ctl_server_start(&other, path, COMMANDS, NULL, err, sizeof(err)), 0);
	ck_assert_ptr_nonnull(strstr(err, path));

	memset(path, 'x', 200);
	path[0] = '/';
	path[200] = '\0';
	ck_assert_int_eq(ctl_server_start(&other, path, COMMANDS, NULL, err, sizeof(err)),
	                 KNOT_EINVAL);
	ck_assert_ptr_nonnull(strstr(err, "107 characters"));
	ck_assert_ptr_null(other);
}
END_TEST

/* If another server has put its socket there meanwhile, the file stays. */
START_TEST(stop_not_ours)
{
	ck_assert_int_eq(unlink(sock_path), 0);
	ctl_server_t *first = server;
	start();
	ctl_server_stop(first);
	ck_assert_int_eq(call_status(), KNOT_EOK);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("control");
	TCase *tcase = tcase_create("control");
	tcase_add_unchecked_fixture(tcase, make_dir, remove_dir);
	tcase_add_checked_fixture(tcase, start, stop);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, answer_units);
	tcase_add_test(tcase, answer_first_error);
	tcase_add_test(tcase, answer_empty_error);
	tcase_add_test(tcase, answer_tamed);
	tcase_add_test(tcase, answer_unknown);
	tcase_add_test(tcase, answer_many_units);
	tcase_add_test(tcase, answer_too_large);
	tcase_add_loop_test(tcase, stock_knotc, 0, sizeof(KNOTC) / sizeof(KNOTC[0]));
	tcase_add_test(tcase, client_silent);
	tcase_add_test(tcase, client_half_unit);
	tcase_add_test(tcase, client_garbage);
	tcase_add_test(tcase, client_dripping);
	tcase_add_test(tcase, client_leaves);
	tcase_add_test(tcase, client_idle);
	tcase_add_test(tcase, client_not_reading);
	tcase_add_test(tcase, client_queue);
	tcase_add_test(tcase, many_idle);
	tcase_add_test(tcase, many_half_units);
	tcase_add_test(tcase, many_side_by_side);
	tcase_add_test(tcase, many_not_reading);
	tcase_add_test(tcase, many_of_another_user);
	tcase_add_test(tcase, client_no_server);
	tcase_add_test(tcase, stop_quickly);
	tcase_add_test(tcase, start_mode);
	tcase_add_test(tcase, start_mode_at_once);
	tcase_add_test(tcase, start_in_use);
	tcase_add_test(tcase, start_stale);
	tcase_add_test(tcase, start_bad_path);
	tcase_add_test(tcase, stop_not_ours);
	suite_add_tcase(suite, tcase);

	return check_main(suite);
}
