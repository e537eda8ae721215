/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Against a real knotd; and, for numbers and moments that knotd does not give us, against a
 * server of ours that speaks the same protocol. */

#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "common/clock.h"
#include "control/server.h"
#include "module/publish/arrival.h"
#include "module/publish/served.h"
#include "module/publish/trigger.h"
#include "tests/unit/check-main.h"

#define KNOTD "/usr/sbin/knotd"

static char dir[64];
static char path[96];
static log_t logger;
static atomic_uint debugs, warnings;

static void sink(void *ctx, int priority, const char *line)
{
	(void)ctx;
	warnings += (priority <= LOG_WARNING);
	debugs += (priority == LOG_DEBUG);
	if (getenv("TEST_LOG") != NULL) {
		fprintf(stderr, "%d %s\n", priority, line);
	}
}

static void setup(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/test-trigger-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/knot.sock", dir);
	log_init(&logger, sink, NULL);
	warnings = 0;
	debugs = 0;
}

static void teardown(void)
{
	char command[128];
	log_deinit(&logger);
	(void)snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static trigger_t *start(const char *socket_path)
{
	trigger_t *t = NULL;
	ck_assert_int_eq(trigger_start(&t, socket_path, &logger, TRIGGER_REFRESH, NULL, NULL), KNOT_EOK);
	return t;
}

static void trigger_text(trigger_t *t, const char *zone)
{
	knot_dname_storage_t name;
	ck_assert_ptr_nonnull(knot_dname_from_str(name, zone, sizeof(name)));
	trigger_zone(t, name);
}

static bool until(const atomic_uint *value, unsigned wanted)
{
	for (int i = 0; i < 3000; i++) {
		if (*value >= wanted) {
			return *value == wanted;
		}
		(void)poll(NULL, 0, 10);
	}
	return false;
}

/* knotd */

/*! Writes a configuration with secondary zones, whose primary is nowhere. */
static void configure(const char *const *zones)
{
	char conf[96];
	(void)snprintf(conf, sizeof(conf), "%s/knot.conf", dir);
	FILE *file = fopen(conf, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "server:\n  rundir: %s\n  udp-workers: 1\n  tcp-workers: 1\n"
	        "  background-workers: 1\n"
	        "log:\n  - target: %s/log\n    any: debug\n"
	        "database:\n  storage: %s\n"
	        "remote:\n  - id: primary\n    address: %s/nobody.sock\n"
	        "template:\n  - id: default\n    storage: %s\n    master: primary\n"
	        "    zonefile-load: none\n"
	        "zone:\n", dir, dir, dir, dir, dir);
	for (; *zones != NULL; zones++) {
		fprintf(file, "  - domain: %s\n", *zones);
	}
	fclose(file);
}

static pid_t knotd_start(void)
{
	char conf[96];
	(void)snprintf(conf, sizeof(conf), "%s/knot.conf", dir);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);
		dup2(null, 1);
		dup2(null, 2);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(KNOTD, "knotd", "-c", conf, "-s", path, (char *)NULL);
		_exit(127);
	}
	return pid;
}

static void knotd_stop(pid_t pid)
{
	int status;
	kill(pid, SIGTERM);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "knotd ended by %d", status);
}

/*! \return How often both words stand in one line of knotd's log. */
static unsigned logged(const char *zone, const char *words)
{
	char name[96], line[1024], prefix[128];
	(void)snprintf(name, sizeof(name), "%s/log", dir);
	(void)snprintf(prefix, sizeof(prefix), "[%s] ", zone);
	FILE *file = fopen(name, "r");
	unsigned count = 0;
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		count += strstr(line, prefix) != NULL && strstr(line, words) != NULL;
	}
	if (file != NULL) {
		fclose(file);
	}
	return count;
}

static bool until_logged(const char *zone, const char *words, unsigned times)
{
	for (int i = 0; i < 300; i++) {
		if (logged(zone, words) >= times) {
			return true;
		}
		(void)poll(NULL, 0, 100);
	}
	return false;
}

#define COMMAND "received command 'zone-refresh'"
#define REFRESHED "refresh, failed"

/*! Waits until knotd has taken a command: a refusal follows in its log at once, or not at all. */
static bool until_taken(const char *zone)
{
	for (int i = 0; i < 300; i++) {
		const unsigned commands = logged(zone, COMMAND);
		(void)poll(NULL, 0, 100);
		if (commands > logged(zone, "no such zone found")) {
			return true;
		}
	}
	return false;
}

/*! knotd has asked once by itself, at its start; then it does because we say so. */
START_TEST(test_knotd)
{
	static const char *const zones[] = { "example.", "a\\032\\.b.example.", NULL };
	configure(zones);
	pid_t pid = knotd_start();
	for (int i = 0; i < 2; i++) {
		ck_assert(until_logged(zones[i], REFRESHED, 1));
	}

	trigger_t *t = start(path);
	for (int i = 0; i < 2; i++) {
		trigger_text(t, zones[i]);
		ck_assert(until_logged(zones[i], COMMAND, 1));
		ck_assert(until_logged(zones[i], REFRESHED, 2));
	}
	/* And again. */
	trigger_text(t, "example.");
	ck_assert(until_logged("example.", REFRESHED, 3));
	trigger_stop(t);
	ck_assert_uint_eq(logged("example.", COMMAND), 2);
	ck_assert_uint_eq(warnings, 0);
	knotd_stop(pid);
}
END_TEST

/*! Triggered before there is a knotd. */
START_TEST(test_knotd_later)
{
	static const char *const zones[] = { "example.", NULL };
	trigger_t *t = start(path);
	trigger_text(t, "example.");
	ck_assert(until(&debugs, 1));
	configure(zones);
	pid_t pid = knotd_start();
	ck_assert(until_logged("example.", COMMAND, 1));
	ck_assert(until_logged("example.", REFRESHED, 2));
	trigger_stop(t);
	knotd_stop(pid);
}
END_TEST

/*! knotd does not know the zone yet, and does not hold up others for it. */
START_TEST(test_knotd_unknown_zone)
{
	static const char *const zones[] = { "example.", "new.example.", NULL };
	static const char *const fewer[] = { "example.", NULL };
	configure(fewer);
	pid_t pid = knotd_start();
	ck_assert(until_logged("example.", REFRESHED, 1));

	trigger_t *t = start(path);
	trigger_text(t, "new.example.");
	trigger_text(t, "example.");
	ck_assert(until_logged("new.example.", "no such zone found", 2));
	ck_assert(until_logged("example.", REFRESHED, 2));
	ck_assert_uint_eq(logged("example.", COMMAND), 1);

	configure(zones);
	kill(pid, SIGHUP);
	/* knotd asks by itself, too; what counts is a command that it takes. */
	ck_assert(until_taken("new.example."));
	trigger_stop(t);
	knotd_stop(pid);
}
END_TEST

/* A server of ours */

static struct {
	atomic_uint calls, held_calls, loads, wholes, singles;
	atomic_bool hold;
	atomic_bool holding;
	atomic_uint seen[100000];
	atomic_uint strangers;
} counts;

static void on_refresh(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	(void)ctx, (void)req;
	unsigned number;
	if (strcmp(unit->zone, "held.") == 0) {
		counts.held_calls++;
		while (counts.hold) {
			counts.holding = true;
			(void)poll(NULL, 0, 5);
		}
		counts.holding = false;
	} else if (sscanf(unit->zone, "z%u.example.", &number) == 1 && number < 100000) {
		counts.seen[number]++;
		counts.calls++;
	} else {
		counts.strangers++;
	}
}

#define ALL 500 /* Zones that the server has. */

static void send_all(ctl_request_t *req)
{
	char zone[32];
	counts.wholes++;
	for (unsigned i = 0; i < ALL; i++) {
		(void)snprintf(zone, sizeof(zone), "Z%u.example.", i);
		ctl_reply(req, zone, "role", "slave");
		ctl_extra(req, "serial", i == 3 ? "-" : "7");
		ctl_extra(req, "load", i == 4 ? "running" : "-");
	}
}

/*! knotd's answer has more than the serial in it; z1 changes, none. has nothing to serve, loading. only
 *  after a while; z2 is being loaded anew. */
static void on_status(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	(void)ctx;
	if (unit->zone == NULL) {
		send_all(req);
		return;
	}
	counts.singles++;
	if (strcmp(unit->zone, "unknown.") == 0) {
		ctl_error(req, unit->zone, "no such zone found");
		return;
	}
	const bool first = strcmp(unit->zone, "z1.example.") == 0 && counts.calls++ == 0;
	const bool loads = strcmp(unit->zone, "loading.") == 0 && counts.loads++ < 2;
	ctl_reply(req, unit->zone, "role", "slave");
	ctl_extra(req, "serial", loads || strcmp(unit->zone, "none.") == 0 ? "-" :
	          first ? "4294967294" : "7");
	ctl_extra(req, "transaction", "-");
	ctl_extra(req, "load", loads ? counts.loads == 1 ? "pending(-1s)" : "running(+1s)"
	          : strcmp(unit->zone, "z2.example.") == 0 ? "running" : "-");
}

/*! z1 has an apex, at the second time; none. nothing to serve, and unknown. no apex yet. */
static void on_read(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	(void)ctx;
	ck_assert_str_eq(unit->owner, "@");
	if (strcmp(unit->zone, "unknown.") == 0) {
		ctl_error(req, unit->zone, "no such zone found");
	} else if (strcmp(unit->zone, "none.") == 0) {
		ctl_error(req, unit->zone, "%s", knot_strerror(KNOT_ENONODE));
	} else if (counts.calls++ == 0) {
		ctl_reply(req, unit->zone, "SOA", "not a SOA");
	} else {
		ctl_reply(req, unit->zone, "SOA", "ns. host. 7 1 2 3 4");
		ctl_reply(req, unit->zone, "DNSKEY", "257 3 13 CQkJ");
	}
}

static void on_alive(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	(void)ctx, (void)unit;
	ctl_reply(req, NULL, NULL, "Running");
}

static const ctl_command_t commands[] = {
	{ "status", on_alive }, { "zone-refresh", on_refresh }, { "zone-status", on_status }, { "zone-read", on_read }, { 0 }
};

static ctl_server_t *serve(void)
{
	ctl_server_t *server = NULL;
	char err[256];
	memset(&counts, 0, sizeof(counts));
	ck_assert_msg(ctl_server_start(&server, path, commands, NULL, err, sizeof(err)) == 0, "%s",
	              err);
	return server;
}

START_TEST(test_many)
{
	trigger_t *t = start("/nowhere");
	char zone[32];
	int64_t begin = monotonic_ms();
	for (unsigned i = 0; i < 200000; i++) {
		(void)snprintf(zone, sizeof(zone), "z%u.example.", i % 100000);
		trigger_text(t, zone);
	}
	ck_assert_int_le(monotonic_ms() - begin, 20000);

	ctl_server_t *server = serve();
	trigger_move(t, path);
	ck_assert(until(&counts.calls, 100000));
	for (unsigned i = 0; i < 100000; i++) {
		ck_assert(counts.seen[i] == 1);
	}
	ck_assert_uint_eq(counts.strangers, 0);
	trigger_stop(t);
	ctl_server_stop(server);
}
END_TEST

/*! Triggered while it is being sent: once more after that, but not twice more. */
START_TEST(test_again)
{
	ctl_server_t *server = serve();
	trigger_t *t = start(path);
	counts.hold = true;
	trigger_text(t, "held.");
	while (!counts.holding) {
		(void)poll(NULL, 0, 5);
	}
	trigger_text(t, "held.");
	trigger_text(t, "held.");
	trigger_text(t, "z1.example.");
	counts.hold = false;
	ck_assert(until(&counts.held_calls, 2));
	ck_assert(until(&counts.calls, 1));
	trigger_text(t, "z2.example.");
	ck_assert(until(&counts.calls, 2));
	ck_assert_uint_eq(counts.held_calls, 2);
	trigger_stop(t);
	ctl_server_stop(server);
}
END_TEST

static struct {
	atomic_uint old, now, none, loading, others;
} answers;

static bool on_answer(void *ctx, const knot_dname_t *zone, apex_t *apex)
{
	(void)ctx;
	if (apex == NULL) {
		answers.loading++;
		return true;
	} else if (!apex->has_soa) {
		answers.none += zone[0] == 4; /* "none" */
	} else if (apex->serial == 4294967294) {
		answers.old++;
		return true;
	} else if (apex->serial == 7) {
		answers.now++;
	} else {
		answers.others++;
	}
	return false;
}

/*! Asked until who wants to know is content; what knotd does not know is no answer, nor is what it has
 *  not loaded yet. */
START_TEST(test_ask)
{
	trigger_t *t = NULL;
	ctl_server_t *server = serve();
	memset(&answers, 0, sizeof(answers));
	ck_assert_int_eq(trigger_start(&t, path, &logger, TRIGGER_SERIAL, on_answer, NULL), KNOT_EOK);
	trigger_text(t, "unknown.");
	trigger_text(t, "z1.example.");
	trigger_text(t, "none.");
	trigger_text(t, "z2.example.");
	trigger_text(t, "loading.");
	ck_assert(until(&answers.now, 3));
	ck_assert(until(&answers.none, 1));
	ck_assert_uint_eq(answers.loading, 2);
	ck_assert_uint_eq(answers.old, 1);
	ck_assert_uint_eq(answers.others, 0);
	ck_assert_uint_eq(counts.calls, 2);
	trigger_stop(t);
	ctl_server_stop(server);
}
END_TEST

/*! Asked about many at a time, it is asked about all; about few of them, about each. */
START_TEST(test_ask_all)
{
	trigger_t *t = NULL;
	char zone[32];
	memset(&answers, 0, sizeof(answers));
	ck_assert_int_eq(trigger_start(&t, "/nowhere", &logger, TRIGGER_SERIAL, on_answer, NULL),
	                 KNOT_EOK);
	trigger_text(t, "strange.");
	for (unsigned i = 0; i < ALL / 2; i++) {
		(void)snprintf(zone, sizeof(zone), "z%u.example.", i);
		trigger_text(t, zone);
	}
	ctl_server_t *server = serve();
	trigger_move(t, path);
	ck_assert(until(&answers.now, ALL / 2 - 1));
	ck_assert_uint_eq(counts.wholes, 1);
	/* The one that is none of its is asked about again. */
	ck_assert(until(&counts.singles, 1));
	ck_assert_uint_eq(answers.others, 0);

	answers.now = 0;
	trigger_move(t, "/nowhere");
	for (unsigned i = 10; i < 10 + ALL / 5; i++) {
		(void)snprintf(zone, sizeof(zone), "z%u.example.", i);
		trigger_text(t, zone);
	}
	trigger_move(t, path);
	ck_assert(until(&answers.now, ALL / 5));
	ck_assert_uint_eq(counts.wholes, 1);
	trigger_stop(t);
	ctl_server_stop(server);
}
END_TEST

static atomic_uint runs;

static int64_t run_task(void *ctx, task_t *task)
{
	(void)ctx, (void)task;
	runs++;
	return 0;
}

/*! Workers begin when knotd answers, or has not for long. */
START_TEST(test_arrival)
{
	task_t task = { 0 };
	sched_t *workers = NULL;
	trigger_t *t = start(path);
	ck_assert_int_eq(sched_start(&workers, 1, run_task, NULL), KNOT_EOK);
	sched_hold(workers);
	arrival_t arrival = { .workers = workers, .trigger = t };
	runs = 0;
	(void)sched_wake(workers, &task, sched_now());
	for (int i = 0; i < 3; i++) {
		ck_assert_int_gt(arrival_work(&arrival), sched_now());
		(void)poll(NULL, 0, 50);
	}
	ck_assert_uint_eq(runs, 0);
	ctl_server_t *server = serve();
	ck_assert_int_eq(arrival_work(&arrival), 0);
	ck_assert(until(&runs, 1));
	ctl_server_stop(server);

	sched_hold(workers);
	(void)sched_wake(workers, &task, sched_now());
	arrival.since_ms = monotonic_ms() - 40000;
	ck_assert_int_eq(arrival_work(&arrival), 0);
	ck_assert(until(&runs, 2));
	sched_stop(workers);
	trigger_stop(t);
}
END_TEST

static atomic_uint apexes, nothings;

static bool on_apex(void *ctx, const knot_dname_t *zone, apex_t *apex)
{
	(void)ctx;
	(void)zone;
	nothings += !apex->has_soa && apex->key_count == 0;
	apexes += apex->has_soa && apex->serial == 7 && apex->key_count == 1;
	return false;
}

/*! Knotd is asked again if it does not know the zone, or cannot be understood. */
START_TEST(test_apex)
{
	trigger_t *t = NULL;
	ctl_server_t *server = serve();
	apexes = nothings = 0;
	ck_assert_int_eq(trigger_start(&t, path, &logger, TRIGGER_APEX, on_apex, NULL), KNOT_EOK);
	trigger_text(t, "unknown.");
	trigger_text(t, "none.");
	trigger_text(t, "z1.example.");
	ck_assert(until(&apexes, 1));
	ck_assert(until(&nothings, 1));
	ck_assert_uint_eq(counts.calls, 2);
	ck_assert_uint_eq(warnings, 1);
	trigger_stop(t);
	ctl_server_stop(server);
}
END_TEST

/*! What the policy engine is told: not that nothing is served while knotd loads the zone. */
START_TEST(test_ask_loading)
{
	char err[128];
	served_t served;
	ctl_server_t *server = serve();
	counts.calls = 1;
	for (int i = 0; i < 3; i++) {
		const int ret = served_ask(path, "loading.", 2000, &served, err, sizeof(err));
		ck_assert_int_eq(ret, i < 2 ? KNOT_EBUSY : KNOT_EOK);
		ck_assert_int_eq(served.apex.has_soa, i == 2);
		served_deinit(&served);
	}
	ck_assert_ptr_nonnull(strstr(err, "still loading the zone"));
	ctl_server_stop(server);
}
END_TEST

/*! A server that is busy for longer than a call waits: nothing is lost. */
START_TEST(test_busy)
{
	ctl_server_t *server = serve();
	trigger_t *t = start(path);
	counts.hold = true;
	trigger_text(t, "held.");
	while (!counts.holding) {
		(void)poll(NULL, 0, 5);
	}
	trigger_text(t, "z1.example.");
	/* The call ran into its time limit. */
	ck_assert(until(&debugs, 1));
	counts.hold = false;
	ck_assert(until(&counts.calls, 1));
	trigger_stop(t);
	ctl_server_stop(server);
}
END_TEST

/*! Somebody listens, but never answers. */
START_TEST(test_stop)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	memcpy(addr.sun_path, path, strlen(path));
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(listen(fd, 5), 0);

	trigger_t *t = start(path);
	trigger_text(t, "example.");
	(void)poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, 5000);
	trigger_text(t, "example.");
	int64_t begin = monotonic_ms();
	trigger_stop(t);
	ck_assert_int_le(monotonic_ms() - begin, 2500);
	close(fd);

	/* And with nothing to do. */
	t = start(path);
	begin = monotonic_ms();
	trigger_stop(t);
	ck_assert_int_le(monotonic_ms() - begin, 500);
	trigger_stop(NULL);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("trigger");
	TCase *tcase = tcase_create("trigger");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 90);
	tcase_add_test(tcase, test_knotd);
	tcase_add_test(tcase, test_knotd_later);
	tcase_add_test(tcase, test_knotd_unknown_zone);
	tcase_add_test(tcase, test_many);
	tcase_add_test(tcase, test_again);
	tcase_add_test(tcase, test_ask);
	tcase_add_test(tcase, test_ask_all);
	tcase_add_test(tcase, test_arrival);
	tcase_add_test(tcase, test_apex);
	tcase_add_test(tcase, test_ask_loading);
	tcase_add_test(tcase, test_busy);
	tcase_add_test(tcase, test_stop);
	suite_add_tcase(s, tcase);
	return s;
}

int main(void)
{
	return check_main(suite());
}
