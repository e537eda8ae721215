/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/store/held.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libknot/libknot.h>

#include "module/base/moment.h"

/* Bytes that hold a zone's record, its end included: a line for each rule. What and why are cut to
 * what fits into a line; they are far shorter. */
#define LINE_MAX_BYTES (HELD_TEXT_MAX - 320)
#define RECORD_MAX (HELD_RULES * LINE_MAX_BYTES)

typedef struct {
	const char *name;
	bool can_pass;
} rule_t;

static const rule_t rules[HELD_RULES] = {
	[HELD_CHAIN] = { "chain", true },
	[HELD_SHRINK] = { "shrink", true },
	[HELD_SERIAL] = { "serial", false },
	[HELD_TIME] = { "time", false },
	[HELD_REFUSED] = { "refused", false },
	[HELD_CHECK] = { "check", true },
	[HELD_AHEAD] = { "ahead", true },
	[HELD_FREEZE] = { "freeze", false },
};

const char *held_name(held_rule_t rule)
{
	return rules[rule].name;
}

bool held_can_pass(held_rule_t rule)
{
	return rules[rule].can_pass;
}

bool held_find(const char *name, held_rule_t *rule)
{
	for (int i = 0; i < HELD_RULES; i++) {
		if (strcmp(rules[i].name, name) == 0) {
			*rule = i;
			return true;
		}
	}
	return false;
}

static void clear(held_thing_t *thing)
{
	free(thing->what);
	free(thing->why);
	*thing = (held_thing_t) { .what = NULL };
}

/*** The record: lines "RULE SINCE PASSED WHAT <tab> WHY". ***/

static size_t write_record(const held_t *held, char *out)
{
	size_t len = 0;
	for (int i = 0; i < HELD_RULES; i++) {
		const held_thing_t *thing = &held->things[i];
		if (thing->what == NULL) {
			continue;
		}
		int written = snprintf(out + len, LINE_MAX_BYTES, "%s %" PRId64 " %d %s\t%s",
		                       rules[i].name, thing->since, thing->passed, thing->what,
		                       thing->why);
		len += written < LINE_MAX_BYTES - 1 ? written : LINE_MAX_BYTES - 2;
		out[len++] = '\n';
	}
	return len;
}

/*! Reads a line. One that is damaged, or of a rule that another version has, is left out. */
static void read_line(held_t *held, char *line)
{
	char name[16];
	int64_t since = 0;
	int passed = 0, at = 0;
	held_rule_t rule;
	char *why = strchr(line, '\t');
	if (why == NULL || sscanf(line, "%15s %" SCNd64 " %d %n", name, &since, &passed, &at) < 3 ||
	    at == 0 || line + at > why || !held_find(name, &rule)) {
		return;
	}
	*why++ = '\0';
	held_thing_t *thing = &held->things[rule];
	clear(thing);
	*thing = (held_thing_t){
		.what = strdup(line + at),
		.why = strdup(why),
		.since = since,
		.passed = passed != 0,
	};
	if (thing->what == NULL || thing->why == NULL) {
		clear(thing);
	}
}

static void read_record(held_t *held, const void *data, size_t len)
{
	char text[RECORD_MAX + 1], *rest = NULL;
	len = len < RECORD_MAX ? len : RECORD_MAX;
	memcpy(text, data, len);
	text[len] = '\0';
	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		read_line(held, line);
	}
}

void held_init(held_t *held, const held_args_t *args)
{
	const void *data = NULL;
	size_t len = 0;
	store_txn_t txn;
	memset(held, 0, sizeof(*held));
	held->args = *args;
	pthread_mutex_init(&held->lock, NULL);
	if (args->store != NULL && store_read(args->store, &txn) == KNOT_EOK) {
		if (store_get(&txn, STORE_HELD, args->zone, &data, &len) == KNOT_EOK) {
			read_record(held, data, len);
		}
		store_abort(&txn);
	}
}

void held_deinit(held_t *held)
{
	for (int i = 0; i < HELD_RULES; i++) {
		clear(&held->things[i]);
	}
	pthread_mutex_destroy(&held->lock);
}

/*** Changes. ***/

/*! Stores what is held now: threads that change it store it one after the other. */
static void store_record(held_t *held)
{
	char text[RECORD_MAX];
	store_txn_t txn;
	int ret = held->args.store != NULL ? store_write(held->args.store, &txn) : KNOT_ENOENT;
	if (ret == KNOT_EOK) {
		pthread_mutex_lock(&held->lock);
		const size_t len = write_record(held, text);
		pthread_mutex_unlock(&held->lock);
		ret = len > 0 ? store_set(&txn, STORE_HELD, held->args.zone, text, len)
		              : store_unset(&txn, STORE_HELD, held->args.zone);
		ret = store_end(&txn, ret);
	}
	if (ret != KNOT_EOK && held->args.store != NULL) {
		log_msg(held->args.log, LOG_WARNING, held->args.zone,
		        "what is held is not stored, a restart forgets it: %s",
		        store_strerror(ret));
	}
	held->args.changed(held->args.ctx);
}

static bool same(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

void held_set(held_t *held, held_rule_t rule, const char *what, const char *why)
{
	pthread_mutex_lock(&held->lock);
	held_thing_t *thing = &held->things[rule];
	const bool known = same(thing->what, what), news = !known || !same(thing->why, why);
	const held_thing_t fresh = {
		.what = news ? strdup(what) : NULL, .why = news ? strdup(why) : NULL,
		.since = thing->what != NULL ? thing->since : time(NULL),
		.passed = known && thing->passed,
	};
	if (fresh.what != NULL && fresh.why != NULL) {
		clear(thing);
		*thing = fresh;
	} else {
		free(fresh.what);
		free(fresh.why);
	}
	pthread_mutex_unlock(&held->lock);
	if (news) {
		char text[HELD_TEXT_MAX];
		store_record(held);
		if (held_text(held, rule, text, sizeof(text))) {
			log_msg(held->args.log, rule == HELD_FREEZE ? LOG_NOTICE : LOG_ERR,
			        held->args.zone, "%s", text);
		}
	}
}

void held_end(held_t *held, held_rule_t rule)
{
	pthread_mutex_lock(&held->lock);
	const bool was = held->things[rule].what != NULL;
	clear(&held->things[rule]);
	pthread_mutex_unlock(&held->lock);
	if (was) {
		store_record(held);
		log_msg(held->args.log, LOG_NOTICE, held->args.zone, "no longer held: %s",
		        rules[rule].name);
	}
}

bool held_pass(held_t *held, held_rule_t rule)
{
	pthread_mutex_lock(&held->lock);
	const bool is = held->things[rule].what != NULL;
	held->things[rule].passed |= is;
	pthread_mutex_unlock(&held->lock);
	if (is) {
		store_record(held);
		log_msg(held->args.log, LOG_NOTICE, held->args.zone,
		        "what the rule %s holds is let through once, by command", rules[rule].name);
	}
	return is;
}

/*** Questions. ***/

bool held_is(held_t *held, held_rule_t rule)
{
	return (held_rules(held) & (1u << rule)) != 0;
}

bool held_stops(held_t *held, held_rule_t rule)
{
	pthread_mutex_lock(&held->lock);
	const held_thing_t *thing = &held->things[rule];
	const bool stops = thing->what != NULL && !thing->passed;
	pthread_mutex_unlock(&held->lock);
	return stops;
}

bool held_has(held_t *held, held_rule_t rule, const char *what, bool *passed)
{
	pthread_mutex_lock(&held->lock);
	const held_thing_t *thing = &held->things[rule];
	const bool has = same(thing->what, what);
	*passed = has && thing->passed;
	pthread_mutex_unlock(&held->lock);
	return has;
}

bool held_text(held_t *held, held_rule_t rule, char *out, size_t size)
{
	char since[MOMENT_MAX], remedy[KNOT_DNAME_TXT_MAXLEN + 64] = "";
	knot_dname_txt_storage_t zone = "";
	(void)knot_dname_to_str(zone, held->args.zone, sizeof(zone));
	pthread_mutex_lock(&held->lock);
	const held_thing_t *thing = &held->things[rule];
	const bool is = thing->what != NULL;
	if (is && thing->passed) {
		snprintf(remedy, sizeof(remedy), "; it is let through as soon as it comes again");
	} else if (is && rules[rule].can_pass) {
		snprintf(remedy, sizeof(remedy), "; to let it through once: ods pass %s %s", zone,
		         rules[rule].name);
	}
	if (is) {
		snprintf(out, size, "held: %s: %s; since %s%s", rules[rule].name, thing->why,
		         moment_text(thing->since, since), remedy);
	}
	pthread_mutex_unlock(&held->lock);
	return is;
}

unsigned held_rules(held_t *held)
{
	unsigned bits = 0;
	pthread_mutex_lock(&held->lock);
	for (int i = 0; i < HELD_RULES; i++) {
		bits |= held->things[i].what != NULL ? 1u << i : 0;
	}
	pthread_mutex_unlock(&held->lock);
	return bits;
}
