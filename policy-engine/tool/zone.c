/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* ods zone: all of one zone, by the signer and the engine together. */

#include <stdio.h>
#include <string.h>

#include "policy-engine/base/json.h"
#include "policy-engine/tool/commands.h"
#include "policy-engine/tool/page.h"
#include "policy-engine/tool/picture.h"

#define IN_PART 3        /* Exit code: one of the two does not answer. */
#define PATIENCE_MS 10000
#define INDENT 12        /* Columns of what stands before a text. */
#define SCHEMA 1         /* Of the JSON. */

/* What one of the two says of the zone. */
typedef struct {
	bool engine;
	int ret;               /* DONE, or... */
	char problem[512];     /* ...why it says nothing. */
	engine_answer_t said;
} view_t;

static void ask(view_t *view, const invocation_t *run, bool engine)
{
	const ctl_unit_t unit = { .cmd = "zone-status", .zone = run->args[0] };
	invocation_t to = *run;
	to.module = !engine;
	to.socket = engine ? run->socket : NULL;
	to.patience_ms = PATIENCE_MS;
	view->engine = engine;
	view->ret = tool_try(&to, &unit, &view->said, view->problem, sizeof(view->problem));
}

/* -- as text ------------------------------------------------------------- */

/* A column that is shown, and what stands before it. */
typedef struct {
	bool engine;
	const char *type;      /* The beginning, if it ends with a blank. */
	const char *label;
} shown_t;

static const shown_t shown[] = {
	{ false, "state", "state" },
	{ true, "problem", "keys" },
	{ true, "to-do", "to do" },
	{ false, "held", "held" },
	{ false, "store", "store" },
	{ false, "source", "input" },
	{ false, "keys", "keys" },
	{ false, "signing", "signing" },
	{ false, "warning", "warning" },
	{ false, "policy", "policy" },
	{ true, "signing", "signing" },
	{ false, "output", "output" },
	{ false, "served", "served" },
	{ false, "serial", "serial" },
	{ false, "signed", "signed" },
	{ false, "lasts", "lasts" },
	{ false, "secondary", "secondary" },
	{ false, "serial-in", "unsigned" },
	{ false, "primary", "primary" },
	{ false, "transfer", "transfer" },
	{ true, "ksk", "KSK" },
	{ true, "zsk", "ZSK" },
	{ true, "csk", "CSK" },
	{ false, "foreign", "foreign" },
	{ true, "parent", "parent" },
	{ true, "keyset", "key set" },
	{ true, "rollover", "replaced" },
	{ false, "next", "signs next" },
};

/* Without the engine, the keys that the signer has. */
static const shown_t without_engine[] = { { false, "key ", "key" } };

static bool is_type(const char *type, const char *wanted)
{
	const size_t len = strlen(wanted);
	return wanted[len - 1] == ' ' ? strncmp(type, wanted, len) == 0 : strcmp(type, wanted) == 0;
}

static page_ink_t ink_of(const shown_t *what, const char *text)
{
	if (strcmp(what->label, "state") == 0) {
		return strcmp(text, "ok") == 0 || strcmp(text, "signing") == 0 ? PAGE_GOOD
		       : strncmp(text, "expired", 7) == 0 ? PAGE_CRITICAL : PAGE_WARNING;
	}
	return strcmp(what->label, "to do") == 0 || strcmp(what->label, "warning") == 0
	       ? PAGE_WARNING : PAGE_PLAIN;
}

static void show_column(const page_t *page, const shown_t *what, const cell_t *cell)
{
	/* A key's name is in the type. */
	const char *name = what->type[strlen(what->type) - 1] == ' '
	                   ? cell->type + strlen(what->type) : "";
	char text[8192];
	snprintf(text, sizeof(text), "%s%s%s", name, name[0] != '\0' ? ": " : "",
	         cell->data != NULL ? cell->data : "");
	page_ink(page, PAGE_FAINT);
	printf("%-*s", INDENT, what->label);
	page_ink(page, PAGE_PLAIN);
	page_ink(page, ink_of(what, text));
	page_wrap(page, INDENT, INDENT, text);
	page_ink(page, PAGE_PLAIN);
}

static void show_columns(const page_t *page, const shown_t *what, const view_t *view)
{
	for (size_t i = 0; i < view->said.count; i++) {
		const line_t *line = &view->said.lines[i];
		for (size_t c = 0; c < line->count; c++) {
			if (line->cells[c].type != NULL && is_type(line->cells[c].type, what->type)) {
				show_column(page, what, &line->cells[c]);
			}
		}
	}
}

static void show_away(const page_t *page, const view_t *view)
{
	if (view->ret != DONE) {
		page_ink(page, PAGE_WARNING);
		printf("%-*s", INDENT, view->engine ? "engine" : "signer");
		page_wrap(page, INDENT, INDENT, view->problem);
		page_ink(page, PAGE_PLAIN);
	}
}

static void show(const char *zone, const view_t *module, const view_t *engine)
{
	const page_t page = page_of_output();
	page_ink(&page, PAGE_BOLD);
	printf("%s\n", zone);
	page_ink(&page, PAGE_PLAIN);
	show_away(&page, module);
	show_away(&page, engine);
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		show_columns(&page, &shown[i], shown[i].engine ? engine : module);
	}
	if (engine->ret != DONE) {
		show_columns(&page, without_engine, module);
	}
	printf("\n");
	page_ink(&page, PAGE_FAINT);
	page_wrap(&page, 0, 0, "hidden: no cache has it; rumoured: it is public, and not yet in all "
	          "caches; omnipresent: all caches have it, or will ask; unretentive: it was "
	          "withdrawn, and caches may have it still");
	page_ink(&page, PAGE_PLAIN);
}

/* -- as JSON ------------------------------------------------------------- */

static void write_view(const char *name, const view_t *view)
{
	bool more = false;
	printf(",\n \"%s\": {", name);
	json_bool(stdout, false, "up", view->ret == DONE);
	json_text(stdout, true, "problem", view->ret == DONE ? NULL : view->problem);
	printf(", \"said\": [");
	for (size_t i = 0; i < view->said.count; i++) {
		const line_t *line = &view->said.lines[i];
		for (size_t c = 0; c < line->count; c++) {
			printf("%s{", more ? ",\n  " : "\n  ");
			json_text(stdout, false, "about", line->cells[c].type);
			json_text(stdout, true, "text", line->cells[c].data);
			printf("}");
			more = true;
		}
	}
	printf("]}");
}

static void write_json(const char *zone, const view_t *module, const view_t *engine)
{
	printf("{");
	json_number(stdout, false, "schema", SCHEMA);
	json_text(stdout, true, "zone", zone);
	write_view("signer", module);
	write_view("engine", engine);
	printf("}\n");
}

/* -- all of it ----------------------------------------------------------- */

static const char *name_of(const view_t *view, const char *other)
{
	return view->said.count > 0 && view->said.lines[0].zone != NULL ? view->said.lines[0].zone
	                                                               : other;
}

int tool_zone(const invocation_t *run)
{
	view_t module = { 0 }, engine = { 0 };
	int ret = DONE;
	ask(&module, run, false);
	ask(&engine, run, true);
	if (module.ret != DONE && engine.ret != DONE) {
		fprintf(stderr, "ods: the signer: %s\nods: the engine: %s\n", module.problem,
		        engine.problem);
		ret = module.said.refused || engine.said.refused ? FAILED : IN_PART;
	} else {
		(run->json ? write_json : show)(name_of(&module, name_of(&engine, run->args[0])),
		                                &module, &engine);
		ret = module.ret == DONE && engine.ret == DONE ? DONE : IN_PART;
	}
	answer_deinit(&module.said);
	answer_deinit(&engine.said);
	return ret;
}
