/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy-engine/simulate/timeline.h"

const char *timeline_record(keyset_record_t record)
{
	static const char *const names[KEYSET_RECORDS] = {
		[KEYSET_DS] = "DS",
		[KEYSET_DNSKEY] = "DNSKEY",
		[KEYSET_RRSIG_DNSKEY] = "RRSIG DNSKEY",
		[KEYSET_RRSIG] = "RRSIG",
	};
	return names[record];
}

const char *timeline_when(int64_t when, char buf[TIMELINE_WHEN_MAX])
{
	time_t t = when;
	struct tm tm;
	strftime(buf, TIMELINE_WHEN_MAX, "%Y-%m-%d %H:%M:%S", gmtime_r(&t, &tm));
	return buf;
}

static void order_text(const simulate_order_t *order, char buf[TIMELINE_EVENT_MAX])
{
	if (order->what == SIMULATE_POLICY) {
		snprintf(buf, TIMELINE_EVENT_MAX, "the zone's policy is %s from now on",
		         order->policy->name);
	} else {
		snprintf(buf, TIMELINE_EVENT_MAX, "%s of the %s asked for",
		         order->what == SIMULATE_EMERGENCY ? "emergency rollover" : "rollover",
		         policy_role_element(order->role));
	}
}

static const char *plan_text(plan_event_t event)
{
	switch (event) {
	case PLAN_INTRODUCED:
		return "comes into use";
	case PLAN_STANDBY:
		return "comes on standby";
	case PLAN_REPLACED:
		return "is replaced";
	case PLAN_UNWANTED:
		return "goes: the policy does not want it";
	case PLAN_FORGOTTEN:
		return "is purged";
	default:
		return "";
	}
}

/* What a DS needs of a person. */
static const char *ds_hint(const timeline_event_t *event)
{
	if (event->record != KEYSET_DS) {
		return "";
	}
	return event->after == KEYSET_RUMOURED      ? " (the parent is asked for it)"
	       : event->after == KEYSET_UNRETENTIVE ? " (the parent is asked to remove it)"
	                                            : "";
}

static int key_text(const timeline_t *timeline, const timeline_key_t *key,
                    char buf[TIMELINE_EVENT_MAX])
{
	const char *role = policy_role_element(key->role);
	if (key->keytag == 0 && timeline->continued) {
		return snprintf(buf, TIMELINE_EVENT_MAX, "new %s, algorithm %u  ", role,
		                key->algorithm);
	}
	return snprintf(buf, TIMELINE_EVENT_MAX, "%s %u  ", role,
	                key->keytag != 0 ? key->keytag : key->number);
}

const char *timeline_event(const timeline_t *timeline, const timeline_event_t *event,
                           char buf[TIMELINE_EVENT_MAX])
{
	if (event->kind == TIMELINE_ORDER) {
		order_text(event->order, buf);
		return buf;
	}
	const timeline_key_t *key = event->key < timeline->key_count ? &timeline->keys[event->key]
	                                                             : NULL;
	int len = key != NULL ? key_text(timeline, key, buf) : 0;
	if (event->kind == TIMELINE_PLAN) {
		snprintf(buf + len, TIMELINE_EVENT_MAX - len, "%s", plan_text(event->plan));
	} else {
		snprintf(buf + len, TIMELINE_EVENT_MAX - len, "%s %s -> %s%s",
		         timeline_record(event->record), keyset_state_name(event->before),
		         keyset_state_name(event->after), ds_hint(event));
	}
	return buf;
}

void timeline_text(const timeline_t *timeline, FILE *out)
{
	char when[TIMELINE_WHEN_MAX], end[TIMELINE_WHEN_MAX], text[TIMELINE_EVENT_MAX];
	fprintf(out, "Policy %s, %s to %s: %zu keys\n", timeline->policy,
	        timeline_when(timeline->from, when), timeline_when(timeline->to, end),
	        timeline->key_count);
	int64_t last = timeline->from - 1;
	for (size_t i = 0; i < timeline->event_count; i++) {
		const timeline_event_t *event = &timeline->events[i];
		fprintf(out, "%-19s  %s\n",
		        event->at != last ? timeline_when(event->at, when) : "",
		        timeline_event(timeline, event, text));
		last = event->at;
	}
}
