/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libxml/parser.h>

#include "common/core-dump.h"
#include "policy-engine/base/event.h"
#include "policy-engine/control/control.h"
#include "policy-engine/daemon/guard.h"
#include "policy-engine/engine/engine.h"
#include "policy-engine/policy/conf.h"
#include "policy-engine/policy/kasp.h"

enum { EXIT_USAGE = 2 };

typedef struct {
	const char *conf;
	bool verbose, check, core;
} options_t;

static void usage(FILE *out)
{
	fprintf(out, "Usage: ods-engine [-c CONF] [-v] [--check] [--core]\n"
	        "\n"
	        "Looks after the keys of the zones that knotd's module mod-opendnssec signs.\n"
	        "\n"
	        "  -c, --config FILE  conf.xml [" HSM_CONF_FILE "]\n"
	        "      --check        read conf.xml and kasp.xml, say what is wrong, and exit\n"
	        "      --core         may leave core files and be debugged; PINs may be in them\n"
	        "  -v, --verbose      log details\n"
	        "  -h, --help         this text\n"
	        "  -V, --version      the version\n"
	        "\n"
	        "Runs in the foreground, logs to standard error. SIGHUP reloads, SIGTERM stops.\n"
	        "To look at it: knotc -s SOCKET status, knotc -s SOCKET zone-status\n");
}

/* \return -1 to go on, else the exit code. */
static int parse_options(int argc, char **argv, options_t *options)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'k' },
		{ "core", no_argument, NULL, 'C' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int option;
	while ((option = getopt_long(argc, argv, "c:vhV", longs, NULL)) != -1) {
		switch (option) {
		case 'c':
			options->conf = optarg;
			break;
		case 'k':
			options->check = true;
			break;
		case 'C':
			options->core = true;
			break;
		case 'v':
			options->verbose = true;
			break;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS;
		case 'V':
			printf("ods-engine (mod-opendnssec) %s\n", PACKAGE_VERSION);
			return EXIT_SUCCESS;
		default:
			fprintf(stderr, "Try ods-engine --help.\n");
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "ods-engine: unexpected argument: %s\n", argv[optind]);
		return EXIT_USAGE;
	}
	return -1;
}

static void print_warning(void *ctx, const char *text)
{
	(void)ctx;
	fprintf(stderr, "warning: %s\n", text);
}

static void print_report(void *ctx, kasp_kind_t kind, const char *text)
{
	(void)ctx;
	fprintf(stderr, "%s: %s\n", kind == KASP_ADVICE ? "warning" : "error", text);
}

static void log_warning(void *ctx, const char *text)
{
	(void)ctx;
	log_about(LOG_WARNING, (about_t){ .event = "conf" },
	          "%s", text);
}

static int check(const options_t *options)
{
	engine_conf_t conf = { 0 };
	policies_t policies = { 0 };
	hsm_error_t err = { 0 };
	int ret = engine_conf_read(options->conf, &conf, print_warning, NULL, &err);
	if (ret != HSM_EOK) {
		fprintf(stderr, "error: %s\n", err.text);
	} else {
		ret = kasp_read(conf.policy_file, &conf.tokens, &policies, print_report, NULL,
		                NULL);
	}
	for (size_t i = 0; i < policies.count; i++) {
		ret = policies.policies[i].defect != NULL ? HSM_ECONF : ret;
	}
	if (ret == HSM_EOK) {
		printf("%s and %s are fine: %zu repositories, %zu policies\n", options->conf,
		       conf.policy_file, conf.tokens.count, policies.count);
	}
	policies_deinit(&policies);
	engine_conf_deinit(&conf);
	return ret == HSM_EOK ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int become(uid_t uid, gid_t gid, const char *user)
{
	int ret = user != NULL ? initgroups(user, gid) : setgroups(0, NULL);
	if (ret != 0 || setgid(gid) != 0 || (user != NULL && setuid(uid) != 0)) {
		log_about(LOG_ERROR, (about_t){ .event = "stop" },
		          "cannot change to the user and group of <Privileges>: "
		          "%s", strerror(errno));
		return -1;
	}
	return 0;
}

/* Takes the user and group of conf.xml, if the engine was started as root. */
static int drop_privileges(const engine_conf_t *conf)
{
	if (geteuid() != 0 || (conf->user == NULL && conf->group == NULL)) {
		return 0;
	}
	const struct passwd *user = conf->user != NULL ? getpwnam(conf->user) : NULL;
	if (conf->user != NULL && user == NULL) {
		log_about(LOG_ERROR, (about_t){ .event = "stop" },
		          "conf.xml: there is no user \"%s\"", conf->user);
		return -1;
	}
	uid_t uid = user != NULL ? user->pw_uid : 0;
	gid_t gid = user != NULL ? user->pw_gid : 0;
	if (conf->group != NULL) {
		const struct group *group = getgrnam(conf->group);
		if (group == NULL) {
			log_about(LOG_ERROR, (about_t){ .event = "stop" },
			          "conf.xml: there is no group \"%s\"",
			          conf->group);
			return -1;
		}
		gid = group->gr_gid;
	}
	return become(uid, gid, conf->user);
}

static int write_pid(const char *path)
{
	/* A new file: what is there may be another's, or a link. */
	int fd = unlink(path) == 0 || errno == ENOENT
	         ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644) : -1;
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (file == NULL) {
		log_about(LOG_ERROR, (about_t){ .event = "stop" },
		          "pid file %s: %s", path, strerror(errno));
		return -1;
	}
	fprintf(file, "%ld\n", (long)getpid());
	return fclose(file);
}

/* Signals that the engine acts on are blocked in all threads: the main thread takes them one by
 * one, also as process 1. */
static void set_signals(void)
{
	engine_block_signals();
	signal(SIGPIPE, SIG_IGN);
	/* Whoever started the engine may ignore it: exit statuses of programs would be lost. */
	signal(SIGCHLD, SIG_DFL);
}

static int run(const options_t *options)
{
	engine_conf_t conf = { 0 };
	hsm_error_t err = { 0 };
	if (engine_conf_read(options->conf, &conf, log_warning, NULL, &err) != HSM_EOK) {
		log_about(LOG_ERROR, (about_t){ .event = "stop" },
		          "%s", err.text);
		return EXIT_FAILURE;
	}
	if (drop_privileges(&conf) != 0) {
		engine_conf_deinit(&conf);
		return EXIT_FAILURE;
	}
	if (!options->core) {
		core_dump_forbid();
	}
	umask(umask(0) | S_IRWXO); /* The database is nobody's else. */
	set_signals();
	char *pid_file = conf.pid_file != NULL ? strdup(conf.pid_file) : NULL;
	engine_t *engine = NULL;
	control_t *control = NULL;
	guard_t *guard = NULL;
	char why[1024];
	int ret = engine_start(&engine, options->conf, &conf, options->verbose, why, sizeof(why));
	ret = ret == 0 ? control_start(&control, engine, why, sizeof(why)) : ret;
	if (ret == 0 && (guard = guard_start(engine, pid_file)) == NULL) {
		snprintf(why, sizeof(why), "cannot start a thread: out of memory");
		ret = -1;
	}
	if (ret != 0) {
		log_about(LOG_ERROR, (about_t){ .event = "stop" }, "not started: %s", why);
	} else if (pid_file != NULL) {
		ret = write_pid(pid_file);
	}
	if (ret == 0) {
		log_about(LOG_INFO, (about_t){ .event = "start" }, "ods-engine %s started", PACKAGE_VERSION);
		ret = engine_run(engine);
		log_about(LOG_INFO, (about_t){ .event = "stop" }, "stopped");
	}
	if (guard != NULL) {
		guard_ending(guard, ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	control_stop(control);
	engine_free(engine);
	guard_free(guard);
	if (pid_file != NULL && ret == 0) {
		unlink(pid_file);
	}
	free(pid_file);
	log_end();
	return ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	options_t options = { .conf = HSM_CONF_FILE };
	int ret = parse_options(argc, argv, &options);
	if (ret < 0) {
		ret = options.check ? check(&options) : run(&options);
	}
	xmlCleanupParser();
	return ret;
}
