/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* ods diff: what another kasp.xml, or another policy, would do to each zone, before it does. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy-engine/base/json.h"
#include "policy-engine/base/when.h"
#include "policy-engine/base/zone-name.h"
#include "policy-engine/policy/changes.h"
#include "policy-engine/policy/conf.h"
#include "policy-engine/policy/kasp.h"
#include "policy-engine/simulate/outcome.h"
#include "policy-engine/tool/commands.h"
#include "policy-engine/tool/date.h"
#include "policy-engine/tool/standings.h"

#define SCHEMA 1            /* Of the JSON. */
#define YEAR (365 * 86400)  /* Seconds that are looked ahead. */

/* A policy that zones have, and the one that they would have. */
typedef struct {
	const policy_t *from;
	const policy_t *to;     /* NULL = there would be none. */
	const char *to_name;
	size_t zones;           /* That have it. */
	size_t meant;           /* Of these, those that the options mean. */
	bool differs;
} pair_t;

/* A line of what is said of a zone. */
typedef struct {
	int64_t at;             /* INT64_MAX = not before the end. */
	char *text;
} said_t;

typedef struct {
	invocation_t run;
	const char *kasp;       /* NULL = the policies in force. */
	const char *zone, *policy, *to;
	int64_t now, until;
	char *zone_name;        /* As the engine writes it; NULL = all zones. */
	char *usual;            /* The kasp.xml that conf.xml names. */
	policies_t next;        /* Of kasp. */
	standings_t standings;
	pair_t *pairs;          /* By the place in the policies in force. */
	bool refused;           /* ods-engine would refuse the file. */
	size_t moved;           /* Zones with keys for which something changes. */
	bool more;              /* Of the JSON: something comes before. */
	said_t *said;           /* Of the zone that is looked at. */
	size_t said_count;
	bool failed;            /* Out of memory. */
} diff_t;

/* -- options ------------------------------------------------------------- */

static void usage(FILE *out)
{
	fprintf(out, "Usage: ods diff [OPTION]... [KASP]\n"
	        "\n"
	        "Says what the file KASP would do to each zone if it took the place of the policies\n"
	        "that are in force: what of a policy differs, and which key would take which step at\n"
	        "another time than without. Without KASP it is the kasp.xml that conf.xml names, as\n"
	        "ods-engine would read it at a reload. Nothing is changed.\n"
	        "\n"
	        "Options:\n"
	        "  -z, --zone ZONE      this zone only [all]\n"
	        "  -p, --policy NAME    zones that have this policy only\n"
	        "  -t, --to NAME        what if these zones got this policy in knot.conf; without KASP,\n"
	        "                       as it is in force\n"
	        "  -u, --until WHEN     how far to look ahead: 2027-12-31, or P90D [P1Y]\n"
	        "  -j, --json           print JSON\n"
	        "  -c, --config FILE    conf.xml\n"
	        "  -s, --socket SOCKET  the engine's socket [as conf.xml says]\n"
	        "  -h, --help           this text\n"
	        "\n"
	        "Dates are those of a world in which nothing holds a step up, and the parent does at\n"
	        "once what it is asked to.\n"
	        "\n"
	        "Exit status: 0 done, 1 ods-engine would refuse the file, or ods diff failed, 2 wrong\n"
	        "command line.\n");
}

static bool take(void *ctx, int option, const char *value)
{
	diff_t *d = ctx;
	time_t until;
	switch (option) {
	case 'z':
		d->zone = value;
		return true;
	case 'p':
		d->policy = value;
		return true;
	case 't':
		d->to = value;
		return true;
	case 'u':
		if (!date_read_from(value, d->now, &until)) {
			return false;
		}
		d->until = until;
		return true;
	default:
		return false;
	}
}

/* \return As options_parse(). */
static int parse(diff_t *d, int argc, char *argv[])
{
	static const struct option longs[] = {
		{ "zone", required_argument, NULL, 'z' },
		{ "policy", required_argument, NULL, 'p' },
		{ "to", required_argument, NULL, 't' },
		{ "until", required_argument, NULL, 'u' },
		OPTIONS_LONG,
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const options_form_t form = { OPTIONS_SHORT "z:p:t:u:h", longs, usage, take };
	int ret = options_parse(&form, argc, argv, &d->run, d);
	if (ret == DONE && d->run.count > 1) {
		usage(stderr);
		ret = USAGE;
	}
	if (ret == DONE && d->until <= d->now) {
		fprintf(stderr, "ods: --until is over already\n");
		ret = USAGE;
	}
	d->kasp = ret == DONE && d->run.count == 1 ? d->run.args[0] : NULL;
	return ret;
}

/* -- the policies -------------------------------------------------------- */

static void report(void *ctx, kasp_kind_t kind, const char *text)
{
	(void)ctx;
	if (kind != KASP_ADVICE) {
		fprintf(stderr, "ods: %s\n", text);
	}
}

/* Reads the file that is compared, if there is one. \return 0, or -1, and why is said. */
static int read_next(diff_t *d)
{
	engine_conf_t conf = { 0 };
	hsm_error_t err = { 0 };
	const char *path = d->run.conf != NULL ? d->run.conf : HSM_CONF_FILE;
	const bool known = engine_conf_read(path, &conf, NULL, NULL, &err) == HSM_EOK;
	int ret = 0;
	if (d->kasp == NULL && d->to == NULL && !known) {
		fprintf(stderr, "ods: %s; name the kasp.xml, or conf.xml by --config\n", err.text);
		ret = -1;
	} else if (d->kasp == NULL && d->to == NULL) {
		d->usual = strdup(conf.policy_file);
		d->kasp = d->usual;
		ret = d->kasp != NULL ? 0 : -1;
	}
	if (ret == 0 && d->kasp != NULL) {
		ret = kasp_read(d->kasp, known ? &conf.tokens : NULL, &d->next, report, NULL, &err) ==
		      HSM_EOK ? 0 : -1;
	}
	if (ret != 0 && d->kasp != NULL) {
		fprintf(stderr, "ods: ods-engine would refuse %s, and keep its policies\n", d->kasp);
	}
	engine_conf_deinit(&conf);
	return ret;
}

static const policies_t *next_of(const diff_t *d)
{
	return d->kasp != NULL ? &d->next : &d->standings.policies;
}

static bool is_meant(const diff_t *d, const standing_zone_t *zone)
{
	return (d->zone_name == NULL || strcmp(zone->name, d->zone_name) == 0) &&
	       (d->policy == NULL || strcmp(zone->at.zone.policy, d->policy) == 0);
}

/* \return The pair of a zone's policy; NULL = the zone has none that is in force. */
static pair_t *pair_of(const diff_t *d, const standing_zone_t *zone)
{
	const policy_t *from = policies_find(&d->standings.policies, zone->at.zone.policy);
	return from != NULL ? &d->pairs[from - d->standings.policies.policies] : NULL;
}

/* Finds which policy takes the place of each one. */
static int make_pairs(diff_t *d)
{
	const policies_t *before = &d->standings.policies;
	d->pairs = calloc(before->count + 1, sizeof(*d->pairs));
	if (d->pairs == NULL) {
		fprintf(stderr, "ods: out of memory\n");
		return -1;
	}
	if (d->to != NULL && policies_find(next_of(d), d->to) == NULL) {
		fprintf(stderr, "ods: there is no policy '%s'\n", d->to);
		return -1;
	}
	for (size_t i = 0; i < before->count; i++) {
		pair_t *pair = &d->pairs[i];
		pair->from = &before->policies[i];
		pair->to_name = d->to != NULL ? d->to : pair->from->name;
		pair->to = policies_find(next_of(d), pair->to_name);
		pair->differs = pair->to == NULL || policy_changes(pair->from, pair->to, NULL, NULL);
	}
	for (size_t i = 0; i < d->standings.count; i++) {
		const standing_zone_t *zone = &d->standings.zones[i];
		pair_t *pair = pair_of(d, zone);
		if (pair != NULL) {
			pair->zones++;
			pair->meant += is_meant(d, zone);
		}
	}
	return 0;
}

/* Whether ods-engine would keep the policies that it has, since zones would be without one. */
static void check_pairs(diff_t *d)
{
	for (size_t i = 0; i < d->standings.policies.count; i++) {
		const pair_t *pair = &d->pairs[i];
		if (pair->to == NULL && pair->zones > 0) { /* Without --to. */
			fprintf(stderr, "ods: %s has no policy '%s', and zones have it (%zu): ods-engine "
			        "would refuse it\n", d->kasp, pair->to_name, pair->zones);
			d->refused = true;
		} else if (pair->to != NULL && pair->to->defect != NULL && pair->from->defect == NULL) {
			fprintf(stderr, "ods: %s: %s\n", d->to != NULL ? "no zone can have that policy"
			        : "ods-engine would refuse the file", pair->to->defect);
			d->refused = true;
		}
	}
}

/* -- one zone ------------------------------------------------------------ */

/* Two simulations of a zone, summed up. */
typedef struct {
	outcome_t *keys;
	size_t count;
} future_t;

/* Writes what differs of a key. then, before: NULL = the key does not come. */
typedef void (*show_key_f)(diff_t *d, const outcome_t *then, const outcome_t *before);

static int foresee(const diff_t *d, const standing_zone_t *zone, const policy_t *policy,
                   future_t *future)
{
	timeline_t timeline = { 0 };
	int ret = standing_simulate(zone, policy, d->now, d->until, &timeline);
	if (ret == 0) {
		future->keys = outcomes_of(&timeline);
		future->count = timeline.key_count;
		ret = future->keys != NULL ? 0 : -1;
	}
	timeline_deinit(&timeline);
	return ret;
}

/* Whether a key is worth a line: it is there, it is the next one of its kind, or it comes at once. */
static bool is_near(const diff_t *d, const outcome_t *key)
{
	return key->keytag != 0 || key->nth == 0 || key->at[OUTCOME_COMES] <= d->now + 1;
}

static bool same(const outcome_t *a, const outcome_t *b)
{
	return memcmp(a->at, b->at, sizeof(a->at)) == 0;
}

/* \return How many keys differ; calls show for each. */
static size_t compare(diff_t *d, const future_t *before, const future_t *then, show_key_f show)
{
	size_t found = 0;
	for (size_t i = 0; i < then->count; i++) {
		const outcome_t *key = &then->keys[i];
		const outcome_t *old = outcome_find(before->keys, before->count, key);
		if (is_near(d, key) && (old == NULL || !same(key, old))) {
			found++;
			show(d, key, old);
		}
	}
	for (size_t i = 0; i < before->count; i++) {
		const outcome_t *key = &before->keys[i];
		if (is_near(d, key) && outcome_find(then->keys, then->count, key) == NULL) {
			found++;
			show(d, NULL, key);
		}
	}
	return found;
}

/* -- as text ------------------------------------------------------------- */

static void show_change(void *ctx, const policy_change_t *change)
{
	(void)ctx;
	printf("  %s: %s%s%s\n      %s\n", change->item,
	       change->before[0] != '\0' ? change->before : "new: ",
	       change->before[0] == '\0' ? "" : change->after[0] != '\0' ? " -> " : " -> none",
	       change->after, change->effect);
}

static void show_pairs(const diff_t *d)
{
	for (size_t i = 0; i < d->standings.policies.count; i++) {
		const pair_t *pair = &d->pairs[i];
		if (!pair->differs || (d->to != NULL && pair->meant == 0)) {
			continue;
		}
		printf("Policy %s", pair->from->name);
		if (d->to != NULL) {
			printf(" -> %s", pair->to_name);
		}
		printf(", zones: %zu\n", pair->meant);
		if (pair->to == NULL) {
			printf("  is there no more\n");
		} else {
			(void)policy_changes(pair->from, pair->to, show_change, NULL);
		}
	}
}

static const char *date_of(const diff_t *d, int64_t when, char buf[WHEN_TEXT_MAX])
{
	char date[WHEN_TEXT_MAX];
	if (when == 0) {
		snprintf(buf, WHEN_TEXT_MAX, "not before %.10s", when_stamp(d->until, date));
	} else if (when <= d->now + 1) {
		snprintf(buf, WHEN_TEXT_MAX, "at once");
	} else {
		when_stamp(when, buf);
	}
	return buf;
}

/* Takes over a text. */
static void say(diff_t *d, int64_t at, char *text)
{
	said_t *said = text != NULL ? reallocarray(d->said, d->said_count + 1, sizeof(*said)) : NULL;
	if (said == NULL) {
		free(text);
		d->failed = true;
		return;
	}
	d->said = said;
	said[d->said_count++] = (said_t){ at != 0 ? at : INT64_MAX, text };
}

static int by_time(const void *a, const void *b)
{
	const said_t *left = a, *right = b;
	return (left->at > right->at) - (left->at < right->at);
}

/* Prints what was said, in order of time. */
static void flush_said(diff_t *d)
{
	char when[WHEN_TEXT_MAX];
	if (d->said_count > 0) {
		qsort(d->said, d->said_count, sizeof(d->said[0]), by_time);
	}
	for (size_t i = 0; i < d->said_count; i++) {
		const int64_t at = d->said[i].at;
		printf("  %-21s %s\n", date_of(d, at != INT64_MAX ? at : 0, when), d->said[i].text);
		free(d->said[i].text);
	}
	free(d->said);
	d->said = NULL;
	d->said_count = 0;
}

static void say_step(diff_t *d, const outcome_t *key, const char *what, int64_t at, int64_t was,
                     bool is_new)
{
	char name[64], old[WHEN_TEXT_MAX], without[WHEN_TEXT_MAX + 24] = "", *text = NULL;
	if (key->keytag != 0) {
		snprintf(name, sizeof(name), "%s %u", policy_role_element(key->role), key->keytag);
	} else {
		snprintf(name, sizeof(name), "new %s, algorithm %u, %u bits",
		         policy_role_element(key->role), key->algorithm, key->bits);
	}
	if (!is_new) {
		snprintf(without, sizeof(without), " (without the change: %s)", date_of(d, was, old));
	}
	if (asprintf(&text, "%s: %s%s", name, what, without) < 0) {
		text = NULL;
	}
	say(d, at, text);
}

static void show_key(diff_t *d, const outcome_t *then, const outcome_t *before)
{
	if (then == NULL) {
		say_step(d, before, outcome_words(OUTCOME_COMES), 0, before->at[OUTCOME_COMES], false);
		return;
	}
	for (int step = 0; step < OUTCOME_STEPS; step++) {
		const int64_t at = then->at[step], was = before != NULL ? before->at[step] : 0;
		const bool moot = step == OUTCOME_KNOWN && at == 0 && then->at[OUTCOME_LEAVES] != 0;
		if (at != was && !moot) {
			say_step(d, then, outcome_words(step), at, was, before == NULL);
		}
	}
}

static void show_zone(const diff_t *d, const standing_zone_t *zone, const pair_t *pair)
{
	char when[WHEN_TEXT_MAX];
	printf("\n%s, policy %s", zone->name, zone->at.zone.policy);
	if (d->to != NULL) {
		printf(" -> %s", pair->to_name);
	}
	printf("\n");
	if (zone->at.zone.frozen != 0) {
		printf("  no key takes a step while the zone is frozen, until %s; then:\n",
		       zone->at.zone.frozen != CORE_NEVER ? when_stamp(zone->at.zone.frozen, when)
		                                          : "ods thaw");
	}
}

/* -- as JSON ------------------------------------------------------------- */

static void write_change(void *ctx, const policy_change_t *change)
{
	bool *more = ctx;
	printf("%s{", *more ? ",\n   " : "\n   ");
	json_text(stdout, false, "item", change->item);
	json_text(stdout, true, "before", change->before);
	json_text(stdout, true, "after", change->after);
	json_text(stdout, true, "effect", change->effect);
	printf("}");
	*more = true;
}

static void write_pairs(const diff_t *d)
{
	printf("{");
	json_number(stdout, false, "schema", SCHEMA);
	json_time(stdout, true, "now", d->now);
	json_time(stdout, true, "until", d->until);
	json_bool(stdout, true, "refused", d->refused);
	printf(",\n \"policies\": [");
	for (size_t i = 0, written = 0; i < d->standings.policies.count; i++) {
		const pair_t *pair = &d->pairs[i];
		bool more = false;
		if (!pair->differs || (d->to != NULL && pair->meant == 0)) {
			continue;
		}
		printf("%s{", written++ > 0 ? ",\n  " : "\n  ");
		json_text(stdout, false, "policy", pair->from->name);
		json_text(stdout, true, "to", pair->to != NULL ? pair->to_name : NULL);
		json_number(stdout, true, "zones", (int64_t)pair->meant);
		printf(", \"changes\": [");
		if (pair->to != NULL) {
			(void)policy_changes(pair->from, pair->to, write_change, &more);
		}
		printf("]}");
	}
	printf("],\n \"zones\": [");
}

static void write_steps(const char *name, const outcome_t *key)
{
	static const char *const steps[OUTCOME_STEPS] = {
		[OUTCOME_COMES] = "comes", [OUTCOME_DS] = "ds", [OUTCOME_KNOWN] = "known",
		[OUTCOME_LEAVES] = "leaves", [OUTCOME_NO_DS] = "no-ds", [OUTCOME_GONE] = "gone",
	};
	if (key == NULL) {
		printf(", \"%s\": null", name);
		return;
	}
	printf(", \"%s\": {", name);
	for (int step = 0; step < OUTCOME_STEPS; step++) {
		json_time(stdout, step > 0, steps[step], key->at[step]);
	}
	printf("}");
}

static void write_key(diff_t *d, const outcome_t *then, const outcome_t *before)
{
	const outcome_t *key = then != NULL ? then : before;
	printf("%s{", d->more ? ",\n    " : "\n    ");
	json_text(stdout, false, "role", keyset_role_name(key->role));
	json_number(stdout, true, "algorithm", key->algorithm);
	json_number(stdout, true, "bits", key->bits);
	json_number(stdout, true, "keytag", key->keytag);
	write_steps("then", then);
	write_steps("without", before);
	printf("}");
	d->more = true;
}

static void write_zone(const diff_t *d, const standing_zone_t *zone, const pair_t *pair)
{
	printf("%s{", d->moved > 1 ? ",\n  " : "\n  ");
	json_text(stdout, false, "zone", zone->name);
	json_text(stdout, true, "policy", zone->at.zone.policy);
	json_text(stdout, true, "to", pair->to_name);
	json_bool(stdout, true, "frozen", zone->at.zone.frozen != 0);
	printf(", \"keys\": [");
}

/* -- all of it ----------------------------------------------------------- */

static void nothing(diff_t *d, const outcome_t *then, const outcome_t *before)
{
	(void)d;
	(void)then;
	(void)before;
}

/* \return 0, or -1 if out of memory. */
static int look_at_zone(diff_t *d, const standing_zone_t *zone, const pair_t *pair)
{
	future_t before = { 0 }, then = { 0 };
	int ret = foresee(d, zone, pair->from, &before);
	ret = ret == 0 ? foresee(d, zone, pair->to, &then) : ret;
	if (ret == 0 && compare(d, &before, &then, nothing) > 0) {
		d->moved++;
		d->more = false;
		(d->run.json ? write_zone : show_zone)(d, zone, pair);
		(void)compare(d, &before, &then, d->run.json ? write_key : show_key);
		flush_said(d);
		printf("%s", d->run.json ? "]}" : "");
	}
	free(before.keys);
	free(then.keys);
	return d->failed ? -1 : ret;
}

static int look_at_zones(diff_t *d)
{
	size_t meant = 0;
	for (size_t i = 0; i < d->standings.count; i++) {
		const standing_zone_t *zone = &d->standings.zones[i];
		const pair_t *pair = pair_of(d, zone);
		if (!is_meant(d, zone)) {
			continue;
		}
		meant++;
		if (pair != NULL && pair->differs && pair->to != NULL && pair->to->defect == NULL &&
		    pair->from->defect == NULL && look_at_zone(d, zone, pair) != 0) {
			fprintf(stderr, "ods: out of memory\n");
			return FAILED;
		}
	}
	if (d->run.json) {
		printf("]}\n");
	} else {
		char until[WHEN_TEXT_MAX];
		printf("%sZones: %zu; a key takes a step at another time until %.10s: %zu\n",
		       d->moved > 0 ? "\n" : "", meant, when_stamp(d->until, until), d->moved);
	}
	return DONE;
}

static int show(diff_t *d)
{
	if (d->zone != NULL && (d->zone_name = zone_name_canonical(d->zone)) == NULL) {
		fprintf(stderr, "ods: '%s' is no name of a zone\n", d->zone);
		return FAILED;
	}
	if (read_next(d) != 0 || standings_take(&d->standings, &d->run) != 0 ||
	    make_pairs(d) != 0) {
		return FAILED;
	}
	if (d->zone_name != NULL && standings_find(&d->standings, d->zone_name) == NULL) {
		fprintf(stderr, "ods: the signer has no zone '%s' now\n", d->zone);
		return FAILED;
	}
	check_pairs(d);
	(d->run.json ? write_pairs : show_pairs)(d);
	int ret = look_at_zones(d);
	return d->refused ? FAILED : ret;
}

int tool_diff(const invocation_t *run, int argc, char *argv[])
{
	diff_t d = { .run = *run, .now = time(NULL) };
	d.until = d.now + YEAR;
	int ret = parse(&d, argc, argv);
	if (ret == DONE) {
		ret = show(&d);
	}
	free(d.pairs);
	free(d.usual);
	free(d.zone_name);
	policies_deinit(&d.next);
	standings_deinit(&d.standings);
	return ret < 0 ? DONE : ret;
}
