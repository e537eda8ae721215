/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "policy-engine/tool/report-pages.h"

#include <inttypes.h>
#include <string.h>

#include "policy-engine/audit/chain.h"
#include "policy-engine/base/markup.h"
#include "policy-engine/base/when.h"
#include "policy-engine/simulate/timeline.h"

#define NAME_KEPT 150     /* Bytes of a long name that stay. */
#define ZONES_SHOWN 100   /* Of a step in the calendar. */
#define YEARS 10          /* Of a policy's simulation, if keys live long... */
#define LIVES 40          /* ...else lives of the key that lives shortest. */
#define YEAR_S (365 * INT64_C(86400))

/* -- what all pages have ------------------------------------------------- */

static const char style[] =
	":root{color-scheme:light}*{box-sizing:border-box}"
	"body{font:16px/1.45 system-ui,sans-serif;color:#1b1b1b;background:#fff;margin:0 auto;"
	"padding:0 1rem 3rem;max-width:96rem}"
	"h1{font-size:1.5rem;overflow-wrap:anywhere}h2{font-size:1.15rem;margin-top:2rem}"
	"a{color:#0b4f9c}a:focus-visible,button:focus-visible,input:focus-visible,"
	"[tabindex]:focus-visible,summary:focus-visible{outline:3px solid #b35900;outline-offset:2px}"
	"nav ul{list-style:none;padding:.6rem 0;margin:0;display:flex;gap:1.2rem;flex-wrap:wrap;"
	"border-bottom:1px solid #ccc}"
	".skip{position:absolute;left:-99rem}.skip:focus{position:static}"
	".scroll{overflow-x:auto}.scroll svg{min-width:60rem;max-width:100%;height:auto}"
	"table{border-collapse:collapse;width:100%}caption{text-align:left;padding:.3rem 0;color:#444}"
	"th,td{text-align:left;vertical-align:top;padding:.3rem .7rem .3rem 0;border-bottom:1px solid #ddd}"
	"th button{text-align:left}td.date{width:11rem}td{overflow-wrap:anywhere}.date{white-space:nowrap;overflow-wrap:normal}"
	"th button{font:inherit;font-weight:bold;background:none;border:0;padding:0;cursor:pointer;"
	"text-decoration:underline dotted;color:inherit}"
	"th[aria-sort=ascending] button::after{content:' \\25B2'}"
	"th[aria-sort=descending] button::after{content:' \\25BC'}"
	".badge{display:inline-block;padding:0 .45rem;border-radius:.3rem;border:1px solid;white-space:nowrap}"
	".ok{color:#145a1f;background:#e6f4e8}.warning{color:#6b3a00;background:#fff1d6}"
	".critical{color:#8c0d0d;background:#fde5e5}.unknown{color:#3d3d3d;background:#eee}"
	"label{font-weight:bold}input,#more{font:inherit;padding:.3rem}input{width:min(100%,24rem);"
	"border:1px solid #555;border-radius:.3rem}"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{color:#444}dd{margin:0}"
	"footer{color:#444;margin-top:2rem;font-size:.9rem}"
	"@media(max-width:45rem){.wide{display:none}dl{grid-template-columns:1fr}dt{font-weight:bold}}"
	"@media print{nav,.skip,.filter{display:none}body{font-size:10pt;max-width:none;padding:0}"
	"a{color:inherit;text-decoration:none}thead{display:table-header-group}tr{break-inside:avoid}"
	".scroll{overflow:visible}.scroll svg{min-width:0;width:100%}details>*{display:block}}";

void report_begin(FILE *out, const char *title, const char *up)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"/>\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src 'unsafe-inline'; script-src 'unsafe-inline'\"/>\n"
	      "<meta name=\"referrer\" content=\"no-referrer\"/>\n<title>", out);
	markup_text(out, title);
	fprintf(out, "</title>\n<style>%s</style></head>\n<body>\n"
	        "<a class=\"skip\" href=\"#main\">To the content</a>\n"
	        "<nav aria-label=\"Pages\"><ul><li><a href=\"%sindex.html\">Zones</a></li>"
	        "<li><a href=\"%scalendar.html\">Calendar</a></li>"
	        "<li><a href=\"%sindex.html#policies\">Policies</a></li></ul></nav>\n"
	        "<main id=\"main\">\n<h1>", style, up, up, up);
	markup_text(out, title);
	fputs("</h1>\n", out);
}

void report_end(FILE *out)
{
	fputs("</main>\n<footer>Written by ods report, mod-opendnssec " PACKAGE_VERSION ". All times are "
	      "UTC. What is to come is the engine's own plan in a world in which nothing holds a step up, "
	      "and the parent does at once what it is asked to.</footer>\n</body></html>\n", out);
}

void report_time(FILE *out, int64_t when)
{
	char stamp[WHEN_TEXT_MAX];
	when_stamp(when, stamp);
	if (when == 0) {
		fputs("not known", out);
	} else {
		fprintf(out, "<time datetime=\"%s\">%.10s %.5s</time>", stamp, stamp, stamp + 11);
	}
}

const char *report_name(const char *name, char buf[REPORT_NAME_MAX])
{
	static const char kept[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	size_t len = strlen(name), at = 0;
	len -= len > 1 && name[len - 1] == '.'; /* The dot at a zone's end. */
	for (size_t i = 0; i < len && at < NAME_KEPT; i++) {
		const bool dot = name[i] == '.' && i > 0;
		at += (size_t)snprintf(buf + at, REPORT_NAME_MAX - at,
		                       dot || strchr(kept, name[i]) != NULL ? "%c" : "=%02X",
		                       (unsigned char)name[i]);
	}
	char hash[CHAIN_HASH_MAX];
	if (at >= NAME_KEPT && chain_hash(name, strlen(name), hash)) {
		snprintf(buf + at, REPORT_NAME_MAX - at, "=-%s", hash);
	}
	return buf;
}

static void link_to(FILE *out, const char *folder, const char *name)
{
	char file[REPORT_NAME_MAX];
	fprintf(out, "<a href=\"%s/%s.html\">", folder, report_name(name, file));
	markup_text(out, name);
	fputs("</a>", out);
}

/* -- the first page ------------------------------------------------------ */

static void badge(FILE *out, level_t level, const char *text)
{
	fprintf(out, "<span class=\"badge %s\">", level_name(level));
	markup_text(out, text);
	fputs("</span>", out);
}

static void counts(FILE *out, const report_t *report)
{
	fprintf(out, "<p>As of ");
	report_time(out, report->now);
	fprintf(out, ": %" PRIu64 " zones.", report->picture.zones);
	for (int state = 0; state < ZONE_STATES; state++) {
		if (report->picture.counts[state] > 0) {
			fputc(' ', out);
			char text[96];
			snprintf(text, sizeof(text), "%" PRIu64 " %s", report->picture.counts[state],
			         zone_word(state)->many);
			badge(out, zone_word(state)->level, text);
		}
	}
	fputs("</p>\n", out);
}

static void todo_item(FILE *out, const todo_item_t *item)
{
	fputs("<li>", out);
	badge(out, item->level, level_name(item->level));
	fputc(' ', out);
	if (item->zone != NULL) {
		link_to(out, "zones", item->zone);
	} else {
		markup_text(out, item->subject);
	}
	if (item->count > 1) {
		fprintf(out, " and %" PRIu64 " more", item->count - 1);
	}
	fputs(": ", out);
	markup_text(out, item->text[0] != '\0' ? item->text
	            : item->state < ZONE_STATES ? zone_word(item->state)->many : "");
	if (item->until != 0) {
		fputs(", until ", out);
		report_time(out, item->until);
	}
	if (item->since != 0) {
		fputs(", since ", out);
		report_time(out, item->since);
	}
	fputs("</li>\n", out);
}

static void todo_list(FILE *out, const report_t *report)
{
	fputs("<h2>To be done now</h2>\n", out);
	if (report->todo.count == 0) {
		fputs("<p>Nothing.</p>\n", out);
		return;
	}
	fputs("<ol>\n", out);
	for (size_t i = 0; i < report->todo.count; i++) {
		todo_item(out, &report->todo.items[i]);
	}
	fputs("</ol>\n", out);
}

static void policy_list(FILE *out, const report_t *report)
{
	fputs("<h2 id=\"policies\">Policies</h2>\n<ul>\n", out);
	for (size_t i = 0; i < report->standings.policies.count; i++) {
		const char *name = report->standings.policies.policies[i].name;
		size_t zones = 0;
		for (size_t z = 0; z < report->standings.count; z++) {
			zones += strcmp(report->standings.zones[z].at.zone.policy, name) == 0;
		}
		fputs("<li>", out);
		link_to(out, "policies", name);
		fprintf(out, ", zones: %zu</li>\n", zones);
	}
	fputs("</ul>\n", out);
}

static void zone_row(FILE *out, const listed_t *zone)
{
	fputs("<tr><th scope=\"row\">", out);
	link_to(out, "zones", zone->name);
	fprintf(out, "</th><td data-s=\"%d\">", zone->state);
	badge(out, zone_word(zone->state)->level, zone_word(zone->state)->name);
	fprintf(out, "</td><td class=\"date\" data-s=\"%" PRId64 "\">", zone->until);
	report_time(out, zone->until);
	fprintf(out, "</td><td class=\"date\" data-s=\"%" PRId64 "\">",
	        zone->next_at != 0 ? zone->next_at : INT64_C(1) << 52);
	if (zone->next_at != 0) {
		report_time(out, zone->next_at);
	}
	fputs("</td><td class=\"wide\">", out);
	markup_text(out, zone->next);
	fputs("</td><td class=\"wide\">", out);
	markup_text(out, zone->policy);
	fprintf(out, "</td><td class=\"wide\" data-s=\"%" PRId64 "\">%" PRId64 "</td></tr>\n",
	        zone->serial, zone->serial);
}

/* Of many zones the first ones are in the table, in the order that was asked for: a browser takes seconds to
 * lay out ten thousand rows. The others come by a button, and for the printer. */
static const char script[] =
	"(function(){var most=500,t=document.getElementById('zones'),b=t.tBodies[0],f=document.getElementById("
	"'filter'),n=document.getElementById('found'),m=document.getElementById('more'),"
	"all=Array.prototype.slice.call(b.rows);"
	"document.querySelector('.filter').hidden=false;"
	"function show(){var w=f.value.toLowerCase(),g=document.createDocumentFragment(),k=0;"
	"b.textContent='';"
	"all.forEach(function(r){if(r.textContent.toLowerCase().indexOf(w)===-1)return;"
	"if(most>k)g.appendChild(r);k++});"
	"b.appendChild(g);m.hidden=most>=k;"
	"n.textContent=k+' zones'+(k>most?', the first '+most+' are shown':'')}"
	"function key(r,c){var e=r.cells[c],s=e.getAttribute('data-s');return s!==null?+s:e.textContent}"
	"Array.prototype.forEach.call(t.tHead.rows[0].cells,function(h,c){"
	"var x=document.createElement('button');x.type='button';x.textContent=h.textContent;"
	"h.textContent='';h.appendChild(x);x.addEventListener('click',function(){"
	"var d=h.getAttribute('aria-sort')==='ascending'?-1:1;"
	"Array.prototype.forEach.call(t.tHead.rows[0].cells,function(o){o.removeAttribute('aria-sort')});"
	"h.setAttribute('aria-sort',d>0?'ascending':'descending');"
	"var rows=all.map(function(r){return[key(r,c),r]});"
	"rows.sort(function(p,q){return d*(p[0]>q[0]?1:q[0]>p[0]?-1:0)});"
	"all=rows.map(function(p){return p[1]});show()})});"
	"function everything(){most=1/0;show()}"
	"f.addEventListener('input',show);m.addEventListener('click',everything);"
	"window.addEventListener('beforeprint',everything);if(all.length>most)show()})();";

void report_index(FILE *out, const report_t *report)
{
	report_begin(out, "Zones signed by mod-opendnssec", "");
	counts(out, report);
	todo_list(out, report);
	policy_list(out, report);
	fputs("<h2>All zones</h2>\n"
	      "<p class=\"filter\" hidden=\"hidden\"><label for=\"filter\">Only those with</label> "
	      "<input id=\"filter\" type=\"search\"/> <span id=\"found\" role=\"status\"></span> "
	      "<button id=\"more\" type=\"button\" hidden=\"hidden\">Show all</button></p>\n"
	      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of zones\">"
	      "<table id=\"zones\"><caption>A heading sorts by its column.</caption>\n<thead><tr>"
	      "<th scope=\"col\">Zone</th><th scope=\"col\">State</th><th scope=\"col\">Signatures last until</th>"
	      "<th scope=\"col\">Next step</th><th scope=\"col\" class=\"wide\">Which</th>"
	      "<th scope=\"col\" class=\"wide\">Policy</th><th scope=\"col\" class=\"wide\">Serial</th>"
	      "</tr></thead>\n<tbody>\n", out);
	for (size_t i = 0; i < report->list.count; i++) {
		zone_row(out, &report->list.zones[i]);
	}
	fprintf(out, "</tbody></table></div>\n<script>%s</script>\n", script);
	report_end(out);
}

/* -- the calendar -------------------------------------------------------- */

/* Whether it is what a person, or the command in the person's place, has to do. */
static bool is_errand(const planned_t *step)
{
	return step->step == OUTCOME_DS || step->step == OUTCOME_NO_DS;
}

static bool same_entry(const planned_t *a, const planned_t *b)
{
	return a->at / 86400 == b->at / 86400 && a->step == b->step && a->role == b->role;
}

/* Writes the steps of a day that are the same. \return How many there are. */
static size_t entry(FILE *out, const report_t *report, size_t first)
{
	const planned_t *step = &report->planned[first];
	size_t count = 1;
	while (first + count < report->planned_count && same_entry(step, step + count)) {
		count++;
	}
	const bool person = is_errand(step) && !report->by_command;
	char day[WHEN_TEXT_MAX];
	fprintf(out, "<tr><td class=\"date\">%.10s</td><td>", when_stamp(step->at, day));
	badge(out, person ? LEVEL_WARNING : LEVEL_OK,
	      person ? "a person" : is_errand(step) ? "the command" : "by itself");
	fprintf(out, "</td><td>%s: %s</td><td>%zu</td><td>", policy_role_element(step->role),
	        outcome_words(step->step), count);
	if (count > 5) {
		fprintf(out, "<details><summary>%zu zones</summary>", count);
	}
	for (size_t i = 0; i < count && i < ZONES_SHOWN; i++) {
		fputs(i > 0 ? ", " : "", out);
		link_to(out, "zones", step[i].zone);
	}
	fprintf(out, "%s%s</td></tr>\n", count > ZONES_SHOWN ? ", and more: see their pages" : "",
	        count > 5 ? "</details>" : "");
	return count;
}

static void entries(FILE *out, const report_t *report, bool errands)
{
	bool any = false;
	for (size_t i = 0; i < report->planned_count && !any; i++) {
		any = is_errand(&report->planned[i]) == errands;
	}
	if (!any) {
		fputs("<p>Nothing.</p>\n", out);
		return;
	}
	fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Steps by day\"><table><thead><tr>"
	      "<th scope=\"col\">Day</th><th scope=\"col\">Who</th><th scope=\"col\">Step</th>"
	      "<th scope=\"col\">Zones</th><th scope=\"col\">Which</th></tr></thead>\n<tbody>\n", out);
	for (size_t i = 0; i < report->planned_count;) {
		if (is_errand(&report->planned[i]) == errands) {
			i += entry(out, report, i);
		} else {
			i++;
		}
	}
	fputs("</tbody></table></div>\n", out);
}

void report_calendar(FILE *out, const report_t *report)
{
	report_begin(out, "Calendar", "");
	fputs("<p>From ", out);
	report_time(out, report->now);
	fputs(" to ", out);
	report_time(out, report->until);
	fputs(". What waits now is on the <a href=\"index.html\">first page</a>.</p>\n"
	      "<h2>At the parent</h2>\n", out);
	entries(out, report, true);
	fputs("<h2>Keys</h2>\n", out);
	entries(out, report, false);
	report_end(out);
}

/* -- a policy ------------------------------------------------------------ */

int64_t report_ahead(const policy_t *policy, int64_t most)
{
	for (size_t i = 0; i < policy->key_count; i++) {
		const int64_t enough = LIVES * (int64_t)policy->keys[i].lifetime;
		most = enough > 0 && enough < most ? enough : most;
	}
	return most;
}

int report_policy(FILE *out, const report_t *report, const policy_t *policy)
{
	char title[300], text[TIMELINE_EVENT_MAX];
	timeline_t timeline;
	const simulate_t plan = { .policy = policy, .from = report->now,
	                          .to = report->now + report_ahead(policy, YEARS * YEAR_S) };
	snprintf(title, sizeof(title), "Policy %s", policy->name);
	report_begin(out, title, "../");
	if (policy->description != NULL) {
		fputs("<p>", out);
		markup_text(out, policy->description);
		fputs("</p>\n", out);
	}
	if (policy->defect != NULL) {
		fputs("<p>No zone gets keys by it: ", out);
		markup_text(out, policy->defect);
		fputs("</p>\n", out);
		report_end(out);
		return 0;
	}
	int ret = simulate(&plan, &timeline);
	if (ret == 0) {
		fputs("<h2>The keys of a new zone</h2>\n<div class=\"scroll\" tabindex=\"0\" "
		      "role=\"region\" aria-label=\"Timeline\">\n", out);
		timeline_svg(&timeline, out);
		fputs("</div>\n<h2>What happens</h2>\n<table><thead><tr><th scope=\"col\">When</th>"
		      "<th scope=\"col\">What</th></tr></thead>\n<tbody>\n", out);
	}
	for (size_t i = 0; ret == 0 && i < timeline.event_count; i++) {
		fputs("<tr><td class=\"date\">", out);
		report_time(out, timeline.events[i].at);
		fputs("</td><td>", out);
		markup_text(out, timeline_event(&timeline, &timeline.events[i], text));
		fputs("</td></tr>\n", out);
	}
	fputs(ret == 0 ? "</tbody></table>\n" : "", out);
	timeline_deinit(&timeline);
	report_end(out);
	return ret;
}
