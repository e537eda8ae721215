/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zone/alarm.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/base/moment.h"

#define HOUR 3600
#define DAY 86400

void alarms_begin(alarms_t *alarms)
{
	for (size_t i = 0; i < alarms->count; i++) {
		alarms->list[i].count = 0;
	}
}

/*! Leaves out the words that have a digit: key tags, serials and moments differ between zones. */
static void write_kind(const char *text, char *kind, size_t size)
{
	size_t len = 0;
	while (*text != '\0' && len < size - 1) {
		const size_t word = strcspn(text, " "), space = strspn(text + word, " ");
		if (strcspn(text, "0123456789") >= word && len + word + 1 < size) {
			memcpy(kind + len, text, word);
			len += word;
			kind[len++] = ' ';
		}
		text += word + space;
	}
	kind[len] = '\0';
}

/*! \return The cause of a kind, a new one if there is room; else the last one, which has all that
 *  found no room. */
static alarm_t *find(alarms_t *alarms, const char *kind)
{
	for (size_t i = 0; i < alarms->count; i++) {
		if (strcmp(alarms->list[i].kind, kind) == 0) {
			return &alarms->list[i];
		}
	}
	if (alarms->count == ALARMS_MAX) {
		return &alarms->list[ALARMS_MAX - 1];
	}
	alarm_t *alarm = &alarms->list[alarms->count++];
	memset(alarm, 0, sizeof(*alarm));
	snprintf(alarm->kind, sizeof(alarm->kind), "%s", kind);
	return alarm;
}

void alarms_add(alarms_t *alarms, const knot_dname_t *zone, int64_t until, const char *cause)
{
	char kind[sizeof(alarms->list[0].kind)];
	write_kind(cause, kind, sizeof(kind));
	alarm_t *alarm = find(alarms, kind);
	if (alarm->count++ == 0 || until < alarm->until) {
		alarm->until = until;
		memcpy(alarm->first, zone, knot_dname_size(zone));
		snprintf(alarm->text, sizeof(alarm->text), "%s", cause);
	}
}

static bool is_due(const alarm_t *alarm, int64_t now)
{
	const int64_t since = now - alarm->told_at, left = alarm->until - now;
	if (alarm->told_at == 0 || since < 0) {
		return true; /* The clock may have been set back. */
	}
	/* It had not expired when there was a line last, and has now. */
	if (left <= 0 && alarm->told_at < alarm->told_until) {
		return true;
	}
	return since >= DAY || (since >= HOUR && (left <= DAY || alarm->count > alarm->told_count));
}

static void tell(const alarm_t *alarm, log_t *log, int64_t now)
{
	char when[MOMENT_MAX], span[MOMENT_MAX], many[64] = "";
	const int64_t left = alarm->until - now;
	if (alarm->count > 1) {
		snprintf(many, sizeof(many), ", as the first of %zu zones", alarm->count);
	}
	moment_text(alarm->until, when);
	if (left > 0) {
		log_msg(log, LOG_ERR, alarm->first,
		        "expiring%s: signatures last until %s, %s are left, and none is made anew: "
		        "%s", many, when, moment_span(left, span), alarm->text);
	} else {
		log_msg(log, LOG_ERR, alarm->first,
		        "expired%s: signatures lasted until %s, resolvers that validate refuse it "
		        "now: %s", many, when, alarm->text);
	}
}

void alarms_end(alarms_t *alarms, log_t *log, int64_t now)
{
	bool any = false;
	for (size_t i = 0; i < alarms->count; i++) {
		alarm_t *alarm = &alarms->list[i];
		any |= alarm->count > 0;
		if (alarm->count > 0 && is_due(alarm, now)) {
			tell(alarm, log, now);
			alarm->told_at = now;
			alarm->told_until = alarm->until;
			alarm->told_count = alarm->count;
		}
	}
	if (!any) {
		/* A cause that is gone for a round is known as long as others are there: its text
		 * may come again. */
		alarms->count = 0;
	}
	if (alarms->any && !any) {
		log_msg(log, LOG_NOTICE, NULL,
		        "no zone is expiring any more: signatures are made anew in time");
	}
	alarms->any = any;
}
