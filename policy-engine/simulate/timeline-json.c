/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/base/json.h"
#include "policy-engine/simulate/timeline.h"

static void json_spans(const spans_t *spans, FILE *out)
{
	putc('[', out);
	for (size_t i = 0; i < spans->count; i++) {
		const span_t *span = &spans->spans[i];
		fprintf(out, "%s{\"state\":\"%s\",\"from\":%lld,\"to\":%lld}", i > 0 ? "," : "",
		        keyset_state_name(span->state), (long long)span->from,
		        (long long)span->to);
	}
	putc(']', out);
}

static void write_time(const char *name, int64_t when, FILE *out)
{
	if (when != 0) {
		fprintf(out, ",\"%s\":%lld", name, (long long)when);
	}
}

static void json_key(const timeline_key_t *key, FILE *out)
{
	fprintf(out, "{\"number\":%u,\"role\":\"%s\",\"algorithm\":%u,\"bits\":%u,\"from\":%lld",
	        key->number, keyset_role_name(key->role), key->algorithm, key->bits,
	        (long long)key->from);
	write_time("leaving", key->leaving, out);
	write_time("to", key->to, out);
	fputs(",\"records\":{", out);
	const char *comma = "";
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		if (key->records[r].count > 0) {
			fprintf(out, "%s\"%s\":", comma, timeline_record(r));
			json_spans(&key->records[r], out);
			comma = ",";
		}
	}
	fputs("},\"parent\":", out);
	json_spans(&key->parent, out);
	putc('}', out);
}

void timeline_json(const timeline_t *timeline, FILE *out)
{
	char text[TIMELINE_EVENT_MAX];
	fputs("{\"policy\":", out);
	json_string(out, timeline->policy);
	fprintf(out, ",\"from\":%lld,\"to\":%lld,\"keys\":[", (long long)timeline->from,
	        (long long)timeline->to);
	for (size_t i = 0; i < timeline->key_count; i++) {
		fputs(i > 0 ? ",\n" : "\n", out);
		json_key(&timeline->keys[i], out);
	}
	fputs("],\"events\":[", out);
	for (size_t i = 0; i < timeline->event_count; i++) {
		const timeline_event_t *event = &timeline->events[i];
		fprintf(out, "%s\n{\"at\":%lld", i > 0 ? "," : "", (long long)event->at);
		if (event->key < timeline->key_count) {
			fprintf(out, ",\"key\":%u", timeline->keys[event->key].number);
		}
		fputs(",\"text\":", out);
		json_string(out, timeline_event(timeline, event, text));
		putc('}', out);
	}
	fputs("]}\n", out);
}
