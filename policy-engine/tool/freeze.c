/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* ods freeze, ods thaw: whether the keys of a zone, of a policy's zones, or of all may take steps. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "policy-engine/tool/ask.h"
#include "policy-engine/tool/commands.h"
#include "policy-engine/tool/date.h"

typedef struct {
	invocation_t run;
	const char *policy, *until;
	bool imported, change;
} order_t;

static void usage(FILE *out)
{
	fprintf(out, "Usage: ods freeze [OPTION]... [ZONE]\n"
	        "       ods thaw [OPTION]... [ZONE]\n"
	        "\n"
	        "freeze: no key of the zone takes a step, none comes and none goes, and no command is\n"
	        "run for its DS; signing goes on. Without ZONE and --policy: all zones. thaw ends\n"
	        "what freeze with the same words began. A zone that was imported is frozen, too:\n"
	        "thaw it when its secondaries follow.\n"
	        "\n"
	        "Options:\n"
	        "  -p, --policy NAME     the zones of a policy\n"
	        "  -i, --imported        the zones that were imported (thaw)\n"
	        "      --change-policy   an imported ZONE gets the policy that knot.conf has for it,\n"
	        "                        though that replaces its keys or its denial (thaw)\n"
	        "  -u, --until DATE      then they go on by themselves: 2026-12-31, or\n"
	        "                        2026-12-31T12:00:00Z (UTC) [until ods thaw]\n"
	        "  -c, --config FILE     conf.xml\n"
	        "  -s, --socket SOCKET   the engine's socket [as conf.xml says]\n"
	        "  -h, --help            this text\n"
	        "\n"
	        "Exit status: 0 done, 1 refused or failed, 2 wrong command line.\n");
}

enum { CHANGE_OPTION = 256 };

static bool take(void *ctx, int option, const char *value)
{
	order_t *order = ctx;
	switch (option) {
	case 'p':
		order->policy = value;
		return true;
	case 'u':
		order->until = value;
		return true;
	case 'i':
		order->imported = true;
		return true;
	case CHANGE_OPTION:
		order->change = true;
		return true;
	default:
		return false;
	}
}

/* \return As options_parse(). */
static int parse(int argc, char *argv[], order_t *order)
{
	static const struct option longs[] = {
		{ "policy", required_argument, NULL, 'p' },
		{ "until", required_argument, NULL, 'u' },
		{ "imported", no_argument, NULL, 'i' },
		{ "change-policy", no_argument, NULL, CHANGE_OPTION },
		OPTIONS_LONG,
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const options_form_t form = { OPTIONS_SHORT "p:u:ih", longs, usage, take };
	int ret = options_parse(&form, argc, argv, &order->run, order);
	if (ret == DONE && order->run.count > 1) {
		usage(stderr);
		return USAGE;
	}
	return ret;
}

/* \return Whether the text is a moment that is still to come. */
static bool read_future(const char *text, time_t *when)
{
	if (!date_read(text, when)) {
		return false;
	}
	if (*when <= time(NULL)) {
		fprintf(stderr, "ods: %s is over\n", text);
		return false;
	}
	return true;
}

static int tell(const invocation_t *run, int argc, char *argv[], const char *cmd)
{
	order_t order = { .run = *run };
	char seconds[24] = "";
	time_t until;
	int ret = parse(argc, argv, &order);
	if (ret != DONE) {
		return ret < 0 ? DONE : ret;
	}
	if (order.until != NULL && !read_future(order.until, &until)) {
		return USAGE;
	}
	if (order.until != NULL) {
		snprintf(seconds, sizeof(seconds), "%" PRId64, (int64_t)until);
	}
	const ctl_unit_t unit = { .cmd = cmd, .zone = order.run.args[0], .type = order.policy,
	                          .item = order.imported ? "imported"
	                                  : order.change ? "change-policy" : NULL,
	                          .data = seconds };
	return tool_tell(&order.run, &unit);
}

int tool_freeze(const invocation_t *run, int argc, char *argv[])
{
	return tell(run, argc, argv, "zone-freeze");
}

int tool_thaw(const invocation_t *run, int argc, char *argv[])
{
	return tell(run, argc, argv, "zone-thaw");
}
