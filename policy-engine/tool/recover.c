/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* ods recover: shows the engine's plan, and asks. ods-engine does it, see policy-engine/recover/.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/question.h"
#include "policy-engine/tool/ask.h"
#include "policy-engine/tool/commands.h"

#define PATIENCE_MS 3600000 /* An hour: the engine reads all keys of the tokens. */

typedef struct {
	invocation_t run;
	bool dry_run;
} order_t;

static void usage(FILE *out)
{
	fprintf(out,
	        "Usage: ods recover [OPTION]... [ZONE]...\n"
	        "\n"
	        "Gives zones their keys back whose memory is lost, in the engine's database and in\n"
	        "knotd's module: from what knotd serves, from the tokens, and from the DS at the\n"
	        "parent. Says for each zone what is known and what will be done, and asks. Without a\n"
	        "ZONE: all zones that need it.\n"
	        "\n"
	        "Options:\n"
	        "  -n, --dry-run         only show\n"
	        "  -c, --config FILE     conf.xml\n"
	        "  -s, --socket SOCKET   the engine's socket [as conf.xml says]\n"
	        "  -j, --json            print JSON\n"
	        "  -y, --yes             do not ask\n"
	        "  -h, --help            this text\n"
	        "\n"
	        "Exit status: 0 done, 1 a zone cannot be recovered or all failed, 2 wrong command\n"
	        "line.\n");
}

static bool take(void *ctx, int option, const char *value)
{
	order_t *order = ctx;
	(void)value;
	order->dry_run = order->dry_run || option == 'n';
	return option == 'n';
}

/* \return As options_parse(). */
static int parse(int argc, char *argv[], order_t *order)
{
	static const struct option longs[] = {
		{ "dry-run", no_argument, NULL, 'n' },
		OPTIONS_LONG,
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const options_form_t form = { OPTIONS_SHORT "nh", longs, usage, take };
	return options_parse(&form, argc, argv, &order->run, order);
}

static size_t count(const engine_answer_t *answer, const char *what)
{
	return answer_count(answer, "what", what);
}

static void print_plan(const engine_answer_t *answer)
{
	const char *zone = NULL;
	for (size_t i = 0; i < answer->count; i++) {
		const line_t *line = &answer->lines[i];
		if (line->zone != NULL && (zone == NULL || strcmp(zone, line->zone) != 0)) {
			zone = line->zone;
			printf("%s\n", zone);
		}
		printf("  %-18s %s\n", line_get(line, "what"), line_get(line, "text"));
	}
	if (answer->count == 0) {
		printf("No zone needs it: the engine knows the keys of all, and the signer holds no "
		       "key set back.\n");
	}
}

static int ask(const order_t *order, const char *zone, bool plan, engine_answer_t *answer)
{
	const ctl_unit_t unit = { .cmd = "zone-recover",
		                  .zone = zone,
		                  .data = plan ? "plan" : NULL };
	return tool_ask(&order->run, &unit, answer);
}

/* Has the engine do it. What was shown before is not shown again. */
static int act(const order_t *order, const char *zone, size_t refused)
{
	engine_answer_t answer = { 0 };
	int ret = ask(order, zone, false, &answer);
	size_t refuses = count(&answer, "does not dare");
	if (ret == DONE && (order->run.json || refuses > refused)) {
		(order->run.json ? answer_print_json : print_plan)(&answer);
	} else if (ret == DONE) {
		printf("Done. The signer gets the keys at once; see its zone-status.\n");
	}
	answer_deinit(&answer);
	return ret == DONE && refuses > 0 ? FAILED : ret;
}

static int go(const order_t *order, const char *zone)
{
	engine_answer_t answer = { 0 };
	int ret = ask(order, zone, true, &answer);
	size_t does = count(&answer, "does"), refused = count(&answer, "does not dare");
	if (ret == DONE && (order->dry_run || !order->run.json)) {
		(order->run.json ? answer_print_json : print_plan)(&answer);
	}
	answer_deinit(&answer);
	if (ret != DONE || does == 0 || order->dry_run) {
		return ret == DONE && refused > 0 ? FAILED : ret;
	}
	fflush(stdout);
	return order->run.yes || question_confirmed("ods", "Do it?") ? act(order, zone, refused)
	                                                             : FAILED;
}

int tool_recover(const invocation_t *run, int argc, char *argv[])
{
	order_t order = { .run = *run };
	order.run.patience_ms = PATIENCE_MS;
	int ret = parse(argc, argv, &order);
	if (ret != DONE) {
		return ret < 0 ? DONE : ret;
	}
	if (order.run.count == 0) {
		return go(&order, NULL);
	}
	for (int i = 0; i < order.run.count; i++) {
		int one = go(&order, order.run.args[i]);
		ret = one != DONE ? one : ret;
	}
	return ret;
}
