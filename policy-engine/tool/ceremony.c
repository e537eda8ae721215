/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* ods ksr and ods skr: to a ceremony, and back. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "policy-engine/tool/ask.h"
#include "policy-engine/tool/commands.h"
#include "policy-engine/tool/date.h"

#define PATIENCE_S 60 /* Until the ZSKs are there that a request needs. */

typedef struct {
	const char *from, *until;
} request_t;

static void usage(FILE *out)
{
	fprintf(out, "Usage: ods ksr ZONE --until DATE [OPTION]...\n"
	        "\n"
	        "Prints a key signing request, for a zone whose policy has a KSK that is <Offline/>:\n"
	        "the DNSKEYs of its ZSKs, and when they are published. The ZSKs are made, if need be.\n"
	        "keymgr sign-ksr signs it where the KSK is; ods skr takes what comes back.\n"
	        "\n"
	        "Options:\n"
	        "  -u, --until DATE      for so long: 2026-12-31, 2026-12-31T12:00:00Z (UTC), or a\n"
	        "                        duration as in kasp.xml: P90D\n"
	        "  -f, --from DATE       from then on [now]\n"
	        "  -c, --config FILE     conf.xml\n"
	        "  -s, --socket SOCKET   the engine's socket [as conf.xml says]\n"
	        "  -h, --help            this text\n"
	        "\n"
	        "Exit status: 0 done, 1 refused or failed, 2 wrong command line.\n");
}

static bool take(void *ctx, int option, const char *value)
{
	request_t *request = ctx;
	switch (option) {
	case 'f':
		request->from = value;
		return true;
	case 'u':
		request->until = value;
		return true;
	}
	return false;
}

/* Asks until the ZSKs are there. */
static int ask(const invocation_t *run, const ctl_unit_t *unit)
{
	for (unsigned left = PATIENCE_S;; left--) {
		engine_answer_t answer = { 0 };
		int ret = tool_ask(run, unit, &answer);
		bool waits = false;
		for (size_t i = 0; ret == DONE && i < answer.count; i++) {
			const char *why = line_get(&answer.lines[i], "wait");
			waits = waits || why[0] != '\0';
			if (why[0] != '\0' && left == 0) {
				fprintf(stderr, "ods: the zone lacks ZSKs for that time: %s\n", why);
				ret = FAILED;
			}
			if (why[0] == '\0') {
				puts(line_get(&answer.lines[i], "ksr"));
			}
		}
		answer_deinit(&answer);
		if (!waits || ret != DONE) {
			return ret;
		}
		sleep(1);
	}
}

int tool_ksr(const invocation_t *run, int argc, char *argv[])
{
	static const struct option longs[] = {
		{ "from", required_argument, NULL, 'f' },
		{ "until", required_argument, NULL, 'u' },
		OPTIONS_LONG,
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const options_form_t form = { OPTIONS_SHORT "hf:u:", longs, usage, take };
	const time_t now = time(NULL);
	request_t request = { 0 };
	invocation_t own = *run;
	char from[24] = "", until[24];
	time_t when;
	int ret = options_parse(&form, argc, argv, &own, &request);
	if (ret != DONE) {
		return ret == USAGE ? USAGE : DONE;
	}
	if (own.count != 1 || request.until == NULL) {
		fprintf(stderr, "Usage: ods ksr ZONE --until DATE [--from DATE]\n");
		return USAGE;
	}
	if (!date_read_from(request.until, now, &when)) {
		return USAGE;
	}
	snprintf(until, sizeof(until), "%" PRId64, (int64_t)when);
	if (request.from != NULL && !date_read_from(request.from, now, &when)) {
		return USAGE;
	}
	if (request.from != NULL) {
		snprintf(from, sizeof(from), "%" PRId64, (int64_t)when);
	}
	return ask(&own, &(ctl_unit_t){ .cmd = "zone-ksr", .zone = own.args[0],
	                                .type = request.from != NULL ? from : NULL, .data = until });
}

int tool_skr(const invocation_t *run)
{
	char *path = tool_full_path(run->args[1]);
	if (path == NULL) {
		fprintf(stderr, "ods: out of memory\n");
		return FAILED;
	}
	const ctl_unit_t unit = { .cmd = "zone-skr", .zone = run->args[0], .data = path };
	const int ret = tool_tell(run, &unit);
	free(path);
	return ret;
}
