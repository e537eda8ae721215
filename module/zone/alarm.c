/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zone/alarm.h"

#include <stdio.h>
#include <string.h>

#include <libknot/libknot.h>

#include "common/cause.h"
#include "module/base/moment.h"

#define HOUR 3600
#define DAY 86400

void alarms_begin(alarms_t *alarms)
{
	for (size_t i = 0; i < alarms->count; i++) {
		alarms->list[i].count = 0;
	}
}

/*! \return The cause with such a text, a new one if there is room; else the last one, which has all
 *  that found no room. */
static alarm_t *find(alarms_t *alarms, alarm_kind_t kind, const char *common)
{
	for (size_t i = 0; i < alarms->count; i++) {
		alarm_t *alarm = &alarms->list[i];
		if (alarm->kind == kind && strcmp(alarm->common, common) == 0) {
			return alarm;
		}
	}
	if (alarms->count == ALARMS_MAX) {
		return &alarms->list[ALARMS_MAX - 1];
	}
	alarm_t *alarm = &alarms->list[alarms->count++];
	memset(alarm, 0, sizeof(*alarm));
	alarm->kind = kind;
	snprintf(alarm->common, sizeof(alarm->common), "%s", common);
	return alarm;
}

void alarms_add(alarms_t *alarms, const knot_dname_t *zone, const alarm_zone_t *why)
{
	char common[CAUSE_MAX];
	knot_dname_txt_storage_t name;
	cause_common(why->cause, knot_dname_to_str(name, zone, sizeof(name)), common);
	alarm_t *alarm = find(alarms, why->kind, common);
	if (alarm->count++ == 0 || why->until < alarm->until) {
		alarm->until = why->until;
		memcpy(alarm->first, zone, knot_dname_size(zone));
		snprintf(alarm->text, sizeof(alarm->text), "%s", why->cause);
	}
}

void alarm_text(const alarm_zone_t *why, int64_t now, char *out, size_t size)
{
	static const struct {
		const char *now, *over, *then;
	} words[] = {
		[ALARM_SIGNATURES] = {
			"signatures last", "signatures lasted",
			"resolvers that validate refuse the zone"
		},
		[ALARM_PRIMARY] = {
			"no primary confirms the zone, it is served",
			"no primary confirmed the zone, it was served", "it is not served any more"
		},
	};
	char when[MOMENT_MAX], span[MOMENT_MAX];
	const int64_t left = why->until - now;
	moment_text(why->until, when);
	if (left > 0) {
		snprintf(out, size, "%s until %s, %s are left: %s", words[why->kind].now, when,
		         moment_span(left, span), why->cause);
	} else {
		snprintf(out, size, "%s until %s, %s: %s", words[why->kind].over, when,
		         words[why->kind].then, why->cause);
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
	char many[64] = "", text[ALARM_LINE_MAX];
	alarm_zone_t why = { .kind = alarm->kind, .until = alarm->until };
	if (alarm->count > 1) {
		snprintf(many, sizeof(many), ", as the first of %zu zones", alarm->count);
	}
	memcpy(why.cause, alarm->text, sizeof(why.cause));
	alarm_text(&why, now, text, sizeof(text));
	log_msg(log, LOG_ERR, alarm->first, "%s%s: %s",
	        alarm->until > now ? "expiring" : "expired", many, text);
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
