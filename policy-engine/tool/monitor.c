/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* ods metrics: the metrics for Prometheus, once, or by HTTP. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy-engine/tool/commands.h"
#include "policy-engine/tool/http.h"
#include "policy-engine/tool/metrics.h"

#define ZONES_MAX 1000    /* Zones up to which each has series of its own. */
#define ZONES_LIMIT 20000 /* What may be said: some 9 series each. */

typedef struct {
	invocation_t run;
	const char *listen;
	unsigned long zones;
	bool wrong;           /*!< An option has a value that it cannot have; that was said. */
} monitor_t;

static void usage(FILE *out)
{
	fprintf(out, "Usage: ods metrics [OPTION]...\n"
	        "\n"
	        "Prints metrics in Prometheus' text format, or serves them by HTTP at /metrics, until\n"
	        "it gets SIGTERM or SIGINT.\n"
	        "\n"
	        "Options:\n"
	        "  -l, --listen WHERE    serve them at 127.0.0.1@PORT, ::1@PORT, or /PATH of a socket\n"
	        "  -z, --zones NUMBER    up to so many zones, each has series of its own [%d]; of more,\n"
	        "                        only the most urgent of each trouble\n"
	        "  -c, --config FILE     conf.xml\n"
	        "  -h, --help            this text\n"
	        "\n"
	        "Exit status: 0 done, 1 failed, 2 wrong command line.\n", ZONES_MAX);
}

static bool take(void *ctx, int option, const char *value)
{
	monitor_t *monitor = ctx;
	char *end;
	switch (option) {
	case 'l':
		monitor->listen = value;
		return true;
	case 'z':
		monitor->zones = strtoul(value, &end, 10);
		if (*value < '0' || *value > '9' || *end != '\0' || monitor->zones > ZONES_LIMIT) {
			fprintf(stderr, "ods: '%s' is no number of zones; 0 to %d\n", value,
			        ZONES_LIMIT);
			monitor->wrong = true;
		}
		return true;
	default:
		return false;
	}
}

/* \return As options_parse(). */
static int parse(int argc, char *argv[], monitor_t *monitor)
{
	static const struct option longs[] = {
		{ "listen", required_argument, NULL, 'l' },
		{ "zones", required_argument, NULL, 'z' },
		OPTIONS_LONG,
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const options_form_t form = { OPTIONS_SHORT "l:z:h", longs, usage, take };
	const int ret = options_parse(&form, argc, argv, &monitor->run, monitor);
	if (ret == DONE && monitor->run.count > 0) {
		usage(stderr);
		return USAGE;
	}
	return ret == DONE && monitor->wrong ? USAGE : ret;
}

/* \return 0; -1 if out of memory. */
static int write_all(FILE *out, const monitor_t *monitor)
{
	picture_t picture;
	list_t list = { 0 };
	int ret = picture_take(&picture, &monitor->run);
	const bool each = ret == 0 && picture.zones <= monitor->zones;
	ret = each ? list_take(&list, &monitor->run) : ret;
	if (ret == 0) {
		metrics_write(out, &picture, each ? &list : NULL);
	}
	list_deinit(&list);
	picture_deinit(&picture);
	return ret;
}

static char *make_text(void *ctx)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	const int ret = out != NULL ? write_all(out, ctx) : -1;
	if (out == NULL || fclose(out) != 0 || ret != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* Waits for the end in the main thread, which alone takes these signals. */
static int serve(monitor_t *monitor)
{
	char err[512];
	int signal;
	sigset_t ends;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	http_t *http = http_start(monitor->listen, make_text, monitor, err, sizeof(err));
	if (http == NULL) {
		fprintf(stderr, "ods: %s\n", err);
		return FAILED;
	}
	while (sigwait(&ends, &signal) != 0) {
	}
	http_stop(http);
	return DONE;
}

int tool_metrics(const invocation_t *run, int argc, char *argv[])
{
	monitor_t monitor = { .run = *run, .zones = ZONES_MAX };
	monitor.run.quiet = true;
	const int ret = parse(argc, argv, &monitor);
	if (ret != DONE) {
		return ret < 0 ? DONE : ret;
	}
	if (monitor.listen != NULL) {
		return serve(&monitor);
	}
	return write_all(stdout, &monitor) == 0 ? DONE : FAILED;
}
