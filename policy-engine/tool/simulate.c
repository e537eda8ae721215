/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* ods simulate: options and output. The simulation is in policy-engine/simulate/. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy-engine/base/duration.h"
#include "policy-engine/policy/kasp.h"
#include "policy-engine/simulate/timeline.h"
#include "policy-engine/tool/commands.h"

#define ORDERS_MAX 100
#define YEAR (365 * INT64_C(86400))
#define YEARS_MAX 100

typedef struct {
	const char *kasp, *policy;
	void (*write)(const timeline_t *timeline, FILE *out);
	simulate_t plan;
	long years;
	const char *events[ORDERS_MAX]; /* "WHEN=WHAT" */
	size_t event_count;
	simulate_order_t orders[ORDERS_MAX];
	policies_t policies;
} options_t;

static const char usage[] =
	"Usage: ods simulate KASP --policy NAME [OPTION]...\n"
	"\n"
	"Shows what would become of a zone's keys under a policy of the file KASP. The code is\n"
	"that of ods-engine, in a world in which all goes well.\n"
	"\n"
	"  --policy NAME        the zone's policy; may be left out if KASP has but one\n"
	"  --years N            how long [10]\n"
	"  --from DATE          from when on, YYYY-MM-DD [today]\n"
	"  --event WHEN=WHAT    what happens meanwhile; may be repeated\n"
	"                         WHEN: a duration since the beginning (P90D), or YYYY-MM-DD\n"
	"                         WHAT: rollover:ksk, rollover:zsk, rollover:csk,\n"
	"                               emergency:ksk, emergency:zsk, emergency:csk, policy:NAME\n"
	"  --parent-delay TIME  how long the parent takes for what it is asked to [P1D]\n"
	"  --format FORMAT      text, json, svg or html [text]\n"
	"  --help\n";

static int complain(const char *what, const char *value, const char *remedy)
{
	fprintf(stderr, "ods simulate: %s '%s': %s\n", what, value, remedy);
	return USAGE;
}

/* -- options ------------------------------------------------------------- */

static bool parse_date(const char *text, int64_t *when)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%d", &tm);
	*when = end != NULL ? (int64_t)timegm(&tm) : 0;
	return end != NULL && *end == '\0';
}

static int parse_format(options_t *o, const char *value)
{
	static const struct {
		const char *name;
		void (*write)(const timeline_t *timeline, FILE *out);
	} formats[] = {
		{ "text", timeline_text },
		{ "json", timeline_json },
		{ "svg", timeline_svg },
		{ "html", timeline_html },
	};
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(value, formats[i].name) == 0) {
			o->write = formats[i].write;
			return 0;
		}
	}
	return complain("--format", value, "there are text, json, svg and html");
}

static int parse_years(options_t *o, const char *value)
{
	char *end = NULL;
	o->years = strtol(value, &end, 10);
	return *value != '\0' && *end == '\0' && o->years > 0 && o->years <= YEARS_MAX
	               ? 0
	               : complain("--years", value, "a number from 1 to 100, please");
}

static int parse_option(options_t *o, int option, const char *value)
{
	const char *why = NULL;
	switch (option) {
	case 'p':
		o->policy = value;
		return 0;
	case 'y':
		return parse_years(o, value);
	case 'f':
		return parse_date(value, &o->plan.from)
		               ? 0
		               : complain("--from", value, "a date like 2026-11-24, please");
	case 'e':
		if (o->event_count == ORDERS_MAX) {
			return complain("--event", value, "no more than 100, please");
		}
		o->events[o->event_count++] = value;
		return 0;
	case 'd':
		return duration_parse(value, &o->plan.parent_delay, &why) == 0
		               ? 0
		               : complain("--parent-delay", value, why);
	default:
		return parse_format(o, value);
	}
}

/* \return 0; 2 if something is wrong; -1 if there is nothing more to do. */
static int parse_options(options_t *o, int argc, char *argv[])
{
	static const struct option options[] = {
		{ "policy", required_argument, NULL, 'p' },
		{ "years", required_argument, NULL, 'y' },
		{ "from", required_argument, NULL, 'f' },
		{ "event", required_argument, NULL, 'e' },
		{ "parent-delay", required_argument, NULL, 'd' },
		{ "format", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;
	optind = 0;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return -1;
		}
		if (option == '?') {
			fputs("Try: ods simulate --help\n", stderr);
			return USAGE;
		}
		int ret = parse_option(o, option, optarg);
		if (ret != 0) {
			return ret;
		}
	}
	if (optind + 1 != argc) {
		fputs(usage, stderr);
		return USAGE;
	}
	o->kasp = argv[optind];
	return 0;
}

/* -- the policies -------------------------------------------------------- */

static const policy_t *find_policy(const options_t *o, const char *name)
{
	const policy_t *found = policies_find(&o->policies, name);
	if (found == NULL) {
		fprintf(stderr, "ods simulate: no policy '%s' in %s; it has:", name, o->kasp);
		for (size_t i = 0; i < o->policies.count; i++) {
			fprintf(stderr, " %s", o->policies.policies[i].name);
		}
		putc('\n', stderr);
	} else if (found->defect != NULL) {
		fprintf(stderr, "ods simulate: %s\n", found->defect);
		found = NULL;
	}
	return found;
}

static bool parse_role(const char *text, simulate_order_t *order)
{
	const char *role = strchr(text, ':') + 1;
	const size_t len = (size_t)(role - text);
	if (strncmp(text, "rollover:", len) == 0) {
		order->what = SIMULATE_ROLLOVER;
	} else if (strncmp(text, "emergency:", len) == 0) {
		order->what = SIMULATE_EMERGENCY;
	} else {
		return false;
	}
	return keyset_role_parse(role, &order->role) == 0;
}

static int parse_event(options_t *o, const char *event, simulate_order_t *order)
{
	const char *what = strchr(event, '='), *why = NULL;
	uint32_t after = 0;
	char when[32];
	if (what == NULL || strchr(what, ':') == NULL || what - event >= (int)sizeof(when)) {
		return complain("--event", event, "WHEN=WHAT, please, as in P90D=rollover:zsk");
	}
	snprintf(when, sizeof(when), "%.*s", (int)(what - event), event);
	if (duration_parse(when, &after, &why) == 0) {
		order->at = o->plan.from + after;
	} else if (!parse_date(when, &order->at)) {
		return complain("--event", event, "WHEN is a duration or a date");
	}
	if (order->at < o->plan.from || order->at > o->plan.to) {
		return complain("--event", event, "that is not within the time simulated");
	}
	what++;
	if (strncmp(what, "policy:", 7) == 0) {
		order->what = SIMULATE_POLICY;
		order->policy = find_policy(o, what + 7);
		return order->policy != NULL ? 0 : FAILED;
	}
	return parse_role(what, order)
	               ? 0
	               : complain("--event", event, "WHAT is rollover:ROLE, emergency:ROLE (ksk, "
	                          "zsk or csk) or policy:NAME");
}

static int by_time(const void *a, const void *b)
{
	const simulate_order_t *x = a, *y = b;
	return (x->at > y->at) - (x->at < y->at);
}

static int prepare(options_t *o)
{
	if (o->policy == NULL && o->policies.count == 1) {
		o->policy = o->policies.policies[0].name;
	}
	if (o->policy == NULL) {
		return complain("--policy", "NAME", "which of the policies, please");
	}
	o->plan.policy = find_policy(o, o->policy);
	if (o->plan.policy == NULL) {
		return FAILED;
	}
	o->plan.to = o->plan.from + o->years * YEAR;
	for (size_t i = 0; i < o->event_count; i++) {
		int ret = parse_event(o, o->events[i], &o->orders[i]);
		if (ret != 0) {
			return ret;
		}
	}
	qsort(o->orders, o->event_count, sizeof(o->orders[0]), by_time);
	o->plan.orders = o->orders;
	o->plan.order_count = o->event_count;
	return 0;
}

static void report(void *ctx, kasp_kind_t kind, const char *text)
{
	(void)ctx;
	fprintf(stderr, "%s%s\n", kind == KASP_ADVICE ? "" : "error: ", text);
}

static int show(options_t *o)
{
	if (kasp_read(o->kasp, NULL, &o->policies, report, NULL, NULL) != HSM_EOK) {
		return FAILED;
	}
	timeline_t timeline = { 0 };
	int ret = prepare(o);
	if (ret == 0 && simulate(&o->plan, &timeline) != 0) {
		fputs("ods simulate: out of memory\n", stderr);
		ret = FAILED;
	}
	if (ret == 0) {
		o->write(&timeline, stdout);
		if (fflush(stdout) != 0 || ferror(stdout)) {
			perror("ods simulate: standard output");
			ret = FAILED;
		}
	}
	timeline_deinit(&timeline);
	policies_deinit(&o->policies);
	return ret;
}

int tool_simulate(const invocation_t *run, int argc, char *argv[])
{
	options_t *o = calloc(1, sizeof(*o));
	if (o == NULL) {
		return FAILED;
	}
	const int64_t now = time(NULL);
	o->plan.from = now - now % 86400;
	o->plan.parent_delay = 86400;
	o->years = 10;
	o->write = run->json ? timeline_json : timeline_text;
	int ret = parse_options(o, argc, argv);
	if (ret == 0) {
		ret = show(o);
	}
	free(o);
	return ret < 0 ? 0 : ret;
}
