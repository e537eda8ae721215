/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* ods zones: a line for each zone, of those that are asked for, in the order that is asked for. */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy-engine/base/duration.h"
#include "policy-engine/base/json.h"
#include "policy-engine/tool/commands.h"
#include "policy-engine/tool/date.h"
#include "policy-engine/tool/list.h"
#include "policy-engine/tool/page.h"

#define IN_PART 3 /* Exit code: one of the two has not answered. */

typedef int (*order_t)(const void *a, const void *b);

/* What is asked for. */
typedef struct {
	invocation_t run;
	bool states[ZONE_STATES];
	bool any_state;
	const char *policy, *token;
	time_t before, expiring;   /* 0 = not asked for. */
	time_t now;
	order_t order;
	bool wrong;                /* An option has a value that it cannot have; that was said. */
} wanted_t;

static void usage(FILE *out)
{
	fprintf(out, "Usage: ods zones [OPTION]...\n"
	        "\n"
	        "A line for each zone: how it is, until when its signatures last, and what comes\n"
	        "next for its keys.\n"
	        "\n"
	        "Options:\n"
	        "  -S, --state STATE     only zones in this state; may be repeated:\n"
	        "                       ");
	for (int state = 0; state < ZONE_STATES; state++) {
		fprintf(out, " %s%s", zone_word(state)->name, state == ZONE_PARENT - 2
		        ? "\n                       " : "");
	}
	fprintf(out, "\n"
	        "  -p, --policy NAME     only zones of this policy\n"
	        "  -t, --token NAME      only zones with a key in this repository\n"
	        "  -b, --before DATE     only zones whose keys have an event before that: 2026-12-31,\n"
	        "                        2026-12-31T12:00:00Z, or a duration from now on: P7D\n"
	        "  -e, --expiring DATE   only zones whose signatures expire before that\n"
	        "  -o, --order ORDER     name, state, expiry or next [state]\n"
	        "  -c, --config FILE     conf.xml\n"
	        "  -j, --json            a JSON array, see ods(1)\n"
	        "  -h, --help            this text\n"
	        "\n"
	        "Exit status: 0 done, 1 failed, 2 wrong command line, 3 the signer or the engine does\n"
	        "not answer, and so not all is known.\n");
}

/* -- orders -------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	const listed_t *left = a, *right = b;
	return strcmp(left->name, right->name);
}

/* What is not known comes last. */
static int by_time(int64_t left, int64_t right)
{
	return left == right ? 0 : left == 0 ? 1 : right == 0 ? -1 : left < right ? -1 : 1;
}

static int by_expiry(const void *a, const void *b)
{
	const listed_t *left = a, *right = b;
	const int times = by_time(left->until, right->until);
	return times != 0 ? times : by_name(a, b);
}

static int by_next(const void *a, const void *b)
{
	const listed_t *left = a, *right = b;
	const int times = by_time(left->next_at, right->next_at);
	return times != 0 ? times : by_name(a, b);
}

static int by_state(const void *a, const void *b)
{
	const listed_t *left = a, *right = b;
	return left->state != right->state ? (int)left->state - (int)right->state : by_name(a, b);
}

static order_t find_order(const char *name)
{
	static const struct {
		const char *name;
		order_t order;
	} orders[] = { { "name", by_name }, { "state", by_state }, { "expiry", by_expiry },
	               { "next", by_next } };
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		if (strcmp(orders[i].name, name) == 0) {
			return orders[i].order;
		}
	}
	return NULL;
}

/* -- options ------------------------------------------------------------- */

static void take_state(wanted_t *wanted, const char *name)
{
	const zone_state_t state = zone_state_find(name);
	if (state == ZONE_STATES) {
		fprintf(stderr, "ods: there is no state '%s'; see ods zones --help\n", name);
		wanted->wrong = true;
		return;
	}
	wanted->states[state] = true;
	wanted->any_state = true;
}

static void take_order(wanted_t *wanted, const char *name)
{
	wanted->order = find_order(name);
	if (wanted->order == NULL) {
		fprintf(stderr, "ods: there is no order '%s'; there are: name, state, expiry, next\n",
		        name);
		wanted->wrong = true;
	}
}

static bool take(void *ctx, int option, const char *value)
{
	wanted_t *wanted = ctx;
	switch (option) {
	case 'S':
		take_state(wanted, value);
		return true;
	case 'p':
		wanted->policy = value;
		return true;
	case 't':
		wanted->token = value;
		return true;
	case 'b':
		wanted->wrong |= !date_read_from(value, wanted->now, &wanted->before);
		return true;
	case 'e':
		wanted->wrong |= !date_read_from(value, wanted->now, &wanted->expiring);
		return true;
	case 'o':
		take_order(wanted, value);
		return true;
	default:
		return false;
	}
}

/* \return As options_parse(). */
static int parse(int argc, char *argv[], wanted_t *wanted)
{
	static const struct option longs[] = {
		{ "state", required_argument, NULL, 'S' },
		{ "policy", required_argument, NULL, 'p' },
		{ "token", required_argument, NULL, 't' },
		{ "before", required_argument, NULL, 'b' },
		{ "expiring", required_argument, NULL, 'e' },
		{ "order", required_argument, NULL, 'o' },
		OPTIONS_LONG,
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const options_form_t form = { OPTIONS_SHORT "S:p:t:b:e:o:h", longs, usage, take };
	const int ret = options_parse(&form, argc, argv, &wanted->run, wanted);
	if (ret == DONE && wanted->run.count > 0) {
		fprintf(stderr, "ods: zones are not named here; for one of them: ods zone %s\n",
		        wanted->run.args[0]);
		return USAGE;
	}
	return ret == DONE && wanted->wrong ? USAGE : ret;
}

/* -- filters ------------------------------------------------------------- */

static bool has_token(const char *tokens, const char *name)
{
	const size_t len = strlen(name);
	while (*tokens != '\0') {
		const size_t word = strcspn(tokens, ",");
		if (word == len && memcmp(tokens, name, len) == 0) {
			return true;
		}
		tokens += word + (tokens[word] == ',');
	}
	return false;
}

static bool is_before(int64_t when, time_t limit)
{
	return limit == 0 || (when != 0 && when < limit);
}

static bool is_wanted(const listed_t *zone, const wanted_t *wanted)
{
	return (!wanted->any_state || wanted->states[zone->state]) &&
	       (wanted->policy == NULL || strcmp(wanted->policy, zone->policy) == 0) &&
	       (wanted->token == NULL || has_token(zone->tokens, wanted->token)) &&
	       is_before(zone->next_at, wanted->before) && is_before(zone->until, wanted->expiring);
}

static void filter(list_t *list, const wanted_t *wanted)
{
	size_t count = 0;
	for (size_t i = 0; i < list->count; i++) {
		if (is_wanted(&list->zones[i], wanted)) {
			list->zones[count++] = list->zones[i];
		}
	}
	list->count = count;
	if (count > 0) {
		qsort(list->zones, count, sizeof(*list->zones), wanted->order);
	}
}

/* -- as text ------------------------------------------------------------- */

typedef struct {
	int zone, state, lasts, next, policy; /* Columns. */
} widths_t;

static void longest(int *width, const char *text)
{
	const int len = (int)strlen(text);
	*width = len > *width ? len : *width;
}

static widths_t measure(const page_t *page, const list_t *list)
{
	widths_t widths = { .zone = 4, .state = 5, .lasts = 9, .next = 9, .policy = 6 };
	for (size_t i = 0; i < list->count; i++) {
		const listed_t *zone = &list->zones[i];
		longest(&widths.zone, zone->name);
		longest(&widths.state, zone_word(zone->state)->name);
		longest(&widths.policy, zone->policy);
	}
	if (page->width > 0) {
		const int most = page->width * 2 / 5;
		widths.zone = widths.zone < most ? widths.zone : most;
		widths.policy = widths.policy < page->width / 8 ? widths.policy : page->width / 8;
	}
	return widths;
}

/* How far away a moment is; a dash if it is not known. */
static const char *distance(int64_t when, time_t now, char buf[DURATION_TEXT_MAX])
{
	return when == 0 ? "-" : when <= now ? "over" : duration_text(when - now, buf);
}

static void print_fields(const page_t *page, const widths_t *widths, const char *const texts[6])
{
	const int columns[] = { widths->zone, widths->state, widths->lasts, widths->next,
	                        widths->policy };
	int used = 0;
	for (int i = 0; i < 5; i++) {
		page_cell(page, columns[i], texts[i]);
		printf("  ");
		used += columns[i] + 2;
	}
	if (page->width > used + 8) {
		page_cell(page, page->width - used, texts[5]);
	} else if (page->width == 0) {
		printf("%s", texts[5]);
	}
	printf("\n");
}

static void print_zone(const page_t *page, const widths_t *widths, const listed_t *zone, time_t now)
{
	char lasts[DURATION_TEXT_MAX], next[DURATION_TEXT_MAX];
	const level_t level = zone_word(zone->state)->level;
	page_ink(page, level == LEVEL_CRITICAL ? PAGE_CRITICAL
	         : level == LEVEL_WARNING ? PAGE_WARNING : PAGE_PLAIN);
	print_fields(page, widths, (const char *const[]){
		zone->name, zone_word(zone->state)->name, distance(zone->until, now, lasts),
		distance(zone->next_at, now, next), zone->policy, zone->next });
}

static void print_text(const list_t *list, time_t now)
{
	const page_t page = page_of_output();
	const widths_t widths = measure(&page, list);
	if (list->count == 0) {
		return;
	}
	page_ink(&page, PAGE_BOLD);
	print_fields(&page, &widths, (const char *const[]){ "zone", "state", "lasts", "next in",
	                                                    "policy", "next" });
	for (size_t i = 0; i < list->count; i++) {
		print_zone(&page, &widths, &list->zones[i], now);
	}
	page_ink(&page, PAGE_PLAIN);
}

/* -- as JSON ------------------------------------------------------------- */

static void print_tokens(const char *tokens)
{
	char name[256];
	bool more = false;
	printf(", \"tokens\": [");
	while (*tokens != '\0') {
		const size_t word = strcspn(tokens, ",");
		snprintf(name, sizeof(name), "%.*s", (int)word, tokens);
		printf("%s", more ? ", " : "");
		json_string(stdout, name);
		more = true;
		tokens += word + (tokens[word] == ',');
	}
	printf("]");
}

static void print_json(const list_t *list)
{
	printf("[");
	for (size_t i = 0; i < list->count; i++) {
		const listed_t *zone = &list->zones[i];
		printf("%s{", i > 0 ? ",\n " : "\n ");
		json_text(stdout, false, "zone", zone->name);
		json_text(stdout, true, "state", zone_word(zone->state)->name);
		json_text(stdout, true, "level", level_name(zone_word(zone->state)->level));
		json_time(stdout, true, "serial", zone->serial);
		json_time(stdout, true, "input_serial", zone->input_serial);
		json_time(stdout, true, "until", zone->until);
		json_time(stdout, true, "next_at", zone->next_at);
		json_text(stdout, true, "next", zone->next[0] != '\0' ? zone->next : NULL);
		json_text(stdout, true, "policy", zone->policy);
		print_tokens(zone->tokens);
		printf("}");
	}
	printf("\n]\n");
}

/* -- all of it ----------------------------------------------------------- */

int tool_zones(const invocation_t *run, int argc, char *argv[])
{
	wanted_t wanted = { .run = *run, .now = time(NULL), .order = by_state };
	list_t list = { 0 };
	int ret = parse(argc, argv, &wanted);
	if (ret != DONE) {
		return ret < 0 ? DONE : ret;
	}
	ret = FAILED;
	if (list_take(&list, &wanted.run) == 0) {
		filter(&list, &wanted);
		if (wanted.run.json) {
			print_json(&list);
		} else {
			print_text(&list, wanted.now);
		}
		ret = list.module && list.engine ? DONE : IN_PART;
	}
	list_deinit(&list);
	return ret;
}
