/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <time.h>

#include "policy-engine/base/markup.h"
#include "policy-engine/simulate/timeline.h"

/* Pixels. */
#define LEFT 150
#define WIDTH 1200  /* Of the time axis. */
#define TOP 46
#define ROW 11
#define GAP 5       /* Between keys. */
#define FOOT 46

static const struct {
	keyset_state_t state;
	const char *class, *words;
} looks[] = {
	{ KEYSET_RUMOURED, "r", "rumoured: some caches have it, others may not" },
	{ KEYSET_OMNIPRESENT, "o", "omnipresent: all caches that have such a set have it" },
	{ KEYSET_UNRETENTIVE, "u", "unretentive: withdrawn, some caches may still have it" },
};
#define LOOKS (sizeof(looks) / sizeof(looks[0]))

static const char style[] =
	"text{font:10px sans-serif;fill:#333}text.t{font-size:13px;font-weight:bold}"
	".l{stroke:#ddd}.n{stroke:#c33;stroke-dasharray:3 2}.n2{fill:#c33}"
	".m{stroke:#000;stroke-width:1.5}"
	".r{fill:#9ec9f0}.o{fill:#2a6db5}.u{fill:#f0b460}"
	".k .r{fill:#b5dfae}.k .o{fill:#2f8a3c}.c .r{fill:#cdbdf0}.c .o{fill:#6a4bb5}"
	".w{fill:none;stroke:#d22;stroke-width:1.5}";

static double x_of(const timeline_t *timeline, int64_t when)
{
	return LEFT + (double)(when - timeline->from) * WIDTH /
	              (double)(timeline->to - timeline->from);
}

static int rows_of(const timeline_key_t *key)
{
	int rows = 0;
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		rows += key->records[r].count > 0;
	}
	return rows;
}

static int height_of(const timeline_t *timeline)
{
	int height = TOP + FOOT;
	for (size_t i = 0; i < timeline->key_count; i++) {
		height += rows_of(&timeline->keys[i]) * ROW + GAP;
	}
	return height;
}

/* -- the axis ------------------------------------------------------------ */

/* Draws the axis. Its step is the smallest of some round ones that makes at most 24 lines. */
static void axis(const timeline_t *timeline, int bottom, FILE *out)
{
	static const int64_t steps[] = {
		1, 5, 15, 60, 300, 900, 3600, 6 * 3600, 86400, 7 * 86400, 30 * 86400, 91 * 86400,
		182 * 86400, 365 * 86400LL, 5 * 365 * 86400LL, 10 * 365 * 86400LL,
		100 * 365 * 86400LL,
	};
	size_t s = 0;
	const int64_t length = timeline->to - timeline->from;
	while (s + 1 < sizeof(steps) / sizeof(steps[0]) && length / steps[s] > 24) {
		s++;
	}
	char text[TIMELINE_WHEN_MAX];
	for (int64_t t = timeline->from; t <= timeline->to; t += steps[s]) {
		double x = x_of(timeline, t);
		timeline_when(t, text);
		fprintf(out, "<line class=\"l\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>"
		        "<text x=\"%.1f\" y=\"%d\">%.*s</text>\n", x, TOP - 8, x, bottom,
		        x + 2, TOP - 10, steps[s] < 86400 ? 5 : steps[s] < 365 * 86400 ? 5 : 4,
		        steps[s] < 86400 ? text + 11 : steps[s] < 30 * 86400 ? text + 5
		                                     : steps[s] < 365 * 86400 ? text + 2 : text);
	}
}

/* -- keys ---------------------------------------------------------------- */

static void span_title(const char *what, const span_t *span, FILE *out)
{
	char from[TIMELINE_WHEN_MAX], to[TIMELINE_WHEN_MAX];
	fprintf(out, "<title>%s %s, %s to %s</title>", what, keyset_state_name(span->state),
	        timeline_when(span->from, from), timeline_when(span->to, to));
}

static void bar(const timeline_t *timeline, const span_t *span, const char *class, int y,
                const char *what, FILE *out)
{
	double x = x_of(timeline, span->from), width = x_of(timeline, span->to) - x;
	fprintf(out, "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\">", class,
	        x, y, width < 0.8 ? 0.8 : width, ROW - 2);
	span_title(what, span, out);
	fputs("</rect>", out);
}

static const char *class_of(keyset_state_t state)
{
	for (size_t i = 0; i < LOOKS; i++) {
		if (looks[i].state == state) {
			return looks[i].class;
		}
	}
	return "";
}

static void record_row(const timeline_t *timeline, const timeline_key_t *key, keyset_record_t r,
                       int y, FILE *out)
{
	const spans_t *spans = &key->records[r];
	const char *name = timeline_record(r);
	for (size_t i = 0; i < spans->count; i++) {
		bar(timeline, &spans->spans[i], class_of(spans->spans[i].state), y, name, out);
	}
	for (size_t i = 0; r == KEYSET_DS && i < key->parent.count; i++) {
		bar(timeline, &key->parent.spans[i], "w", y, "the parent is waited for, DS", out);
	}
	fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", LEFT - 4,
	        y + ROW - 3, name);
}

static int key_rows(const timeline_t *timeline, const timeline_key_t *key, int y, FILE *out)
{
	static const char *const classes[] = { "k", "z", "c" };
	const bool coming = key->keytag == 0 && timeline->continued;
	fprintf(out, "<g class=\"%s\"><text x=\"2\" y=\"%d\">%s%s", classes[key->role], y + ROW - 3,
	        coming ? "new " : "", policy_role_element(key->role));
	if (!coming) {
		fprintf(out, " %u", key->keytag != 0 ? key->keytag : key->number);
	}
	fprintf(out, key->algorithm != 0 ? ", alg. %u</text>\n" : "</text>\n", key->algorithm);
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		if (key->records[r].count > 0) {
			record_row(timeline, key, r, y, out);
			y += ROW;
		}
	}
	fputs("</g>\n", out);
	return y + GAP;
}

static void orders(const timeline_t *timeline, int bottom, FILE *out)
{
	char text[TIMELINE_EVENT_MAX];
	for (size_t i = 0; i < timeline->event_count; i++) {
		const timeline_event_t *event = &timeline->events[i];
		if (event->kind != TIMELINE_ORDER) {
			continue;
		}
		double x = x_of(timeline, event->at);
		fprintf(out, "<line class=\"n\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>"
		        "<text class=\"n2\" x=\"%.1f\" y=\"%d\">", x, TOP - 8, x, bottom, x + 2,
		        bottom);
		markup_text(out, timeline_event(timeline, event, text));
		fputs("</text>\n", out);
	}
}

static void now_line(const timeline_t *timeline, int bottom, FILE *out)
{
	if (timeline->now != 0) {
		const double x = x_of(timeline, timeline->now);
		fprintf(out, "<line class=\"m\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>"
		        "<text class=\"t\" x=\"%.1f\" y=\"%d\">now</text>\n", x, TOP - 8, x, bottom, x + 3,
		        bottom);
	}
}

static void legend(int y, FILE *out)
{
	int x = LEFT;
	for (size_t i = 0; i < LOOKS; i++) {
		fprintf(out, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"14\" height=\"%d\"/>"
		        "<text x=\"%d\" y=\"%d\">%s</text>\n", looks[i].class, x, y, ROW - 2,
		        x + 18, y + ROW - 3, looks[i].words);
		x += 300;
	}
	fprintf(out, "<rect class=\"w\" x=\"%d\" y=\"%d\" width=\"14\" height=\"%d\"/>"
	        "<text x=\"%d\" y=\"%d\">the parent is waited for</text>\n", x, y, ROW - 2, x + 18,
	        y + ROW - 3);
}

void timeline_svg(const timeline_t *timeline, FILE *out)
{
	const int height = height_of(timeline);
	char from[TIMELINE_WHEN_MAX], to[TIMELINE_WHEN_MAX];
	fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
	        "width=\"%d\" height=\"%d\" role=\"img\" "
	        "aria-label=\"When which record of a key is in which state\">\n<style>%s</style>\n"
	        "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
	        "<text class=\"t\" x=\"2\" y=\"16\">Keys of %s", LEFT + WIDTH + 60, height,
	        LEFT + WIDTH + 60, height, style, timeline->zone != NULL ? "" : "policy ");
	markup_text(out, timeline->zone != NULL ? timeline->zone : timeline->policy);
	fprintf(out, ", %.10s to %.10s (UTC)</text>\n", timeline_when(timeline->from, from),
	        timeline_when(timeline->to, to));
	axis(timeline, height - FOOT, out);
	int y = TOP;
	for (size_t i = 0; i < timeline->key_count; i++) {
		y = key_rows(timeline, &timeline->keys[i], y, out);
	}
	orders(timeline, height - FOOT + 10, out);
	now_line(timeline, height - FOOT + 10, out);
	legend(height - ROW - 6, out);
	fputs("</svg>\n", out);
}

void timeline_html(const timeline_t *timeline, FILE *out)
{
	char when[TIMELINE_WHEN_MAX], text[TIMELINE_EVENT_MAX];
	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Keys of policy ",
	      out);
	markup_text(out, timeline->policy);
	fputs("</title><style>body{font:14px sans-serif;margin:1em}svg{max-width:100%;height:auto}"
	      "table{border-collapse:collapse}td{padding:1px 10px 1px 0;white-space:nowrap}</style>"
	      "</head><body>\n", out);
	timeline_svg(timeline, out);
	fputs("<h2>What happens</h2>\n<table>\n", out);
	for (size_t i = 0; i < timeline->event_count; i++) {
		const timeline_event_t *event = &timeline->events[i];
		fprintf(out, "<tr><td>%s</td><td>", timeline_when(event->at, when));
		markup_text(out, timeline_event(timeline, event, text));
		fputs("</td></tr>\n", out);
	}
	fputs("</table></body></html>\n", out);
}
