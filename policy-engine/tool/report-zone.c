/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* A zone's page: one picture of what was, by the audit, and of what is to come, by the simulation. */

#include "policy-engine/tool/report-zone.h"

#include <stdlib.h>
#include <string.h>

#include "policy-engine/base/markup.h"
#include "policy-engine/simulate/timeline.h"

#define AHEAD_S (365 * INT64_C(86400)) /* How far the picture looks ahead. */
#define LEAST_S (7 * INT64_C(86400))   /* And back, at least. */
#define NOTES_SHOWN 300                /* Of the audit. */

/* -- the picture --------------------------------------------------------- */

/* Adds a span at the end. \return 0, or -1 if out of memory. */
static int append(spans_t *spans, keyset_state_t state, int64_t from, int64_t to)
{
	if (from >= to || state == KEYSET_HIDDEN || state == KEYSET_NA) {
		return 0;
	}
	span_t *larger = reallocarray(spans->spans, spans->count + 1, sizeof(*larger));
	if (larger == NULL) {
		return -1;
	}
	spans->spans = larger;
	larger[spans->count++] = (span_t){ state, from, to };
	return 0;
}

/* What was of a record until now. */
typedef struct {
	keyset_state_t state;   /* Now. */
	int64_t since;
} present_t;

static bool is_of(const past_note_t *note, const timeline_key_t *key, int record)
{
	return note->is_state && note->role == key->role && note->keytag == key->keytag &&
	       (int)note->record == record;
}

/* Puts what was of a record before what is to come. \return 0, or -1 if out of memory. */
static int add_past(timeline_t *timeline, timeline_key_t *key, int record, const past_note_t *notes,
                    size_t count, const present_t *present)
{
	spans_t all = { 0 };
	int64_t at = timeline->from;
	keyset_state_t state = KEYSET_HIDDEN;
	bool noted = false;
	int ret = 0;
	for (size_t i = 0; i < count && ret == 0; i++) {
		if (is_of(&notes[i], key, record)) {
			ret = append(&all, noted ? state : notes[i].before, at, notes[i].at);
			at = notes[i].at > at ? notes[i].at : at;
			state = notes[i].after;
			noted = true;
		}
	}
	if (!noted && present != NULL) {
		state = present->state;
		at = present->since > at ? present->since : at;
	}
	ret = ret == 0 ? append(&all, state, at, timeline->now) : ret;
	spans_t *future = &key->records[record];
	for (size_t i = 0; i < future->count && ret == 0; i++) {
		const span_t *span = &future->spans[i];
		ret = append(&all, span->state, span->from, span->to);
	}
	free(future->spans);
	*future = all;
	return ret;
}

/* Adds a key that is gone, if the timeline does not have it. \return 0, or -1 if out of memory. */
static int add_gone(timeline_t *timeline, const past_note_t *note)
{
	for (size_t i = 0; i < timeline->key_count; i++) {
		if (timeline->keys[i].role == note->role && timeline->keys[i].keytag == note->keytag) {
			return 0;
		}
	}
	const size_t size = (timeline->key_count + 1) * sizeof(timeline_key_t);
	timeline_key_t *keys = realloc(timeline->keys, size);
	if (keys == NULL) {
		return -1;
	}
	timeline->keys = keys;
	keys[timeline->key_count++] = (timeline_key_t){ .role = note->role, .keytag = note->keytag };
	return 0;
}

/* \return From when on something of the zone is known. */
static int64_t begin_of(const standing_zone_t *zone, const past_note_t *notes, size_t count, int64_t now)
{
	int64_t from = now - LEAST_S;
	for (size_t i = 0; i < count; i++) {
		from = notes[i].is_state && notes[i].at < from ? notes[i].at : from;
	}
	for (size_t i = 0; i < zone->at.zone.core.count; i++) {
		const int64_t inception = zone->at.zone.core.keys[i].inception;
		from = inception < from ? inception : from;
	}
	return from > now - AHEAD_S ? from : now - AHEAD_S;
}

/* Adds what was to what is to come. The zone's keys are the first of the timeline's, in their order. */
static int join(timeline_t *timeline, const standing_zone_t *zone, const past_note_t *notes, size_t count,
                int64_t now)
{
	const core_zone_t *core = &zone->at.zone.core;
	timeline->zone = zone->name;
	timeline->now = now;
	timeline->from = begin_of(zone, notes, count, now);
	int ret = 0;
	for (size_t i = 0; i < count && ret == 0; i++) {
		ret = notes[i].is_state ? add_gone(timeline, &notes[i]) : 0;
	}
	for (size_t i = 0; i < timeline->key_count; i++) {
		timeline_key_t *key = &timeline->keys[i];
		for (int r = 0; r < KEYSET_RECORDS && ret == 0 && key->keytag != 0; r++) {
			const core_record_t *record = i < core->count ? &core->keys[i].record[r] : NULL;
			const present_t present = { record != NULL ? record->state : KEYSET_HIDDEN,
				                    record != NULL ? record->since : 0 };
			ret = add_past(timeline, key, r, notes, count, record != NULL ? &present : NULL);
		}
	}
	return ret;
}

/* -- what is to come ----------------------------------------------------- */

static int plan(report_t *report, const planned_t *step)
{
	if (report->planned_count == report->planned_size) {
		const size_t size = 2 * report->planned_size + 256;
		planned_t *planned = reallocarray(report->planned, size, sizeof(*planned));
		if (planned == NULL) {
			return -1;
		}
		report->planned = planned;
		report->planned_size = size;
	}
	report->planned[report->planned_count++] = *step;
	return 0;
}

/* Has the calendar have the zone's steps. */
static int plan_all(report_t *report, const standing_zone_t *zone, const timeline_t *timeline)
{
	outcome_t *keys = outcomes_of(timeline);
	int ret = keys != NULL ? 0 : -1;
	for (size_t i = 0; ret == 0 && i < timeline->key_count; i++) {
		for (int step = 0; step < OUTCOME_STEPS && ret == 0; step++) {
			const int64_t at = keys[i].at[step];
			if (at > report->now && at <= report->until) {
				ret = plan(report, &(planned_t){ at, zone->name, (outcome_step_t)step,
				                                 keys[i].role });
			}
		}
	}
	free(keys);
	return ret;
}

static void come(FILE *out, const timeline_t *timeline)
{
	char text[TIMELINE_EVENT_MAX];
	fputs("<h2>What is to come</h2>\n<table><thead><tr><th scope=\"col\">When</th>"
	      "<th scope=\"col\">What</th></tr></thead>\n<tbody>\n", out);
	for (size_t i = 0; i < timeline->event_count; i++) {
		fputs("<tr><td class=\"date\">", out);
		report_time(out, timeline->events[i].at);
		fputs("</td><td>", out);
		markup_text(out, timeline_event(timeline, &timeline->events[i], text));
		fputs("</td></tr>\n", out);
	}
	fputs("</tbody></table>\n", out);
}

/* -- what was ------------------------------------------------------------ */

static void was(FILE *out, const report_t *report, const past_note_t *notes, size_t count)
{
	fputs("<h2>What was</h2>\n", out);
	if (report->no_past != NULL || count == 0) {
		fputs("<p>", out);
		markup_text(out, report->no_past != NULL ? report->no_past : "The audit has nothing of it.");
		fputs("</p>\n", out);
		return;
	}
	fputs("<table><thead><tr><th scope=\"col\">When</th><th scope=\"col\">What</th></tr></thead>\n<tbody>\n",
	      out);
	for (size_t i = count; i > 0 && count - i < NOTES_SHOWN; i--) {
		fputs("<tr><td class=\"date\">", out);
		report_time(out, notes[i - 1].at);
		fputs("</td><td>", out);
		markup_text(out, notes[i - 1].text);
		fputs("</td></tr>\n", out);
	}
	fprintf(out, "</tbody></table>\n%s", count > NOTES_SHOWN ? "<p>What was before is in the audit.</p>\n"
	                                                         : "");
}

/* -- all of it ----------------------------------------------------------- */

static void item(FILE *out, const char *name, const char *text)
{
	if (text[0] != '\0') {
		fprintf(out, "<dt>%s</dt><dd>", name);
		markup_text(out, text);
		fputs("</dd>\n", out);
	}
}

static void head(FILE *out, const report_t *report, const listed_t *zone, const standing_zone_t *standing)
{
	fputs("<dl>\n", out);
	item(out, "State", zone_word(zone->state)->many);
	for (size_t i = 0; i < report->todo.count; i++) {
		const todo_item_t *todo = &report->todo.items[i];
		item(out, "To be done", todo->zone != NULL && strcmp(todo->zone, zone->name) == 0
		                                ? todo->text : "");
	}
	item(out, "Policy", zone->policy);
	item(out, "Tokens", zone->tokens);
	fputs("<dt>Signatures last until</dt><dd>", out);
	report_time(out, zone->until);
	fputs("</dd>\n", out);
	item(out, "Next step", zone->next);
	if (standing != NULL && standing->at.zone.frozen != 0) {
		item(out, "Frozen", "No key takes a step, until ods thaw; what is to come begins then.");
	}
	fputs("</dl>\n<p>All that is known now: ods zone ", out);
	markup_text(out, zone->name);
	fputs("</p>\n", out);
}

static int picture(FILE *out, report_t *report, const standing_zone_t *zone, const policy_t *policy,
                   const past_note_t *notes, size_t count)
{
	timeline_t timeline = { 0 };
	int ret = standing_simulate(zone, policy, report->now,
	                            report->now + report_ahead(policy, AHEAD_S), &timeline);
	ret = ret == 0 ? plan_all(report, zone, &timeline) : ret;
	ret = ret == 0 ? join(&timeline, zone, notes, count, report->now) : ret;
	if (ret == 0) {
		fputs("<h2>Keys</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
		      "aria-label=\"Timeline\">\n", out);
		timeline_svg(&timeline, out);
		fputs("</div>\n", out);
		come(out, &timeline);
	}
	timeline_deinit(&timeline);
	return ret;
}

int report_zone(FILE *out, report_t *report, const listed_t *zone)
{
	size_t count = 0;
	int ret = 0;
	const standing_zone_t *standing = standings_find(&report->standings, zone->name);
	const past_note_t *notes = past_of(&report->past, zone->name, &count);
	const policy_t *policy = standing != NULL ? policies_find(&report->standings.policies,
	                                                          standing->at.zone.policy) : NULL;
	report_begin(out, zone->name, "../");
	head(out, report, zone, standing);
	if (policy != NULL && policy->defect == NULL) {
		ret = picture(out, report, standing, policy, notes, count);
	} else {
		fputs("<p>Nothing is known of what is to come: the engine does not look after its keys.</p>\n",
		      out);
	}
	was(out, report, notes, count);
	report_end(out);
	return ret;
}
